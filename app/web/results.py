"""The answer to a SELECT as a person reads it: names beside IRIs, numbers in line, sorted, filtered and cut into pages.

All of it is done on an answer that is already there, so the query is not evaluated anew for another page.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode

from app import names
from app.language import pick, text
from app.ontology import standards
from app.questions.answered import is_number
from app.store import syntax
from app.store.terms import Iri
from app.web import chart
from app.web.links import address
from app.web.vocabulary import OTHERS, last_of

PAGE_ROWS = 500
"""What a page shows; a browser lays out a table of this size at once."""

WHOLE_ROWS = 10_000
"""Rows that are sorted, filtered and leafed through. Reading and sorting them takes a fifth of a second; who wants to look
at more takes them along."""

NAMED = 2_000
"""Different things of a column whose names are looked up to sort or filter the whole answer by them: five small queries.
Beyond that it goes by their IRIs, and the page says so."""

LONGEST_FILTER = 100
"""Characters of a filter: nobody types more into so small a box."""

DECIMALS = 4
"""Shown of a fraction; the whole number is in its title and in the downloads."""

Labels = Mapping[str, Mapping[str, str]]
Term = dict[str, Any]
Looked = Callable[[list[str]], Labels]
"""Finds the names of things by language."""

_BOUND = re.compile(r"\s*(<=|>=|<|>|=|≤|≥)\s*(-?\d+(?:\.\d+)?)\s*")
_COMPARED: dict[str, Callable[[float, float], bool]] = {
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    "≤": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
    "≥": lambda one, other: one >= other,
    "=": lambda one, other: one == other,
}
_IN_TIME = re.compile(r"\d{4}(-\d\d){0,2}")
_AGGREGATES = ("SUM", "AVG", "MIN", "MAX", "SAMPLE")


@dataclass(frozen=True, slots=True)
class Cell:
    """A term as a table shows it."""

    text: str
    href: str = ""
    lang: str = ""
    title: str = ""
    """All of what is shown in short, or the datatype."""
    code: str = ""
    """Of a thing that has a name: its IRI in short."""
    rest: str = ""
    """What stands unseen after a number, so that it is in line with those above and below; see ``rests``."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table."""

    name: str
    is_number: bool
    unit: str
    sorted: str
    """As ARIA says it: ascending, descending, or nothing."""
    sort: str
    """What ``?sort=`` is for the other direction, or to begin with."""
    filter: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """How the reader wants the answer: by which column, falling or not, and of each column what."""

    sort: str = ""
    filters: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, pairs: Mapping[str, str]) -> "Wanted":
        """From the parameters ``sort=name``, ``sort=-name`` and ``filter.name=text``."""
        filters = tuple(
            (key.removeprefix("filter."), value.strip()[:LONGEST_FILTER])
            for key, value in pairs.items()
            if key.startswith("filter.") and value.strip()
        )
        return cls(pairs.get("sort", ""), filters)

    @property
    def by(self) -> str:
        """The column to sort by."""
        return self.sort.removeprefix("-")

    @property
    def falling(self) -> bool:
        """Whether the greatest comes first."""
        return self.sort.startswith("-")

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The parameters it came from."""
        found = [("sort", self.sort)] if self.sort else []
        return found + [(f"filter.{name}", value) for name, value in self.filters]


class Solutions:
    """An answer of solutions, in SPARQL 1.1 Query Results JSON, as its reader wants it."""

    def __init__(self, found: Mapping[str, Any], wanted: Wanted, look_up: Looked, lang: str) -> None:
        self._look_up, self._lang = look_up, lang
        self.variables: list[str] = found["head"]["vars"]
        self.all: list[dict[str, Term]] = found["results"]["bindings"]
        self.more = bool(found.get("more"))
        """Whether there are rows beyond those looked at."""
        known = set(self.variables)
        self.wanted = Wanted(
            wanted.sort if wanted.by in known else "", tuple(one for one in wanted.filters if one[0] in known)
        )
        self.by_iri: list[str] = []
        """The columns with too many things to sort or filter them by name."""
        self._numeric = {
            name
            for name in self.variables
            if any(name in row for row in self.all)
            and all(is_number(row[name]) for row in self.all if name in row)
        }
        self._labels: dict[str, Mapping[str, str]] = {}
        self.rows = self._sorted(self._filtered(self.all))

    def columns(self, query: str) -> list[Column]:
        """The columns with their units, as far as the query tells them."""
        units = units_of(query)
        given = dict(self.wanted.filters)
        found = []
        for name in self.variables:
            here = self.wanted.by == name
            direction = ("descending" if self.wanted.falling else "ascending") if here else ""
            # Whoever sorts by a number mostly wants the greatest first.
            first = f"-{name}" if name in self._numeric else name
            other = name if self.wanted.falling else f"-{name}"
            unit = units.get(name, "") if name in self._numeric else ""
            found.append(
                Column(
                    name,
                    name in self._numeric,
                    unit,
                    direction,
                    other if here else first,
                    given.get(name, ""),
                )
            )
        return found

    def shown(self, start: int, stop: int) -> list[list[Cell]]:
        """Some of the rows, as cells."""
        some = self.rows[start:stop]
        self._learn({term["value"] for row in some for term in row.values() if term["type"] == "uri"})
        columns = []
        for name in self.variables:
            cells = [self._cell(row.get(name)) for row in some]
            if name in self._numeric:
                missing = rests([cell.text for cell in cells])
                cells = [replace(cell, rest=rest) for cell, rest in zip(cells, missing, strict=True)]
            columns.append(cells)
        return [list(row) for row in zip(*columns, strict=True)] or [[] for _ in some]

    def marks(self) -> list[chart.Mark]:
        """A chart of an answer of two columns, one of them numbers; nothing for any other."""
        if len(self.variables) != 2 or len(self._numeric) != 1 or not 1 < len(self.rows) <= PAGE_ROWS:
            return []
        (number,) = self._numeric
        name = next(one for one in self.variables if one != number)
        rows = [row for row in self.rows if name in row and _finite(row.get(number))]
        self._learn({row[name]["value"] for row in rows if row[name]["type"] == "uri"})
        pairs = [(self._cell(row[name]).text, self._cell(row[number]).text) for row in rows]
        in_time = all(_IN_TIME.fullmatch(row[name]["value"]) for row in rows)
        return chart.marks(pairs, in_order=in_time or bool(self.wanted.sort))

    # Names

    def _learn(self, iris: set[str]) -> None:
        new = sorted(iris - self._labels.keys())
        if new:
            found = self._look_up(new)
            self._labels |= {iri: found.get(iri, {}) for iri in new}

    def _learn_column(self, name: str) -> None:
        """Look up what the things of a column are called, to sort or filter by it."""
        iris = {row[name]["value"] for row in self.all if name in row and row[name]["type"] == "uri"}
        if len(iris) <= NAMED:
            self._learn(iris)
        elif name not in self.by_iri:
            self.by_iri.append(name)

    def _label(self, iri: str) -> str:
        found = pick(dict(self._labels.get(iri, {})), self._lang)
        return found or (text(OTHERS[iri], self._lang) if iri in OTHERS else "")

    def _cell(self, term: Term | None) -> Cell:
        if term is None:
            return Cell("")
        written = term["value"]
        if term["type"] == "uri":
            label, short = self._label(written), names.shorten(written)
            if not label:
                return Cell(short, address(written), title=written if short != written else "")
            return Cell(
                label, address(written), title=written, code=short if short != written else last_of(written)
            )
        if term["type"] == "triple":
            parts = [self._cell(written[part]).text for part in ("subject", "predicate", "object")]
            return Cell(f"<< {' '.join(parts)} >>")
        if term["type"] == "bnode":
            return Cell(f"_:{written}")
        if is_number(term):
            shown = rounded(written)
            return Cell(shown, title=written if shown != written else "")
        return Cell(written, lang=term.get("xml:lang", ""), title=names.shorten(term.get("datatype", "")))

    # Sorting and filtering

    def _filtered(self, rows: list[dict[str, Term]]) -> list[dict[str, Term]]:
        for name, typed in self.wanted.filters:
            self._learn_column(name)
            bound = _BOUND.fullmatch(typed) if name in self._numeric else None
            if bound:
                holds, limit = _COMPARED[bound[1]], float(bound[2])
                rows = [row for row in rows if name in row and holds(float(row[name]["value"]), limit)]
            else:
                wanted = typed.casefold()
                rows = [row for row in rows if wanted in self._text(row.get(name)).casefold()]
        return rows

    def _sorted(self, rows: list[dict[str, Term]]) -> list[dict[str, Term]]:
        name = self.wanted.by
        if not name:
            return rows
        self._learn_column(name)
        there = [row for row in rows if name in row]

        def key(row: dict[str, Term]) -> tuple[int, float, str]:
            term = row[name]
            # What is no number (NaN) has no place among them; it comes after.
            return (0, float(term["value"]), "") if _finite(term) else (1, 0.0, self._text(term))

        return sorted(there, key=key, reverse=self.wanted.falling) + [row for row in rows if name not in row]

    def _text(self, term: Term | None) -> str:
        """What a cell is found and sorted by: what it shows, and the whole of what it stands for."""
        if term is None or term["type"] == "triple":
            return self._cell(term).text
        return (
            f"{self._label(term['value'])} {term['value']}".strip()
            if term["type"] == "uri"
            else term["value"]
        )


def address_of(query: list[tuple[str, str]], wanted: Wanted, **more: str) -> str:
    """The page of a query (its parameters by the protocol) as ``wanted``, with parameters replaced."""
    kept = [(key, value) for key, value in wanted.pairs if key not in more]
    return f"/sparql?{urlencode([*query, *kept, *more.items()])}"


def rounded(written: str) -> str:
    """A number with few decimals, where it has many; what is not nothing does not become 0."""
    _, point, fraction = written.partition(".")
    if not point or len(fraction) <= DECIMALS or not fraction.isdigit():
        return written
    short = f"{float(written):.{DECIMALS}f}".rstrip("0").rstrip(".")
    return short if float(short) or not float(written) else written


def rests(numbers: Sequence[str]) -> list[str]:
    """What the fraction of each of a column of numbers lacks of the longest, point and all (``.00``): with that behind them,
    unseen and unread, their points stand below each other. Nothing where one of them has an exponent."""
    fractions = ["".join(number.partition(".")[1:]) for number in numbers]
    longest = max(map(len, fractions), default=0)
    if any("e" in number.casefold() for number in numbers):
        return [""] * len(numbers)
    whole = f".{'0' * longest}"[:longest]
    return [
        whole[len(fraction) :] if number else "" for number, fraction in zip(numbers, fractions, strict=True)
    ]


def units_of(query: str) -> dict[str, str]:
    """By variable: the unit in which the ontology says its numbers are counted. A variable has the unit of the property it
    is the value of, and that of another one of which it is the sum, mean, least or greatest."""
    found, _ = syntax.tokens(query)
    known = _counted()
    units: dict[str, str] = {}
    for one, other in pairwise(found):
        if one.kind == "name" and other.kind == "variable" and one.text in known:
            units[other.text[1:]] = known[one.text]
    words = [token.text for token in found]
    for at, word in enumerate(words):
        if word.upper() in _AGGREGATES and at + 2 < len(words) and words[at + 1] == "(":
            inner = at + 3 if words[at + 2].upper() == "DISTINCT" else at + 2
            after = words[inner : inner + 4]
            if len(after) == 4 and after[1] == ")" and after[2].upper() == "AS" and after[0][1:] in units:
                units[after[3][1:]] = units[after[0][1:]]
    return units


def _counted() -> dict[str, str]:
    """By prefixed name of a property: the unit of its numbers, in the shortest of the ways it is written."""
    return {
        names.shorten(prop.iri.value): min(prop.counted_in, key=lambda unit: (len(unit), unit))
        for prop in standards.load().properties.values()
        if prop.counted_in and isinstance(prop.iri, Iri)
    }


def _finite(term: Term | None) -> bool:
    return term is not None and is_number(term) and math.isfinite(float(term["value"]))
