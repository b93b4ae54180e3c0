"""Releases: immutable folders under one root, and the pointer to the one in force.

``<root>/releases/<id>/`` holds ``index/`` (the store), ``dumps/`` (with ``SHA256SUMS``), ``regions/<code>/`` (reports
and what re-checking needs) and ``release.json``. ``<root>/current`` is a symbolic link, moved atomically.
"""

import contextlib
import datetime
import fcntl
import gzip
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from app import audit

RELEASES = "releases"
CURRENT = "current"
MANIFEST = "release.json"
CHECKSUMS = "SHA256SUMS"
SYSTEM = "system.json"
"""Digests of what of the standard system the release rests on: ontology, what can be referred to, rules."""

READING = "reading.json.gz"
"""Of each region: where each fact stood, and all else of its reading that is not in its graph."""

REFERS = "refers.json.gz"
"""Of each region: what its check depends on beside its own graph, as far as it refers to it."""

LOCK = "publish.lock"
UNFINISHED = ".unfinished-"
"""Folders of publications that were cut short begin so; the next publisher removes them."""

RETENTION = 30
"""How many releases are kept: a month of daily publications. Trend figures outlive them in the manifest."""

_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}")


@dataclass(eq=False)
class Release:
    """One release: a folder nobody writes to any more."""

    path: Path

    @property
    def id(self) -> str:
        """UTC time and digest, never used twice."""
        return self.path.name

    @property
    def index(self) -> Path:
        """The folder of the store."""
        return self.path / "index"

    @property
    def dumps(self) -> Path:
        """The folder of the dumps."""
        return self.path / "dumps"

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """What ``release.json`` says."""
        manifest: dict[str, Any] = json.loads((self.path / MANIFEST).read_bytes())
        return manifest

    @property
    def regions(self) -> dict[str, dict[str, Any]]:
        """What the manifest says of each region, in order of codes."""
        regions: dict[str, dict[str, Any]] = self.manifest["regions"]
        return dict(sorted(regions.items()))

    def region_file(self, code: str, name: str) -> Path:
        """A file kept for a region, such as ``report.json``."""
        return self.path / "regions" / code / name

    def faults(self) -> Iterator[str]:
        """The dumps whose content is not what ``SHA256SUMS`` says, or that are missing."""
        for line in (self.dumps / CHECKSUMS).read_text("utf-8").splitlines():
            digest, name = line.split("  ", 1)
            path = self.dumps / name
            if not path.is_file() or sha256(path) != digest:
                yield name


class Releases:
    """The root that holds releases and the pointer."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / RELEASES

    def current(self) -> Release | None:
        """The release in force, or nothing before the first publication."""
        try:
            target = (self.root / CURRENT).readlink()
        except FileNotFoundError:
            return None
        return Release(self.folder / target.name)

    def all(self) -> list[Release]:
        """All finished releases, oldest first."""
        if not self.folder.is_dir():
            return []
        return [Release(path) for path in sorted(self.folder.iterdir()) if _ID.fullmatch(path.name)]

    def point_to(self, release: Release) -> None:
        """Make ``release`` the one in force, at once and for good."""
        fresh = self.root / f".{CURRENT}-{os.getpid()}"
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(Path(RELEASES) / release.id)
        fresh.replace(self.root / CURRENT)

    @contextlib.contextmanager
    def locked(self, wait: Callable[[str], None]) -> Iterator[None]:
        """The one publisher of a root at a time; a second waits, and ``wait`` is told for whom."""
        path = self.root / LOCK
        with path.open("a+", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                wait(file.read().strip() or path.name)
                fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            file.truncate()
            file.write(
                f"{audit.user()} (pid {os.getpid()}, {datetime.datetime.now(datetime.UTC):%H:%M:%S} UTC)\n"
            )
            file.flush()
            yield


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in lower-case hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def packed(content: bytes) -> bytes:
    """One gzip member without a time stamp: equal content gives equal bytes."""
    return gzip.compress(content, mtime=0)


def write_checksums(folder: Path, changed: Iterable[str]) -> None:
    """Bring ``SHA256SUMS`` up to date with the files that changed, in the form ``sha256sum -c`` reads."""
    path = folder / CHECKSUMS
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    sums = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
    here = {file.name for file in folder.iterdir()} - {CHECKSUMS}
    sums |= {name: sha256(folder / name) for name in here & set(changed)}
    replace(path, "".join(f"{sums[name]}  {name}\n" for name in sorted(here)).encode())


def replace(path: Path, content: bytes) -> None:
    """Write a file that may be a hard link shared with an older release: as a new file, never through the link."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_bytes(content)
    fresh.replace(path)


def link_all(old: Path, new: Path, leave_out: Iterable[str] = ()) -> None:
    """Hard-link every file below ``old`` into ``new``; files never change in place, so both stay what they are."""
    skipped = set(leave_out)
    for path in old.rglob("*"):
        target = new / path.relative_to(old)
        if path.is_dir():
            target.mkdir(parents=True, exist_ok=True)
        elif path.name not in skipped:
            target.parent.mkdir(parents=True, exist_ok=True)
            os.link(path, target)
