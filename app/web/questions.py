"""The question catalogue for people: its questions by layer, and each as a form with its answer, to read, take along and cite."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from app import names
from app.language import pick
from app.ontology import standards
from app.ontology.facts import TYPE
from app.questions import answered, question
from app.questions.answered import Answered
from app.questions.parameter import TODAY, Misasked, Parameter
from app.questions.question import Question
from app.store import Answer, Query, StoreError
from app.store.terms import Iri, def_
from app.web import allowance, chart, problem
from app.web.answers import sent
from app.web.formats import WORKBOOK
from app.web.language import language, say
from app.web.links import address, home
from app.web.live import current_release, following
from app.web.page import open_to_all, page
from app.web.problem import Problem
from app.web.results import rests, rounded
from app.web.wording import MODULES
from app.web.workbooks import WORKBOOK_ROWS, file, making

PAGE_ROWS = 500
"""What a page shows of an answer, as that of the endpoint does; the rest is for downloads."""

MOST_OPTIONS = 400
"""Regions offered in a list; where more are published, a code is typed."""

DATA = {".csv": "text/csv", ".json": "application/sparql-results+json"}
"""Answers as the endpoint writes them, by the end of the address."""

SUFFIXES = (".excel.csv", ".xlsx", ".rq", *DATA)

pages = Blueprint("questions", __name__)


@dataclass(frozen=True, slots=True)
class Control:
    """A field of the form: a list to choose from, or what is typed."""

    parameter: Parameter
    value: str
    type: str
    options: dict[str, str]
    hint: str


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of the table."""

    text: str
    href: str
    kind: str
    """The class of its column: ``number``, ``date`` or nothing."""
    title: str
    """All of a number that is shown in short."""
    rest: str
    """What stands unseen after a number; see ``rests``."""


@pages.get("/questions")
def index() -> Response:
    aspect = request.args.get("aspect", "")
    if aspect and aspect not in _aspects():
        raise Problem("not-found")
    some = [one for one in question.load().all if not aspect or aspect in one.aspects]
    by_layer = {layer: [one for one in some if one.layer == layer] for layer in MODULES}
    return page(
        "questions.html",
        by_layer={k: v for k, v in by_layer.items() if v},
        aspect=aspect,
        aspects=_aspects(),
        n=len(some),
    )


@pages.get("/questions/<name>")
def one(name: str) -> BaseResponse:
    suffix = next((end for end in SUFFIXES if name.endswith(end)), "")
    stem = name.removesuffix(suffix)
    found = question.load().find(stem)
    if found is None:
        raise Problem("not-found")
    if found.name != stem:
        given = request.query_string.decode("ascii", "replace")
        return redirect(f"/questions/{found.name}{suffix}{'?' + given if given else ''}", 303)
    if not suffix:
        return _page(found)
    try:
        return open_to_all(_data(found, suffix))
    except Misasked as error:
        raise Problem("malformed-request", error.said(language())) from error


def _values() -> dict[str, str]:
    """What the form gives; an empty field is none. The language is the page's own."""
    return {name: value for name, value in request.args.items() if value.strip() and name != "lang"}


def _data(found: Question, suffix: str) -> Response:
    release = current_release()
    query = found.bind(_values(), language())
    if suffix == ".rq":
        return file(query.encode(), "application/sparql-query; charset=utf-8", f"{found.name}.rq")
    if suffix in DATA:
        media_type = DATA[suffix]

        def answer() -> Answer:
            try:
                return release.store.answer(Query(query), media_type)
            except StoreError as error:
                raise problem.of_store(error, query, following().settings.timeout) from error

        return sent(answer, media_type, [release.id, query, media_type])
    allowance.spend()
    told = answered.ask(found, _values(), language(), release.store, release.regions, WORKBOOK_ROWS)
    mark = "-synthetic" if told.is_synthetic else ""
    if suffix == ".xlsx":
        with making.one():
            content = told.workbook(_made(release.id), release.id)
        return file(content, WORKBOOK.media_type, f"{found.name}{mark}.xlsx")
    return file(told.csv(), "text/csv; charset=utf-8", f"{found.name}{mark}.csv")


def _page(found: Question) -> Response:
    release, values = current_release(), _values()
    about: dict[str, Any] = {
        "question": found,
        "controls": [_control(parameter, values) for parameter in found.parameters],
        "answer": None,
        "wrong": "",
        "limit": PAGE_ROWS,
        "aspects": _aspects(),
    }
    allowance.spend()
    try:
        told = answered.ask(found, values, language(), release.store, release.regions, PAGE_ROWS)
    except Misasked as error:
        response = page("question.html", **about | {"wrong": error.said(language())})
        response.status_code = 400
        return response
    given = urlencode(
        {name: value for name, value in values.items() if name in {p.name for p in found.parameters}}
    )
    there = f"/questions/{found.name}"
    asked = f"?{given}" if given else ""
    return page(
        "question.html",
        **about
        | {
            "answer": told,
            "headings": [(told.headings[at], _is_number(told, at)) for at in told.shown],
            "rows": _rows(told),
            "marks": _marks(told),
            "downloads": [
                ("CSV", f"{there}.csv{asked}"),
                (say("CSV（供 Excel）"), f"{there}.excel.csv{asked}"),
                ("XLSX", f"{there}.xlsx{asked}"),
                ("JSON", f"{there}.json{asked}"),
                ("SPARQL", f"{there}.rq{asked}"),
            ],
            "editor": f"/sparql?{urlencode({'query': told.query})}",
            "copies": _copies(f"{home()}{there}", asked, found.name),
            "citation": _citation(found, f"{home()}{there}{asked}", release.id),
        },
    )


def _control(parameter: Parameter, values: dict[str, str]) -> Control:
    kind = parameter.kind.name
    today = datetime.date.today()
    default = parameter.default
    if default == TODAY:
        default = today.isoformat() if kind == "date" else str(today.year)
    value = values.get(parameter.name, default)
    options: dict[str, str] = {}
    if kind == "layer":
        options = {"": say("全部")} | _layers()
    elif kind == "region":
        options = _regions(value)
    shown = {"integer": "number", "date": "date"}.get(kind, "text")
    return Control(parameter, value, shown, options, say(parameter.kind.allowed))


def _aspects() -> dict[str, str]:
    """What questions look at, in the reader's words."""
    system = standards.load()
    return {one: system.label(question.aspect(one), language()) for one in question.aspects(system)}


def _layers() -> dict[str, str]:
    system = standards.load()
    layers = [one for one in system.subjects(TYPE, def_("Layer")) if isinstance(one, Iri)]
    said = {system.text(one, def_("layerFolder")): system.label(one, language()) for one in layers}
    return {folder: said[folder] for folder in MODULES if folder in said}


def _regions(chosen: str) -> dict[str, str]:
    """The nation and the regions published, or nothing where there are too many to list."""
    entries = {code: entry for code, entry in current_release().regions.items() if code.isdigit()}
    if len(entries) > MOST_OPTIONS:
        return {}
    found = {names.NATION: say("全国")}
    found |= {
        code: pick(entry["title"], language()) or code
        for code, entry in entries.items()
        if code != names.NATION
    }
    # A region that is not published may be chosen by its address: its provinces and cities may be.
    return found if not chosen or chosen in found else {**found, chosen: chosen}


def _is_number(told: Answered, at: int) -> bool:
    return any(answered.is_number(row[at]) for row in told.rows[:1])


def _rows(told: Answered) -> list[list[Cell]]:
    columns = [_cells(told, at) for at in told.shown]
    return [list(row) for row in zip(*columns, strict=True)]


def _cells(told: Answered, at: int) -> list[Cell]:
    """A column of the table."""
    kinds = [_kind(row[at]) for row in told.rows]
    values = [told.value(row, at) or names.shorten(told.link(row, at)) for row in told.rows]
    texts = [rounded(value) if kind == "number" else value for kind, value in zip(kinds, values, strict=True)]
    unseen = rests([text if kind == "number" else "" for kind, text in zip(kinds, texts, strict=True)])
    return [
        Cell(text, address(told.link(row, at)), kind, value if text != value else "", rest)
        for row, text, kind, value, rest in zip(told.rows, texts, kinds, values, unseen, strict=True)
    ]


def _kind(term: dict[str, Any] | None) -> str:
    if answered.is_number(term):
        return "number"
    return "date" if term and term.get("datatype") == f"{names.XSD}date" else ""


def _marks(told: Answered) -> list[chart.Mark]:
    """The bars of the question's chart, the longest first; none where nothing is positive."""
    shown = told.question.chart
    if shown is None:
        return []
    columns = [column.name for column in told.question.columns]
    of, number = [columns.index(name) for name in shown.of], columns.index(shown.number)
    return chart.marks(
        [
            (" ".join(told.value(row, at) for at in of), rounded(told.value(row, number)))
            for row in told.rows
            if answered.is_number(row[number])
        ]
    )


def _copies(there: str, asked: str, name: str) -> Iterable[tuple[str, str]]:
    """How to fetch the answer with what people have: the same address each time."""
    url = quote(f"{there}.csv{asked}", safe=":/?&=%+-._~")
    excel = quote(f"{there}.excel.csv{asked}", safe=":/?&=%+-._~")
    python = (
        "import csv, io, urllib.request\n\n"
        f'with urllib.request.urlopen("{url}") as answer:\n'
        '    rows = list(csv.DictReader(io.TextIOWrapper(answer, "utf-8")))'
    )
    return (
        ("Python", python),
        ("curl", f"curl -fsSL -o {name}.csv '{url}'"),
        ("Excel", f'= Csv.Document(Web.Contents("{excel}"), [Delimiter=",", Encoding=65001])'),
    )


def _made(release: str) -> datetime.date:
    """The day a release was made, by its identity."""
    return datetime.date.fromisoformat(f"{release[:4]}-{release[4:6]}-{release[6:8]}")


def _citation(found: Question, there: str, release: str) -> str:
    """The answer as GB/T 7714 has a database online: who, what, when it was made, when it was read, where."""
    who = following().settings.operator or say("政务服务标准知识图谱")
    made, today = _made(release), datetime.date.today()
    title = pick(found.titles, language())
    said = say("发布版本 {id}", id=release)
    return f"{who}. {title}[DB/OL]. {said}. ({made})[{today}]. {there}."
