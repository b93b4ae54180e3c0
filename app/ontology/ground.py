"""What of the standard system enters a check: the ontology always; documents, clauses and entries of code lists only where
something refers to them, so that a change of one of them concerns nobody else."""

from collections.abc import Iterable
from functools import cached_property

from app import names
from app.ontology.facts import NOTATION, SOURCE, Facts
from app.store.terms import BlankNode, Graph, Iri, Term

_NARROWER = Iri(names.SKOS + "narrower")


class Ground:
    """The standard system as checks rest on it: ``terms`` is the ontology with its code lists, ``documents`` the standards
    and clauses, ``system`` both and whatever else stands with them."""

    def __init__(self, system: Facts, terms: Graph, documents: Graph) -> None:
        self._system, self._terms, self._documents = system, terms, documents

    @cached_property
    def referable(self) -> dict[Iri, Graph]:
        """What enters a check only when something there refers to it, with what is said of it.

        Not so the entries that speak of the system in our own terms, as an element does of the property that states it
        and a policy of its elements, for rules may start from them; nor what these and the ontology refer to.
        """
        documents, found = {t.subject for t in self._documents}, dict[Iri, Graph]()
        for subject in {t.subject for t in self._terms if t.predicate == NOTATION} | documents:
            said = set(self._system.about[subject])
            of_system = any(
                isinstance(t.object, Iri) and t.predicate.value.startswith(names.DEF) for t in said
            )
            is_whole = not any(isinstance(t.object, BlankNode) for t in said)
            if isinstance(subject, Iri) and is_whole and (subject in documents or not of_system):
                found[subject] = said
        open_ = {t.object for t in self._system.graph if t.subject not in found and t.predicate != SOURCE}
        while meant := {one for one in found if one in open_}:
            open_ = {t.object for one in meant for t in found.pop(one)}
        return found

    @cached_property
    def always(self) -> Graph:
        """What enters every check: all that is not ``referable``."""
        return {t for t in self._system.graph if t.subject not in self.referable}

    def referred(self, things: Iterable[Term]) -> set[Iri]:
        """What of ``referable`` is among ``things`` or is reached from them; from a concept up to the broader ones, not
        down to all narrower ones."""
        found, open_ = set[Iri](), self._meant(things)
        while open_:
            found |= open_
            open_ = self._meant(
                t.object for one in open_ for t in self.referable[one] if t.predicate != _NARROWER
            )
            open_ -= found
        return found

    def _meant(self, things: Iterable[Term]) -> set[Iri]:
        return {thing for thing in things if isinstance(thing, Iri) and thing in self.referable}

    def beside(self, graph: Graph) -> Graph:
        """What enters a check of ``graph``."""
        return self.always.union(*(self.referable[one] for one in self.referred(t.object for t in graph)))
