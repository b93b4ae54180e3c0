"""The store over an index on this machine: a few worker processes, a bounded queue, and one deadline a
question.

Nothing stops an evaluation in this engine, so each runs in a process that can be killed (``worker``). A
single thread, the watch, starts every worker and kills those past their deadline. It must be one long-lived
thread: the kernel ties a worker's life to the thread that started it (prctl(2), PR_SET_PDEATHSIG), and the
threads of a web server come and go. Who reads an answer simply reads the pipe: a killed worker is the end of
the pipe.
"""

import logging
import math
import os
import threading
import time
from collections import deque
from pathlib import Path
from typing import Any

from app.store.answer import ASIDE, FramedAnswer, default_format, readable, selected
from app.store.ledger import EVALUATING, POLL_SECONDS, Evaluation, Ledger
from app.store.process import Worker
from app.store.query import (
    SOLUTIONS,
    Query,
    StoreBusy,
    StoreError,
    StoreUnreadable,
)
from app.store.terms import Term

START_SECONDS = 20
"""For opening a store, which has no client yet that waits: a loaded machine may be slow, a hung disk is a
fault."""

QUICK_SECONDS = 0.05
"""Pages and lookups take some milliseconds. A question that takes longer leaves its place to those that wait, if any do."""

SLOW_SECONDS = 1.0
"""A question that takes longer is slow: it leaves its place in any case, and the processor to others."""

RESTART_PAUSE_SECONDS = 1.0
"""After the system refused a process: asking again at once would only burn its last resources."""

NOTHING_ASKED = {"union": True, "default_graphs": (), "named_graphs": (), "limit": None}

logger = logging.getLogger(__name__)


class EmbeddedStore:
    """A ``Store`` over an index: ``workers`` processes (0: one a core), each with ``memory_mb`` of address
    space; up to ``queue`` questions wait while all are busy; ``timeout`` seconds cover waiting, evaluating
    and streaming. ``union`` makes the default graph that of all named graphs. Questions that turn out large or slow leave
    their place to others: up to ``ASIDE`` workers more are started for that. What is asked is written into
    ``ledger``. Workers may open no connection, but where there is a ``forwarder_port``, to that port of this machine."""

    def __init__(
        self,
        index: Path,
        *,
        workers: int = 0,
        timeout: float = 30,
        memory_mb: int = 2048,
        queue: int = 32,
        union: bool = True,
        ledger: Ledger | None = None,
        forwarder_port: int = 0,
    ):
        self.index, self.timeout, self.memory_mb, self.queue = index.resolve(), timeout, memory_mb, queue
        self.union = union
        self.ledger = ledger or Ledger()
        self._forwarder_port = forwarder_port
        self.workers = workers or os.cpu_count() or 1
        # One lock for everything below. It may be taken twice by one thread: an answer nobody closed gives its worker back
        # when it is collected, which is at any time.
        lock = threading.RLock()
        self._lock = lock
        self._bell = threading.Condition(lock)
        self._idle: list[Worker] = []
        self._busy: set[Worker] = set()
        self._aside: set[Worker] = set()  # those of the busy that have left their place to others
        self._dead: list[Worker] = []
        self._line: deque[threading.Condition] = deque()  # those that wait, in the order they came
        self._closing = self._watch_ended = False
        self._watch = threading.Thread(
            target=self._keep_watch, name=f"watch {index.parent.name}", daemon=True
        )
        self._watch.start()
        try:
            trial = Ledger().begin("ASK {}", time.monotonic() + max(timeout, START_SECONDS))
            self._ask({**NOTHING_ASKED, "text": trial.text}, SOLUTIONS[0], trial).close()
        except StoreError as error:
            self.close()
            raise StoreUnreadable(f"{index}: {error}") from error

    def answer(self, query: Query, media_type: str = "", noted: str = "") -> FramedAnswer:
        """As ``Store.answer``; the ledger has the question as ``noted``, where that is not its text."""
        asked = readable(query.text, may_reach_out=bool(self._forwarder_port))
        media_type = media_type or default_format(asked.form)
        request = {
            "text": asked.text,
            "union": self.union and not asked.has_dataset,
            "default_graphs": query.default_graphs,
            "named_graphs": query.named_graphs,
            "limit": query.limit,
        }
        return self._ask(request, media_type, self._begin(noted or asked.text))

    def graph(self, iri: str, media_type: str, may_be_empty: bool = False) -> FramedAnswer:
        request = {"graph": iri, "union": self.union, "may_be_empty": may_be_empty}
        return self._ask(request, media_type, self._begin(f"GRAPH <{iri}>" if iri else "DEFAULT"))

    def select(self, text: str, **terms: Term) -> list[dict[str, Term]]:
        return selected(self, text, terms)

    def close(self, at_once: bool = False) -> None:
        with self._lock:
            self._closing = True
            if at_once:
                for worker in list(self._busy):
                    worker.deadline = 0.0
            for turn in self._line:
                turn.notify()
            self._bell.notify_all()
        self._watch.join()

    @property
    def is_ready(self) -> bool:
        """Whether a worker is there to answer or is answering."""
        with self._lock:
            return bool(self._idle or self._busy) and not self._closing

    def _begin(self, text: str) -> Evaluation:
        return self.ledger.begin(text, time.monotonic() + self.timeout)

    def _ask(self, request: dict[str, Any], media_type: str, evaluation: Evaluation) -> FramedAnswer:
        try:
            worker = self._take(evaluation)
        except StoreError as error:
            self.ledger.end(evaluation, error)
            raise
        try:
            worker.ask({**request, "media_type": media_type})
        except OSError:  # it has just died; reading its answer will say of what
            pass
        except BaseException:
            self.ledger.end(evaluation, given_up=True)
            worker.kill()
            self.give_back(worker, dead=True)
            raise
        return FramedAnswer(worker, self, evaluation, media_type)

    def _take(self, evaluation: Evaluation) -> Worker:
        """A worker of one's own, in turn. Raises ``StoreBusy`` at once, ``DeadlineExceeded`` when the time is
        over, ``Stopped`` when nobody waits any more."""
        with self._lock:
            if self._line or not self._has_place():
                # Counted with the busy: a worker that is being started anew is as good as one that is there.
                if self._in_places() + len(self._line) >= self.workers + self.queue and not self._closing:
                    raise StoreBusy(self._seconds_to_next())
                turn = threading.Condition(self._lock)
                self._line.append(turn)
                try:
                    has_place = self._wait_for(turn, evaluation)
                finally:
                    self._line.remove(turn)
            else:
                has_place = not evaluation.has_to_end
            if self._closing:
                raise StoreBusy(1)
            if not has_place:
                self._call_next()
                raise evaluation.why_ended()
            worker = self._idle.pop()
            worker.begin(evaluation)
            evaluation.state = EVALUATING
            self._busy.add(worker)  # the watch will see it; to wake it costs more than most questions
            self._call_next()  # there may be a second place
            return worker

    def _wait_for(self, turn: threading.Condition, evaluation: Evaluation) -> bool:
        """Whether it got a place, being the first in the line, before the store closes, the time is over or nobody wants the
        answer any more."""
        while not (evaluation.has_to_end or self._closing):
            if self._line[0] is not turn:
                turn.wait(POLL_SECONDS)
            elif self._has_place():
                return True
            else:
                turn.wait(min(POLL_SECONDS, self._set_aside_what_takes(QUICK_SECONDS)))
        return False

    def _call_next(self) -> None:
        """Wake the first in the line, and nobody else: of the others each would only find that it is not its turn."""
        if self._line:
            self._line[0].notify()

    def _has_place(self) -> bool:
        """Whether another question may be evaluated now; the last of ``_idle`` is then alive."""
        return self._in_places() < self.workers and self._has_idle()

    def _in_places(self) -> int:
        """Of the busy workers, those that keep others waiting; one that was killed keeps nobody, whoever still reads."""
        return sum(not worker.overdue for worker in list(self._busy - self._aside))

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

    def make_room(self, worker: Worker) -> None:
        with self._lock:
            self._set_aside(worker)

    def _set_aside(self, worker: Worker) -> bool:
        has_room = worker in self._busy - self._aside and len(self._aside) < ASIDE
        if has_room:
            self._aside.add(worker)
            self._call_next()
            self._bell.notify()
        return has_room

    def _set_aside_what_takes(self, seconds: float) -> float:
        """Set aside what has been evaluated for so long; in how many seconds the next will have been."""
        soonest = seconds
        for worker in list(self._busy - self._aside):
            left = seconds - worker.evaluating_seconds
            if left > 0:
                soonest = min(soonest, left)
            else:
                self._set_aside(worker)
        return soonest

    def _wanted(self) -> int:
        """Workers that are to be idle or in a place. Where something has been set aside more of its kind may come: then one
        waits ready besides, for to start one takes longer than most questions."""
        return self.workers + bool(self._aside)

    def give_back(self, worker: Worker, dead: bool = False) -> None:
        with self._lock:
            self._busy.discard(worker)
            self._aside.discard(worker)
            worker.rest()
            if self._watch_ended:
                worker.kill()
                worker.bury()
            elif dead or worker.overdue or worker.yields:
                worker.kill()
                self._dead.append(worker)
                self._bell.notify()
            else:  # also where there are enough: to end and start them by turns costs more than a few that are idle
                self._idle.append(worker)
                self._call_next()
                if self._closing:
                    self._bell.notify()

    def _keep_watch(self) -> None:
        """The watch's thread: until the store closes and no answer is under way that may still go on."""
        with self._lock:
            while not (self._closing and all(worker.overdue for worker in list(self._busy))):
                if self._kill_the_overdue():
                    continue  # that may have been the last one to wait for
                self._set_the_slow_aside()
                if self._dead:
                    self._bury()
                elif not self._closing and len(self._idle) + self._in_places() < self._wanted():
                    self._start_one()
                else:
                    deadlines = [worker.deadline for worker in list(self._busy) if not worker.overdue]
                    nearest = min(deadlines, default=math.inf) - time.monotonic()
                    self._bell.wait(max(0.0, min(nearest, POLL_SECONDS)))
            self._dead += self._idle
            self._idle = []
            for worker in self._dead:
                worker.kill()
            self._bury()
            self._watch_ended = True

    def _kill_the_overdue(self) -> bool:
        overdue = [worker for worker in list(self._busy) if not worker.overdue and worker.has_to_end()]
        for worker in overdue:
            worker.overdue = True
            worker.kill()
        return bool(overdue)

    def _set_the_slow_aside(self) -> None:
        """What takes long has time: others go before it, on the processor, too."""
        self._set_aside_what_takes(SLOW_SECONDS)
        for worker in list(self._aside):
            if not worker.yields and worker.evaluating_seconds > SLOW_SECONDS:
                worker.yield_to_others()

    def _bury(self) -> None:
        dead, self._dead = self._dead, []
        self._lock.release()
        try:
            for worker in dead:
                worker.bury()
        finally:
            self._lock.acquire()

    def _start_one(self) -> None:
        """One worker more. Who asks it first waits for it to open the index, some 60 ms, so it is taken
        last."""
        try:
            settings = map(str, (self.index, self.memory_mb, self._forwarder_port))
            self._idle.insert(0, Worker("app.store.worker", *settings))
            self._call_next()
        except OSError as error:
            logger.error("no process for a worker: %s", error)
            self._bell.wait(RESTART_PAUSE_SECONDS)
