"""A region's folder: which of its files are data. Notes, scripts and the like are nobody's."""

from pathlib import Path

from app.files import table
from app.files.source import RDF_FORMATS, Place, ReadingError, rdf_format, refused
from app.regions import description

LOCKS = ("~$", ".")
"""Beginnings of files that a spreadsheet keeps beside an open one, and of hidden ones."""


def data_files(folder: Path) -> list[Path]:
    """The tables and RDF files of a folder."""
    return sorted(path for path in folder.iterdir() if path.is_file() and is_data(path))


def is_data(path: Path) -> bool:
    """Whether a file of a region's folder is read as data, by its name."""
    if path.name == description.FILE or path.name.startswith(LOCKS):
        return False
    return path.suffix.lower() in table.TABLES or rdf_format(path) is not None


def unknown(path: Path) -> ReadingError:
    """The error of a file that is neither a table nor RDF."""
    known = " ".join(sorted([*RDF_FORMATS, *table.TABLES]))
    message = "不认识的文件类型“{found}”；可用 {expected}"
    return refused(Place(path.name), message, path.suffix, expected=known)
