"""The ontology: by layer, searched with a plain form, drawn; its modules, code lists, questions and JSON-LD context."""

import itertools
import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from app import names
from app.language import LANGUAGES
from app.ontology import standards
from app.ontology.context import context
from app.ontology.facts import DEFINITION, SUBCLASS, TYPE
from app.questions import question
from app.questions.question import Question
from app.store.terms import Iri, def_, read_turtle
from app.web.description import written_as
from app.web.diagram import Diagram, Link, Thing, draw
from app.web.formats import PAGE, SUFFIXES, TRIPLE_FORMATS, Format, apart, chosen
from app.web.language import language
from app.web.linked import of_ontology
from app.web.page import confirmed, open_to_all, page
from app.web.problem import Problem
from app.web.term import OntologyTerm, is_ours, properties, terms
from app.web.vocabulary import in_language, written
from app.web.wording import MODULES

pages = Blueprint("ontology", __name__)


@dataclass(frozen=True, slots=True)
class CodeList:
    """A code list of the standard system."""

    iri: Iri
    label: str
    definition: str
    entries: int
    confirmation: str


@dataclass(frozen=True, slots=True)
class Module:
    """A module of the ontology: the terms it declares, those of code lists apart, and how its classes are tied."""

    name: str
    classes: list[OntologyTerm]
    coded: list[OntologyTerm]
    properties: list[OntologyTerm]
    annotations: list[OntologyTerm]

    @property
    def title(self) -> str:
        return standards.load().label(Iri(f"{names.BASE}ontology/{self.name}"), language())

    @property
    def diagram(self) -> Diagram:
        return _diagram(self.name, language())


@cache
def modules() -> dict[str, Module]:
    """The modules in the order in which they build on each other."""
    found = {}
    for name in MODULES:
        declared = [term for term in terms().values() if term.module == name]
        kinds = {kind: [t for t in declared if t.kind == kind] for kind in ("Class", "AnnotationProperty")}
        found[name] = Module(
            name,
            [term for term in kinds["Class"] if not term.is_coded],
            [term for term in kinds["Class"] if term.is_coded],
            [term for term in properties() if term.module == name],
            kinds["AnnotationProperty"],
        )
    return found


def prepare() -> None:
    """Have at hand what the first page of the ontology would wait for: the diagrams of all modules."""
    for module in modules().values():
        for lang in LANGUAGES:
            _diagram(module.name, lang)


@cache
def _diagram(name: str, lang: str) -> Diagram:
    """The classes of a module, what they are kinds of, and the links the module adds. Codes are drawn only where they are
    things themselves, tied on to others, as elements are; a value looked up in a list is not."""
    module = modules()[name]
    linking = [
        p for p in properties() if p.kind == "ObjectProperty" and not p.is_inverse and not p.is_derived
    ]
    tied_on = {start for prop in linking for start in prop.domain}
    own = {term.iri for term in module.classes if not term.is_derived}
    own |= {term.iri for term in module.coded if term.iri in tied_on}
    links: dict[tuple[Iri, Iri], list[str]] = defaultdict(list)
    system = standards.load()
    for kind in sorted(own, key=str):
        for above in system.values(kind, SUBCLASS):
            if isinstance(above, Iri) and is_ours(above) and above != def_("CodedValue"):
                links[kind, above] = []
    for prop in linking:
        for start, end in itertools.product(prop.domain, prop.range):
            is_thing = end in tied_on or not system.is_coded(end)
            if prop.module == name and is_thing and is_ours(end) and {start, end} & own:
                links[start, end].append(system.label(prop.iri, lang))
    shown = own | {end for pair in links for end in pair}
    return draw(
        [
            Thing(
                kind.value.removeprefix(names.DEF),
                system.label(kind, lang),
                tuple(links.get((kind, kind), ())),
                is_foreign=kind not in own,
            )
            for kind in sorted(shown, key=str)
        ],
        [
            Link(start.value.removeprefix(names.DEF), end.value.removeprefix(names.DEF), tuple(labels))
            for (start, end), labels in links.items()
            if start != end
        ],
    )


def code_lists() -> list[CodeList]:
    """All code lists, by name."""
    system, lang = standards.load(), language()
    found = []
    for scheme in system.subjects(TYPE, Iri(names.SKOS + "ConceptScheme")):
        if isinstance(scheme, Iri):
            definition = next(map(written, in_language(system.values(scheme, DEFINITION))), "")
            entries = len(system.subjects(Iri(names.SKOS + "inScheme"), scheme))
            said = system.text(scheme, def_("confirmation"))
            found.append(CodeList(scheme, system.label(scheme, lang), definition, entries, said))
    return sorted(found, key=lambda one: one.iri.value)


def questions(wanted: str = "") -> list[Question]:
    """The questions of the catalogue in whose titles every word stands, by number."""
    words = wanted.casefold().split()
    return [
        one
        for one in question.load().all
        if all(w in " ".join(one.titles.values()).casefold() for w in words)
    ]


def alignments() -> list[tuple[str, str]]:
    """The files that align ours with other vocabularies: their name, and the sentence they begin with."""
    files = [path for path in standards.load().files if path.parent.name == "alignments"]
    return [(path.stem, path.read_text("utf-8").partition("\n")[0].removeprefix("# ")) for path in files]


@pages.get("/ontology")
def ontology() -> BaseResponse:
    wanted = request.args.get("q", "").strip()
    system = standards.load()
    lists, asked = code_lists(), questions(wanted)
    if wanted:
        found = [term for term in terms().values() if term.kind and term.matches(wanted)]
        lists = [one for one in lists if wanted.casefold() in f"{one.label} {one.definition}".casefold()]
        return page("ontology_found.html", wanted=wanted, terms=found, lists=lists, questions=asked)
    return page(
        "ontology.html",
        wanted="",
        modules=modules().values(),
        others=_without_row(),
        lists=lists,
        questions=asked,
        alignments=alignments(),
        title=system.label(Iri(names.BASE + "def"), language()),
        version=system.version,
    )


def _without_row() -> dict[str, list[OntologyTerm]]:
    """By module: the terms that have no row among its classes. A browser that follows ``…/def#isProvidedBy`` comes to
    ``/ontology#isProvidedBy``, so that there has to be something of that name."""
    found: dict[str, list[OntologyTerm]] = {name: [] for name in modules()}
    for term in terms().values():
        if term not in modules()[term.module].classes:
            found[term.module].append(term)
    return found


@pages.get("/ontology/v/<version>")
def ontology_version(version: str) -> BaseResponse:
    """The only version there is so far; others will have pages of their own."""
    number, suffix = apart(version)
    if number != standards.load().version:
        raise Problem("not-found")
    form = _chosen(suffix, SUFFIXES.values())
    response = redirect("/ontology" if form is PAGE else f"/doc/def.{form.name}", 303)
    if not suffix:
        response.vary.add("Accept")
    return response


def _chosen(suffix: str, offered: Iterable[Format]) -> Format:
    """The format a suffix names, else the one Accept asks for."""
    if suffix:
        return SUFFIXES[suffix]
    choice = chosen(offered, request.args.get("format"))
    if choice is None:
        raise Problem("not-acceptable")
    return choice[0]


@pages.get("/ontology/<name>")
def module(name: str) -> BaseResponse:
    """A module: its page, its file as it was written (Turtle), or the same in another format."""
    stem, suffix = apart(name)
    if stem not in modules():
        raise Problem("not-found")
    form = _chosen(suffix, SUFFIXES.values())
    response = page("module.html", module=modules()[stem]) if form is PAGE else _file(stem, form)
    return of_ontology(response, f"/ontology/{stem}", suffix, form)


@pages.get("/ontology/alignments/<name>.ttl")
def alignment(name: str) -> Response:
    return _file(f"alignments/{name}")


def _file(stem: str, form: Format = TRIPLE_FORMATS[0]) -> Response:
    """A file of the ontology: in Turtle as it was written, comments and all."""
    folder = names.resources("ontology")
    path = next((one for one in standards.load().files if one == folder / f"{stem}.ttl"), None)
    if path is None:
        raise Problem("not-found")
    as_written = form is TRIPLE_FORMATS[0]
    content = path.read_bytes() if as_written else written_as(read_turtle(path), form)
    response = Response(content, content_type=f"{form.media_type}; charset=utf-8")
    response.headers["Content-Language"] = ", ".join(LANGUAGES)
    return open_to_all(confirmed(response))


@pages.get("/context.jsonld")
def current_context() -> Response:
    """The context of the version in force; documents that must not change name a version."""
    written_ = json.dumps(context(standards.load()), ensure_ascii=False, indent=1)
    return open_to_all(confirmed(Response(written_, content_type="application/ld+json; charset=utf-8")))


@pages.get("/context/<version>.jsonld")
def context_of(version: str) -> Response:
    if version != standards.load().version:
        raise Problem("not-found")
    return current_context()
