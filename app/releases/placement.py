"""Which graph a triple belongs to, for no triple stands in two graphs of a release.

Of a triple that several state, the region whose thing it is about keeps it, else the higher level; what is stated comes
before what is inferred. The others withhold it, remember that they do, and get it back when nobody before them has it.
"""

import itertools
import re
from collections.abc import Iterable, Iterator
from typing import Any

from app import names
from app.ontology import codes
from app.store.terms import Graph, Index, Iri, Term, Triple

_GRAPH = re.compile(re.escape(names.BASE) + r"(graph|inferred)/(\d{6}(?:-\w+)?)")
_OWNER = re.compile(re.escape(names.region("")) + r"(\d{6})(/?)")


def owner(thing: Term) -> str:
    """The code of the region whose thing an IRI names: regions themselves are the nation's; empty for others."""
    match = _OWNER.match(_iri(thing))
    if match is None:
        return ""
    return match[1] if match[2] else names.NATION


def contested(graph: Iterable[Triple], code: str, spoken_of: frozenset[str] | None) -> Iterator[Triple]:
    """The triples another region's graphs may hold as well: those not about the region's own things or linking to one of
    another's, and those about what others are known to speak of (``spoken_of``; nothing: perhaps of all)."""
    for triple in graph:
        linked = _OWNER.match(_iri(triple.object))
        if (
            spoken_of is None
            or owner(triple.subject) != code
            or _iri(triple.subject) in spoken_of
            or (linked is not None and linked[2] and linked[1] != code)
        ):
            yield triple


def placed(
    graph: Graph, code: str, kind: str, spoken_of: frozenset[str] | None, index: Index
) -> tuple[Graph, list[str]]:
    """``graph`` without what belongs to a graph before its own, and the lines of what is withheld."""
    name, withheld = names.graph(code, kind), set[Triple]()
    own = {names.graph(code, one) for one in names.GRAPH_KINDS}
    for triple in contested(graph, code, spoken_of):
        for where in _stating(triple, index):
            if where not in own and _rank(where, triple) < _rank(name, triple):
                withheld.add(triple)
    return graph - withheld, sorted(f"{triple} ." for triple in withheld)


class Placement:
    """What a release knows of triples that several regions state: of whose things each region speaks, and what each
    withholds."""

    def __init__(self, regions: dict[str, dict[str, Any]]) -> None:
        self._foreign: dict[str, set[str]] = {}
        self._withheld: dict[str, set[str]] = {}
        for code, entry in regions.items():
            self.note(code, entry)

    def note(self, code: str, entry: dict[str, Any]) -> None:
        """Remember what a region's entry in the release says."""
        for thing in entry.get("foreign", ()):
            self._foreign.setdefault(owner(Iri(thing)), set()).add(thing)
        for line in itertools.chain(*entry.get("withheld", {}).values()):
            self._withheld.setdefault(line, set()).add(code)

    def forget(self, code: str) -> None:
        """A region is no more: it withholds nothing."""
        for holders in self._withheld.values():
            holders.discard(code)

    def spoken_of(self, code: str) -> frozenset[str]:
        """The things of a region that others speak of, too."""
        return frozenset(self._foreign.get(code, ()))

    def withholding(self, triple: Triple) -> set[str]:
        """The regions that withhold a triple: they must be placed anew when it is lost."""
        return self._withheld.get(f"{triple} .", set())

    @staticmethod
    def misplaced(code: str, triple: Triple, index: Index) -> set[str]:
        """The regions whose graphs hold a triple that belongs to another's, when ``code`` gains it."""
        name, found = names.graph(code), set()
        for where in _stating(triple, index):
            other = where.rpartition("/")[2]
            if other != code:
                found.add(code if _rank(where, triple) < _rank(name, triple) else other)
        return found


def _stating(triple: Triple, index: Index) -> Iterator[str]:
    """The graphs of an index that hold a triple."""
    for quad in index.quads_for_pattern(triple.subject, triple.predicate, triple.object):
        if isinstance(quad.graph_name, Iri):
            yield quad.graph_name.value


def _rank(graph: str, triple: Triple) -> tuple[bool, int, str, str]:
    match = _GRAPH.fullmatch(graph)
    if match is None:
        return (False, -1, "", graph)
    kind, code = match.groups()
    return (owner(triple.subject) != code, codes.region_rank(code[:6]), code, kind)


def _iri(term: Term) -> str:
    return term.value if isinstance(term, Iri) else ""
