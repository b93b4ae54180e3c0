"""The audit log: a line for every release that was made, by whom, from what, and what was found.

It is only added to; nothing in the software reads it, so whoever keeps it may rotate it.
"""

import getpass
import json
import os
from pathlib import Path
from typing import Any

FILE = "audit.jsonl"


def note(root: Path, entry: dict[str, Any]) -> None:
    """Add a line to the log under ``root``, on the disk when this returns."""
    line = json.dumps(entry, ensure_ascii=False) + "\n"
    descriptor = os.open(root / FILE, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
    with os.fdopen(descriptor, "a", encoding="utf-8") as file:
        file.write(line)
        file.flush()
        os.fsync(file.fileno())


def user() -> str:
    """The user this process runs as; in containers there may be none with a name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"
