"""Answers given before, kept as long as there is room: a release never changes, so the same question about the same graphs
has the same answer.
"""

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from flask import Response, current_app, request

from app.store import Answer
from app.web import allowance
from app.web.live import current_release

MOST_BYTES = 64 * 1024 * 1024
"""Of all answers kept. An answer that is kept is one frame at most, 64 KB, so that is a thousand large ones and many more
small."""


KEPT = "zwfw.kept"
"""In the environment of a request: the tag under which the body of its answer is kept, and the release it is of."""


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


def sent(answer: Callable[[], Answer], media_type: str, seen: list[Any] | None) -> Response:
    """What ``answer`` gives, as the response to a client that may have it already. ``seen`` is everything its bytes depend
    on; None where they differ each time.

    The beginning of an answer is certain. Where its end is too, it has a length and the connection lives on; otherwise it
    is streamed, and an ``AnswerBroken`` leaves the server without its last chunk.
    """
    tag = None if seen is None else hashlib.sha256(json.dumps(seen).encode()).hexdigest()[:32]
    if tag is not None and request.if_none_match.contains(tag):
        response = Response(status=304)
    elif tag is not None and (kept := _answers().get(tag)) is not None:
        response = Response(kept, content_type=f"{media_type}; charset=utf-8")
        request.environ[KEPT] = (tag, current_release().id)
    else:
        allowance.spend()
        under_way = answer()
        body: Any = under_way.frames
        if under_way.length is not None:
            body = b"".join(under_way.frames)
            if tag is not None:
                _answers().keep(tag, body)
                request.environ[KEPT] = (tag, current_release().id)
        response = Response(body, content_type=f"{media_type}; charset=utf-8")
        response.call_on_close(under_way.close)
    if tag is not None:
        response.set_etag(tag)
    response.cache_control.no_cache = True  # ask again: a new release may be in force
    response.vary.add("Accept")
    return response


def _answers() -> Answers:
    answers: Answers = current_app.extensions["answers"]
    return answers
