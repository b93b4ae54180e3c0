"""The door: answers that were given before are given again without the rest of the service being troubled.

What an answer to ``GET /sparql`` depends on is its address, the Accept header, the host and the release in force, and nothing
else once it is one that is kept (``answers``). So the whole response, head and body, is at hand under these, and counted and
logged like any other.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask

from app.web.answers import KEPT, Answers
from app.web.journal import HEADER, Journal, id_of
from app.web.live import Live
from app.web.metrics import Requests

PATHS = ("/sparql", "/sparql/")
ENDPOINT = "sparql.endpoint"

MOST = 4096
"""Heads that are kept; with their keys some megabytes."""

KEY_CHARACTERS = 2000
"""An address that is longer, with Accept and Host, goes the long way; most queries by GET are shorter."""

Environ = dict[str, Any]
StartResponse = Callable[..., Any]


class Door:
    """A WSGI application before the service's own."""

    def __init__(
        self, app: Flask, live: Live, answers: Answers, requests: Requests, journal: Journal
    ) -> None:
        self._inner, self._live, self._answers = app.wsgi_app, live, answers
        self._requests, self._journal = requests, journal
        self._heads: OrderedDict[tuple[str, ...], tuple[str, list[tuple[str, str]]]] = OrderedDict()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        key = self._key(environ)
        if key is None:
            return self._inner(environ, start_response)
        begun = time.perf_counter()
        tag, head = self._heads.get(key, ("", []))
        body = self._answers.get(tag) if tag else None
        if body is None:
            return self._inner(environ, self._remembering(key, environ, start_response))
        identity = id_of(environ.get("HTTP_X_REQUEST_ID", ""))
        start_response("200 OK", [*head, (HEADER, identity)])
        seconds = time.perf_counter() - begun
        self._requests.count(ENDPOINT, 200, seconds)
        address, path = environ.get("REMOTE_ADDR"), environ["PATH_INFO"]
        self._journal.note(identity, address, "GET", path, ENDPOINT, 200, seconds)
        return [body]

    def _key(self, environ: Environ) -> tuple[str, ...] | None:
        """What a kept answer to this request depends on; None where it must go the long way."""
        query, accept = environ.get("QUERY_STRING", ""), environ.get("HTTP_ACCEPT", "")
        host = environ.get("HTTP_HOST", "")
        if (
            environ["REQUEST_METHOD"] != "GET"
            or environ.get("PATH_INFO") not in PATHS
            or not query
            or len(query) + len(accept) + len(host) > KEY_CHARACTERS
            or "HTTP_IF_NONE_MATCH" in environ
            or "HTTP_RANGE" in environ
        ):
            return None
        release = self._live.followed()
        if release is None:
            return None
        return (
            release,
            environ["PATH_INFO"],
            query,
            accept,
            host,
        )

    def _remembering(
        self, key: tuple[str, ...], environ: Environ, start_response: StartResponse
    ) -> StartResponse:
        """``start_response``, and the head is kept where the body is."""

        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            names = {name.lower() for name, _ in headers}
            tag, release = environ.get(KEPT, ("", ""))
            # The pointer may have moved since the key was made.
            if tag and key[0].endswith(f"/{release}") and status == "200 OK" and "set-cookie" not in names:
                head = [(name, value) for name, value in headers if name != HEADER]
                self._heads[key] = (tag, head)
                if len(self._heads) > MOST:
                    self._heads.popitem(last=False)
            return start_response(status, headers, *more)

        return start
