"""What somebody's data may speak of: a region of its own things, the nation also of the regions, and nobody of the standard
system by which data are judged.
"""

import re
from collections.abc import Iterator

from app import names
from app.ontology.facts import TYPE
from app.ontology.standards import Standards
from app.store.terms import Graph, Iri, Triple, def_

_PASSED = frozenset({Iri(names.DCT + "conformsTo"), def_("hasNoViolation")})
_VERDICTS = _PASSED | {Iri(names.RDFS + "subClassOf"), Iri(names.RDFS + "subPropertyOf")}
_SYSTEM_CLASSES = frozenset(map(def_, ("CodedValue", "Rule", "Finding")))
_REGION = re.compile(re.escape(names.region("")) + r"\d{6}")


def is_own(subject: str, code: str) -> bool:
    """Whether a thing is the region's of that code (a sample's: its region's), so that no two regions state the same
    triple; the nation's folder also speaks of the regions themselves."""
    region = names.region(code.partition("-")[0])
    of_nation = code == names.NATION and _REGION.fullmatch(subject) is not None
    return subject in (region, names.graph(code)) or subject.startswith(region + "/") or of_nation


def presumed(graph: Graph, code: str, standards: Standards) -> Iterator[tuple[Triple, Iri]]:
    """What a region states though it is judged by it, and the term that shows it: facts that are the nation's to state,
    axioms, shapes, entries of code lists, and verdicts."""
    if code == names.NATION:
        return
    for triple in graph:
        fact = triple.object if triple.predicate == TYPE else triple.predicate
        if isinstance(fact, Iri) and (fact in standards.national or _is_of_the_system(fact, standards)):
            yield triple, fact


def judging(graph: Graph, standards: Standards) -> Graph:
    """What a graph of whatever origin says of the standard system: of its terms, rules, documents and codes, of new entries
    of its code lists, verdicts, and facts that are the nation's to state."""
    entries = {
        t.subject
        for t in graph
        if t.predicate == TYPE and isinstance(t.object, Iri) and _is_entry(t.object, standards)
    }
    return {
        t
        for t in graph
        if t.subject in entries
        or t.subject in standards.about
        or t.predicate in _PASSED | standards.national
        or (t.predicate == TYPE and t.object in standards.national)
    }


def _is_of_the_system(fact: Iri, standards: Standards) -> bool:
    return fact in _VERDICTS or fact.value.startswith((names.OWL, names.SH)) or _is_entry(fact, standards)


def _is_entry(kind: Iri, standards: Standards) -> bool:
    return standards.is_coded(kind) or kind in _SYSTEM_CLASSES
