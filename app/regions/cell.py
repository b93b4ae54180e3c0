"""What the text of a cell says: a literal of a property's datatype, or what a link leads to."""

import datetime
import re
import unicodedata
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import lru_cache

from app import names
from app.ontology.standards import Standards
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


def tidied(text: str, datatype: str | None) -> str:
    """A cell's text as its datatype is written: numbers and codes in half-width digits, dates as 2026-01-31, “是” for a
    tick. Sentences and what is not of the datatype stay as they are; ``datatype`` is nothing for codes and links.
    """
    text = text.strip()
    if datatype == TEXT:
        return text
    return _TIDIED.get(datatype or "", str)(text if text.isascii() else _half_width(text))


def measured(text: str, words: Collection[str]) -> tuple[str, str]:
    """A number and the unit written behind it, if it is one of ``words``: “20个工作日” is 20 and 个工作日."""
    match = _MEASURED.fullmatch(text)
    return (match[1], match[2]) if match and match[2] in words else (text, "")


def literal(text: str, datatype: str) -> Literal:
    """The literal a tidied cell says. Raises ``Unfit``."""
    read, expected = _DATATYPES.get(datatype, (str, ""))
    try:
        value = read(text)
    except ValueError as error:
        serial = datatype == _DATE and _SERIAL.fullmatch(text)
        raise Unfit("日期（像是日期序号；请把该列设为日期格式）" if serial else expected) from error
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


_DATE = names.XSD + "date"
_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F) if chr(code - 0xFEE0).isalnum()} | {
    ord(wide): narrow for wide, narrow in zip("－／：．＋＠＃　\u00a0", "-/:.+@#  ", strict=True)
}
"""Full-width letters and digits and the signs within codes, numbers and addresses. Brackets and commas stay: in Chinese
they are full-width in names of codes, too."""


@lru_cache(maxsize=50_000)
def _half_width(text: str) -> str:
    """``text`` with half-width letters and digits and without what cannot be seen, such as zero-width spaces."""
    return "".join(one for one in text.translate(_HALF_WIDTH) if unicodedata.category(one) != "Cf").strip()


_DAY = re.compile(
    r"(\d{4})(?:[-/.](\d{1,2})[-/.](\d{1,2})|年(\d{1,2})月(\d{1,2})[日号]|(\d{2})(\d{2}))(?:[ T]0?0:00(?::00)?)?"
)
_SERIAL = re.compile(r"[34567]\d{4}")
"""A day as spreadsheets count them (1982 to 2119)."""
_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_MEASURED = re.compile(r"([+-]?\d[\d,]*(?:\.\d+)?)\s*(\D+)")
_TICKS = {"√": "是", "✓": "是", "✔": "是", "×": "否", "✗": "否", "✘": "否", "Y": "是", "N": "否"}


def _date(text: str) -> str:
    match = _DAY.fullmatch(text)
    parts = [part for part in match.groups() if part] if match else []
    day = "-".join(part.zfill(2) for part in parts)
    try:
        return datetime.date.fromisoformat(day).isoformat()
    except ValueError:
        return text


def _number(text: str) -> str:
    return text.replace(",", "") if _GROUPED.fullmatch(text) else text


def _integer(text: str) -> str:
    return re.sub(r"\.0+$", "", _number(text))


_TIDIED: dict[str, Callable[[str], str]] = {
    names.XSD + "integer": _integer,
    names.XSD + "decimal": _number,
    names.XSD + "boolean": lambda text: _TICKS.get(text, text),
    _DATE: _date,
}


def _matching(pattern: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(text)
        return text

    return read


def _boolean(text: str) -> str:
    return _matching("true|false")({"是": "true", "否": "false", "1": "true", "0": "false"}.get(text, text))


_DATATYPES: dict[str, tuple[Callable[[str], str], str]] = {
    names.XSD + "integer": (_matching(r"[+-]?\d+"), "整数（如 20）"),
    names.XSD + "decimal": (_matching(r"[+-]?\d+(\.\d+)?"), "数（如 1.5）"),
    names.XSD + "boolean": (_boolean, "“是”或“否”"),
    _DATE: (
        lambda text: datetime.date.fromisoformat(text).isoformat(),
        "形如 2026-01-31 的日期",
    ),
    names.XSD + "anyURI": (
        _matching(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+"),
        "完整的网址（如 https://…）",
    ),
}
"""How the text of a cell becomes a value of a datatype, and what is expected where it does not."""
