"""Dumps: the files of a release as they lie there, and the whole as the concatenation of the regions' files.

Several gzip members make one gzip file and Turtle may declare prefixes again, so the whole is sent without being
written anywhere. Nothing is served that is not listed.
"""

import datetime
import hashlib
import io
import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, cast

from flask import Blueprint, Response, request, send_file
from werkzeug.http import http_date
from werkzeug.wrappers import Response as BaseResponse
from werkzeug.wsgi import FileWrapper

from app import names
from app.language import pick
from app.release import CHECKSUMS, Release
from app.web import reports
from app.web.language import language
from app.web.live import current_release
from app.web.page import open_to_all, page
from app.web.problem import Problem
from app.web.wording import GRAPHS

FORMATS = {".nt.gz": "N-Triples", ".ttl.gz": "Turtle"}
SYNTHETIC = "-synthetic"

CHUNK_BYTES = 64 * 1024

pages = Blueprint("dumps", __name__)
pages.after_request(open_to_all)


@dataclass(frozen=True)
class Dump:
    """A file one can download: one file of the release, or several that follow each other."""

    name: str
    code: str
    title: str
    files: tuple[Path, ...]
    digests: tuple[str, ...]

    @property
    def format(self) -> str:
        return next((title for ending, title in FORMATS.items() if self.name.endswith(ending)), "")

    @property
    def is_synthetic(self) -> bool:
        """The name says so, by contract."""
        return SYNTHETIC in self.name

    @property
    def sha256(self) -> str:
        """The checksum of the file; that of a whole is not known without reading it."""
        return self.digests[0] if len(self.files) == 1 else ""

    @property
    def tag(self) -> str:
        """An ETag that changes with the content and with nothing else."""
        return self.sha256 or hashlib.sha256("\n".join(self.digests).encode()).hexdigest()

    @cached_property
    def size(self) -> int:
        return sum(file.stat().st_size for file in self.files)

    @property
    def modified(self) -> datetime.datetime:
        """When its newest part was written: files that stay the same are carried from release to release."""
        return datetime.datetime.fromtimestamp(
            int(max(file.stat().st_mtime for file in self.files)), datetime.UTC
        )


def listed(release: Release) -> list[Dump]:
    """All dumps of a release: the wholes, the regions in order of codes, the standard system."""
    folder = release.dumps
    digests = _digests(folder)
    found: list[Dump] = []
    members: dict[str, list[str]] = {ending: [] for ending in FORMATS}
    entries = release.regions
    for code, entry in entries.items():
        for name in entry["dumps"]:
            if name in digests:
                found.append(
                    Dump(name, code, pick(entry["title"], language()), (folder / name,), (digests[name],))
                )
                for ending in FORMATS:
                    if name.endswith(ending):
                        members[ending].append(name)
    mark = SYNTHETIC if any(reports.is_synthetic(entry) for entry in entries.values()) else ""
    wholes = [
        Dump(f"all{mark}{ending}", "", "", tuple(folder / n for n in parts), tuple(digests[n] for n in parts))
        for ending, parts in members.items()
        if parts
    ]
    system = [
        Dump(
            f"{name}{ending}",
            name,
            GRAPHS[name],
            (folder / f"{name}{ending}",),
            (digests[f"{name}{ending}"],),
        )
        for name, ending in itertools.product(names.SYSTEM_GRAPHS, FORMATS)
        if f"{name}{ending}" in digests
    ]
    return [*wholes, *found, *system]


def _digests(folder: Path) -> dict[str, str]:
    path = folder / CHECKSUMS
    lines = path.read_text("utf-8").splitlines() if path.is_file() else []
    return {name: digest for digest, name in (line.split("  ", 1) for line in lines)}


@pages.get("/dumps/", strict_slashes=False)
def index() -> Response:
    found = listed(current_release())
    return page(
        "dumps.html",
        wholes=[one for one in found if not one.code],
        regions=[one for one in found if one.code and one.code not in names.SYSTEM_GRAPHS],
        system=[one for one in found if one.code in names.SYSTEM_GRAPHS],
        synthetic=any(one.is_synthetic for one in found),
    )


@pages.get("/dumps/<name>")
def dump(name: str) -> BaseResponse:
    release = current_release()
    if name == CHECKSUMS:
        return _checksums(release)
    found = next((one for one in listed(release) if one.name == name), None)
    if found is None:
        raise Problem("not-found")
    if len(found.files) == 1:
        response: BaseResponse = send_file(
            found.files[0],
            # The file is what it is called: were gzip an encoding, clients would store it unpacked under this name.
            mimetype="application/gzip",
            etag=found.tag,
            last_modified=found.modified,
            conditional=True,
            as_attachment=True,
            download_name=name,
        )
    else:
        response = _whole(found)
    response.cache_control.no_cache = True
    return response


def _checksums(release: Release) -> BaseResponse:
    path = release.dumps / CHECKSUMS
    if not path.is_file():
        raise Problem("not-found")
    response = Response(path.read_bytes(), content_type="text/plain; charset=utf-8")
    response.add_etag()
    response.last_modified = datetime.datetime.fromtimestamp(path.stat().st_mtime, datetime.UTC)
    response.cache_control.no_cache = True
    response.make_conditional(request)
    return response


def _whole(found: Dump) -> Response:
    members = Members(found.files)
    response = Response(
        FileWrapper(cast(IO[bytes], members), CHUNK_BYTES),
        content_type="application/gzip",
        direct_passthrough=True,
    )
    response.call_on_close(members.close)
    response.content_length = found.size
    response.set_etag(found.tag)
    response.headers["Last-Modified"] = http_date(found.modified)
    response.headers["Content-Disposition"] = f"attachment; filename={found.name}"
    response.make_conditional(request, accept_ranges=True, complete_length=found.size)
    return response


class Members(io.RawIOBase):
    """Files one after the other as one file to read and to seek in; at most one of them is open."""

    def __init__(self, files: Iterable[Path]) -> None:
        self._files = list(files)
        sizes = [file.stat().st_size for file in self._files]
        self._starts = list(itertools.accumulate(sizes, initial=0))
        self._position = 0
        self._open: tuple[int, io.BufferedReader] | None = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._starts[-1]}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fill the buffer from the file the position is in; 0 only at the end of the last."""
        if self._position >= self._starts[-1]:
            return 0
        number = next(n for n, start in enumerate(self._starts[1:]) if self._position < start)
        file = self._file(number)
        file.seek(self._position - self._starts[number])
        read = file.readinto(buffer)
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
        super().close()
