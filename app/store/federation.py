"""A store whose queries may ask other endpoints: SERVICE, to those an operator has listed."""

import dataclasses
import threading
from collections.abc import Callable

from app.store import syntax
from app.store.answer import FramedAnswer, readable, selected
from app.store.embedded import EmbeddedStore
from app.store.forwarder import Forwarder
from app.store.query import EvaluationFailed, Query, QueryMalformed, QueryRefused, ServiceFailed
from app.store.terms import Term


class FederatedStore:
    """A ``Store`` over an index: ``plain`` answers what asks nobody else; what does is answered by a store of ``federating``
    workers of its own, opened when first wanted, which may connect to the forwarder and to nothing else."""

    def __init__(
        self, plain: EmbeddedStore, federating: Callable[[], EmbeddedStore], forwarder: Forwarder
    ) -> None:
        self._plain, self._open, self._forwarder = plain, federating, forwarder
        self._lock = threading.Lock()
        self._federating: EmbeddedStore | None = None

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
            return self._opened().answer(redirected, media_type, asked.text)
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
        with self._lock:
            opened = self._federating
        for store in filter(None, (opened, self._plain)):
            store.close(at_once)

    def _redirected(self, text: str) -> str:
        """The query with each endpoint's address replaced by the forwarder's. Raises ``QueryRefused``."""
        services = syntax.services(text)
        listed = ", ".join(one.address for one in self._forwarder.allowed)
        if services is None:
            raise QueryRefused(
                "after SERVICE the address of an endpoint must be written out, in angle brackets"
            )
        written, done = "", 0
        for token in services:
            address = self._forwarder.address_for(token.text[1:-1])
            if address is None:
                raise QueryRefused(f"SERVICE {token.text} is not allowed; allowed are {listed}")
            written += f"{text[done : token.start]}<{address}>"
            done = token.start + len(token.text)
        return written + text[done:]

    def _opened(self) -> EmbeddedStore:
        with self._lock:
            if self._federating is None:
                self._federating = self._open()
            return self._federating
