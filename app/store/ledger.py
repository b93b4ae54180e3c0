"""What is being asked of a service's stores, and how it ended: operators see and stop the one, graphs are drawn of the
other.

One ledger lives as long as the service; the stores of its releases, which come and go, all write into it.
"""

import itertools
import math
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from app.store.query import (
    DeadlineExceeded,
    MemoryExceeded,
    QueryMalformed,
    Stopped,
    StoreBusy,
    StoreError,
)

POLL_SECONDS = 0.1
"""How often a store looks whether an evaluation is still wanted and has time left: soon enough for who pressed Stop and for
a deadline, too seldom to cost anything."""

WAITING, EVALUATING, SENDING = "waiting", "evaluating", "sending"
STATES = (WAITING, EVALUATING, SENDING)
"""What becomes of a question: it waits for its turn, is evaluated, and its answer is sent."""

ANSWERED, LEFT = "answered", "left"
OUTCOMES = (ANSWERED, "deadline", "memory", "stopped", LEFT, "busy", "malformed", "failed")
"""How an evaluation ends. ``left``: whoever asked went away; ``stopped``: an operator ended it; ``busy``: the queue was full."""

_OUTCOME_OF: dict[type[StoreError], str] = {
    DeadlineExceeded: "deadline",
    MemoryExceeded: "memory",
    Stopped: "stopped",
    StoreBusy: "busy",
    QueryMalformed: "malformed",
}


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Client:
    """Who asks."""

    name: str = ""
    """By which an operator finds the request in the log."""
    is_gone: Callable[[], bool] = _never
    """Whether nobody waits for the answer any more. Called from other threads."""
    deadline: float = math.inf
    """On the monotonic clock: until when it waits for all that it asks, where it asks more than one thing."""


@dataclass(eq=False, slots=True)
class Evaluation:
    """A question, from being asked until the last byte of its answer."""

    id: str
    text: str
    client: Client
    deadline: float
    """On the monotonic clock."""
    began: float = field(default_factory=time.monotonic)
    state: str = WAITING
    stop_asked: bool = False
    """Whether an operator wants it ended."""

    @property
    def is_unwanted(self) -> bool:
        return self.stop_asked or self.client.is_gone()

    @property
    def has_to_end(self) -> bool:
        """Whether nobody wants it any more, or its time is over."""
        return self.is_unwanted or time.monotonic() >= self.deadline

    @property
    def seconds(self) -> float:
        """Since it was asked."""
        return time.monotonic() - self.began

    def why_ended(self) -> StoreError:
        """What to say of it where its store ended it before it was done."""
        return (
            Stopped("the query was stopped")
            if self.is_unwanted
            else DeadlineExceeded("the deadline has passed")
        )


class Ledger:
    """The evaluations under way, and how many ended how. ``asker`` tells, in the thread that asks, who does."""

    def __init__(self, asker: Callable[[], Client] = Client) -> None:
        self._asker = asker
        # It may be taken twice by one thread: an answer nobody closed ends when it is collected, which is at any time.
        self._lock = threading.RLock()
        self._numbers = itertools.count(1)
        self._under_way: dict[str, Evaluation] = {}
        self._ended = Counter[str]()

    def begin(self, text: str, deadline: float) -> Evaluation:
        """A question that has just been asked. It has to be answered by the ``deadline``, or by that of who asks."""
        client = self._asker()
        deadline = min(deadline, client.deadline)
        evaluation = Evaluation(f"{next(self._numbers):x}", text, client, deadline)
        with self._lock:
            self._under_way[evaluation.id] = evaluation
        return evaluation

    def end(self, evaluation: Evaluation, error: StoreError | None = None, given_up: bool = False) -> None:
        """It has ended, with an error or ``given_up`` by who asked, who has either gone or wanted no more of it. Said more than
        once, the first counts."""
        with self._lock:
            if self._under_way.pop(evaluation.id, None) is None:
                return
            if isinstance(error, Stopped) and not evaluation.stop_asked:
                outcome = LEFT
            elif given_up:
                outcome = LEFT if evaluation.client.is_gone() else ANSWERED
            else:
                outcome = ANSWERED if error is None else _OUTCOME_OF.get(type(error), "failed")
            self._ended[outcome] += 1

    def stop(self, identifier: str) -> bool:
        """Have an evaluation ended; False where there is none of that id."""
        with self._lock:
            evaluation = self._under_way.get(identifier)
            if evaluation is not None:
                evaluation.stop_asked = True
        return evaluation is not None

    def under_way(self) -> list[Evaluation]:
        """Those of the moment, the oldest first."""
        with self._lock:
            return list(self._under_way.values())

    def ended(self) -> dict[str, int]:
        """How many ended how, since the service began: every outcome there is."""
        with self._lock:
            return {outcome: self._ended[outcome] for outcome in OUTCOMES}
