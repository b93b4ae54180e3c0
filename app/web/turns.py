"""Work that takes much, done by a few at a time."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from app.web.language import say
from app.web.problem import Problem


class Turns:
    """``at_once`` turns, and ``waiting`` places to wait for one for ``seconds``. Who finds no place is told so at once: each who
    waits holds a thread of the server, and the others need theirs."""

    def __init__(self, at_once: int, waiting: int, seconds: int, busy: str) -> None:
        self.threads = at_once + waiting
        """Threads that may be held here."""
        self._turns = threading.BoundedSemaphore(at_once)
        self._places = threading.BoundedSemaphore(self.threads)
        self._seconds, self._busy = seconds, busy

    @contextmanager
    def one(self) -> Iterator[None]:
        """Have a turn. Raises ``Problem``."""
        with self._held(self._places, 0), self._held(self._turns, self._seconds):
            yield

    @contextmanager
    def _held(self, places: threading.BoundedSemaphore, seconds: float) -> Iterator[None]:
        if not places.acquire(timeout=seconds):
            raise Problem("busy", say(self._busy), headers={"Retry-After": str(self._seconds)})
        try:
            yield
        finally:
            places.release()
