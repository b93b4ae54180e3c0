"""Files from elsewhere: standard input and, only where one allows it, the web. They are brought into a folder and then
read like any other."""

import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import BinaryIO

from app.files import table
from app.files.source import RDF_FORMATS, Place, Unreadable, rdf_format, refused

MOST_BYTES = 512 * 1024**2
"""Of a file from elsewhere: a workbook of a province has some fifty megabytes."""

SECONDS = 60
"""How long a server may be silent."""

_BLOCK = 1024**2
_TYPES = {form.media_type: suffix for suffix, form in reversed(RDF_FORMATS.items())} | {
    "text/csv": ".csv",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
}
"""By media type: the end of a file's name."""


def is_address(named: str) -> bool:
    """Whether what a person names is an address of the web and no path."""
    return named.lower().startswith(("http://", "https://"))


def suffix_of(media_type: str) -> str | None:
    """The end of the name of a file of a media type that can be read."""
    return _TYPES.get(media_type)


def from_web(address: str, folder: Path) -> Path:
    """The file at an address, in ``folder``; its type is that of the address, else what the server says.

    Raises ``Unreadable``.
    """
    place = Place(address)
    asked = urllib.request.Request(
        address, headers={"Accept": ", ".join([*_TYPES, "*/*;q=0.1"]), "User-Agent": "zwfw"}
    )
    try:
        with _opener.open(asked, timeout=SECONDS) as answer:
            name = Path(urllib.parse.unquote(urllib.parse.urlsplit(answer.url).path)).name
            if rdf_format(Path(name)) is None and Path(name).suffix.lower() not in table.TABLES:
                kind = answer.headers.get_content_type()
                if kind not in _TYPES:
                    raise Unreadable(refused(place, "网址给出的类型“{found}”不能读取", kind))
                name = (name or "web") + _TYPES[kind]
            return _kept(answer, folder / name, place)
    except (urllib.error.URLError, OSError, ValueError) as error:
        raise Unreadable(
            refused(place, "无法读取网址：{found}", str(getattr(error, "reason", error)))
        ) from error


def from_stream(stream: BinaryIO, suffix: str, folder: Path) -> Path:
    """What comes on a stream as a file of a type, in ``folder``. Raises ``Unreadable``."""
    return _kept(stream, folder / f"stdin{suffix}", Place("stdin"))


def _kept(stream: BinaryIO, path: Path, place: Place) -> Path:
    with path.open("wb") as file:
        left = MOST_BYTES
        while block := stream.read(_BLOCK):
            left -= len(block)
            if left < 0:
                message = "文件超过 {mb} MB；请先下载，再检查文件"
                raise Unreadable(refused(place, message, mb=str(MOST_BYTES // 1024**2)))
            file.write(block)
    return path


class _WebOnly(urllib.request.HTTPRedirectHandler):
    """A redirect to a file or another protocol is not followed."""

    def redirect_request(self, *arguments: object) -> urllib.request.Request | None:
        address = str(arguments[-1])
        return super().redirect_request(*arguments) if is_address(address) else None  # type: ignore[arg-type]


_opener = urllib.request.OpenerDirector()
for _handler in (
    urllib.request.ProxyHandler(),
    urllib.request.HTTPHandler(),
    urllib.request.HTTPSHandler(),
    urllib.request.HTTPDefaultErrorHandler(),
    urllib.request.HTTPErrorProcessor(),
    _WebOnly(),
):
    _opener.add_handler(_handler)
