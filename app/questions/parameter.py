"""The parameters of questions: what a person may give for them, read into RDF terms."""

import calendar
import datetime
import re
from collections.abc import Callable
from dataclasses import dataclass

from app import names
from app.language import text
from app.ontology.standards import Standards
from app.store.terms import Iri, Literal, Term, day, def_, integer

LONGEST = 200
"""Characters of a value: no code, number or name that a parameter may be is as long."""

TODAY = "today"
"""The default of a date that is the day on which one asks, and of a period that is its year."""


class Misasked(Exception):
    """What is wrong with the values given to a question: Chinese message ids with their values, a line each. The value
    ``allowed`` is a message id itself."""

    def __init__(self, *lines: tuple[str, dict[str, str]]) -> None:
        super().__init__(lines)
        self.lines = lines

    def said(self, lang: str) -> str:
        """All lines, as a person reads them."""
        return "\n".join(
            text(message, lang, **{k: text(v, lang) if k == "allowed" else v for k, v in values.items()})
            for message, values in self.lines
        )


@dataclass(frozen=True)
class Kind:
    """A kind of parameter: how it is read, what is allowed (a Chinese message id), and what it is in RDF."""

    name: str
    reader: Callable[[str, Standards], list[Term] | None]
    """The terms for its variables, or nothing where what is given is not allowed."""
    allowed: str
    datatype: str = names.XSD + "string"
    of_class: str = ""
    suffixes: tuple[str, ...] = ("",)
    """What is added to the parameter's name for each of its variables."""

    def variables(self, name: str) -> list[str]:
        """The variables a parameter of this kind binds."""
        return [name + suffix for suffix in self.suffixes]


@dataclass(frozen=True)
class Parameter:
    """A blank of a question. Without a default and not required, it stays unbound when nothing is given."""

    name: str
    kind: Kind
    labels: dict[str, str]
    default: str
    is_required: bool

    def read(self, given: str, system: Standards) -> dict[str, Term]:
        """The terms by variable. Raises ``Misasked``, which says what is allowed."""
        value = given.strip() or self.default
        if not value:
            if self.is_required:
                said = {"name": self.name, "allowed": self.kind.allowed}
                raise Misasked(("须给出参数 {name}：{allowed}", said))
            return {}
        terms = self.kind.reader(value, system) if len(value) <= LONGEST else None
        if terms is None:
            said = {"name": self.name, "value": value[:LONGEST], "allowed": self.kind.allowed}
            raise Misasked(("参数 {name} 不能是“{value}”：{allowed}", said))
        return dict(zip(self.kind.variables(self.name), terms, strict=True))


def _region(value: str, _: Standards) -> list[Term] | None:
    return [Iri(names.region(value))] if re.fullmatch(r"[0-9]{6}", value) else None


def _layer(value: str, system: Standards) -> list[Term] | None:
    layers = [one for one in system.subjects(_TYPE, def_("Layer")) if isinstance(one, Iri)]
    for one in layers:
        said = (system.text(one, def_("layerFolder")), *system.labels(one).values(), one.value)
        if value in said:
            return [one]
    return None


def _department(value: str, _: Standards) -> list[Term] | None:
    code = value.upper()
    return [Literal(code)] if re.fullmatch(r"[0-9A-Z]{18}", code) else None


def _code(value: str, _: Standards) -> list[Term] | None:
    return None if re.search(r"\s", value) else [Literal(value)]


def _document(value: str, system: Standards) -> list[Term] | None:
    known = Iri(names.STANDARD + value) if re.fullmatch(r"[\w.-]+", value) else None
    number = system.text(known, def_("documentNumber")) if known else ""
    return [Literal(number or value)]


def _integer(value: str, _: Standards) -> list[Term] | None:
    return [integer(int(value))] if re.fullmatch(r"[0-9]{1,9}", value) else None


def _date(value: str, _: Standards) -> list[Term] | None:
    if value == TODAY:
        return [day(datetime.date.today())]
    try:
        return [day(datetime.date.fromisoformat(value))] if len(value) == 10 else None
    except ValueError:
        return None


def _period(value: str, _: Standards) -> list[Term] | None:
    """The first and the last day of a year, a half, a quarter or a month."""
    value = str(datetime.date.today().year) if value == TODAY else value
    found = re.fullmatch(r"([0-9]{4})(?:-(?:H([12])|Q([1-4])|(0[1-9]|1[0-2])))?", value)
    if found is None or found[1] == "0000":
        return None
    year, half, quarter, month = int(found[1]), found[2], found[3], found[4]
    if half:
        first, length = 6 * int(half) - 5, 6
    elif quarter:
        first, length = 3 * int(quarter) - 2, 3
    elif month:
        first, length = int(month), 1
    else:
        first, length = 1, 12
    last = first + length - 1
    end = datetime.date(year, last, calendar.monthrange(year, last)[1])
    return [day(datetime.date(year, first, 1)), day(end)]


_TYPE = Iri(names.RDF + "type")

KINDS = {
    kind.name: kind
    for kind in (
        Kind("region", _region, "六位行政区划代码，如 370600；000000 为全国", of_class=names.DEF + "Region"),
        Kind(
            "layer",
            _layer,
            "support、exchange、item、platform、user 之一，或者层次的名称",
            of_class=names.DEF + "Layer",
        ),
        Kind("department", _department, "部门的统一社会信用代码，18 位数字和大写字母"),
        Kind("item", _code, "事项的编码，如基本编码 000101001000，中间不得有空白"),
        Kind("document", _document, "文件编号，如 GB/T 39554.1—2020，或者本系统中的短名，如 GBT39554.1-2020"),
        Kind("code", _code, "编号或者代码，中间不得有空白"),
        Kind(
            "period",
            _period,
            "一年、半年、一季度或者一个月，如 2026、2026-H1、2026-Q3、2026-09",
            suffixes=("Start", "End"),
        ),
        Kind("date", _date, "一个存在的日期，如 2026-01-31", datatype=names.XSD + "date"),
        Kind("integer", _integer, "不小于 0 的整数，最多九位", datatype=names.XSD + "integer"),
    )
}
"""The kinds of parameters by name."""
