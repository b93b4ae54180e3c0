"""What a release has to download: the files of its regions and of the standard system, and wholes that are several files
one after the other.

Several gzip members make one gzip file, Turtle may declare prefixes again, and no label of a blank node stands in two
files, so the wholes are never written anywhere.
"""

import datetime
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path

from app import names
from app.releases import delta
from app.releases.release import SYNTHETIC, Release, checksums
from app.web import reports

FORMATS = {".ttl.gz": "Turtle", ".nt.gz": "N-Triples", ".nq.gz": "N-Quads"}
QUADS = ".nq.gz"

OFFERS_HELD = 8
"""Releases whose lists of files are held in memory: some megabytes each for the nation."""


@dataclass(frozen=True)
class Dump:
    """A file one can download: one file of a release, or several that follow each other."""

    name: str
    title: str
    """Its format, or what it says of a change."""
    files: tuple[Path, ...]
    digests: tuple[str, ...]

    @property
    def sha256(self) -> str:
        """The checksum of the file; that of a whole is not known without reading it."""
        return self.digests[0] if len(self.files) == 1 else ""

    @property
    def tag(self) -> str:
        """An ETag that changes with the content and with nothing else."""
        return self.sha256 or hashlib.sha256("\n".join(self.digests).encode()).hexdigest()

    @cached_property
    def sizes(self) -> list[int]:
        """The size of each of its files."""
        return [file.stat().st_size for file in self.files]

    @property
    def size(self) -> int:
        return sum(self.sizes)

    @cached_property
    def modified(self) -> datetime.datetime:
        """When its newest part was written: files that stay the same are carried from release to release."""
        newest = max(file.stat().st_mtime for file in self.files)
        return datetime.datetime.fromtimestamp(int(newest), datetime.UTC)


@dataclass(frozen=True)
class Row:
    """What there is of one region, of one graph of the standard system, or of all regions."""

    code: str
    titles: dict[str, str] = field(default_factory=dict)
    data: list[Dump] = field(default_factory=list)
    reports: list[Dump] = field(default_factory=list)
    changes: list[Dump] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    """How many lines were added and removed, if the region was published with this release."""

    @property
    def is_synthetic(self) -> bool:
        """The names say so, by contract."""
        return any(SYNTHETIC in dump.name for dump in (*self.data, *self.reports))

    @property
    def modified(self) -> datetime.datetime:
        return max(dump.modified for dump in (*self.data, *self.reports))


@dataclass(frozen=True)
class Offer:
    """Everything a release has to download."""

    release: str
    wholes: list[Row]
    regions: list[Row]
    system: list[Row]

    @cached_property
    def dumps(self) -> dict[str, Dump]:
        """By name."""
        rows = (*self.wholes, *self.regions, *self.system)
        return {dump.name: dump for row in rows for dump in (*row.data, *row.reports)}

    @cached_property
    def data(self) -> dict[str, list[Dump]]:
        """By region or graph of the standard system: the dumps of its data."""
        return {row.code: row.data for row in (*self.regions, *self.system)}

    @cached_property
    def changes(self) -> dict[str, Dump]:
        """By name."""
        return {dump.name: dump for row in self.regions for dump in row.changes}


@lru_cache(maxsize=OFFERS_HELD)
def offer(path: Path) -> Offer:
    """What the release in a folder, which somebody holds, has to download."""
    release = Release(path)
    folder, sums = release.dumps, checksums(release.dumps)

    def files(listed: Iterable[str]) -> list[Dump]:
        known = [name for name in listed if name in sums]
        return [
            Dump(name, title, (folder / name,), (sums[name],))
            for ending, title in FORMATS.items()
            for name in known
            if name.endswith(ending)
        ]

    changed = release.manifest.get("changes", {})
    changes = _changes(release) if changed else {}
    entries = release.regions
    regions = [
        Row(
            code,
            entry["title"],
            files(entry["dumps"]),
            files(entry.get("reports", ())),
            changes.get(code, []),
            changed.get(code, {}),
        )
        for code, entry in entries.items()
    ]
    system = [
        Row(name, data=found)
        for name in names.SYSTEM_GRAPHS
        if (found := files(f"{name}{ending}" for ending in FORMATS))
    ]
    mark = SYNTHETIC if any(reports.is_synthetic(entry) for entry in entries.values()) else ""
    # N-Quads keep the graphs apart, so the whole of them is the whole dataset, the standard system included.
    quads = [dump for row in system for dump in row.data if dump.name.endswith(QUADS)]
    whole = Row(
        "all",
        data=_wholes(f"all{mark}", [row.data for row in regions], quads),
        reports=_wholes(f"all{mark}-report", [row.reports for row in regions]),
    )
    return Offer(release.id, [whole] if whole.data else [], regions, system)


def _wholes(stem: str, regions: list[list[Dump]], quads: Iterable[Dump] = ()) -> list[Dump]:
    """The files of all regions in order of codes, by format. One that a region lacks would be whole in name only."""
    found = []
    for ending, title in FORMATS.items():
        parts = [dump for dumps in regions for dump in dumps if dump.name.endswith(ending)]
        if parts and len(parts) == len(regions):
            parts += quads if ending == QUADS else ()
            paths = tuple(dump.files[0] for dump in parts)
            found.append(Dump(f"{stem}{ending}", title, paths, tuple(dump.sha256 for dump in parts)))
    return found


def _changes(release: Release) -> dict[str, list[Dump]]:
    """By region: what was added and removed."""
    found: dict[str, list[Dump]] = {}
    for name, digest in checksums(release.changes).items():
        code = name.partition(".")[0].removesuffix(SYNTHETIC)
        title = "增加" if name.endswith(delta.ADDED) else "减少"
        found.setdefault(code, []).append(Dump(name, title, (release.changes / name,), (digest,)))
    return found
