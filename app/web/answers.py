"""Answers given before, kept as long as there is room: a release never changes, so the same question about the same graphs
has the same answer.
"""

import threading
from collections import OrderedDict

MOST_BYTES = 64 * 1024 * 1024
"""Of all answers kept. An answer that is kept is one frame at most, 64 KB, so that is a thousand large ones and many more
small."""


class Answers:
    """Bodies by the tag that stands for everything they depend on; the one longest unasked for goes first."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self.bytes = self.hits = self.misses = 0

    def get(self, tag: str) -> bytes | None:
        """The answer of that tag, if it is kept."""
        with self._lock:
            body = self._kept.get(tag)
            if body is None:
                self.misses += 1
                return None
            self.hits += 1
            self._kept.move_to_end(tag)
            return body

    def keep(self, tag: str, body: bytes) -> None:
        """Keep an answer."""
        with self._lock:
            if tag in self._kept or len(body) > self._most:
                return
            self._kept[tag] = body
            self.bytes += len(body)
            while self.bytes > self._most:
                _, gone = self._kept.popitem(last=False)
                self.bytes -= len(gone)
