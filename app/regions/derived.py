"""What follows from the codes themselves: composite codes taken apart, check characters judged, names made comparable.
Links point upward here, whichever way they came.

Whatever way data come in, ``derive`` drops what somebody asserted of these properties and computes them anew, so a
rule may trust them. Patterns and properties are data (``ontology/codes/schemes.ttl``); see ``app.ontology.codes`` for
sums.
"""

import re
from collections.abc import Iterator

from app import names
from app.language import comparable
from app.ontology import codes
from app.ontology.facts import TYPE
from app.ontology.standards import CodeForm, Standards
from app.store.terms import Graph, Iri, Literal, Node, Term, Triple, boolean, def_

_SCHEMES_FOR_ALL = (
    Iri(names.concept("code-scheme", "organisation")),
    Iri(names.concept("code-scheme", "region")),
)
DEFAULT_SCHEME = Iri(names.concept("code-scheme", "national"))
"""What an item's codes are taken to follow where neither it nor its region says: the national exchange table."""

_ITEM_CODES = frozenset(map(def_, ("basicCode", "implementationCode", "handlingItemCode")))
_OWNER = re.compile(re.escape(names.BASE) + r"id/(\d{6})/")


def derive(graph: Graph, standards: Standards) -> Graph:
    """``graph`` without asserted derived values and with the computed ones, its links upward."""
    kept = {
        triple
        for triple in upward(graph, standards)
        if triple.predicate not in standards.derived
        and not (triple.predicate == TYPE and triple.object in standards.derived)
    }
    return kept | _computed(kept, standards)


def upward(graph: Graph, standards: Standards) -> Graph:
    """``graph`` with every link in the direction of its primary property: who has a material says that the material is
    its own. The other direction is inferred, so that no two regions can state one link from both ends."""
    turned = standards.upward
    return {
        Triple(t.object, turned[t.predicate], t.subject)
        if t.predicate in turned and isinstance(t.object, Iri)
        else t
        for t in graph
    }


def _computed(graph: Graph, standards: Standards) -> Graph:
    forms_for_all = [form for scheme in _SCHEMES_FOR_ALL for form in standards.code_forms(scheme)]
    forms_of = {scheme: standards.code_forms(scheme) for scheme in standards.item_schemes}
    of_schemes = {prop for forms in forms_of.values() for form in forms for prop in form.takes_apart}
    told = {prop for form in forms_for_all for prop in form.takes_apart} | of_schemes
    told |= {def_("name"), def_("regionCode")}
    scheme_of = _Schemes(graph)
    items = {t.subject for t in graph if t.predicate in _ITEM_CODES}
    regions = {t.subject for t in graph if t.predicate == TYPE and t.object == def_("Region")}
    found: Graph = set()
    for item in items:
        scheme = scheme_of(item)
        if scheme in standards.item_schemes:
            found.add(Triple(item, TYPE, standards.item_schemes[scheme]))
    for triple in graph:
        if triple.predicate == def_("isListedAs") and isinstance(triple.object, Iri):
            entry = standards.entry_classes.get(triple.object)
            if entry is not None:
                found.add(Triple(triple.subject, TYPE, entry))
        if triple.predicate not in told or not isinstance(triple.object, Literal):
            continue
        subject, text = triple.subject, triple.object.value
        by_scheme = triple.predicate in of_schemes
        forms = forms_for_all + (forms_of.get(scheme_of(subject), []) if by_scheme else [])
        if triple.predicate == def_("regionCode") and subject in regions:
            # A region is not in itself; what its code tells is what stands above it.
            parent = codes.parent_region(text) if re.fullmatch(r"\d{6}", text) else None
            if parent is not None:
                found.add(Triple(subject, def_("hasParentByCode"), Iri(names.region(parent))))
            continue
        found.update(_parts(subject, triple.predicate, text, forms, standards))
        if triple.predicate == def_("name") and subject in items:
            found.add(Triple(subject, def_("normalisedName"), Literal(comparable(text))))
    return found


class _Schemes:
    """The code scheme of an item: its own, else its region's, else the default."""

    def __init__(self, graph: Graph) -> None:
        stated = (t for t in graph if t.predicate == def_("usesCodeScheme"))
        self._stated: dict[Node, Term] = {t.subject: t.object for t in sorted(stated, key=str)}

    def __call__(self, item: Node) -> Iri:
        owner = _OWNER.match(item.value) if isinstance(item, Iri) else None
        region = Iri(names.region(owner[1])) if owner else None
        scheme = self._stated.get(item) or (self._stated.get(region) if region else None)
        return scheme if isinstance(scheme, Iri) else DEFAULT_SCHEME


def _parts(
    subject: Node, prop: Iri, text: str, forms: list[CodeForm], standards: Standards
) -> Iterator[Triple]:
    """The parts of one code, and the parts of those parts; nothing of a code that has not the form."""
    for form in forms:
        match = form.pattern.fullmatch(text) if prop in form.takes_apart else None
        if match is None:
            continue
        for name, part in match.groupdict().items():
            if part is not None:
                yield Triple(subject, def_(name), _term(def_(name), part, standards))
                yield from _parts(subject, def_(name), part, forms, standards)
        if "organisationBodyPart" in match.groupdict():
            body = match["organisationBodyPart"]
            yield _verdict(
                subject, "checkCharacterIsRight", codes.organisation_check_character(text) == text[17]
            )
            yield _verdict(subject, "bodyCheckCharacterIsRight", codes.body_check_character(body) == body[8])


def _term(prop: Iri, text: str, standards: Standards) -> Term:
    """A part as its property's range wants it: a coded value, a region, or text."""
    kind = standards.properties[prop].range
    if kind is not None and standards.is_coded(kind):
        return standards.coded_value(kind, text)
    return Iri(names.region(text)) if kind == def_("Region") else Literal(text)


def _verdict(subject: Node, name: str, right: bool) -> Triple:
    return Triple(subject, def_(name), boolean(right))
