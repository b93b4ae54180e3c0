"""Regions side by side: one item as each of them has it, the odd one out marked; or regions as a whole.

The rows are the elements of a guide (``ontology/codes/element.ttl``). Which of them must be the same everywhere is for the
uniformity policies to say; a telephone number differs and nobody minds.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from flask import Blueprint, Response, request

from app import names
from app.checking import rules
from app.checking.conformance import Conformance
from app.language import comparable, pick
from app.ontology import standards
from app.ontology.codes import region_chain
from app.ontology.facts import TYPE
from app.store.terms import Iri, Term, def_
from app.web import reports
from app.web.description import labels
from app.web.language import language, say
from app.web.live import current_release, current_store
from app.web.page import Paging, page, paging
from app.web.problem import Problem
from app.web.scorecard import Row as Scored
from app.web.scorecard import of_regions
from app.web.thing import value_of
from app.web.vocabulary import last_of, written

MOST_REGIONS = 4
"""Side by side; more do not fit a screen or a printed page."""

MOST_ITEMS = 8
"""Columns for one catalogue item: several bodies of a region may implement it."""

ITEMS_A_PAGE = 50
"""Items in common that are listed at once, each compared by the elements that must be uniform."""

pages = Blueprint("compare", __name__)


@dataclass(frozen=True, slots=True)
class Element:
    """What a guide tells of an item, and by which property."""

    iri: Iri
    property: Iri
    policies: tuple[Iri, ...]
    """The policies that want it to be uniform."""
    unit: Iri | None = None
    """The property that states in what the value is counted."""


@dataclass(frozen=True, slots=True)
class Column:
    """An item as a region, or the catalogue, has it."""

    iri: str
    label: str
    region: str
    by: str
    """Who provides it."""
    is_synthetic: bool
    is_reference: bool
    """Whether it is the catalogue's, with which the others are compared."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What an item states of an element."""

    texts: tuple[str, ...]
    is_odd: bool


@dataclass(frozen=True, slots=True)
class Line:
    """An element across the columns."""

    element: Element
    cells: tuple[Cell, ...]

    @property
    def differs(self) -> bool:
        """Whether not all that state it state the same."""
        return any(cell.is_odd for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Common:
    """A catalogue item that several of the regions implement, and in which uniform elements they differ."""

    key: str
    label: str
    regions: tuple[str, ...]
    differing: tuple[Iri, ...]


@pages.get("/compare")
def compare() -> Response:
    entries = current_release().regions
    codes = [code for code in dict.fromkeys(request.args.getlist("r")) if code]
    if len(codes) > MOST_REGIONS:
        raise Problem("malformed-request", say("一次最多比较 {n} 个地区。", n=MOST_REGIONS))
    for code in codes:
        if code not in entries:
            raise Problem("not-found", say("没有代码为 {code} 的地区数据。", code=code))
    about: dict[str, Any] = {
        "codes": codes,
        "entries": entries,
        "most": MOST_REGIONS,
        "rule_of": rules.load().find,
        "synthetic": any(reports.is_synthetic(entries[code]) for code in codes),
        "item": request.args.get("item", ""),
    }
    if about["item"]:
        return page("compare_item.html", **about, **_item(about["item"], codes, entries))
    if len(codes) < 2:
        return page("compare.html", **about, rows=[], common=[], paging=Paging(1, ITEMS_A_PAGE, 0), rules=[])
    rows = [row for row in of_regions(current_release()) if row.code in codes]
    found, cut = _common(codes)
    return page("compare.html", **about, rows=rows, common=found, paging=cut, rules=_differing_rules(rows))


# One item


def _item(name: str, codes: list[str], entries: Mapping[str, Any]) -> dict[str, Any]:
    code, _, key = name.partition("/")
    catalogue = names.thing(code, "CatalogueItem", key) if key else ""
    if not catalogue or not names.is_safe_iri(catalogue):
        raise Problem("malformed-request", say("item 应为“地区代码/基本编码”，如 000000/000101001000。"))
    items = _implementing(catalogue, codes)
    said = _said([catalogue, *items])
    if catalogue not in said:
        raise Problem("not-found", say("没有这个基本目录事项。"))
    named = labels(current_store(), {value.value for one in said.values() for some in one.values() for value in some if isinstance(value, Iri)})  # fmt: skip
    columns = [
        _column(iri, said[iri], named, entries, iri == catalogue)
        for iri in [catalogue, *items][: MOST_ITEMS + 1]
    ]
    regions = [_code(column.iri) for column in columns[1:]]
    lines = [
        line
        for element in elements()
        if (line := _line(_binding(element, regions), [said[column.iri] for column in columns], named))
        is not None
    ]
    return {
        "label": columns[0].label,
        "columns": columns,
        "more": len(items) - MOST_ITEMS,
        "lines": {
            "须统一而不一致的要素": [line for line in lines if line.element.policies and line.differs],
            "其他不一致的要素": [line for line in lines if not line.element.policies and line.differs],
            "一致的要素": [line for line in lines if not line.differs],
        },
        "partly_synthetic": any(column.is_synthetic for column in columns),
    }


def _implementing(catalogue: str, codes: Iterable[str]) -> list[str]:
    """The items that implement a catalogue item, of these regions, or of any where none is named."""
    query = f"""PREFIX zwfw: <{names.DEF}>
    SELECT DISTINCT ?data ?item WHERE {{ GRAPH ?data {{
      ?item zwfw:implementsCatalogueItem ?catalogue ; a zwfw:ImplementedItem
    }} }}"""
    graphs = {names.graph(code) for code in codes}
    rows = current_store().select(query, catalogue=Iri(catalogue))
    found = [(written(row["data"]), written(row["item"])) for row in rows]
    return [item for graph, item in sorted(found) if not graphs or graph in graphs]


def _said(items: Iterable[str]) -> dict[str, dict[Iri, list[Term]]]:
    """What is said of things, by property."""
    query = f"""SELECT DISTINCT ?item ?property ?value WHERE {{
      VALUES ?item {{ {" ".join(f"<{iri}>" for iri in items)} }} ?item ?property ?value
    }}"""
    found: dict[str, dict[Iri, list[Term]]] = {}
    for row in current_store().select(query):
        if isinstance(row["property"], Iri):
            found.setdefault(written(row["item"]), {}).setdefault(row["property"], []).append(row["value"])
    return found


def _column(
    iri: str,
    said: dict[Iri, list[Term]],
    named: Mapping[str, dict[str, str]],
    entries: Mapping[str, Any],
    is_reference: bool,
) -> Column:
    code = _code(iri)
    entry = entries.get(code if not is_reference else f"{code}-sample", entries.get(code, {}))
    providers = [value.value for value in said.get(def_("isProvidedBy"), ()) if isinstance(value, Iri)]
    return Column(
        iri=iri,
        label=next((written(value) for value in said.get(def_("name"), ())), last_of(iri)),
        region=pick(entry.get("title", {}), language()) or code,
        by=say("、").join(pick(named.get(one, {}), language()) or last_of(one) for one in providers),
        is_synthetic=bool(entry) and reports.is_synthetic(entry),
        is_reference=is_reference,
    )


def _code(iri: str) -> str:
    """The region a thing is of."""
    return iri.removeprefix(names.BASE + "id/").partition("/")[0]


def _line(
    element: Element, said: list[dict[Iri, list[Term]]], named: Mapping[str, dict[str, str]]
) -> Line | None:
    """An element across the columns, the catalogue's first; nothing where nobody states it."""
    texts = [_counted(element, one, named) for one in said]
    if not any(texts):
        return None
    keys = [frozenset(map(comparable, some)) for some in texts]
    # The catalogue does not state everything; of what it leaves out, what most regions say is what they are held to.
    counted = Counter(key for key in keys[1:] if key).most_common(2)
    agreed = keys[0] or (
        counted[0][0] if len(counted) == 1 or (counted and counted[0][1] > counted[1][1]) else None
    )
    cells = [Cell(texts[0], False)]
    for some, key in zip(texts[1:], keys[1:], strict=True):
        cells.append(Cell(some, key != agreed))
    return Line(element, tuple(cells))


def _counted(
    element: Element, said: dict[Iri, list[Term]], named: Mapping[str, dict[str, str]]
) -> tuple[str, ...]:
    """What is stated of an element, with its unit where it has one: thirty days are not thirty working days."""
    values = _texts(said.get(element.property, ()), named)
    units = _texts(said.get(element.unit, ()), named) if element.unit else ()
    return tuple(" ".join((value, *units)) for value in values)


def _texts(values: Iterable[Term], named: Mapping[str, dict[str, str]]) -> tuple[str, ...]:
    """Values as a reader compares them: things by their names, since each region has its own."""
    return tuple(sorted({value_of(value, named).text for value in values}))


@lru_cache
def elements() -> tuple[Element, ...]:
    """The elements, each by the property that states it, those that must be uniform first. Where a name and a code state
    the same, the code does; a unit is stated with its number; where one property states several, it is the first of them or that which must be uniform."""
    system, found = standards.load(), dict[Iri, Element]()
    unit_of = {prop.iri: prop.unit for prop in system.properties.values() if prop.unit}
    units = set(unit_of.values())
    links = {prop.iri for prop in system.properties.values() if prop.is_link} - units
    policies = [one for one in system.subjects(TYPE, def_("UniformityPolicy")) if isinstance(one, Iri)]
    stated = [(t.subject, t.object) for t in system.graph if t.predicate == def_("isStatedBy")]
    of_element: dict[Iri, list[Iri]] = {}
    for subject, prop in sorted(stated, key=str):
        if isinstance(subject, Iri) and isinstance(prop, Iri):
            of_element.setdefault(subject, []).append(prop)
    for subject, props in of_element.items():
        props = [one for one in props if one not in units] or props
        prop = next((one for one in props if one in links), props[0])
        wanting = [one for one in policies if subject in system.values(one, def_("requiresUniform"))]
        if prop not in found or (wanting and not found[prop].policies):
            found[prop] = Element(subject, prop, tuple(wanting), unit_of.get(prop))
    return tuple(sorted(found.values(), key=lambda one: (not one.policies, one.iri.value)))


def _binding(element: Element, codes: Iterable[str]) -> Element:
    """The element with those of its policies that apply to at least two of the regions compared."""
    chains = [{names.region(one) for one in (code[:6], *region_chain(code[:6]))} for code in codes]
    system = standards.load()

    def binds(policy: Iri) -> bool:
        where = {one.value for one in system.values(policy, def_("appliesIn")) if isinstance(one, Iri)}
        return sum(bool(where & chain) for chain in chains) > 1

    return replace(element, policies=tuple(filter(binds, element.policies)))


# Regions as a whole


def _common(codes: list[str]) -> tuple[list[Common], Paging]:
    """The catalogue items that at least two of the regions implement, and in which uniform elements they differ."""
    by_item: dict[str, dict[str, str]] = {}
    for code in codes:
        query = f"""PREFIX zwfw: <{names.DEF}>
        SELECT DISTINCT ?catalogue ?item WHERE {{
          GRAPH ?data {{ ?item zwfw:implementsCatalogueItem ?catalogue ; a zwfw:ImplementedItem }}
        }}"""
        for row in current_store().select(query, data=Iri(names.graph(code))):
            by_item.setdefault(written(row["catalogue"]), {}).setdefault(code, written(row["item"]))
    shared = sorted(iri for iri, where in by_item.items() if len(where) > 1)
    cut = paging(ITEMS_A_PAGE, len(shared))
    shown = shared[cut.start : cut.stop]
    said = _said([*shown, *(iri for one in shown for iri in by_item[one].values())]) if shown else {}
    things = {value.value for one in said.values() for some in one.values() for value in some if isinstance(value, Iri)}  # fmt: skip
    named = labels(current_store(), {*things, *shown})
    found = []
    for iri in shown:
        items = [said.get(item, {}) for item in by_item[iri].values()]
        uniform = [one for element in elements() if (one := _binding(element, by_item[iri])).policies]
        lines = [(element, _line(element, [said.get(iri, {}), *items], named)) for element in uniform]
        found.append(
            Common(
                key=iri.removeprefix(names.BASE + "id/").replace("/CatalogueItem/", "/", 1),
                label=pick(named.get(iri, {}), language()) or last_of(iri),
                regions=tuple(by_item[iri]),
                differing=tuple(element.iri for element, line in lines if line and line.differs),
            )
        )
    return found, cut


def _differing_rules(rows: list[Scored]) -> list[str]:
    """The rules that the regions keep to different degrees, or that apply to some of them only."""
    found = []
    for rule in dict.fromkeys(identifier for row in rows for identifier in row.measured):
        shares = {_share(row.measured.get(rule)) for row in rows}
        if len(shares) > 1:
            found.append(rule)
    return found


def _share(one: Conformance | None) -> float | None:
    return one.share if one else None
