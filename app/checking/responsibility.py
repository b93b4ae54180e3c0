"""Who answers for a thing: itself if it is a department, its providers, or those of what it belongs to."""

from collections import defaultdict
from collections.abc import Iterable

from app.ontology.facts import TYPE
from app.ontology.standards import Standards
from app.store.terms import Iri, Node, Term, Triple, def_

ANSWERING = (def_("isProvidedBy"), def_("isResponsibilityOf"))
"""The links from a thing to the department that answers for it."""


class Responsible:
    """The departments that answer for the things of a graph, which is read once."""

    def __init__(self, graph: Iterable[Triple], standards: Standards) -> None:
        self._answering: dict[Node, set[Iri]] = defaultdict(set)
        self._belongs: dict[Node, set[Iri]] = defaultdict(set)
        department, belonging = def_("Department"), frozenset(standards.belonging)
        for subject, predicate, value in graph:
            if not isinstance(value, Iri):
                continue
            if predicate in ANSWERING:
                self._answering[subject].add(value)
            elif predicate == TYPE and value == department and isinstance(subject, Iri):
                self._answering[subject].add(subject)
            if predicate in belonging:
                self._belongs[subject].add(value)

    def __call__(self, thing: Term) -> set[Iri]:
        """The departments that answer for ``thing``."""
        if not isinstance(thing, Iri):
            return set()
        things = (thing, *self._belongs.get(thing, ()))
        return {department for one in things for department in self._answering.get(one, ())}
