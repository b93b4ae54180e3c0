"""A module run as a process of its own, confined: what others sent may eat its memory, run for ever or end it, and no
more.

The module is run as ``python -m MODULE ARGUMENT… PARENT_PID``; it confines itself with ``app.processes.confinement`` and
writes JSON.
"""

import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

LAST_WORDS = 500
"""Bytes logged of what a process said that did not end well; the cause comes first, a backtrace after it."""

logger = logging.getLogger(__name__)


class TookTooLong(Exception):
    """It had not ended at its deadline."""


class Ended(Exception):
    """It ended without an answer: mostly its memory was not enough."""


def run(module: str, arguments: list[str], seconds: float) -> Any:
    """What a module of ours answers. Raises ``TookTooLong`` and ``Ended``."""
    done = called(module, [*arguments, str(os.getpid())], seconds)
    if done.returncode:
        logger.warning("%s ended with %d: %s", module, done.returncode, done.stderr[:LAST_WORDS])
        raise Ended
    return json.loads(done.stdout)


def called(module: str, arguments: list[str], seconds: float) -> "subprocess.CompletedProcess[bytes]":
    """A module of ours run to its end, wherever this process stands. Raises ``TookTooLong``."""
    root = str(Path(__file__).resolve().parents[2])
    paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
    try:
        return subprocess.run(
            [sys.executable, "-P", "-m", module, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=seconds,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            cwd="/",
            check=False,
        )
    except subprocess.TimeoutExpired as expired:
        raise TookTooLong from expired
