"""A question of the catalogue asked of a store, and its answer as a table: text, CSV for spreadsheets, a workbook."""

import csv
import datetime
import io
import json
import math
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app import language, names
from app.files.spreadsheet import EXACT_DIGITS
from app.files.workbook import MOST_ROWS, Workbook
from app.language import text
from app.ontology.codes import region_chain
from app.questions.parameter import Misasked
from app.questions.question import Question
from app.store import Query, Store
from app.store.query import SOLUTIONS
from app.store.terms import Iri

WIDEST = 60
"""Columns of a terminal that a cell may take; what is longer is cut, for people would lose the line."""

_NUMBERS = {
    names.XSD + kind
    for kind in (
        *("integer", "decimal", "double", "float", "long", "int", "short", "byte"),
        *("nonNegativeInteger", "positiveInteger", "nonPositiveInteger", "negativeInteger"),
        *("unsignedLong", "unsignedInt", "unsignedShort", "unsignedByte"),
    )
}
_WIDTHS = {"text": 24.0, "iri": 16.0}
_TITLE_ROWS = 6


@dataclass(frozen=True)
class Answered:
    """An answer: for each solution the terms of its columns, as SPARQL 1.1 Query Results JSON writes them."""

    question: Question
    query: str
    """The query as it was asked, with its parameters bound."""
    rows: list[list[dict[str, Any] | None]]
    lang: str
    made_up: tuple[str, ...]
    """The regions whose made-up data may have gone into it."""
    more: bool = False
    """Whether there are solutions beyond those that were asked for."""

    @property
    def is_synthetic(self) -> bool:
        """Whether made-up data may have gone into it."""
        return bool(self.made_up)

    @property
    def headings(self) -> list[str]:
        """What the columns are called."""
        return [language.pick(column.labels, self.lang) for column in self.question.columns]

    @property
    def shown(self) -> list[int]:
        """The columns a person reads: those that name things stand for the things."""
        named = {column.names_ for column in self.question.columns}
        return [at for at, column in enumerate(self.question.columns) if column.name not in named]

    def value(self, row: list[dict[str, Any] | None], at: int) -> str:
        """What stands in a cell; nothing where it is empty."""
        term = row[at]
        return str(term["value"]) if term else ""

    def link(self, row: list[dict[str, Any] | None], at: int) -> str:
        """The IRI of what a cell names, if it names something."""
        column = self.question.columns[at]
        columns = [one.name for one in self.question.columns]
        term = row[columns.index(column.names_)] if column.names_ else row[at]
        return str(term["value"]) if term and term["type"] == "uri" else ""

    def text(self) -> str:
        """The columns a person reads, set out for a terminal."""
        table = [[self.headings[at] for at in self.shown]]
        table += [
            [_one_line(self.value(row, at) or self.link(row, at)) for at in self.shown] for row in self.rows
        ]
        widths = [max(map(_width, column)) for column in zip(*table, strict=True)]
        lines = [
            "  ".join(
                cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)
            ).rstrip()
            for row in table
        ]
        return "\n".join(lines) + "\n"

    def csv(self) -> bytes:
        """All columns under their labels, for a spreadsheet: with the mark by which Excel knows UTF-8."""
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(self.headings)
        writer.writerows(
            [_harmless(self.value(row, at), row[at]) for at in range(len(row))] for row in self.rows
        )
        return b"\xef\xbb\xbf" + out.getvalue().encode()

    def workbook(self, on: datetime.date, release: str) -> bytes:
        """The answer as a workbook: what was asked of which release, then all columns."""
        book = Workbook(on)
        sheet = book.sheet(self.question.number)
        sheet.add(language.pick(self.question.titles, self.lang), style="title")
        sheet.add(language.pick(self.question.explanations, self.lang), style="quiet")
        sheet.add(text("发布版本 {id}", self.lang, id=release), style="quiet")
        if self.is_synthetic:
            sheet.add(text("含合成数据，仅供演示。", self.lang), style="notice")
        if self.more:
            said = text(
                "多于 {count} 行，此处显示前 {count} 行；全部请下载。", self.lang, count=len(self.rows)
            )
            sheet.add(said, style="notice")
        widths = [_WIDTHS["text" if at in self.shown else "iri"] for at in range(len(self.headings))]
        sheet.table(self.headings, widths)
        for row in self.rows[: MOST_ROWS - _TITLE_ROWS]:
            sheet.add(*map(cell, row))
        return book.done()


def is_number(term: dict[str, Any] | None) -> bool:
    """Whether a term of SPARQL 1.1 Query Results JSON is a number: one that says so and is written as one."""
    if term is None or term.get("datatype") not in _NUMBERS:
        return False
    try:
        float(term["value"])
    except ValueError:
        return False
    return True


def _one_line(value: str) -> str:
    line = " ".join(value.split())
    while _width(line) > WIDEST:
        line = line[:-2] + "…"
    return line


def _width(cell: str) -> int:
    """Columns of a terminal: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in cell)


def _harmless(value: str, term: dict[str, Any] | None) -> str:
    """A text that a spreadsheet would take for a formula begins with an apostrophe."""
    return f"'{value}" if value[:1] in ("=", "+", "-", "@", "\t", "\r") and not is_number(term) else value


def cell(term: dict[str, Any] | None) -> str | int | float:
    """What stands in a cell of a workbook: a number where a spreadsheet keeps it as it is, and text for all else."""
    if term is None:
        return ""
    if term["type"] == "triple":
        return f"<< {' '.join(str(cell(part)) for part in term['value'].values())} >>"
    value = f"_:{term['value']}" if term["type"] == "bnode" else str(term["value"])
    number = float(value) if is_number(term) else math.nan
    # A workbook has no cell for NaN and INF, and loses the end of long numbers.
    if not abs(number) < 10**EXACT_DIGITS:
        return value
    return int(number) if number.is_integer() else number


def ask(
    question: Question,
    values: Mapping[str, str],
    lang: str,
    store: Store,
    entries: Mapping[str, Any],
    limit: int | None = None,
) -> Answered:
    """Ask ``question`` of a store, for so many solutions at most; ``entries`` are what the release's manifest says of its
    regions.

    Raises ``Misasked`` for values that do not fit, ``StoreError`` where there is no whole answer.
    """
    query = question.bind(values, lang)
    for parameter in question.parameters:
        code = values.get(parameter.name, "").strip()
        is_region = parameter.kind.name == "region" and code
        if is_region and not store.select(
            f"ASK {{ ?region a <{names.DEF}Region> }}", region=Iri(names.region(code))
        ):
            raise Misasked(
                ("参数 {name}：没有代码为 {value} 的行政区划", {"name": parameter.name, "value": code})
            )
    found = json.loads(b"".join(store.answer(Query(query, limit=limit), SOLUTIONS[0]).frames))
    rows = [[row.get(name) for name in found["head"]["vars"]] for row in found["results"]["bindings"]]
    region = values.get("region", "").strip() or names.NATION
    made_up = tuple(
        code
        for code, entry in entries.items()
        if entry.get("status") != "real" and _went_into(code, region, rows)
    )
    return Answered(question, query, rows, lang, made_up, found.get("more", False))


def _went_into(code: str, region: str, rows: list[list[dict[str, Any] | None]]) -> bool:
    """Whether a region's data may be in an answer about a region: it lies in it, or the answer names a thing of it."""
    if region in (code[:6], *region_chain(code[:6])):
        return True
    things = f"{names.region(code[:6])}/"
    return any(term is not None and str(term["value"]).startswith(things) for row in rows for term in row)
