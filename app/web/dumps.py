"""Dumps: the files of the releases as they lie there, and the wholes as the concatenation of the regions' files.

Nothing is served that is not listed (``offer``). ``/dumps/<name>`` is of the release in force,
``/dumps/<release>/<name>`` of that release for as long as it is kept.
"""

import contextlib
import datetime
import re
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from flask import Blueprint, Response, jsonify, redirect, request
from werkzeug.http import http_date
from werkzeug.wrappers import Response as BaseResponse
from werkzeug.wsgi import wrap_file

from app.releases.release import CHECKSUMS, Release
from app.web.live import current_release, kept
from app.web.members import Members
from app.web.offer import Dump, offer
from app.web.page import confirmed, open_to_all, page, paging
from app.web.problem import Problem

LATEST = "latest"

REGIONS_A_PAGE = 100
"""Up to eight files each; a province takes two pages."""

RELEASES_SHOWN = 60
"""Older releases on the page: twice what is kept by default. ``releases.json`` has all."""

CHUNK_BYTES = 64 * 1024

FOR_GOOD = 365 * 24 * 3600
"""Seconds for which what is asked for by its release may be kept without asking again: it never changes."""

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)

pages = Blueprint("dumps", __name__, url_prefix="/dumps")
pages.after_request(open_to_all)


# Releases


def _named(identity: str) -> Release:
    found = next((one for one in kept() if one.id == identity), None)
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
    for release in kept():
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
