"""Reports written out: for people as text, page and workbook, for programs as CSV, JSON, Turtle, SARIF and JUnit."""

from collections.abc import Callable
from pathlib import Path

from app.checking.formats import junit, page, prose, rdf, record, rows, sarif, workbook
from app.checking.report import Report
from app.ontology.standards import Standards

FORMATS: dict[str, Callable[[list[Report], Standards, str], bytes]] = {
    "text": prose.write,
    "html": page.write,
    "xlsx": workbook.write,
    "csv": rows.write,
    "json": record.write,
    "ttl": rdf.write,
    "sarif": sarif.write,
    "junit": junit.write,
}
"""By the name a person asks for a format with: what writes several reports as one, in a language."""

BINARY = frozenset({"xlsx"})
"""Not for a terminal."""

OF_SOMETHING = frozenset({"html", "xlsx"})
"""Of no report at all these cannot be made."""

_SUFFIXES = {".txt": "text", ".htm": "html", ".xml": "junit"} | {f".{name}": name for name in FORMATS}


def of_file(path: Path) -> str | None:
    """The format a file's name ends in, if any."""
    return _SUFFIXES.get(path.suffix.lower())
