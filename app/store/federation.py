"""A store whose queries may ask other endpoints: SERVICE, to those an operator has listed."""

import dataclasses

from app.store import syntax
from app.store.answer import FramedAnswer, readable, selected
from app.store.embedded import EmbeddedStore
from app.store.forwarder import Forwarder
from app.store.query import EvaluationFailed, Query, QueryMalformed, QueryRefused, ServiceFailed
from app.store.terms import Term


class FederatedStore:
    """A ``Store`` over an index: ``plain`` answers what asks nobody else; what does is answered by a store of ``federating``
    workers of its own, which may connect to the forwarder's port and to no other."""

    def __init__(self, plain: EmbeddedStore, federating: EmbeddedStore, forwarder: Forwarder) -> None:
        self._plain, self._federating, self._forwarder = plain, federating, forwarder

    def answer(self, query: Query, media_type: str = "") -> FramedAnswer:
        try:
            asked = syntax.read(query.text)
        except ValueError as error:
            raise QueryMalformed(str(error)) from error
        if not asked.uses_service:
            return self._plain.answer(query, media_type)
        readable(query.text, may_reach_out=True)
        redirected = dataclasses.replace(query, text=self._redirected(asked.text))
        try:
            return self._federating.answer(redirected, media_type, asked.text)
        except QueryMalformed as error:  # the place is one in the text that was redirected
            raise QueryMalformed(error.message) from error
        except EvaluationFailed as error:
            told = self._forwarder.spoken(str(error))
            if told is None:
                raise
            raise ServiceFailed(told) from error

    def graph(self, iri: str, media_type: str, may_be_empty: bool = False) -> FramedAnswer:
        return self._plain.graph(iri, media_type, may_be_empty)

    def select(self, text: str, **terms: Term) -> list[dict[str, Term]]:
        return selected(self, text, terms)

    def close(self, at_once: bool = False) -> None:
        self._federating.close(at_once)
        self._plain.close(at_once)

    def _redirected(self, text: str) -> str:
        """The query with each endpoint's address replaced by the forwarder's. Raises ``QueryRefused``."""
        services = syntax.services(text)
        listed = ", ".join(one.address for one in self._forwarder.allowed)
        if services is None:
            raise QueryRefused(
                "after SERVICE the address of an endpoint must be written out, in angle brackets; no SERVICE within another"
            )
        written, done, ticket = "", 0, self._forwarder.ticket()
        for token in services:
            address = self._forwarder.address_for(token.text[1:-1], ticket)
            if address is None:
                raise QueryRefused(f"SERVICE {token.text} is not allowed; allowed are {listed}")
            written += f"{text[done : token.start]}<{address}>"
            done = token.start + len(token.text)
        return written + text[done:]
