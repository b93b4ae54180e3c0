"""Standards and policy documents with their clauses and the rules that cite them. What is unconfirmed says so."""

from collections.abc import Iterable
from dataclasses import dataclass

from flask import Blueprint, Response

from app import names, rules, standards
from app.rules import Rule
from app.standards import TYPE
from app.store.terms import Iri, Node, Term, def_
from app.web.language import language
from app.web.page import page
from app.web.problem import Problem
from app.web.vocabulary import in_language, written
from app.web.wording import MODULES

NOTE = Iri(names.SKOS + "note")

pages = Blueprint("documents", __name__)


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
    def kind(self) -> str:
        """The label of its class."""
        return standards.load().label(standards.load().values(self.iri, TYPE)[0], language())  # type: ignore[arg-type]

    @property
    def issued(self) -> str:
        return self.text(Iri(names.DCT + "issued"))

    @property
    def in_force_from(self) -> str:
        return self.text(def_("inForceFrom"))

    @property
    def confirmation(self) -> str:
        return self.text(def_("confirmation"))

    @property
    def layer(self) -> str:
        """The folder name of its layer; nothing for what concerns all."""
        layer = standards.load().value(self.iri, def_("primaryLayer"))
        return standards.load().text(layer, def_("layerFolder")) if isinstance(layer, Iri) else ""

    @property
    def clauses(self) -> list[Iri]:
        return _iris(standards.load().subjects(def_("isClauseOf"), self.iri))

    @property
    def rules(self) -> list[Rule]:
        """The rules that rest on it or on one of its clauses."""
        own = {self.iri, *self.clauses}
        return [rule for rule in rules.load().all if rule.clause in own]


def documents() -> list[Document]:
    """All documents, by number."""
    system = standards.load()
    kinds = system.descendants(def_("NormativeDocument"))
    found = [Document(node) for kind in kinds for node in _iris(system.subjects(TYPE, kind))]
    return sorted(found, key=lambda one: (one.number == "", one.number))


@pages.get("/standards")
def standard_index() -> Response:
    found = documents()
    by_layer = {layer: [one for one in found if one.layer == layer] for layer in (*MODULES, "")}
    return page("standards.html", by_layer={k: v for k, v in by_layer.items() if v}, number=len(found))


@pages.get("/standards/<slug>")
def standard(slug: str) -> Response:
    found = next((one for one in documents() if one.slug == slug), None)
    if found is None:
        raise Problem("not-found")
    system, lang = standards.load(), language()
    clauses = [
        {
            "id": clause.value.removeprefix(f"{names.CLAUSE}{slug}/"),
            "number": system.text(clause, def_("clauseNumber")),
            "label": system.label(clause, lang),
            "confirmation": system.text(clause, def_("confirmation")),
            "rules": [rule for rule in found.rules if rule.clause == clause],
        }
        for clause in found.clauses
    ]
    return page(
        "standard.html",
        document=found,
        clauses=clauses,
        notes=[written(note) for note in in_language(system.values(found.iri, NOTE))],
        earlier=_iris(system.values(found.iri, Iri(names.PROV + "wasDerivedFrom"))),
        whole=[rule for rule in found.rules if rule.clause == found.iri],
    )


def _iris(nodes: Iterable[Node | Term]) -> list[Iri]:
    return [node for node in nodes if isinstance(node, Iri)]
