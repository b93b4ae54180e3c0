"""The parent's side of a worker: the process, its pipes, and what it died of."""

import contextlib
import logging
import math
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from app.store.ledger import Evaluation
from app.store.query import DeadlineExceeded, EvaluationFailed, MemoryExceeded, StoreError
from app.store.records import read_record, request

DEATH_SECONDS = 5
"""How long the end of a killed process may take to be seen, freeing some gigabytes included."""

LOW_PRIORITY = 10
"""Of setpriority(2): a tenth of the share of an ordinary process, so that what is slow still gets on while others are busy."""

MESSAGE_BYTES = 2000
"""What is kept of a worker's last words: the cause comes first, a backtrace of the engine after it."""

logger = logging.getLogger(__name__)


class Worker:
    """One process of ``module``, and the pipe to it. Started by a thread that outlives it, used by one question at a
    time."""

    def __init__(self, module: str, *arguments: str) -> None:
        root = str(Path(__file__).resolve().parents[2])
        paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
        # An unnamed file and not a pipe: nobody reads it while the worker runs, and it must not fill.
        self._messages = tempfile.TemporaryFile()  # noqa: SIM115  (it lives as long as the worker)
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", module, *arguments, str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._messages,
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join(paths),
                "MALLOC_ARENA_MAX": "2",
            },
            cwd="/",
        )
        self._begun = 0.0
        self.yields = False
        """Whether it leaves the processor to others."""
        self.evaluation: Evaluation | None = None
        """What it is busy with."""
        self.deadline = math.inf
        """When the watch kills it, on the monotonic clock."""
        self.overdue = False
        """Whether the watch did, be it for the deadline or because nobody wants the answer."""

    def ask(self, content: dict[str, Any]) -> None:
        """Send a request. Raises ``OSError`` when the worker has ended."""
        assert self.process.stdin is not None
        self.process.stdin.write(request(content))
        self.process.stdin.flush()

    def read(self) -> tuple[bytes, bytes]:
        """The next record, kind and payload. Raises ``EOFError`` when the worker has ended."""
        assert self.process.stdout is not None
        return read_record(self.process.stdout)

    @property
    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def kill(self) -> None:
        self.process.kill()

    def begin(self, evaluation: Evaluation) -> None:
        """Be busy with this from now on."""
        self.evaluation, self.deadline, self._begun = evaluation, evaluation.deadline, time.monotonic()

    @property
    def evaluating_seconds(self) -> float:
        """How long it has been busy with what it is busy with."""
        return time.monotonic() - self._begun

    def yield_to_others(self) -> None:
        """Leave the processor to others. That can never be taken back, so it is to be ended afterwards."""
        self.yields = True
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, self.process.pid, LOW_PRIORITY)

    def rest(self) -> None:
        """Be busy with nothing."""
        self.evaluation, self.deadline = None, math.inf

    def has_to_end(self) -> bool:
        """Whether its time is over, or its answer unwanted."""
        unwanted = self.evaluation is not None and self.evaluation.is_unwanted
        return unwanted or self.deadline <= time.monotonic()

    def bury(self) -> None:
        """Wait for the process to be gone and let go of its pipes."""
        try:
            self.process.wait(DEATH_SECONDS)
        except subprocess.TimeoutExpired:
            logger.warning("worker %d does not end", self.process.pid)
        for pipe in (self.process.stdin, self.process.stdout, self._messages):
            try:
                if pipe is not None:
                    pipe.close()
            except BrokenPipeError:
                pass

    def cause_of_death(self) -> StoreError:
        """What to say about a worker that ended in the middle of an answer."""
        if self.overdue:
            late = DeadlineExceeded("the deadline has passed")
            return self.evaluation.why_ended() if self.evaluation else late
        try:
            code = self.process.wait(DEATH_SECONDS)
        except subprocess.TimeoutExpired:
            code = 0
        self._messages.seek(0)
        said = self._messages.read(MESSAGE_BYTES).decode(errors="replace").strip()
        # The engine aborts when the limit refuses it memory: Rust and C++ each in their own words.
        if "memory allocation" in said or "bad_alloc" in said or "MemoryError" in said:
            return MemoryExceeded("the evaluation wanted more memory than it may have")
        name = signal.Signals(-code).name if code < 0 else f"status {code}"
        logger.error("worker %d ended with %s: %s", self.process.pid, name, said)
        return EvaluationFailed(f"the evaluating process ended ({name})")
