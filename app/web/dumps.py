"""Dumps: the files of the releases as they lie there, and the wholes as the concatenation of the regions' files.

Several gzip members make one gzip file, Turtle may declare prefixes again, and no label of a blank node stands in two
files, so the wholes are sent without being written anywhere. Nothing is served that is not listed. ``/dumps/<name>`` is
of the release in force, ``/dumps/<release>/<name>`` of that release for as long as it is kept.
"""

import bisect
import contextlib
import datetime
import hashlib
import io
import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from flask import Blueprint, Response, current_app, jsonify, redirect, request
from werkzeug.http import http_date
from werkzeug.wrappers import Response as BaseResponse
from werkzeug.wsgi import wrap_file

from app import delta, names
from app.release import CHECKSUMS, MANIFEST, SYNTHETIC, Release, Releases, checksums
from app.web import reports
from app.web.live import Live, current_release
from app.web.page import confirmed, open_to_all, page, paging
from app.web.problem import Problem

FORMATS = {".ttl.gz": "Turtle", ".nt.gz": "N-Triples", ".nq.gz": "N-Quads"}
QUADS = ".nq.gz"
LATEST = "latest"

REGIONS_A_PAGE = 100
"""Up to eight files each; a province takes two pages."""

RELEASES_SHOWN = 60
"""Older releases on the page: twice what is kept by default. ``releases.json`` has all."""

OFFERS_HELD = 8
"""Releases whose lists of files are held in memory: some megabytes each for the nation."""

CHUNK_BYTES = 64 * 1024

FOR_GOOD = 365 * 24 * 3600
"""Seconds for which what is asked for by its release may be kept without asking again: it never changes."""

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)

pages = Blueprint("dumps", __name__, url_prefix="/dumps")
pages.after_request(open_to_all)


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


# Releases


def _kept() -> list[Release]:
    """The releases one can ask for, the newest first."""
    live: Live = current_app.extensions["live"]
    return [one for one in reversed(Releases(live.root).all()) if (one.path / MANIFEST).is_file()]


def _named(identity: str) -> Release:
    found = next((one for one in _kept() if one.id == identity), None)
    if found is None:
        raise Problem("not-found")
    return found


@lru_cache(maxsize=1024)
def _told(path: Path) -> dict[str, Any]:
    """What a list of releases says of one: read once, for its manifest is as large as the nation."""
    release = Release(path)
    said = release.manifest
    return {
        "id": release.id,
        "made": said["made"],
        "basedOn": said["basedOn"],
        "regions": len(said["regions"]),
        "changes": said.get("changes", {}),
    }


def _list_of_releases() -> list[dict[str, Any]]:
    current, found = current_release().id, []
    for release in _kept():
        try:
            found.append(_told(release.path) | {"current": release.id == current})
        except FileNotFoundError:
            continue  # deleted at this moment
    return found


def _hold(release: Release) -> BinaryIO:
    """Keep a release from being deleted; one that is going already is not found."""
    try:
        return release.hold()
    except OSError:
        raise Problem("not-found") from None


# Pages


@pages.get("/", strict_slashes=False)
def index() -> Response:
    return _page(current_release(), "/dumps")


@pages.get("/releases.json")
def releases() -> Response:
    """Which releases are kept, from which each was made, and what it changed: for programs that follow the changes."""
    return confirmed(jsonify(_list_of_releases()))


@pages.get(f"/{LATEST}/", defaults={"rest": ""})
@pages.get(f"/{LATEST}/<path:rest>")
def latest(rest: str) -> BaseResponse:
    """The address of the same in the release in force, which does not change while one downloads."""
    response = redirect(f"/dumps/{current_release().id}/{rest}", 302)
    response.cache_control.no_cache = True
    return response


@pages.get("/<identity>/")
def of_release(identity: str) -> Response:
    return _page(_named(identity), f"/dumps/{identity}")


def _page(release: Release, base: str) -> Response:
    others = _list_of_releases()
    with contextlib.closing(_hold(release)):
        found = offer(release.path)
        shown = paging(REGIONS_A_PAGE, len(found.regions))
        return page(
            "dumps.html",
            offer=found,
            base=base,
            told=_told(release.path),
            current=current_release().id,
            regions=found.regions[shown.start : shown.stop],
            paging=shown,
            releases=others[:RELEASES_SHOWN],
            synthetic=any(row.is_synthetic for row in found.wholes),
        )


# Files


@pages.get("/<name>")
def dump(name: str) -> Response:
    return _file(current_release(), name, "")


@pages.get("/changes/<name>")
def change(name: str) -> Response:
    return _file(current_release(), name, "changes")


@pages.get("/<identity>/<name>")
def dump_of_release(identity: str, name: str) -> Response:
    return _for_good(_file(_named(identity), name, ""))


@pages.get("/<identity>/changes/<name>")
def change_of_release(identity: str, name: str) -> Response:
    return _for_good(_file(_named(identity), name, "changes"))


def _file(release: Release, name: str, kind: str) -> Response:
    with contextlib.ExitStack() as stack:
        held = stack.enter_context(contextlib.closing(_hold(release)))
        if name == CHECKSUMS:
            return _checksums(release.changes if kind else release.dumps)
        found = offer(release.path)
        wanted = (found.changes if kind else found.dumps).get(name)
        if wanted is None:
            raise Problem("not-found")
        response, span = _answer(wanted)
        if request.method == "GET" and span is not None:
            # The release is held until the last byte is sent: a download may outlast publications.
            stack.pop_all()
            members = Members(wanted.files, wanted.sizes, *span, held)
            # By the server's own wrapper: it is fed by the main loop, and a slow reader holds no thread.
            response.response = wrap_file(request.environ, cast(IO[bytes], members), CHUNK_BYTES)
            response.direct_passthrough = True
        return response


def _for_good(response: Response) -> Response:
    response.cache_control.no_cache = None
    response.cache_control.public = True
    response.cache_control.max_age = FOR_GOOD
    response.cache_control.immutable = True
    return response


def _checksums(folder: Path) -> Response:
    path = folder / CHECKSUMS
    try:
        response = Response(path.read_bytes(), content_type="text/plain; charset=utf-8")
        response.last_modified = datetime.datetime.fromtimestamp(path.stat().st_mtime, datetime.UTC)
    except FileNotFoundError:
        raise Problem("not-found") from None
    return confirmed(response)


def _answer(found: Dump) -> tuple[Response, tuple[int, int] | None]:
    """The head of an answer, and from which byte to before which its body goes; nothing if it has none."""
    # The file is what it is called: were gzip an encoding, clients would store it unpacked under this name.
    response = Response(content_type="application/gzip")
    response.set_etag(found.tag)
    response.headers["Last-Modified"] = http_date(found.modified)
    response.headers["Content-Disposition"] = f"attachment; filename={found.name}"
    response.headers["Accept-Ranges"] = "bytes"
    response.cache_control.no_cache = True
    response.make_conditional({**request.environ, "HTTP_RANGE": ""})
    if response.status_code != 200:
        return response, None
    part = _range_asked(found)
    start, stop = part or (0, found.size)
    if part is not None:
        response.status_code = 206
        response.headers["Content-Range"] = f"bytes {start}-{stop - 1}/{found.size}"
    response.content_length = stop - start
    return response, (start, stop)


def _range_asked(found: Dump) -> tuple[int, int] | None:
    """The one range to send, from the first byte to before the last. What RFC 9110 §14.2 lets or has a server ignore is
    ignored: several ranges, other units, nonsense, a condition that does not hold. Raises a ``Problem`` if there is
    nothing in it."""
    match = _RANGE.fullmatch(request.headers.get("Range", "").strip())
    condition = request.headers.get("If-Range", "").strip()
    if request.method != "GET" or match is None or match[0] == "bytes=-":
        return None
    if condition and condition not in (f'"{found.tag}"', http_date(found.modified)):
        return None
    size = found.size
    if not match[1]:
        start, stop = max(0, size - int(match[2])), size
    else:
        start, stop = int(match[1]), min(size, int(match[2]) + 1) if match[2] else size
        if match[2] and int(match[2]) < start:
            return None
    if start >= stop:
        raise Problem("range-not-satisfiable", headers={"Content-Range": f"bytes */{size}"})
    return start, stop


class Members(io.RawIOBase):
    """Files one after the other, from one byte to before another, as one file to read and to seek in; at most one of them
    is open. ``held`` is closed with it."""

    def __init__(
        self,
        files: Iterable[Path],
        sizes: Iterable[int],
        start: int = 0,
        stop: int | None = None,
        held: BinaryIO | None = None,
    ) -> None:
        self._files = list(files)
        self._starts = list(itertools.accumulate(sizes, initial=0))
        self._first, self._length = start, (self._starts[-1] if stop is None else stop) - start
        self._held = held
        self._position = 0
        self._open: tuple[int, io.BufferedReader] | None = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._length}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fill the buffer from the file the position is in; 0 only at the end. Raises ``OSError`` where a file is gone or
        shorter than it was: what is sent must not look whole."""
        if self._position >= self._length:
            return 0
        position = self._first + self._position
        number = bisect.bisect_right(self._starts, position) - 1
        file = self._file(number)
        file.seek(position - self._starts[number])
        left = min(self._starts[number + 1] - position, self._length - self._position)
        read = file.readinto(memoryview(buffer)[:left])
        if not read:
            raise OSError(f"{self._files[number]} ends before it should")
        self._position += read
        return read

    def _file(self, number: int) -> io.BufferedReader:
        if self._open is None or self._open[0] != number:
            self._shut()
            self._open = (number, self._files[number].open("rb"))
        return self._open[1]

    def _shut(self) -> None:
        if self._open is not None:
            self._open[1].close()
            self._open = None

    def close(self) -> None:
        self._shut()
        if self._held is not None:
            self._held.close()
        super().close()
