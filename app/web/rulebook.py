"""The rules, each with its clause, its wording and what it found. What is unconfirmed says so."""

from dataclasses import dataclass

from flask import Blueprint, Response, redirect
from werkzeug.wrappers import Response as BaseResponse

from app import names
from app.checking import rules
from app.checking.rules import Rule
from app.language import pick
from app.ontology import standards
from app.releases.release import NoRelease
from app.store.terms import Iri, def_
from app.web import reports
from app.web.language import language
from app.web.live import current_release
from app.web.page import page
from app.web.problem import Problem
from app.web.vocabulary import written
from app.web.wording import MODULES

REGIONS_SHOWN = 50
"""Regions on a rule's page, those with most findings."""

pages = Blueprint("rulebook", __name__)


@dataclass(frozen=True, slots=True)
class Source:
    """Where a rule comes from: the clause, and the document it stands in."""

    clause: Iri
    document: Iri

    @property
    def number(self) -> str:
        return standards.load().text(self.document, def_("documentNumber"))

    @property
    def title(self) -> str:
        return standards.load().label(self.document, language())

    @property
    def clause_label(self) -> str:
        """The clause's number and name."""
        system = standards.load()
        if self.clause == self.document:
            return ""
        parts = (system.text(self.clause, def_("clauseNumber")), system.label(self.clause, language()))
        return " ".join(filter(None, parts))

    def date(self, name: str) -> str:
        """``issued`` or ``inForceFrom``, as far as it is known."""
        predicate = Iri(names.DCT + name) if name == "issued" else def_(name)
        return standards.load().text(self.document, predicate)

    @property
    def confirmation(self) -> str:
        """Whether document or clause is yet to be checked against the text."""
        system = standards.load()
        said = (system.text(node, def_("confirmation")) for node in (self.clause, self.document))
        return next(filter(None, said), "")


def source_of(rule: Rule) -> Source:
    """The source of a rule."""
    document = standards.load().value(rule.clause, def_("isClauseOf"))
    return Source(rule.clause, document if isinstance(document, Iri) else rule.clause)


def confirmation_of(rule: Rule) -> str:
    """What the rule itself says of how sure it is."""
    return next((written(t.object) for t in rule.graph if t.predicate == def_("confirmation")), "")


def totals() -> dict[str, dict[str, int]]:
    """By rule number, findings by region; nothing before the first publication."""
    try:
        return reports.rule_totals(current_release())
    except NoRelease:
        return {}


@pages.app_context_processor
def sources() -> dict[str, object]:
    """For templates that name a rule's source."""
    return {"source_of": source_of, "confirmation_of": confirmation_of}


@pages.get("/rules")
def rule_index() -> Response:
    by_layer = {layer: [rule for rule in rules.load().all if rule.layer == layer] for layer in MODULES}
    found = {identifier: sum(counts.values()) for identifier, counts in totals().items()}
    return page("rules.html", by_layer={k: v for k, v in by_layer.items() if v}, found=found)


@pages.get("/rules/<name>")
def rule(name: str) -> BaseResponse:
    found = rules.load().find(name)
    if found is None:
        raise Problem("not-found")
    if found.name != name:
        return redirect(f"/rules/{found.name}", 303)
    counts = totals().get(found.identifier, {})
    entries = current_release().regions if counts else {}
    messages = dict.fromkeys(pick(part.messages, language()) for part in found.parts.values())
    return page(
        "rule.html",
        rule=found,
        messages=list(messages),
        counts=sorted(counts.items(), key=lambda one: -one[1])[:REGIONS_SHOWN],
        regions_in_all=len(counts),
        total=sum(counts.values()),
        entries=entries,
        synthetic=any(reports.is_synthetic(entries[code]) for code in counts),
        turtle=found.path.read_text("utf-8"),
    )
