"""The store over a SPARQL 1.1 endpoint of others that holds a release (``app.releases.replica`` put it there).

Answers are what the embedded store would give: queries are read by the embedded engine first, over an empty index, so
that a syntax error or a format that does not fit is told in the same words whatever engine is behind; the dataset is
written into the query (``dataset``); what comes is read in the one format engines write alike and written in the one
asked for, piece by piece. An answer counts only if the release the store holds is the same after it as when this
store was opened: an engine may replace graphs one by one, and no reader here sees a mixture.

An answer is read by a thread of its own, for objects of the embedded engine may be used in one thread only and those
who take frames are many.
"""

import contextlib
import logging
import queue
import tempfile
import threading
import time
import uuid
from collections import deque
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import IO, Any, cast

from app import names
from app.store import dataset, results, syntax
from app.store.answer import ASIDE, FramedAnswer, default_format, readable, selected
from app.store.embedded import EmbeddedStore
from app.store.endpoint import READ_BYTES, Endpoint, Incoming, failed, solutions
from app.store.ledger import EVALUATING, POLL_SECONDS, Evaluation, Ledger
from app.store.query import (
    DeadlineExceeded,
    EvaluationFailed,
    GraphUnknown,
    Query,
    StoreBusy,
    StoreError,
    StoreUnreadable,
)
from app.store.records import END, FRAME
from app.store.terms import (
    Index,
    Iri,
    Literal,
    RdfFormat,
    Term,
    parse,
)

POINTER = names.BASE + "store/current"
"""The graph, and the thing it speaks of, that says which release the store holds."""

HELD, SWITCH, DIGEST = names.DCT + "hasVersion", names.DCT + "identifier", names.DCT + "identifier"
"""Of the pointer: the release, and a mark never used twice; of a graph: the digest of its content."""

FRAMES_AHEAD = 4
"""Frames read before anyone takes them: enough that reader and writer do not wait for each other in turns."""

SYNTAX_MB = 512
"""For the process that reads the syntax; there is nothing to evaluate over."""

SPOOLED_BYTES = 8 * 1024 * 1024
"""An answer that has to be counted before it is passed on is kept in memory up to this size, then on disk."""

PROBE_ROWS = 20_000
"""A store that cuts answers at fewer rows than this is found out when it is opened; Virtuoso's packages set 10,000."""

OPEN_SECONDS = 20.0
"""For opening, which no client waits for; as long as an index may take."""

BREAK_SECONDS = 1.0
"""For an answer to notice that it is broken off."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Held:
    """What a remote store holds, by its pointer; ``release`` is empty while it is being changed."""

    release: str
    switch: str
    digests: dict[str, str]
    """The digest of each graph of the release. Graphs being prepared are in there, too, under names of their own."""


def held(endpoint: Endpoint, timeout: float) -> Held:
    """What the store at ``endpoint`` holds. Raises ``StoreError``."""
    text = f"SELECT ?thing ?property ?value WHERE {{ GRAPH <{POINTER}> {{ ?thing ?property ?value }} }}"
    release = switch = ""
    digests = dict[str, str]()
    for row in endpoint.select(text, timeout):
        thing, prop, value = (row[name] for name in ("thing", "property", "value"))
        if not (isinstance(thing, Iri) and isinstance(prop, Iri) and isinstance(value, Literal)):
            continue
        if thing.value != POINTER:
            if prop.value == DIGEST:
                digests[thing.value] = value.value
        elif prop.value == HELD:
            release = value.value
        elif prop.value == SWITCH:
            switch = value.value
    return Held(release, switch, digests)


def new_switch() -> str:
    """A mark for a change of what a store holds."""
    return uuid.uuid4().hex


class RemoteStore:
    """A ``Store`` over what ``endpoint`` holds of ``release``. At most ``workers`` questions are under way there, up
    to ``queue`` wait; ``timeout`` seconds cover waiting, evaluating and streaming. Raises ``StoreUnreadable``."""

    def __init__(
        self,
        endpoint: Endpoint,
        release: str,
        *,
        workers: int = 4,
        timeout: float = 30,
        queue: int = 32,
        ledger: Ledger | None = None,
    ) -> None:
        self.endpoint, self.release, self.timeout = endpoint, release, timeout
        self.workers, self.queue = workers, queue
        self._turn = threading.Condition()
        self.ledger = ledger or Ledger()
        self._under_way = 0
        self._line: deque[Evaluation] = deque()  # those that wait, in the order they came
        self._closing = False
        self._reading: set[_Reading] = set()
        self._aside: set[_Reading] = set()  # those that have left their place to others
        try:
            self._held = held(endpoint, max(timeout, OPEN_SECONDS))
            if self._held.release != release:
                there = self._held.release or "no release"
                raise StoreUnreadable(f"{endpoint.address} holds {there}, not {release}")
            self._cuts_at = self._row_limit()
        except StoreUnreadable:
            raise
        except StoreError as error:
            raise StoreUnreadable(f"{endpoint.address}: {error}") from error
        self._folder = tempfile.TemporaryDirectory(prefix="zwfw-syntax-")
        index = Path(self._folder.name) / "index"
        Index(str(index)).flush()
        try:
            self._syntax = EmbeddedStore(index, workers=1, timeout=timeout, memory_mb=SYNTAX_MB, queue=queue)
        except StoreUnreadable:
            self._folder.cleanup()
            raise

    def answer(self, query: Query, media_type: str = "") -> FramedAnswer:
        asked = readable(query.text)
        evaluation = self.ledger.begin(asked.text, time.monotonic() + self.timeout)
        try:
            return self._ask(query, asked, media_type, evaluation)
        except StoreError as error:
            self.ledger.end(evaluation, error)
            raise

    def _ask(
        self, query: Query, asked: syntax.Syntax, media_type: str, evaluation: Evaluation
    ) -> FramedAnswer:
        media_type = media_type or default_format(asked.form)
        self._syntax.answer(Query(asked.text, limit=0), media_type).close()
        where = dataset.placed(query, asked, self._graphs())
        self._take(evaluation)
        reading = _Reading(self, where, asked.form, media_type, query.limit, evaluation)
        with self._turn:
            self._reading.add(reading)
        try:
            reading.start()
        except RuntimeError as error:  # the system has no thread for it
            self.give_back(reading, dead=True)
            raise StoreBusy(1) from error
        return FramedAnswer(reading, self, evaluation, media_type)

    def graph(self, iri: str, media_type: str, may_be_empty: bool = False) -> FramedAnswer:
        if iri and not may_be_empty and iri not in self._graphs():
            raise GraphUnknown(iri)
        everything = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"
        return self.answer(Query(everything, default_graphs=(iri,) if iri else ()), media_type)

    def select(self, text: str, **terms: Term) -> list[dict[str, Term]]:
        return selected(self, text, terms)

    def close(self, at_once: bool = False) -> None:
        with self._turn:
            self._closing = True
            under_way = list(self._reading)
            self._turn.notify_all()
        for reading in under_way:
            if at_once:
                reading.kill()
            # One that still waits for the head of its answer cannot be woken; it ends with its deadline or the process.
            reading.join(BREAK_SECONDS if at_once else max(0.0, reading.deadline - time.monotonic()))
        self._syntax.close(at_once)
        self._folder.cleanup()

    def check_unchanged(self, timeout: float) -> None:
        """Raise ``StoreBusy`` where the remote no longer holds what it held when this store last looked."""
        with self._turn:
            before = self._held
        text = f'ASK {{ GRAPH <{POINTER}> {{ <{POINTER}> <{SWITCH}> "{before.switch}" }} }}'
        with self.endpoint.query(text, "ASK", timeout) as incoming:
            if solutions(incoming):
                return
        now = held(self.endpoint, timeout)
        if now.release == self.release:  # the same release once more, mended: the next question gets it
            with self._turn:
                self._held = now
        else:
            logger.warning(
                "%s holds %s, not %s", self.endpoint.address, now.release or "nothing", self.release
            )
        raise StoreBusy(1 if now.release == self.release else 5)

    def _graphs(self) -> list[str]:
        return [graph for graph in self._held.digests if not graph.startswith(f"{names.BASE}store/")]

    def _row_limit(self) -> int | None:
        """Where the remote cuts answers without a word: Virtuoso does, and says so of SELECT only."""
        seconds = max(self.timeout, OPEN_SECONDS)
        with self.endpoint.query("ASK { }", "ASK", seconds) as incoming:
            if "virtuoso" not in incoming.product.lower():
                return None
        tens = " ".join(map(str, range(10)))
        rows = " ".join(f"VALUES ?{name} {{ {tens} }}" for name in "abcde")
        text = f"SELECT ?a WHERE {{ {rows} }} LIMIT {PROBE_ROWS + 1}"
        with self.endpoint.query(text, "SELECT", seconds) as probe:
            return probe.row_limit

    def check_countable(self, where: dataset.Placed, timeout: float) -> None:
        """Raise where a CONSTRUCT has as many solutions as the remote gives at most: its triples may lack some."""
        if self._cuts_at is None:
            return
        found = next(self.endpoint.select(where.counting, timeout))["n"]
        if isinstance(found, Literal) and int(found.value) >= self._cuts_at:
            raise EvaluationFailed(f"the store behind this service cuts answers at {self._cuts_at} rows")

    def _take(self, evaluation: Evaluation) -> None:
        with self._turn:
            if self._under_way + len(self._line) >= self.workers + self.queue or self._closing:
                raise StoreBusy(1)
            self._line.append(evaluation)
            try:
                while not (evaluation.has_to_end or self._closing):
                    if self._line[0] is evaluation and self._under_way < self.workers:
                        break
                    self._turn.wait(POLL_SECONDS)
            finally:
                self._line.remove(evaluation)
                self._turn.notify_all()  # the next may be first now
            if self._closing:
                raise StoreBusy(1)
            if evaluation.has_to_end:
                raise evaluation.why_ended()
            self._under_way += 1
            evaluation.state = EVALUATING

    def make_room(self, reading: "_Reading") -> None:
        with self._turn:
            if reading in self._reading - self._aside and len(self._aside) < ASIDE:
                self._aside.add(reading)
                self._under_way -= 1
                self._turn.notify_all()

    def give_back(self, reading: "_Reading", dead: bool = False) -> None:
        with self._turn:
            if reading in self._reading:
                self._reading.discard(reading)
                self._under_way -= reading not in self._aside
                self._aside.discard(reading)
                self._turn.notify_all()


class _Reading(threading.Thread):
    """The thread that reads one answer; the ``Source`` of its frames."""

    def __init__(
        self,
        store: RemoteStore,
        where: dataset.Placed,
        form: str,
        media_type: str,
        limit: int | None,
        evaluation: Evaluation,
    ) -> None:
        super().__init__(name=f"answer from {store.endpoint.address}", daemon=True)
        self.store, self.where, self.form = store, where, form
        self.media_type, self.limit = media_type, limit
        self.evaluation, self.deadline = evaluation, evaluation.deadline
        self._records: queue.Queue[tuple[bytes, bytes] | StoreError] = queue.Queue(FRAMES_AHEAD)
        self._stopped = threading.Event()
        self._incoming: Incoming | None = None

    # For who takes the frames

    def read(self) -> tuple[bytes, bytes]:
        while not self.evaluation.is_unwanted:
            left = self.deadline - time.monotonic()
            try:
                found = self._records.get(timeout=max(0.0, min(left, POLL_SECONDS)))
            except queue.Empty:
                if left <= 0:
                    break
                continue
            if isinstance(found, StoreError):
                raise found
            return found
        raise EOFError

    def cause_of_death(self) -> StoreError:
        return self.evaluation.why_ended()

    def kill(self) -> None:
        self._stopped.set()
        if self._incoming is not None:
            self._incoming.stop()

    # The thread

    def run(self) -> None:
        try:
            self._answer()
            self._put((END, b""))
        except _Stopped:
            pass
        except (StoreError, OSError, HTTPException, SyntaxError, ValueError) as error:
            with contextlib.suppress(_Stopped):
                self._put(failed(error))

    def _answer(self) -> None:
        store = self.store
        # Before, so that most who come too late are told with a status and not by a broken answer; after, since only
        # that proves anything.
        store.check_unchanged(self._left())
        if self.form == "CONSTRUCT":
            store.check_countable(self.where, self._left())
        with (
            store.endpoint.query(self.where.text, self.form, self._left()) as incoming,
            tempfile.SpooledTemporaryFile(SPOOLED_BYTES) as spooled,
        ):
            self._incoming = incoming
            incoming.check_whole(0)
            frames = results.Frames(lambda payload: self._put((FRAME, payload)))
            results.write(self._result(incoming, spooled), self.media_type, self.limit, frames)
        store.check_unchanged(self._left())
        frames.flush_last()

    def _result(self, incoming: Incoming, spooled: IO[bytes]) -> Any:
        if self.form in ("CONSTRUCT", "DESCRIBE"):
            return (quad.triple for quad in parse(cast(IO[bytes], incoming), format=RdfFormat.N_TRIPLES))
        if incoming.row_limit is None:
            return solutions(incoming)
        # Some say it of every answer, some of those they cut: only counting tells, and it is to be told before the
        # first frame.
        while piece := incoming.read(READ_BYTES):
            spooled.write(piece)
        spooled.seek(0)
        incoming.check_whole(sum(1 for _ in solutions(spooled)))
        spooled.seek(0)
        return solutions(spooled)

    def _left(self) -> float:
        """Seconds that are left. Raises when there are none."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise DeadlineExceeded("the deadline has passed")
        return left

    def _put(self, record: tuple[bytes, bytes] | StoreError) -> None:
        while not self._stopped.is_set():
            try:
                return self._records.put(record, timeout=min(1.0, self._left()))
            except queue.Full:
                continue
            except DeadlineExceeded:
                break
        raise _Stopped


class _Stopped(Exception):
    """Nobody waits for the answer any more."""
