"""Saying on stderr what goes on, once it has gone on for a while."""

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator

PATIENCE_SECONDS = 2.0
"""What takes longer than this says what it is doing; what is quicker keeps quiet."""


@contextlib.contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """Gives a function to be told, a line each, what is being done."""
    doing = ""
    over = threading.Event()
    started = time.monotonic()

    def say(line: str) -> None:
        nonlocal doing
        doing = line
        if time.monotonic() - started > PATIENCE_SECONDS:
            print(line, file=sys.stderr, flush=True)

    def remind() -> None:
        if not over.wait(PATIENCE_SECONDS) and doing:
            print(doing, file=sys.stderr, flush=True)

    reminder = threading.Thread(target=remind, daemon=True)
    reminder.start()
    try:
        yield say
    finally:
        over.set()
        reminder.join()
