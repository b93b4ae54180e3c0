"""A published region in the terms of CPSV-AP 3.2.0: the queries of ``exports/`` run over its data until nothing new comes.

They find the region's own data in the graph of its dataset, what they have exported so far in the graph of the profile,
and all there is to know, with what stands above and the standard system, in the default graph.
"""

from collections import defaultdict
from dataclasses import dataclass

from app import names
from app.cpsv_ap import PROFILE, queries
from app.ontology.standards import Standards
from app.regions.above import Published, gather
from app.regions.cell import TEXT
from app.releases.release import Release
from app.store.terms import Graph, Index, Iri, Literal, Quad, QuerySolutions, QueryTriples, Triple

UNDETERMINED = "und"
"""The language of a text whose language nobody says (BCP 47): CPSV-AP wants one of every text."""

_SYSTEM = ("ontology", "standards")


@dataclass(frozen=True, order=True)
class LeftOut:
    """Things of one class that were not exported for want of one property; without one, for want of a counterpart."""

    kind: str
    lacks: str
    things: tuple[str, ...]


@dataclass(frozen=True)
class Export:
    """A region in CPSV-AP, and what of it is not."""

    graph: Graph
    left_out: list[LeftOut]


def export(release: Release, code: str, standards: Standards) -> Export:
    """The data that ``release`` has of region ``code``, which it must have. Raises ``OSError`` where it cannot be read."""
    index = Index.read_only(str(release.index))
    system = {triple for name in _SYSTEM for triple in _graph(index, name)}
    own = _graph(index, code)
    above, _ = gather(own, code, [Published(index)])
    return described(own, above | system, code, standards)


def described(own: Graph, beside: Graph, code: str, standards: Standards) -> Export:
    """``own``, the data of region ``code``, with what stands beside it, in CPSV-AP."""
    index, profile, dataset = Index(), Iri(PROFILE), Iri(names.graph(code))
    own = _sound(own, standards)
    index.bulk_extend(Quad(*triple) for triple in own | _sound(beside, standards))
    index.bulk_extend(Quad(t.subject, t.predicate, t.object, dataset) for t in own)
    made: Graph = set()
    size = -1
    while size != len(made):
        size = len(made)
        for query in queries("exports").values():
            found = index.query(query)
            assert isinstance(found, QueryTriples)
            new = set(found) - made
            index.extend(Quad(t.subject, t.predicate, t.object, profile) for t in new)
            made |= new
    return Export(made, _left_out(index))


def _graph(index: Index, name: str) -> Graph:
    return {quad.triple for quad in index.quads_for_pattern(None, None, None, Iri(names.graph(name)))}


def _sound(graph: Graph, standards: Standards) -> Graph:
    """``graph`` with texts in a language and without values that are not of the kind their property takes."""
    found: Graph = set()
    for triple in graph:
        prop, value = standards.properties.get(triple.predicate), triple.object
        if prop is None or (prop.is_link and isinstance(value, Iri)):
            found.add(triple)
        elif not prop.is_link and isinstance(value, Literal):
            if prop.range == Iri(TEXT) and value.language is None:
                value = Literal(value.value, language=UNDETERMINED)
            found.add(Triple(triple.subject, triple.predicate, value))
    return found


def _left_out(index: Index) -> list[LeftOut]:
    solutions = index.query(queries("")["left-out"])
    assert isinstance(solutions, QuerySolutions)
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for solution in solutions:
        kind, lacks, thing = solution["kind"], solution["lacks"], solution["thing"]
        if isinstance(kind, Iri) and isinstance(thing, Iri):
            found[kind.value, lacks.value if isinstance(lacks, Iri) else ""].add(thing.value)
    return sorted(LeftOut(kind, lacks, tuple(sorted(things))) for (kind, lacks), things in found.items())
