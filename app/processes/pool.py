"""Work spread over processes: one task, or what is soon done, in this process; more in a pool of others.

Processes and not threads: the store's engine aborts the process when a result is used in another thread, and Python
runs one thread at a time. Spawned and not forked: a fork would inherit an open store. None of them outlives this one.
"""

import functools
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from app.processes.confinement import end_with_client

MEMORY_PER_PROCESS = 1_500_000_000
"""Bytes of free memory wanted for each process: a region of 10⁵ triples takes well under 1 GB to read and check."""

WORTH_SECONDS = 6.0
"""Less expected work than this is done here: starting a process and reading the standard system in it takes two."""

_Task = TypeVar("_Task")
_Found = TypeVar("_Found")


class ProcessLost(Exception):
    """A process of the pool ended in the middle of its work: killed, mostly for want of memory."""


def jobs_here() -> int:
    """How many processes this machine bears: one for each processor, as far as the free memory is enough."""
    return max(1, min(len(os.sched_getaffinity(0)), _free_memory() // MEMORY_PER_PROCESS))


def _free_memory() -> int:
    """Free memory in bytes, of the machine and of the control group a container runs in."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    free = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    group = Path("/sys/fs/cgroup")
    try:
        allowed, used = ((group / name).read_text().strip() for name in ("memory.max", "memory.current"))
    except OSError:
        return free
    return free if allowed == "max" else min(free, int(allowed) - int(used))


class Processes:
    """Runs functions over tasks, in ``jobs`` processes: where none are given, in as many as the machine bears if that is
    worth it. ``loaded`` are the arguments that follow the task in every call; ``load`` makes the same elsewhere."""

    def __init__(
        self, jobs: int | None, loaded: tuple[Any, ...], load: Callable[[], tuple[Any, ...]]
    ) -> None:
        self.jobs, self._worth = (jobs_here(), WORTH_SECONDS) if jobs is None else (jobs, 0.0)
        self._loaded, self._load = loaded, load
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> "Processes":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: BaseException | TracebackType | None) -> None:
        if self._pool is None:
            return
        if kind is not None:
            # Nobody wants what is being worked on any more, and the pool would wait for it.
            for process in multiprocessing.active_children():
                process.terminate()
        self._pool.shutdown(cancel_futures=True)

    def each(
        self, function: Callable[..., _Found], tasks: Sequence[_Task], seconds: float
    ) -> Iterator[_Found]:
        """``function`` of each task, in the order of the tasks whichever is done first; ``seconds`` is what they are
        expected to take. Raises ``ProcessLost``."""
        if self.jobs == 1 or len(tasks) < 2 or (self._pool is None and seconds < self._worth):
            for task in tasks:
                yield function(task, *self._loaded)
            return
        if self._pool is None:
            spawn = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(self.jobs, spawn, _begin, (self._load,))
        try:
            yield from self._pool.map(functools.partial(_run, function), tasks)
        except BrokenProcessPool as broken:
            raise ProcessLost from broken


_loaded_here: tuple[Any, ...] = ()


def _begin(load: Callable[[], tuple[Any, ...]]) -> None:
    """In a new process: end with the parent, and on Ctrl-C without a word; load what every task needs."""
    global _loaded_here
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    end_with_client()
    _loaded_here = load()


def _run(function: Callable[..., _Found], task: Any) -> _Found:
    return function(task, *_loaded_here)
