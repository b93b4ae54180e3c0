"""The store over an index on this machine: a few worker processes, a bounded queue, and one deadline a
question.

Nothing stops an evaluation in this engine, so each runs in a process that can be killed (``worker``). A
single thread, the watch, starts every worker and kills those past their deadline. It must be one long-lived
thread: the kernel ties a worker's life to the thread that started it (prctl(2), PR_SET_PDEATHSIG), and the
threads of a web server come and go. Who reads an answer simply reads the pipe: a killed worker is the end of
the pipe.
"""

import json
import logging
import math
import os
import threading
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from app.store import syntax
from app.store.process import Worker
from app.store.query import (
    SOLUTIONS,
    TRIPLES,
    AnswerBroken,
    DeadlineExceeded,
    EvaluationFailed,
    FormatUnfit,
    GraphUnknown,
    MemoryExceeded,
    Query,
    QueryMalformed,
    QueryRefused,
    StoreBusy,
    StoreError,
    StoreUnreadable,
)
from app.store.records import END, FAILURE, FRAME, FRAME_BYTES, MALFORMED, MEMORY, UNFIT, UNKNOWN
from app.store.terms import BlankNode, Iri, Literal, Term, Triple

PAGE_SOLUTIONS = 100_000
"""A page that wants more solutions than this wants a query of its own; the web process holds them all in
memory."""

START_SECONDS = 20
"""For opening a store, which has no client yet that waits: a loaded machine may be slow, a hung disk is a
fault."""

RESTART_PAUSE_SECONDS = 1.0
"""After the system refused a process: asking again at once would only burn its last resources."""

NOTHING_ASKED = {"union": True, "default_graphs": (), "named_graphs": (), "limit": None}

logger = logging.getLogger(__name__)


class EmbeddedAnswer:
    """The ``Answer`` of one worker. Holds the worker until the last frame has been read."""

    def __init__(self, store: "EmbeddedStore", worker: Worker, media_type: str) -> None:
        self.media_type = media_type
        self.length: int | None = None
        self._store = store
        self._worker: Worker | None = worker
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
        if kind == END:
            self.length = sum(map(len, self._first))

    @property
    def frames(self) -> Iterator[bytes]:
        try:
            while self._first:
                yield self._first.popleft()
            while self._worker is not None:
                try:
                    kind, payload = self._read()
                except StoreError as error:
                    raise AnswerBroken(str(error)) from error
                if kind == FAILURE:
                    raise AnswerBroken(str(error_of(payload)))
                if kind == FRAME:
                    yield payload
        finally:
            self.close()

    def _read(self) -> tuple[bytes, bytes]:
        worker = self._worker
        if worker is None:
            raise EvaluationFailed("the answer was given up")
        try:
            kind, payload = worker.read()
        except EOFError:
            error = worker.cause_of_death()
            self.close()
            raise error from None
        if kind in (END, FAILURE):
            self._worker = None
            self._store._give_back(worker)
        return kind, payload

    def close(self) -> None:
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.kill()
            self._store._give_back(worker, dead=True)

    def __del__(self) -> None:
        self.close()


class EmbeddedStore:
    """A ``Store`` over an index: ``workers`` processes (0: one a core), each with ``memory_mb`` of address
    space; up to ``queue`` questions wait while all are busy; ``timeout`` seconds cover waiting, evaluating
    and streaming. ``union`` makes the default graph that of all named graphs."""

    def __init__(
        self,
        index: Path,
        *,
        workers: int = 0,
        timeout: float = 30,
        memory_mb: int = 2048,
        queue: int = 32,
        union: bool = True,
    ):
        self.index, self.timeout, self.memory_mb, self.queue = index.resolve(), timeout, memory_mb, queue
        self.union = union
        self.workers = workers or os.cpu_count() or 1
        # One lock for everything below. Waiters are woken in the order they came. It may be taken twice by
        # one thread: an answer nobody closed gives its worker back when it is collected, which is at any
        # time.
        lock = threading.RLock()
        self._turn = threading.Condition(lock)
        self._bell = threading.Condition(lock)
        self._idle: list[Worker] = []
        self._busy: set[Worker] = set()
        self._dead: list[Worker] = []
        self._waiting = 0
        self._closing = self._watch_ended = False
        self._watch = threading.Thread(
            target=self._keep_watch, name=f"watch {index.parent.name}", daemon=True
        )
        self._watch.start()
        try:
            deadline = time.monotonic() + max(timeout, START_SECONDS)
            self._ask({**NOTHING_ASKED, "text": "ASK {}"}, SOLUTIONS[0], deadline).close()
        except StoreError as error:
            self.close()
            raise StoreUnreadable(f"{index}: {error}") from error

    def answer(self, query: Query, media_type: str = "") -> EmbeddedAnswer:
        asked = self._read(query.text)
        media_type = media_type or default_format(asked.form)
        request = {
            "text": asked.text,
            "union": self.union and not asked.has_dataset,
            "default_graphs": query.default_graphs,
            "named_graphs": query.named_graphs,
            "limit": query.limit,
        }
        return self._ask(request, media_type, time.monotonic() + self.timeout)

    def graph(self, iri: str, media_type: str, may_be_empty: bool = False) -> EmbeddedAnswer:
        request = {"graph": iri, "union": self.union, "may_be_empty": may_be_empty}
        return self._ask(request, media_type, time.monotonic() + self.timeout)

    def select(self, text: str, **terms: Term) -> list[dict[str, Term]]:
        asked = self._read(text)
        bound = syntax.filled(asked, {name: str(term) for name, term in terms.items()})
        answer = self.answer(Query(bound, limit=PAGE_SOLUTIONS), SOLUTIONS[0])
        found = json.loads(b"".join(answer.frames))
        if "boolean" in found:
            return [{}] if found["boolean"] else []
        if found["more"]:
            raise QueryRefused(f"more than {PAGE_SOLUTIONS} solutions for one page")
        return [{name: term_of(value) for name, value in row.items()} for row in found["results"]["bindings"]]

    def close(self, at_once: bool = False) -> None:
        with self._turn:
            self._closing = True
            if at_once:
                for worker in list(self._busy):
                    worker.deadline = 0.0
            self._turn.notify_all()
            self._bell.notify_all()
        self._watch.join()

    @property
    def is_ready(self) -> bool:
        """Whether a worker is there to answer or is answering."""
        with self._turn:
            return bool(self._idle or self._busy) and not self._closing

    @staticmethod
    def _read(text: str) -> syntax.Syntax:
        try:
            asked = syntax.read(text)
        except ValueError as error:
            raise QueryMalformed(str(error)) from error
        if asked.is_update:
            raise QueryRefused(f"this is an update ({asked.form}); the store is read only")
        if asked.uses_service:
            raise QueryRefused("SERVICE is not evaluated here")
        return asked

    def _ask(self, request: dict[str, Any], media_type: str, deadline: float) -> EmbeddedAnswer:
        worker = self._take(deadline)
        try:
            worker.ask({**request, "media_type": media_type})
        except OSError:  # it has just died; reading its answer will say of what
            pass
        except BaseException:
            worker.kill()
            self._give_back(worker, dead=True)
            raise
        return EmbeddedAnswer(self, worker, media_type)

    def _take(self, deadline: float) -> Worker:
        """A worker of one's own, in turn. Raises ``StoreBusy`` at once, ``DeadlineExceeded`` when the time is
        over."""
        with self._turn:
            if self._waiting or not self._has_idle():
                # Counted with the busy: a worker that is being started anew is as good as one that is there.
                if len(self._busy) + self._waiting >= self.workers + self.queue and not self._closing:
                    raise StoreBusy(self._seconds_to_next())
                self._waiting += 1
                try:
                    self._turn.wait_for(
                        lambda: self._closing or self._has_idle(), deadline - time.monotonic()
                    )
                finally:
                    self._waiting -= 1
            if self._closing:
                raise StoreBusy(1)
            if not self._idle:
                raise DeadlineExceeded("the time was over before a worker was free")
            worker = self._idle.pop()
            worker.deadline = deadline
            self._busy.add(worker)
            self._bell.notify()
            return worker

    def _has_idle(self) -> bool:
        """Whether a living worker is idle; the last of ``_idle`` then is one."""
        while self._idle and self._idle[-1].has_ended:
            self._dead.append(self._idle.pop())
            self._bell.notify()
        return bool(self._idle)

    def _seconds_to_next(self) -> int:
        """When at the latest a worker will be free: the nearest deadline."""
        nearest = min((worker.deadline for worker in self._busy), default=0.0)
        return max(1, math.ceil(nearest - time.monotonic()))

    def _give_back(self, worker: Worker, dead: bool = False) -> None:
        with self._turn:
            self._busy.discard(worker)
            worker.deadline = math.inf
            if self._watch_ended:
                worker.kill()
                worker.bury()
            elif dead or worker.overdue:
                self._dead.append(worker)
            else:
                self._idle.append(worker)
                self._turn.notify()
            self._bell.notify()

    def _keep_watch(self) -> None:
        """The watch's thread: until the store closes and no answer is under way that may still go on."""
        with self._turn:
            while not (self._closing and all(worker.overdue for worker in list(self._busy))):
                if self._kill_the_overdue():
                    continue  # that may have been the last one to wait for
                if self._dead:
                    self._bury()
                elif not self._closing and len(self._idle) + len(self._busy) < self.workers:
                    self._start_one()
                else:
                    deadlines = [worker.deadline for worker in list(self._busy) if not worker.overdue]
                    nearest = min(deadlines, default=math.inf)
                    self._bell.wait(None if nearest == math.inf else max(0.0, nearest - time.monotonic()))
            self._dead += self._idle
            self._idle = []
            for worker in self._dead:
                worker.kill()
            self._bury()
            self._watch_ended = True

    def _kill_the_overdue(self) -> bool:
        now = time.monotonic()
        overdue = [worker for worker in list(self._busy) if worker.deadline <= now and not worker.overdue]
        for worker in overdue:
            worker.overdue = True
            worker.kill()
        return bool(overdue)

    def _bury(self) -> None:
        dead, self._dead = self._dead, []
        self._turn.release()
        try:
            for worker in dead:
                worker.bury()
        finally:
            self._turn.acquire()

    def _start_one(self) -> None:
        """One worker more. Who asks it first waits for it to open the index, some 60 ms, so it is taken
        last."""
        try:
            self._idle.insert(0, Worker("app.store.worker", str(self.index), str(self.memory_mb)))
            self._turn.notify()
        except OSError as error:
            logger.error("no process for a worker: %s", error)
            self._bell.wait(RESTART_PAUSE_SECONDS)


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
