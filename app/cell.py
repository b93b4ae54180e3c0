"""What the text of a cell says: a literal of a property's datatype, or what a link leads to."""

import datetime
import re
from collections.abc import Callable
from dataclasses import dataclass

from app import names
from app.standards import Standards
from app.store.terms import Iri, Literal

_CODE = re.compile(r"\d{6}")
_SYSTEM = ("rule", "clause", "standard")
"""Prefixes by which a cell may name something of the standard system."""


class Unfit(ValueError):
    """A text that is not of the datatype; the message says what was expected."""


@dataclass(frozen=True)
class Link:
    """What a cell refers to: a thing by its whole IRI, else by its key, with class and region where the cell gives
    them (``key``, ``Class/key``, ``code/key``, ``code/Class/key``)."""

    key: str
    kind: Iri | None = None
    code: str = ""
    iri: Iri | None = None


def link(text: str, standards: Standards) -> Link:
    """The link a cell writes out. A key may contain strokes: only a region's code and a class are split off."""
    prefix, colon, name = text.partition(":")
    if colon and prefix in _SYSTEM and names.is_safe_iri(names.PREFIXES[prefix] + name):
        return Link(text, iri=Iri(names.PREFIXES[prefix] + name))
    if text.startswith(("http://", "https://")) and names.is_safe_iri(text):
        return Link(text, iri=Iri(text))
    first, stroke, rest = text.partition("/")
    code = first if stroke and _CODE.fullmatch(first) else ""
    first, stroke, key = (rest if code else text).partition("/")
    kind = standards.classes.get(first) if stroke else None
    return Link(key if kind else rest if code else text, kind, code)


def literal(text: str, datatype: str) -> Literal:
    """The literal a cell says. Raises ``Unfit``."""
    read, expected = _DATATYPES.get(datatype, (str, ""))
    try:
        value = read(text)
    except ValueError as error:
        raise Unfit(expected) from error
    if datatype == TEXT:
        return Literal(value, language="zh")
    return Literal(value) if datatype == names.XSD + "string" else Literal(value, datatype=Iri(datatype))


TEXT = names.RDF + "PlainLiteral"
"""OWL 2's datatype of texts in a language; what a cell says is Chinese."""


EXAMPLES = {
    names.XSD + "integer": "1",
    names.XSD + "decimal": "1.5",
    names.XSD + "boolean": "是",
    names.XSD + "date": "2026-01-31",
    names.XSD + "anyURI": "https://www.gov.cn/",
}
"""What a cell of a datatype may hold, to show how it is filled in."""


def _matching(pattern: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(text)
        return text

    return read


def _boolean(text: str) -> str:
    return _matching("true|false")({"是": "true", "否": "false", "1": "true", "0": "false"}.get(text, text))


_DATATYPES: dict[str, tuple[Callable[[str], str], str]] = {
    names.XSD + "integer": (_matching(r"[+-]?\d+"), "整数"),
    names.XSD + "decimal": (_matching(r"[+-]?\d+(\.\d+)?"), "数"),
    names.XSD + "boolean": (_boolean, "“是”或“否”"),
    names.XSD + "date": (
        lambda text: datetime.date.fromisoformat(text).isoformat(),
        "形如 2026-01-31 的日期",
    ),
    names.XSD + "anyURI": (
        _matching(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+"),
        "完整的网址（如 https://…）",
    ),
}
"""How the text of a cell becomes a value of a datatype, and what is expected where it does not."""
