"""Standards and policy documents: where each stands in the system and where one is missing; their clauses with the rules
that express them, and those still without one. What is unconfirmed says so."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from flask import Blueprint, Response

from app import names
from app.checking import rules
from app.checking.rules import Rule
from app.ontology import standards
from app.ontology.facts import NOTATION, SOURCE, TYPE
from app.questions.question import Question
from app.store.terms import Iri, Node, Term, def_
from app.web.language import language
from app.web.ontology import questions
from app.web.page import page
from app.web.problem import Problem
from app.web.term import uses
from app.web.vocabulary import in_language, written
from app.web.wording import MODULES

NOTE = Iri(names.SKOS + "note")
HISTORY = Iri(names.SKOS + "historyNote")
IN_FORCE = Iri(names.concept("document-status", "in-force"))

COLUMNS = {
    "国家标准": ("NationalStandard",),
    "行业、地方和工程标准": ("IndustryStandard", "LocalStandard", "EngineeringStandard"),
    "法律和政策文件": ("LegalDocument", "PolicyDocument"),
    "文献": ("Publication",),
}
"""The columns of the matrix, from what binds all to what binds nobody: classes of documents."""

pages = Blueprint("documents", __name__)


@dataclass(frozen=True)
class Clause:
    """A clause of a document."""

    iri: Iri

    @property
    def document(self) -> "Document":
        found = standards.load().value(self.iri, def_("isClauseOf"))
        return Document(found if isinstance(found, Iri) else self.iri)

    @property
    def id(self) -> str:
        return self.iri.value.removeprefix(f"{names.CLAUSE}{self.document.slug}/")

    @property
    def number(self) -> str:
        return standards.load().text(self.iri, def_("clauseNumber"))

    @property
    def label(self) -> str:
        return standards.load().label(self.iri, language())

    @property
    def text(self) -> str:
        """What it says, in its words or ours."""
        return _said(self.iri, def_("clauseText"))

    @property
    def notes(self) -> list[str]:
        return _notes(self.iri, NOTE)

    @property
    def confirmation(self) -> str:
        return standards.load().text(self.iri, def_("confirmation"))

    @property
    def rules(self) -> list[Rule]:
        """The rules that express it, or a part of which does."""
        return [rule for rule, cited in _cited() if self.iri in cited]

    @property
    def touching(self) -> list[Rule]:
        """The other rules that mention a term it is about."""
        system, own = standards.load(), self.rules
        about = _iris(system.values(self.iri, def_("isAbout")))
        return [r for r in rules.load().all if r not in own and any(uses(r, term) for term in about)]

    @property
    def about(self) -> list[Iri]:
        """The terms it is about, and those that rest on it."""
        system = standards.load()
        resting = [node for node in system.subjects(SOURCE, self.iri) if _is_term(node)]
        return list(dict.fromkeys([*_iris(system.values(self.iri, def_("isAbout"))), *_iris(resting)]))

    @property
    def elements(self) -> list[Iri]:
        return _iris(standards.load().values(self.iri, def_("regulatesElement")))

    @property
    def contradicts(self) -> list[Iri]:
        system, contradicts = standards.load(), def_("contradicts")
        found = [*system.values(self.iri, contradicts), *system.subjects(contradicts, self.iri)]
        return list(dict.fromkeys(_iris(found)))

    @property
    def questions(self) -> list[Question]:
        """The questions that come from it."""
        return [one for one in questions() if one.source == self.iri]


@dataclass(frozen=True)
class Document:
    """A standard, a policy document or another source."""

    iri: Iri

    @property
    def slug(self) -> str:
        return self.iri.value.removeprefix(names.STANDARD)

    def text(self, predicate: Iri) -> str:
        return standards.load().text(self.iri, predicate)

    @property
    def number(self) -> str:
        return self.text(def_("documentNumber"))

    @property
    def label(self) -> str:
        return standards.load().label(self.iri, language())

    @property
    def kind(self) -> Iri:
        """Its class: what kind of document it is."""
        return next(kind for kind in _iris(standards.load().values(self.iri, TYPE)))

    @property
    def status(self) -> Iri | None:
        return next(iter(_iris(standards.load().values(self.iri, def_("hasDocumentStatus")))), None)

    @property
    def is_in_force(self) -> bool:
        """Whether it is in force as far as is known."""
        return self.status == IN_FORCE

    @property
    def issued(self) -> str:
        return self.text(Iri(names.DCT + "issued"))

    @property
    def in_force_from(self) -> str:
        return self.text(def_("inForceFrom"))

    @property
    def in_force_until(self) -> str:
        return self.text(def_("inForceUntil"))

    @property
    def confirmation(self) -> str:
        return self.text(def_("confirmation"))

    @property
    def layer(self) -> str:
        """The folder name of its layer; nothing for what concerns all."""
        layer = standards.load().value(self.iri, def_("primaryLayer"))
        return standards.load().text(layer, def_("layerFolder")) if isinstance(layer, Iri) else ""

    @property
    def subsystems(self) -> list[Iri]:
        return _iris(standards.load().values(self.iri, def_("coversSubsystem")))

    @property
    def clauses(self) -> list[Clause]:
        return [Clause(node) for node in _iris(standards.load().subjects(def_("isClauseOf"), self.iri))]

    @property
    def rules(self) -> list[Rule]:
        """The rules that rest on it or on one of its clauses."""
        own = {self.iri, *(clause.iri for clause in self.clauses)}
        return [rule for rule, cited in _cited() if own & cited]

    @property
    def whole(self) -> list[Rule]:
        """The rules that rest on it as a whole."""
        return [rule for rule in rules.load().all if rule.clause == self.iri]

    @property
    def notes(self) -> list[str]:
        return [*_notes(self.iri, NOTE), *_notes(self.iri, HISTORY)]

    def related(self, prop: Iri, back: bool = False) -> list[Iri]:
        """What a property ties this document to, or what it ties to this document."""
        system = standards.load()
        return _iris(system.subjects(prop, self.iri) if back else system.values(self.iri, prop))


def documents() -> list[Document]:
    """All documents, by number."""
    system = standards.load()
    kinds = system.descendants(def_("NormativeDocument"))
    found = [Document(node) for kind in kinds for node in _iris(system.subjects(TYPE, kind))]
    return sorted(found, key=lambda one: (one.number == "", one.number))


@dataclass(frozen=True, slots=True)
class Row:
    """A subsystem in the matrix: the documents that cover it, by column."""

    subsystem: Iri
    notation: str
    columns: dict[str, list[Document]]

    @property
    def gap(self) -> str:
        """Whether the system has a gap here: no national standard at all, none in force that was confirmed, or no gap."""
        national = self.columns["国家标准"]
        if not national:
            return "空缺"
        return "" if any(one.is_in_force for one in national) else "待核实"


def matrix() -> dict[str, list[Row]]:
    """By layer's folder name: its subsystems with the documents that cover them."""
    system, covering = standards.load(), defaultdict[tuple[Iri, str | None], list[Document]](list)
    columns = {def_(kind): title for title, kinds in COLUMNS.items() for kind in kinds}
    for document in documents():
        for subsystem in document.subsystems:
            covering[subsystem, columns.get(document.kind)].append(document)
    layers = sorted(
        _iris(system.subjects(TYPE, def_("Layer"))), key=lambda one: system.text(one, def_("layerOrder"))
    )
    return {
        system.text(layer, def_("layerFolder")): [
            Row(
                one,
                system.text(one, NOTATION),
                {title: covering[one, title] for title in COLUMNS},
            )
            for one in _iris(system.subjects(def_("isSubsystemOf"), layer))
        ]
        for layer in layers
    }


@pages.get("/standards")
def standard_index() -> Response:
    found = documents()
    by_layer = {layer: [one for one in found if one.layer == layer] for layer in (*MODULES, "")}
    rows = matrix()
    return page(
        "standards.html",
        by_layer={k: v for k, v in by_layer.items() if v},
        number=len(found),
        matrix=rows,
        columns=list(COLUMNS),
        gaps=Counter(row.gap for some in rows.values() for row in some),
    )


@pages.get("/standards/<slug>")
def standard(slug: str) -> Response:
    found = next((one for one in documents() if one.slug == slug), None)
    if found is None:
        raise Problem("not-found")
    related = {
        "代替": found.related(def_("replaces")),
        "被代替为": found.related(def_("replaces"), back=True),
        "由其发展而来": found.related(Iri(names.PROV + "wasDerivedFrom")),
        "适用地区": found.related(def_("appliesIn")),
    }
    return page("standard.html", document=found, related={k: v for k, v in related.items() if v})


@pages.get("/clauses/<slug>/<clause>")
def clause(slug: str, clause: str) -> Response:
    found = (
        Clause(Iri(f"{names.CLAUSE}{slug}/{clause}"))
        if names.is_safe_iri(f"{names.CLAUSE}{slug}/{clause}")
        else None
    )
    if found is None or def_("Clause") not in standards.load().values(found.iri, TYPE):
        raise Problem("not-found")
    return page("clause.html", clause=found)


@cache
def _cited() -> list[tuple[Rule, set[Iri]]]:
    """Each rule, with the clauses that it and its parts name as their source."""
    return [
        (rule, {t.object for t in rule.graph if t.predicate == SOURCE and isinstance(t.object, Iri)})
        for rule in rules.load().all
    ]


def _is_term(node: Node) -> bool:
    return isinstance(node, Iri) and node.value.startswith(names.DEF)


def _said(node: Iri, predicate: Iri) -> str:
    return next(map(written, in_language(standards.load().values(node, predicate))), "")


def _notes(node: Iri, predicate: Iri) -> list[str]:
    return [written(note) for note in in_language(standards.load().values(node, predicate))]


def _iris(nodes: Iterable[Node | Term]) -> list[Iri]:
    return [node for node in nodes if isinstance(node, Iri)]
