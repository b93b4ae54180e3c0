"""What became of a region's folder: who changed its files when, and the files as they were.

A folder holds the present version of its files. ``originals/<time>/`` holds those that a later version replaced, and
``history.jsonl`` a line for each change. Both are kept out of the data; publication puts the history into provenance.
"""

import datetime
import fcntl
import json
import os
import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from app.files.source import Place, Source, Unreadable, refused

FILE = "history.jsonl"
ORIGINALS = "originals"
_LOCK = ".lock"

RECTIFICATION, SUBMISSION, TAKEN_BACK = "rectification", "submission", "takenBack"


@dataclass(frozen=True)
class Correction:
    """A cell that was changed, and the finding that led to it, if one did."""

    cell: Place
    before: str
    after: str
    finding: str = ""


@dataclass(frozen=True)
class Change:
    """One change of a folder."""

    kind: str
    at: datetime.datetime
    by: str
    sources: tuple[Source, ...] = ()
    """What was handed in: a rectification workbook, or the files submitted."""
    corrections: tuple[Correction, ...] = field(default=())

    def written(self) -> str:
        """The change as a line of JSON."""
        said = asdict(self) | {"at": self.at.isoformat()}
        return json.dumps(said, ensure_ascii=False)

    @classmethod
    def restored(cls, line: str) -> "Change":
        """The change a line was written for. Raises ``ValueError``, ``KeyError`` or ``TypeError`` for other lines."""
        said = json.loads(line)
        return cls(
            said["kind"],
            datetime.datetime.fromisoformat(said["at"]),
            said["by"],
            tuple(Source(**one) for one in said["sources"]),
            tuple(Correction(**{**one, "cell": Place(**one["cell"])}) for one in said["corrections"]),
        )


def read(folder: Path) -> list[Change]:
    """The changes of a folder, oldest first. Raises ``Unreadable``."""
    path = folder / FILE
    found = []
    for number, line in enumerate(path.read_text("utf-8").splitlines() if path.is_file() else (), 1):
        try:
            found.append(Change.restored(line))
        except (ValueError, KeyError, TypeError) as error:
            message = "不是变更记录；此文件由程序维护，请恢复原样"
            raise Unreadable(refused(Place(path.name, row=number), message)) from error
    return found


def copied(folder: Path, target: Path, files: dict[str, bytes]) -> Path:
    """A copy of a folder's present version with ``files`` in it, for a look at what they would make of it."""
    past = shutil.ignore_patterns(ORIGINALS, _LOCK)
    shutil.copytree(folder, target, ignore=past)
    for name, content in files.items():
        (target / name).write_bytes(content)
    return target


class Outdated(Exception):
    """Another version of the folder came into being since a change was made for it."""


def version(folder: Path) -> str:
    """What tells this version of a folder from the others; empty before the first change."""
    changes = read(folder)
    return changes[-1].written() if changes else ""


def renew(
    folder: Path, files: dict[str, bytes], change: Change, basis: str, gone: Iterable[str] = ()
) -> None:
    """Make ``files`` the present version of a folder, in place of those of the same name and those ``gone``; ``basis`` is
    the version they were made for. Raises ``Outdated``.

    The files replaced are in ``originals`` before the first is touched, and the new ones are written out before the
    first takes its place, so that nothing is lost whenever it is cut short.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / _LOCK).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if version(folder) != basis:
            raise Outdated
        _renew(folder, files, change, list(gone))


def _renew(folder: Path, files: dict[str, bytes], change: Change, gone: list[str]) -> None:
    replaced = [name for name in (*files, *gone) if (folder / name).is_file()]
    kept = _originals(folder, change.at) if replaced else folder
    for name in replaced:
        shutil.copy2(folder / name, kept / name)
    past = (folder / FILE).read_text("utf-8") if (folder / FILE).is_file() else ""
    written = files | {FILE: f"{past}{change.written()}\n".encode()}
    for name, content in written.items():
        (folder / f".{name}.new").write_bytes(content)
    os.sync()
    for name in written:
        (folder / f".{name}.new").replace(folder / name)
    for name in set(gone) - set(files):
        (folder / name).unlink(missing_ok=True)


def _originals(folder: Path, at: datetime.datetime) -> Path:
    """A new folder for the files replaced at a time."""
    stamp = f"{at:%Y%m%dT%H%M%SZ}"
    for number in range(1, 1000):
        path = folder / ORIGINALS / (stamp if number == 1 else f"{stamp}-{number}")
        try:
            path.mkdir(parents=True)
            return path
        except FileExistsError:
            continue
    raise FileExistsError(folder / ORIGINALS / stamp)
