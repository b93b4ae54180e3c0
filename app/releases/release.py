"""Releases: immutable folders under one root, and the pointer to the one in force.

``<root>/releases/<id>/`` holds ``index/`` (the store), ``dumps/`` (with ``SHA256SUMS``), ``changes/`` (what its dumps
have and lack against the release it was made from), ``regions/<code>/`` (reports and what re-checking needs) and
``release.json``. ``<root>/current`` is a symbolic link, moved atomically.
"""

import contextlib
import datetime
import fcntl
import gzip
import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

from app.releases import audit

RELEASES = "releases"
CURRENT = "current"
MANIFEST = "release.json"
CHECKSUMS = "SHA256SUMS"
SYNTHETIC = "-synthetic"
"""In the name of every file with made-up data."""

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
"""How many releases are kept unless said otherwise: a month of daily publications. Trend figures outlive them in the
manifest."""

GZIP_LEVEL = 6
"""The highest, 9, packs dumps by 8 % better and takes eight times as long."""

_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}")


class NoRelease(Exception):
    """Nothing has been published under a root, or nothing that can be read."""


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

    @property
    def changes(self) -> Path:
        """The folder of what changed since the release this one was made from; older software made none."""
        return self.path / "changes"

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """What ``release.json`` says."""
        manifest: dict[str, Any] = json.loads((self.path / MANIFEST).read_bytes())
        return manifest

    @cached_property
    def regions(self) -> dict[str, dict[str, Any]]:
        """What the manifest says of each region, in order of codes."""
        regions: dict[str, dict[str, Any]] = self.manifest["regions"]
        return dict(sorted(regions.items()))

    def region_file(self, code: str, name: str) -> Path:
        """A file kept for a region, such as ``report.json``."""
        return self.path / "regions" / code / name

    def faults(self) -> Iterator[str]:
        """The dumps and change files whose content is not what ``SHA256SUMS`` says, or that are missing."""
        for folder in (self.dumps, self.changes):
            if folder == self.dumps or folder.is_dir():
                for name, digest in checksums(folder).items():
                    path = folder / name
                    if not path.is_file() or sha256(path) != digest:
                        yield name

    def hold(self) -> BinaryIO:
        """Keep the release from being deleted for as long as what is given back is not closed, by whatever process
        and however that ends. Raises ``OSError`` if the release is gone or going."""
        path = self.path / MANIFEST
        file = path.open("rb")
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            path.stat()  # it may have gone between the opening and the lock
        except OSError:
            file.close()
            raise
        return file


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

    def retain(self, number: int) -> None:
        """Delete all but the newest ``number`` releases, the one in force, the one that was made from, to which
        ``rollback`` leads, and those somebody is being served from: they go the next time."""
        current, made = self.current(), self.all()
        kept = {release.id for release in made[-number:]}
        if current is not None:
            kept |= {current.id, current.manifest["basedOn"]}
        for release in made:
            if release.id not in kept:
                self._delete(release)

    def _delete(self, release: Release) -> None:
        gone = self.folder / f"{UNFINISHED}{release.id}"
        with contextlib.ExitStack() as stack:
            # Without a manifest it is no release any more that somebody could be served from.
            with contextlib.suppress(FileNotFoundError):
                file = stack.enter_context((release.path / MANIFEST).open("rb"))
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    return
            # At once, then at leisure: cut short, nobody takes the rest for a release.
            release.path.rename(gone)
        shutil.rmtree(gone)

    def unfinished(self) -> list[Path]:
        """Folders of releases that are being made, or whose publisher was killed."""
        return sorted(self.folder.glob(f"{UNFINISHED}*")) if self.folder.is_dir() else []

    def holder(self) -> str:
        """Who publishes at the moment; empty where nobody does."""
        try:
            with (self.root / LOCK).open("r", encoding="utf-8") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except BlockingIOError:
                    return file.read().strip() or LOCK
        except FileNotFoundError:
            pass
        return ""

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
    return gzip.compress(content, GZIP_LEVEL, mtime=0)


def lines_of(entry: dict[str, Any]) -> str:
    """The name of a region's dump as N-Triples, by its entry in the manifest."""
    return next(str(name) for name in entry["dumps"] if name.endswith(".nt.gz"))


def dump_files(stem: str, graph: str, lines: bytes, turtle: bytes) -> dict[str, bytes]:
    """The dumps of a graph by name, not yet packed: N-Triples, N-Quads, Turtle. ``lines`` are its N-Triples."""
    return {f"{stem}.nt.gz": lines, f"{stem}.nq.gz": quads(lines, graph), f"{stem}.ttl.gz": turtle}


def quads(lines: bytes, graph: str) -> bytes:
    """N-Triples as N-Quads of a graph, in the same order: a line ends nowhere but at its end."""
    return lines.replace(b" .\n", f" <{graph}> .\n".encode())


def checksums(folder: Path) -> dict[str, str]:
    """What ``SHA256SUMS`` says of the files of a folder, by name."""
    lines = (folder / CHECKSUMS).read_text("utf-8").splitlines()
    return {name: digest for digest, name in (line.split("  ", 1) for line in lines)}


def write_checksums(folder: Path, changed: Iterable[str]) -> None:
    """Bring ``SHA256SUMS`` up to date with the files that changed, in the form ``sha256sum -c`` reads."""
    path = folder / CHECKSUMS
    sums = checksums(folder) if path.exists() else {}
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
    new.mkdir(parents=True, exist_ok=True)
    with os.scandir(old) as entries:  # without a ``Path`` each: the nation has some ten thousand files
        for entry in entries:
            if entry.is_dir():
                link_all(Path(entry.path), new / entry.name, skipped)
            elif entry.name not in skipped:
                os.link(entry.path, f"{new}/{entry.name}")
