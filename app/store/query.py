"""What is asked of a store, what comes back, and what can go wrong."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from app.store.terms import Term

SOLUTIONS = (
    "application/sparql-results+json",
    "application/sparql-results+xml",
    "text/csv",
    "text/tab-separated-values",
)
"""What the answer to SELECT can be written in, the preferred first; an ASK has the first two only."""

TRIPLES = (
    "text/turtle",
    "application/n-triples",
    "application/ld+json",
    "application/rdf+xml",
    "application/trig",
    "application/n-quads",
)
"""What the answer to CONSTRUCT and DESCRIBE, and a graph, can be written in, the preferred first. The last two are of
datasets: the triples are their default graph."""


@dataclass(frozen=True, slots=True)
class Query:
    """A query as a client sent it. Graphs given here replace the query's own FROM and FROM NAMED
    (SPARQL 1.1 Protocol §2.1.4); with neither, the default graph is the store's: the union of all named graphs, unless the
    store was opened otherwise."""

    text: str
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()
    limit: int | None = None
    """Stop after so many solutions or triples, or as many as are held in memory (``results.SOME_BYTES``); the JSON of
    solutions then says ``"more": true`` if there were more."""


class Answer(Protocol):
    """An answer under way. Its status is certain up to the first frame; a failure after that is
    ``AnswerBroken``."""

    media_type: str
    length: int | None
    """Bytes in all, where the whole answer is already at hand."""

    @property
    def frames(self) -> Iterator[bytes]:
        """The bytes, once. Raises ``AnswerBroken``."""

    def close(self) -> None:
        """Give the evaluation up, if it still runs. May be called twice."""


class Store(Protocol):
    """A release that can be asked. Any number of threads may ask at once."""

    def answer(self, query: Query, media_type: str = "") -> Answer:
        """The answer in one of ``SOLUTIONS`` or ``TRIPLES``, by default the first that fits the query's form.

        Raises ``StoreError`` of one of the kinds below; returns when the first frame or the end is there.
        """

    def graph(self, iri: str, media_type: str, may_be_empty: bool = False) -> Answer:
        """All triples of a named graph, or with ``""`` of the default graph, in one of ``TRIPLES``. Nothing is evaluated
        and nothing held in memory.

        Raises ``GraphUnknown`` where there is no graph of that name, unless it ``may_be_empty``, and ``StoreError`` as
        ``answer`` does.
        """

    def select(self, text: str, **terms: Term) -> list[dict[str, Term]]:
        """All solutions of a SELECT (an ASK gives ``[]`` or ``[{}]``), with the variables in ``terms`` bound
        to them. For pages: an answer of more than ``answer.PAGE_SOLUTIONS`` raises ``QueryRefused``."""

    def close(self, at_once: bool = False) -> None:
        """Let answers under way end (each has its deadline), or with ``at_once`` break them, and free
        everything. New questions are refused."""


class StoreError(Exception):
    """Why there is no answer, or no whole one."""


class QueryMalformed(StoreError):
    """The text is no SPARQL query. ``line`` and ``column`` count from 1; 0 where the place is not known."""

    def __init__(self, message: str, line: int = 0, column: int = 0) -> None:
        super().__init__(message)
        self.message, self.line, self.column = message, line, column


class QueryRefused(StoreError):
    """A query this store does not evaluate: SERVICE, an update, too large a page."""


class FormatUnfit(StoreError):
    """The form of the query has no such format: an ASK has no CSV, a SELECT no Turtle."""


class GraphUnknown(StoreError):
    """There is no graph of that name."""


class DeadlineExceeded(StoreError):
    """The time for queueing, evaluating and streaming together is over."""


class MemoryExceeded(StoreError):
    """The evaluation wanted more memory than a worker may have."""


class Stopped(StoreError):
    """An operator ended the evaluation, or whoever asked went away."""


class EvaluationFailed(StoreError):
    """The engine gave up, or its process ended, for a reason that is neither time nor memory."""


class ServiceFailed(StoreError):
    """An endpoint that a query's SERVICE asks gave no answer, or none that is whole."""


class StoreBusy(StoreError):
    """The queue is full. Worth another try after ``retry_after`` seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"the queue is full; try again in {retry_after} s")
        self.retry_after = retry_after


class StoreUnreadable(StoreError):
    """There is no index at the place given, or none this engine can open."""


class AnswerBroken(StoreError):
    """The answer failed after its first frame: what was sent is incomplete and must not look complete."""
