"""A term of the ontology: what it means, what it is tied to, and who speaks of it — clauses, rules, questions."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property

from flask import Response

from app import names
from app.checking import rules
from app.checking.rules import Rule
from app.language import LANGUAGES, pick
from app.ontology import axioms, sentences, standards
from app.ontology.facts import (
    ALT_LABEL,
    DEFINITION,
    DOMAIN,
    IN_SCHEME,
    PREF_LABEL,
    RANGE,
    SOURCE,
    SUBCLASS,
    TYPE,
)
from app.questions import question
from app.store.terms import BlankNode, Iri, Literal, Term, Triple, def_, read_turtle
from app.web.language import language
from app.web.page import page
from app.web.problem import Problem
from app.web.vocabulary import in_language, written
from app.web.wording import KINDS, MODULES

SUBPROPERTY = Iri(names.RDFS + "subPropertyOf")
ABOUT = def_("isAbout")

MATCHES = [Iri(names.SKOS + f"{degree}Match") for degree in ("exact", "close", "broad", "related")]


@dataclass(frozen=True)
class OntologyTerm:
    """A class or property of the ontology, or an individual such as a layer."""

    iri: Iri
    module: str

    @property
    def name(self) -> str:
        return self.iri.value.removeprefix(names.DEF)

    @cached_property
    def kind(self) -> str:
        """One of ``KINDS``, or nothing for an individual."""
        types = {written(value).removeprefix(names.OWL) for value in standards.load().values(self.iri, TYPE)}
        return next((kind for kind in KINDS if kind in types), "")

    @property
    def is_derived(self) -> bool:
        return self.iri in standards.load().derived

    @property
    def is_inverse(self) -> bool:
        """Whether data state its inverse, and it is inferred only."""
        return self.iri in standards.load().upward

    @property
    def is_coded(self) -> bool:
        """Whether it is a class of code-list entries."""
        return standards.load().is_coded(self.iri)

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

    @property
    def confirmation(self) -> str:
        return standards.load().text(self.iri, def_("confirmation"))

    @property
    def domain(self) -> list[Iri]:
        """The classes a property applies to: any of them."""
        return standards.load().ends(self.iri, DOMAIN)

    @property
    def range(self) -> list[Iri]:
        """The classes or the datatype of a property's values: any of them."""
        return standards.load().ends(self.iri, RANGE) or standards.load().ends(self.iri, def_("hasValueType"))

    def matches(self, wanted: str) -> bool:
        """Whether every word asked for stands in its name, labels or definitions."""
        others = [written(v) for v in standards.load().values(self.iri, ALT_LABEL)]
        text = " ".join((self.name, *self.texts().values(), *self.definitions.values(), *others)).casefold()
        return all(word in text for word in wanted.casefold().split())


@cache
def terms() -> dict[str, OntologyTerm]:
    """All terms by local name, classes before properties, each with the module whose file declares it."""
    found: dict[str, OntologyTerm] = {}
    for path in standards.load().files:
        if path.parent.name == "ontology":
            declared = {t.subject for t in read_turtle(path) if t.predicate == TYPE}
            for node in sorted(declared, key=str):
                if isinstance(node, Iri) and node.value.startswith(names.DEF):
                    term = OntologyTerm(node, path.stem if path.stem in MODULES else "core")
                    found.setdefault(term.name, term)
    return dict(sorted(found.items(), key=lambda one: (one[0][0].islower(), one[0].casefold())))


def term_page(name: str) -> Response:
    """A term in both languages, with everything that speaks of it."""
    term = terms().get(name)
    if term is None:
        raise Problem("not-found")
    system = standards.load()
    above = system.ancestors(term.iri) if term.kind == "Class" else {term.iri}
    return page(
        "term.html",
        term=term,
        languages_=LANGUAGES,
        other_labels=in_language(system.values(term.iri, ALT_LABEL)),
        facts={
            label: nodes
            for label, predicate in _FACTS.items()
            if (nodes := [node for node in standards.load().ends(term.iri, predicate) if is_ours(node)])
        },
        axioms=[sentences.said(axiom, system, language()) for axiom in _axioms().get(term.iri, ())],
        key=[prop.iri for prop in system.key_of(term.iri)],
        narrower=_ours(system.subjects(SUBCLASS, term.iri), system.subjects(SUBPROPERTY, term.iri)),
        properties=[one for one in properties() if not one.is_inverse and above & set(one.domain)],
        leading_here=[one for one in properties() if not one.is_inverse and above & set(one.range)],
        code_lists=_code_lists(term),
        instances=[] if term.is_coded else _ours(system.subjects(TYPE, term.iri)),
        elements=_iris(system.subjects(def_("isStatedBy"), term.iri)),
        foreign=list(_foreign(term.iri)),
        sources=_iris(system.values(term.iri, SOURCE)),
        clauses=_iris(node for node in system.subjects(ABOUT, term.iri) if _is_below(node, names.CLAUSE)),
        questions=[one for one in question.load().all if term.iri in one.about],
        used_by=[rule for rule in rules.load().all if uses(rule, term.iri)],
    )


_FACTS = {
    "上位类": SUBCLASS,
    "上位属性": SUBPROPERTY,
    "适用于": DOMAIN,
    "取值": RANGE,
    "逆属性": Iri(names.OWL + "inverseOf"),
    "与其不相交": Iri(names.OWL + "disjointWith"),
    "派生自": def_("isDerivedFrom"),
    "以文字表示": def_("namesValueOf"),
    "所属标准体系": def_("isLayerOf"),
    "为其提供基础": def_("providesFoundationFor"),
    "牵头": def_("leads"),
    "支撑": def_("supports"),
    "服务的标准体系": def_("isMechanismOf"),
}


def prepare() -> None:
    """Have at hand what the first page of a term would wait for."""
    _axioms()


@cache
def _axioms() -> dict[Iri, list[axioms.Axiom]]:
    """By term: the axioms that no row of facts shows, such as cardinalities, chains and what makes a class."""
    system = standards.load()
    shown, restriction = {*_FACTS.values(), Iri(names.OWL + "hasKey")}, Iri(names.OWL + "Restriction")
    found: dict[Iri, list[axioms.Axiom]] = {}
    for axiom in axioms.Theory({"": system.terms}).schema:
        subject, value = axiom.stated.subject, axiom.stated.object
        is_restriction = restriction in system.values(value, TYPE) if isinstance(value, BlankNode) else False
        if (
            isinstance(subject, Iri)
            and is_ours(subject)
            and (is_restriction or axiom.stated.predicate not in shown)
        ):
            found.setdefault(subject, []).append(axiom)
    return found


@cache
def properties() -> tuple[OntologyTerm, ...]:
    """The data and object properties."""
    return tuple(term for term in terms().values() if term.kind in ("ObjectProperty", "DatatypeProperty"))


def _code_lists(term: OntologyTerm) -> list[Iri]:
    """The code lists whose entries are of this class."""
    system = standards.load()
    entries = system.subjects(TYPE, term.iri) if term.is_coded else []
    return sorted({s for entry in entries for s in _iris(system.values(entry, IN_SCHEME))}, key=str)


def _foreign(term: Iri) -> Iterator[tuple[str, str]]:
    """Terms of other vocabularies that ours is aligned with: how, and which."""
    system = standards.load()
    for how, predicates in (("属于", [SUBCLASS, SUBPROPERTY]), ("近于", MATCHES)):
        for predicate in predicates:
            for node in system.values(term, predicate):
                if isinstance(node, Iri) and not is_ours(node):
                    yield how, node.value


def uses(rule: Rule, term: Iri) -> bool:
    """Whether a rule's shapes or queries mention a term."""
    if any(term in (triple.predicate, triple.object) for triple in rule.graph):
        return True
    name = f"zwfw:{term.value.removeprefix(names.DEF)}"
    return any(
        name in select.text.replace(".", " ").replace(";", " ").replace("/", " ").split()
        for select in rule.selects
    )


def is_ours(node: object) -> bool:
    """Whether a node is a name of ours."""
    return _is_below(node, names.BASE)


def _is_below(node: object, base: str) -> bool:
    return isinstance(node, Iri) and node.value.startswith(base)


def _ours(*several: Iterable[Term | Triple]) -> list[Iri]:
    return [node for nodes in several for node in nodes if isinstance(node, Iri) and is_ours(node)]


def _iris(nodes: Iterable[Term | Triple]) -> list[Iri]:
    return [node for node in nodes if isinstance(node, Iri)]
