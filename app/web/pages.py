"""The home page: what this is, what is published, how the five layers stand to each other, where to begin."""

from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from flask import Blueprint, Response

from app import names
from app.checking import rules
from app.ontology import standards
from app.ontology.standards import Standards
from app.questions import question
from app.releases.release import NoRelease
from app.store.terms import Iri, Literal, def_
from app.web import reports
from app.web.language import language
from app.web.live import Opened, current_release
from app.web.page import page

REGIONS_SHOWN = 12
"""Regions on the home page; the list of all has a page of its own."""

STARTERS = ("Q03", "Q04", "Q08", "Q09", "Q14")
"""Questions to begin with, one of each complaint of the article: guides with forty elements here and five there, one item with
different conditions, portals that contradict each other, data collected again and again, nobody coordinating."""

ITEM_CLASSES = ("CatalogueItem", "ImplementedItem", "HandlingItem")

pages = Blueprint("pages", __name__)


@dataclass(frozen=True, slots=True)
class Figures:
    """The release in numbers. What is synthetic is counted apart."""

    regions: int
    items: int
    synthetic_items: int
    rules: int
    violations: int
    warnings: int


@dataclass(frozen=True, slots=True)
class LayerCard:
    """A layer of the standard system with what stands in it."""

    iri: str
    name: str
    folder: str
    order: int
    label: str
    definition: str
    rules: int
    documents: int


@dataclass(frozen=True, slots=True)
class Tier:
    """Layers that stand in the same relation to the rest: on the foundation, or serving one aim."""

    relation: str
    aim: str
    cards: list[LayerCard]


@pages.get("/")
def home() -> Response:
    try:
        release = current_release()
    except NoRelease:
        return page("home.html", figures=None, tiers=tiers(), starters=[], regions={}, entries=0)
    entries = release.regions
    return page(
        "home.html",
        figures=_figures(release),
        tiers=tiers(),
        starters=[found for one in STARTERS if (found := question.load().find(one))],
        regions=dict(list(entries.items())[:REGIONS_SHOWN]),
        entries=len(entries),
    )


def tiers() -> list[Tier]:
    """The five layers from the top down, as the standard system relates them."""
    system, lang = standards.load(), language()
    found: dict[str, Tier] = {}
    for card in sorted(_cards(system, lang), key=lambda card: -card.order):
        aim = next((a for a in system.values(Iri(card.iri), def_("supports")) if isinstance(a, Iri)), None)
        key = aim.value if aim else ""
        relation = "支撑" if aim else "基础与牵头"
        label = system.label(aim, lang) if aim else ""
        found.setdefault(key, Tier(relation, label, [])).cards.insert(0, card)
    return list(found.values())


def _cards(system: Standards, lang: str) -> list[LayerCard]:
    found = []
    for layer in system.subjects(Iri(names.RDF + "type"), def_("Layer")):
        if isinstance(layer, Iri):
            folder = system.text(layer, def_("layerFolder"))
            found.append(
                LayerCard(
                    iri=layer.value,
                    name=layer.value.removeprefix(names.DEF),
                    folder=folder,
                    order=int(system.text(layer, def_("layerOrder")) or 0),
                    label=system.label(layer, lang),
                    definition=_in(lang, system.values(layer, Iri(names.SKOS + "definition"))),
                    rules=sum(rule.layer == folder for rule in rules.load().all),
                    documents=len(system.subjects(def_("primaryLayer"), layer)),
                )
            )
    return found


def _in(lang: str, values: list[Any]) -> str:
    texts = {value.language: value.value for value in values if isinstance(value, Literal)}
    return texts.get(lang) or next(iter(texts.values()), "")


_known: WeakKeyDictionary[Opened, Figures] = WeakKeyDictionary()


def _figures(release: Opened) -> Figures:
    """Counted once a release, from the summaries made at publication: what was counted there is only summed."""
    if release not in _known:
        entries = release.regions
        items = dict.fromkeys(entries, 0)
        for row in release.store.select(_ITEMS):
            dataset, number = row["dataset"], row["items"]
            if isinstance(dataset, Iri) and isinstance(number, Literal):
                code = dataset.value.removeprefix(names.BASE + "graph/")
                items[code] = items.get(code, 0) + int(number.value)
        made_up = {code for code, entry in entries.items() if reports.is_synthetic(entry)}
        _known[release] = Figures(
            regions=len(entries),
            items=sum(items.values()),
            synthetic_items=sum(number for code, number in items.items() if code in made_up),
            rules=len(rules.load().all),
            violations=sum(entry["counts"]["Violation"] for entry in entries.values()),
            warnings=sum(entry["counts"]["Warning"] for entry in entries.values()),
        )
    return _known[release]


_ITEMS = f"""
PREFIX void: <{names.VOID}>
SELECT ?dataset (SUM(?number) AS ?items) WHERE {{
  ?part void:class ?class ; void:entities ?number .
  ?dataset void:classPartition ?part .
  FILTER (?class IN ({", ".join(f"<{names.DEF}{name}>" for name in ITEM_CLASSES)}))
}}
GROUP BY ?dataset
"""
