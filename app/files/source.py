"""A region's files: places in them, what is wrong at a place, and RDF files as graphs."""

import contextlib
import gzip
import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from app import names
from app.files import hostile
from app.language import text
from app.store.terms import Graph, RdfFormat, Triple, parse

RDF_FORMATS = {
    ".ttl": RdfFormat.TURTLE,
    ".nt": RdfFormat.N_TRIPLES,
    ".nq": RdfFormat.N_QUADS,
    ".trig": RdfFormat.TRIG,
    ".jsonld": RdfFormat.JSON_LD,
    ".rdf": RdfFormat.RDF_XML,
    ".owl": RdfFormat.RDF_XML,
}
"""By the end of a file's name; each also packed, as ``.ttl.gz``."""

MOST_UNPACKED = 4 * 1024**3
"""Bytes a packed file may unpack to: N-Triples of some thirty million triples; a thousand times less can be a bomb."""


@dataclass(frozen=True, order=True, slots=True)
class Place:
    """Where something stands: file, sheet (empty in CSV), row as the spreadsheet shows it (0: the whole), column by
    its heading and by its letters."""

    file: str
    sheet: str = ""
    row: int = 0
    column: str = ""
    letters: str = ""

    @property
    def cell(self) -> str:
        """The cell as a spreadsheet names it, such as C5; empty where it is a row or a whole column."""
        return f"{self.letters}{self.row}" if self.letters and self.row else ""

    def said(self, lang: str) -> str:
        """The place as one says it; empty parts are left out."""
        parts = [
            self.file,
            text("工作表“{sheet}”", lang, sheet=self.sheet) if self.sheet else "",
            text("第 {row} 行", lang, row=self.row) if self.row else "",
            text("“{column}”列", lang, column=self.column) if self.column else "",
        ]
        return (" " if lang == "zh" else ", ").join(part for part in parts if part)


@dataclass(frozen=True, order=True)
class ReadingError:
    """What stops a file from being read: where, what stands there, and what was expected, as a Chinese message id."""

    place: Place
    message: str
    found: str = ""
    values: tuple[tuple[str, str], ...] = ()

    def said(self, lang: str) -> str:
        """The error as a sentence."""
        values = {name: text(value, lang) for name, value in self.values}
        message = text(self.message, lang, found=text(self.found, lang), **values)
        return (
            f"{self.place.said(lang)}：{message}" if lang == "zh" else f"{self.place.said(lang)}: {message}"
        )

    @classmethod
    def restored(cls, said: dict[str, Any]) -> "ReadingError":
        """The error that was written out with ``dataclasses.asdict``."""
        values = tuple((name, value) for name, value in said["values"])
        return cls(Place(**said["place"]), said["message"], said["found"], values)


class Unreadable(Exception):
    """A file, folder or upload that cannot be read as a whole; it holds every error found in one run."""

    def __init__(self, *errors: ReadingError) -> None:
        super().__init__("\n".join(error.said("zh") for error in errors))
        self.errors = list(errors)


@dataclass(frozen=True)
class Source:
    """A file that was read: its name, SHA-256, the encoding found (tables of text only) and its number of rows."""

    file: str
    sha256: str
    encoding: str = ""
    rows: int = 0

    @classmethod
    def of(cls, path: Path, encoding: str = "", rows: int = 0) -> "Source":
        """The record of a file."""
        return cls.of_content(path.name, path.read_bytes(), encoding, rows)

    @classmethod
    def of_content(cls, name: str, content: bytes, encoding: str = "", rows: int = 0) -> "Source":
        """The record of a file with this content."""
        return cls(name, hashlib.sha256(content).hexdigest(), encoding, rows)


def refused(place: Place, message: str, found: str = "", **values: str) -> ReadingError:
    """What is wrong at a place, with the values its message names."""
    return ReadingError(place, message, found, tuple(sorted(values.items())))


def letters(column: int) -> str:
    """The letters of a column, whose number is counted from 1."""
    found = ""
    while column:
        column, rest = divmod(column - 1, 26)
        found = chr(65 + rest) + found
    return found


def column_of(letters: str) -> int:
    """The number of a column, from 1, by its letters."""
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - 64
    return number


def rdf_format(path: Path) -> RdfFormat | None:
    """The RDF format a file's name ends in, packed or not; nothing for other files."""
    name = path.with_suffix("") if path.suffix.lower() == ".gz" else path
    return RDF_FORMATS.get(name.suffix.lower())


class _Bounded:
    """A file that refuses to give more than ``MOST_UNPACKED`` bytes."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._left = file, MOST_UNPACKED

    def read(self, size: int = -1) -> bytes:
        block = self._file.read(size)
        self._left -= len(block)
        if self._left < 0:
            raise _TooLarge
        return block


@contextlib.contextmanager
def _open(path: Path) -> Iterator[IO[bytes]]:
    """A file, unpacked where it is packed, that gives no more than it may."""
    with gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as file:
        yield cast(IO[bytes], _Bounded(cast(IO[bytes], file)))


class _TooLarge(Exception):
    """A file gives more than ``MOST_UNPACKED`` bytes."""


def read_rdf(path: Path) -> Graph:
    """The triples of an RDF file, graphs merged, relative IRIs under our base. Raises ``Unreadable``."""
    form = rdf_format(path)
    try:
        if form == RdfFormat.RDF_XML:
            with _open(path) as file:
                hostile.check_xml(file)
        with _open(path) as file:
            stated: IO[bytes] | bytes = file
            if form == RdfFormat.JSON_LD:
                stated = file.read()
                hostile.check_json(stated)
            quads = parse(stated, format=form, base_iri=names.BASE, rename_blank_nodes=True)
            graph = {quad.triple for quad in quads}
    except SyntaxError as error:
        place = Place(path.name, row=error.lineno or 0)
        raise Unreadable(refused(place, "不是合法的 RDF：{found}", str(error.msg))) from error
    except hostile.Hostile as error:
        raise Unreadable(refused(Place(path.name), error.message, limit=str(error.limit))) from error
    except _TooLarge as error:
        message = "解压后超过上限 {limit} 字节"
        raise Unreadable(refused(Place(path.name), message, limit=str(MOST_UNPACKED))) from error
    except (ValueError, OSError, EOFError, zlib.error) as error:
        raise Unreadable(refused(Place(path.name), "不是合法的 RDF：{found}", str(error))) from error
    if any(isinstance(triple.object, Triple) for triple in graph):
        raise Unreadable(refused(Place(path.name), "含有 RDF 1.2 的三元组项；请只用 RDF 1.1"))
    return graph
