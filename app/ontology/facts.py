"""A graph one can ask for the values of a node, and the terms of RDF, RDFS, SKOS and DCT by which everything is asked."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TypeVar

from app import language, names
from app.store.terms import BlankNode, Graph, Iri, Literal, Node, Term, Triple, def_

TYPE = Iri(names.RDF + "type")
DOMAIN = Iri(names.RDFS + "domain")
RANGE = Iri(names.RDFS + "range")
SUBCLASS = Iri(names.RDFS + "subClassOf")
PREF_LABEL = Iri(names.SKOS + "prefLabel")
ALT_LABEL = Iri(names.SKOS + "altLabel")
NOTATION = Iri(names.SKOS + "notation")
IN_SCHEME = Iri(names.SKOS + "inScheme")
DEFINITION = Iri(names.SKOS + "definition")
SOURCE = Iri(names.DCT + "source")

LABELS = (PREF_LABEL, def_("name"), Iri(names.DCT + "title"), Iri(names.RDFS + "label"))
"""What names a thing, the preferred first."""


_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class Facts:
    """A graph one can ask for the values of a node: the two look-ups that everything here is made of. Each is made ready
    when first asked for: of a large graph many want but one."""

    def __init__(self, graph: Iterable[Triple]) -> None:
        self.graph: Graph = set(graph)

    @cached_property
    def _values(self) -> dict[tuple[Node, Iri], list[Term]]:
        return _grouped(((t.subject, t.predicate), t.object) for t in self.graph)

    @cached_property
    def _subjects(self) -> dict[tuple[Iri, Term], list[Node]]:
        return _grouped(((t.predicate, t.object), t.subject) for t in self.graph)

    @cached_property
    def about(self) -> dict[Node, list[Triple]]:
        """The triples by subject."""
        return _grouped((t.subject, t) for t in self.graph)

    def values(self, subject: Node, predicate: Iri) -> list[Term]:
        """The objects of ``subject predicate ?``, in a fixed order."""
        return sorted(self._values.get((subject, predicate), ()), key=str)

    def value(self, subject: Node, predicate: Iri) -> Term | None:
        """The first of ``values``, or nothing."""
        return next(iter(self.values(subject, predicate)), None)

    def text(self, subject: Node, predicate: Iri) -> str:
        """The first value as plain text: a literal's lexical form or an IRI; empty where there is none."""
        value = self.value(subject, predicate)
        return value.value if isinstance(value, Literal | Iri) else ""

    def subjects(self, predicate: Iri, value: Term) -> list[Node]:
        """The subjects of ``? predicate value``, in a fixed order."""
        return sorted(self._subjects.get((predicate, value), ()), key=str)

    def members(self, head: Term | None) -> Iterator[Term]:
        """The members of an RDF list."""
        while isinstance(head, BlankNode):
            yield from self.values(head, Iri(names.RDF + "first"))
            head = self.value(head, Iri(names.RDF + "rest"))

    def texts(self, subject: Node, *predicates: Iri) -> dict[str, str]:
        """What a thing says by language, by the first of the predicates by which it says anything."""
        for predicate in predicates:
            found = {
                (value.language or "")[:2]: value.value
                for value in self.values(subject, predicate)
                if isinstance(value, Literal)
            }
            if found:
                return found
        return {}

    def labels(self, subject: Node) -> dict[str, str]:
        """The names of a thing by language: its preferred label, name, title or label, in this order."""
        return self.texts(subject, *LABELS)

    def label(self, subject: Node, lang: str) -> str:
        """The name of a thing in ``lang``, else in another language; empty where it has none."""
        return language.pick(self.labels(subject), lang)


def _grouped(pairs: Iterable[tuple[_Key, _Value]]) -> dict[_Key, list[_Value]]:
    found = defaultdict[_Key, list[_Value]](list)
    for key, value in pairs:
        found[key].append(value)
    return found
