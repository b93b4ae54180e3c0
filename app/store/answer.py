"""What every store does alike: reading a question before it is asked, and handing its answer on as frames."""

import json
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any, Protocol, TypeVar, cast

from app.store import syntax
from app.store.ledger import SENDING, Evaluation, Ledger
from app.store.query import (
    SOLUTIONS,
    TRIPLES,
    AnswerBroken,
    EvaluationFailed,
    FormatUnfit,
    GraphUnknown,
    MemoryExceeded,
    Query,
    QueryMalformed,
    QueryRefused,
    Store,
    StoreError,
)
from app.store.records import END, FAILURE, FRAME, FRAME_BYTES, MALFORMED, MEMORY, UNFIT, UNKNOWN
from app.store.terms import BlankNode, Iri, Literal, Term, Triple

PAGE_SOLUTIONS = 100_000
"""A page that wants more solutions than this wants a query of its own; the web process holds them all in
memory."""


LARGE_BYTES = 1024 * 1024
"""An answer larger than this is a download; its reader may be slow, and it must not keep the place of a small one."""

ASIDE = 4
"""Questions that may be under way beside those the store counts, because they have turned out large or slow: as many
processes more, or connections. Beyond these they keep others waiting."""


class Source(Protocol):
    """Where the records of an answer come from: a worker, or a thread that reads a remote store."""

    def read(self) -> tuple[bytes, bytes]:
        """The next record, kind and payload. Raises ``EOFError`` when it has ended without one."""

    def cause_of_death(self) -> StoreError:
        """Why it ended."""

    def kill(self) -> None:
        """End it."""


_Source = TypeVar("_Source", bound=Source, contravariant=True)


class Keeper(Protocol[_Source]):
    """Whose sources they are."""

    ledger: Ledger

    def give_back(self, source: _Source, /, dead: bool = False) -> None:
        """Take a source back, ``dead`` where it is of no further use."""

    def make_room(self, source: _Source, /) -> None:
        """Let others have the place of a source whose answer has grown large, if there is room. May be said again."""


class FramedAnswer:
    """The ``Answer`` of one source. Holds it until the last frame has been read."""

    def __init__(
        self, source: _Source, keeper: Keeper[_Source], evaluation: Evaluation, media_type: str
    ) -> None:
        self.media_type = media_type
        self.length: int | None = None
        self._keeper: Keeper[Any] = keeper
        self._source: Source | None = source
        self._evaluation = evaluation
        self._first: deque[bytes] = deque()
        try:
            kind, payload = self._read()
            if kind == FRAME:
                self._first.append(payload)
                if len(payload) < FRAME_BYTES:  # only the last is short: the end follows at once
                    kind, payload = self._read()
            if kind == FAILURE:
                raise error_of(payload)
        except BaseException:
            self.close()
            raise
        evaluation.state = SENDING
        if kind == END:
            self.length = sum(map(len, self._first))

    @property
    def frames(self) -> Iterator[bytes]:
        sent = 0
        try:
            while self._first:
                sent += len(self._first[0])
                yield self._first.popleft()
            while self._source is not None:
                if sent > LARGE_BYTES:
                    self._keeper.make_room(self._source)
                try:
                    kind, payload = self._read()
                except StoreError as error:
                    raise AnswerBroken(str(error)) from error
                if kind == FAILURE:
                    # Not in the engine's words: they end in a log, and may name what only it should know.
                    raise AnswerBroken("the evaluation failed")
                if kind == FRAME:
                    sent += len(payload)
                    yield payload
        finally:
            self.close()

    def _read(self) -> tuple[bytes, bytes]:
        source = self._source
        if source is None:
            raise EvaluationFailed("the answer was given up")
        try:
            kind, payload = source.read()
        except EOFError:
            error = source.cause_of_death()
            self._keeper.ledger.end(self._evaluation, error)
            self.close()
            raise error from None
        except StoreError as error:  # of a remote store
            self._keeper.ledger.end(self._evaluation, error)
            raise
        if kind in (END, FAILURE):
            self._source = None
            self._keeper.ledger.end(self._evaluation, error_of(payload) if kind == FAILURE else None)
            self._keeper.give_back(source)
        return kind, payload

    def close(self) -> None:
        source, self._source = self._source, None
        if source is not None:
            self._keeper.ledger.end(self._evaluation, given_up=True)
            source.kill()
            self._keeper.give_back(source, dead=True)

    def __del__(self) -> None:
        self.close()


def readable(text: str, may_reach_out: bool = False) -> syntax.Syntax:
    """What ``text`` asks for. Raises ``QueryMalformed``, or ``QueryRefused`` for updates, and for SERVICE unless it may."""
    try:
        asked = syntax.read(text)
    except ValueError as error:
        raise QueryMalformed(str(error)) from error
    if asked.is_update:
        raise QueryRefused(f"this is an update ({asked.form}); the store is read only")
    if asked.uses_service and not may_reach_out:
        raise QueryRefused("SERVICE is not evaluated here")
    return asked


def selected(store: Store, text: str, terms: Mapping[str, Term]) -> list[dict[str, Term]]:
    """``Store.select`` by way of ``Store.answer``."""
    bound = syntax.filled(readable(text), {name: str(term) for name, term in terms.items()})
    found = json.loads(b"".join(store.answer(Query(bound, limit=PAGE_SOLUTIONS), SOLUTIONS[0]).frames))
    if "boolean" in found:
        return [{}] if found["boolean"] else []
    if found["more"]:
        raise QueryRefused(f"more than {PAGE_SOLUTIONS} solutions for one page")
    return [{name: term_of(value) for name, value in row.items()} for row in found["results"]["bindings"]]


def default_format(form: str) -> str:
    """The format a query of this form is answered in when nobody says."""
    return TRIPLES[0] if form in ("CONSTRUCT", "DESCRIBE") else SOLUTIONS[0]


def term_of(value: dict[str, Any]) -> Term:
    """A term from SPARQL 1.1 Query Results JSON."""
    kind, written = value["type"], value["value"]
    if kind == "uri":
        return Iri(written)
    if kind == "bnode":
        return BlankNode(written)
    if kind == "triple":
        parts = (term_of(written[name]) for name in ("subject", "predicate", "object"))
        return Triple(*cast("tuple[Any, Any, Any]", tuple(parts)))
    if "xml:lang" in value:
        return Literal(written, language=value["xml:lang"])
    return Literal(written, datatype=Iri(value["datatype"])) if "datatype" in value else Literal(written)


def error_of(payload: bytes) -> StoreError:
    """The error a failure of a worker tells of."""
    failure = json.loads(payload)
    message = failure["message"]
    if failure["kind"] == MALFORMED:
        return QueryMalformed(message, failure["line"], failure["column"])
    kinds = {UNFIT: FormatUnfit, MEMORY: MemoryExceeded, UNKNOWN: GraphUnknown}
    return kinds.get(failure["kind"], EvaluationFailed)(message)
