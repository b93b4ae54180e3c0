"""The terms of the ontology, by module, in both languages; searched with a plain form."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from app import names, rules, standards
from app.language import LANGUAGES, pick
from app.rules import Rule
from app.standards import PREF_LABEL, SOURCE, SUBCLASS, TYPE
from app.store.terms import Iri, Literal, Node, def_, read_turtle
from app.web.language import language
from app.web.page import page
from app.web.problem import Problem
from app.web.vocabulary import in_language, written
from app.web.wording import KINDS, MODULES

DEFINITION = Iri(names.SKOS + "definition")
ALT_LABEL = Iri(names.SKOS + "altLabel")

pages = Blueprint("ontology", __name__)


@dataclass(frozen=True)
class OntologyTerm:
    """A class or property of the ontology."""

    iri: Iri
    module: str

    @property
    def name(self) -> str:
        return self.iri.value.removeprefix(names.DEF)

    @property
    def kind(self) -> str:
        """One of ``KINDS``, or nothing for an individual such as a layer."""
        types = {written(value).removeprefix(names.OWL) for value in standards.load().values(self.iri, TYPE)}
        return next((kind for kind in KINDS if kind in types), "")

    @property
    def is_derived(self) -> bool:
        return self.iri in standards.load().derived

    def texts(self, predicate: Iri = PREF_LABEL) -> dict[str, str]:
        """The texts of a property by language."""
        values = standards.load().values(self.iri, predicate)
        return {(v.language or "")[:2]: v.value for v in values if isinstance(v, Literal)}

    @property
    def label(self) -> str:
        return pick(self.texts(), language()) or self.name

    @property
    def definitions(self) -> dict[str, str]:
        """What it means, by language."""
        return self.texts(DEFINITION)

    @property
    def definition(self) -> str:
        return pick(self.definitions, language())

    def matches(self, wanted: str) -> bool:
        """Whether every word asked for stands in its name, labels or definitions."""
        all_texts = (*self.texts().values(), *self.texts(DEFINITION).values(), *self._others())
        text = " ".join((self.name, *all_texts)).casefold()
        return all(word in text for word in wanted.casefold().split())

    def _others(self) -> list[str]:
        return [written(v) for v in standards.load().values(self.iri, ALT_LABEL)]


@cache
def terms() -> dict[str, OntologyTerm]:
    """All terms by local name, classes before properties, each with the module whose file declares it."""
    system = standards.load()
    found: dict[str, OntologyTerm] = {}
    for path in system.files:
        if path.parent.name != "codes":
            for node in sorted({t.subject for t in read_turtle(path) if t.predicate == TYPE}, key=str):
                if isinstance(node, Iri) and node.value.startswith(names.DEF):
                    module = path.stem if path.stem in MODULES else "core"
                    term = OntologyTerm(node, module)
                    found.setdefault(term.name, term)
    return dict(sorted(found.items(), key=lambda one: (one[0][0].islower(), one[0].casefold())))


@dataclass(frozen=True, slots=True)
class CodeList:
    """A code list of the standard system."""

    iri: Iri
    label: str
    definition: str
    entries: int


def code_lists() -> list[CodeList]:
    system, lang = standards.load(), language()
    found = []
    for scheme in system.subjects(TYPE, Iri(names.SKOS + "ConceptScheme")):
        if isinstance(scheme, Iri):
            entries = len(system.subjects(Iri(names.SKOS + "inScheme"), scheme))
            definition = next(map(written, in_language(system.values(scheme, DEFINITION))), "")
            found.append(CodeList(scheme, system.label(scheme, lang), definition, entries))
    return found


@pages.get("/ontology")
def ontology() -> Response:
    wanted = request.args.get("q", "").strip()
    chosen = [term for term in terms().values() if term.kind and (not wanted or term.matches(wanted))]
    by_module = {module: [term for term in chosen if term.module == module] for module in MODULES}
    lists = [
        one
        for one in code_lists()
        if not wanted or wanted.casefold() in f"{one.label} {one.definition}".casefold()
    ]
    system = standards.load()
    return page(
        "ontology.html",
        wanted=wanted,
        by_module={module: found for module, found in by_module.items() if found},
        number=len(chosen),
        lists=lists,
        title=system.label(Iri(names.BASE + "def"), language()),
        version=system.version,
    )


@pages.get("/ontology/v/<version>")
def ontology_version(version: str) -> BaseResponse:
    """The only version there is so far; others will have pages of their own."""
    if version != standards.load().version:
        raise Problem("not-found")
    return redirect("/ontology", 303)


def term_page(name: str) -> Response:
    """A term in both languages, where it stands, and which rules use it."""
    term = terms().get(name)
    if term is None:
        raise Problem("not-found")
    system = standards.load()
    return page(
        "term.html",
        term=term,
        languages_=LANGUAGES,
        facts={
            label: nodes
            for label, predicate in _TERM_FACTS.items()
            if (nodes := [v for v in system.values(term.iri, predicate) if isinstance(v, Iri)])
        },
        key=[prop.iri for prop in system.key_of(term.iri)],
        other_labels=in_language(system.values(term.iri, ALT_LABEL)),
        narrower=_iris(system.subjects(SUBCLASS, term.iri)),
        properties=_iris(system.subjects(Iri(names.RDFS + "domain"), term.iri)),
        instances=_iris(system.subjects(TYPE, term.iri)),
        used_by=[rule for rule in rules.load().all if _uses(rule, term.iri)],
    )


_TERM_FACTS = {
    "上位类": SUBCLASS,
    "上位属性": Iri(names.RDFS + "subPropertyOf"),
    "适用于": Iri(names.RDFS + "domain"),
    "取值": Iri(names.RDFS + "range"),
    "逆属性": Iri(names.OWL + "inverseOf"),
    "与其不相交": Iri(names.OWL + "disjointWith"),
    "派生自": def_("isDerivedFrom"),
    "以文字表示": def_("namesValueOf"),
    "为其提供基础": def_("providesFoundationFor"),
    "牵头": def_("leads"),
    "支撑": def_("supports"),
    "来源": SOURCE,
}


def _iris(nodes: Iterable[Node]) -> list[Iri]:
    return [node for node in nodes if isinstance(node, Iri)]


def _uses(rule: Rule, term: Iri) -> bool:
    """Whether a rule's shapes or queries mention a term."""
    if any(term in (triple.predicate, triple.object) for triple in rule.graph):
        return True
    name = f"zwfw:{term.value.removeprefix(names.DEF)}"
    return any(
        name in select.text.replace(".", " ").replace(";", " ").replace("/", " ").split()
        for select in rule.selects
    )
