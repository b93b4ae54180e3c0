"""What can be sent, and which of it a client wants (RFC 9110 §12.5.1)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from flask import request
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

HTML = "text/html"

BY_NAME = 2
"""The specificity of a range that names the media type itself; ``type/*`` has 1 and ``*/*`` has 0."""


@dataclass(frozen=True, slots=True)
class Format:
    """A way to write an answer: its name in ``?format=``, its media type, and other types that ask for it."""

    name: str
    media_type: str
    title: str
    iri: str
    """Its name in service descriptions, https://www.w3.org/ns/formats/."""
    others: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    """Other names in ``?format=``: those clients in use send, SPARQLWrapper's among them."""

    @property
    def names(self) -> tuple[str, ...]:
        """What ``?format=`` may say: a name, or a media type as it stands."""
        return (self.name, *self.aliases, self.media_type, *self.others)


_W3C = "http://www.w3.org/ns/formats/"

SOLUTION_FORMATS = (
    Format(
        "json", "application/sparql-results+json", "JSON", _W3C + "SPARQL_Results_JSON", ("application/json",)
    ),
    Format(
        "xml",
        "application/sparql-results+xml",
        "XML",
        _W3C + "SPARQL_Results_XML",
        ("application/xml", "text/xml"),
    ),
    Format("csv", "text/csv", "CSV", _W3C + "SPARQL_Results_CSV"),
    Format("tsv", "text/tab-separated-values", "TSV", _W3C + "SPARQL_Results_TSV"),
)
TRUTH_FORMATS = SOLUTION_FORMATS[:2]
WORKBOOK = Format("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "XLSX", "")
"""Solutions for spreadsheets, a format of our own: no store writes it, and service descriptions have no name for it."""

TRIPLE_FORMATS = (
    Format(
        "ttl",
        "text/turtle",
        "Turtle",
        _W3C + "Turtle",
        ("application/x-turtle", "application/turtle", "text/n3"),
        ("turtle", "n3"),
    ),
    Format(
        "nt",
        "application/n-triples",
        "N-Triples",
        _W3C + "N-Triples",
        ("text/plain",),
        ("ntriples", "n-triples"),
    ),
    Format(
        "jsonld",
        "application/ld+json",
        "JSON-LD",
        _W3C + "JSON-LD",
        ("application/json",),
        ("json-ld", "json"),
    ),
    Format(
        "rdf",
        "application/rdf+xml",
        "RDF/XML",
        _W3C + "RDF_XML",
        ("application/xml", "text/xml"),
        ("rdf+xml", "rdfxml", "xml"),
    ),
)
DATASET_FORMATS = (
    Format("trig", "application/trig", "TriG", _W3C + "TriG", ("application/x-trig",)),
    Format(
        "nq", "application/n-quads", "N-Quads", _W3C + "N-Quads", ("text/x-nquads",), ("nquads", "n-quads")
    ),
)
"""Formats of datasets, for clients that know no other: the triples are the default graph."""

GRAPH_FORMATS = (*TRIPLE_FORMATS, *DATASET_FORMATS)
"""What the endpoint writes triples in. Documents are offered in ``TRIPLE_FORMATS`` only: each of those is a link in every
header."""

PAGE = Format("html", HTML, "HTML", "", ("application/xhtml+xml",))

SUFFIXES = {f".{one.name}": one for one in (PAGE, *TRIPLE_FORMATS)}
"""The formats of documents by the ends of their addresses."""


def apart(path: str) -> tuple[str, str]:
    """A path without its suffix, and the suffix, one of ``SUFFIXES`` or nothing."""
    stem, dot, name = path.rpartition(".")
    return (stem, f".{name}") if stem and f"{dot}{name}" in SUFFIXES else (path, "")


def formats_of(form: str) -> Sequence[Format]:
    """What the answer to a query of this form can be written in, the preferred first."""
    if form in ("CONSTRUCT", "DESCRIBE"):
        return GRAPH_FORMATS
    return TRUTH_FORMATS if form == "ASK" else (*SOLUTION_FORMATS, WORKBOOK)


def chosen(offered: Iterable[Format], name: str | None = None) -> tuple[Format, str] | None:
    """The format this request wants and the media type to label it with; None when nothing offered will do.

    ``name``, from ``?format=``, overrules Accept. Among what Accept ranks alike, what it names outright comes
    before what a wildcard covers, and then our own order decides.
    """
    if name:
        name = name.partition(",")[0]  # SPARQLWrapper sends all types of a format, the first being the one
        return next(((one, one.media_type) for one in offered if name in one.names), None)
    return _best(request.headers.get("Accept", ""), tuple(offered))


@lru_cache(maxsize=1024)
def _best(accept: str, offered: tuple[Format, ...]) -> tuple[Format, str] | None:
    candidates = [
        (*_quality(accept, one.media_type), -number, one, one.media_type)
        for number, one in enumerate(offered)
    ]
    # A wildcard covers a type's own name, not its other names.
    candidates += [
        (*_quality(accept, other), -number, one, other)
        for number, one in enumerate(offered)
        for other in one.others
        if _quality(accept, other)[1] == BY_NAME
    ]
    best = max(candidates, key=lambda candidate: candidate[:3])
    return (best[3], best[4]) if best[0] > 0 else None


def prefers_page() -> bool:
    """Whether the client is a browser rather than a program: it asks for HTML and not merely for anything."""
    accept = request.headers.get("Accept", "")
    quality, specificity = _quality(accept, HTML)
    wanted = (quality, specificity)
    return quality > 0 and specificity == BY_NAME and wanted > _quality(accept, "application/json")


@lru_cache(maxsize=4096)
def _quality(accept: str, media_type: str) -> tuple[float, int]:
    """Quality and specificity with which ``accept`` covers a media type: the most specific range decides."""
    kind = media_type.partition("/")[0]
    best = (0.0, -1)
    for name, quality in _ranges(accept):
        specificity = {media_type: BY_NAME, f"{kind}/*": 1, "*/*": 0, "*": 0}.get(name, -1)
        if specificity > best[1] or (specificity == best[1] and quality > best[0]):
            best = (quality, specificity)
    return best if best[1] >= 0 else (0.0, 0)


def _ranges(accept: str) -> list[tuple[str, float]]:
    """The media ranges of Accept with their qualities; no or an empty Accept takes anything. Parameters of a range, such as
    a charset, are passed over: there is one representation of each type."""
    accepted = parse_accept_header(accept, MIMEAccept)
    found = [(name.partition(";")[0].strip().lower(), quality) for name, quality in accepted]
    return found or [("*/*", 1.0)]
