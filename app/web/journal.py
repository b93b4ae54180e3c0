"""The journal of requests: each has an id, which its answer tells, and a line of JSON in the log where one is kept.

A line has the path and never what follows its question mark, so that no query and no token is in it; what was asked of the
store stands in ``/queries`` while it runs, under the same id.
"""

import datetime
import itertools
import json
import logging
import re
import secrets
import sys
import time
from pathlib import Path

from flask import Flask, Response, g, request

REQUEST_ID = re.compile(r"[A-Za-z0-9._\-]{8,64}")
"""What is taken over from a proxy that has named the request already. Anything else could forge lines of a log."""

HEADER = "X-Request-ID"
PATH_CHARACTERS = 500
"""Of a path, in the log; a stranger may send 256 KB."""


logger = logging.getLogger(__name__)

_PROCESS, _NUMBERS = secrets.token_hex(4), itertools.count(1)


def id_of(said: str) -> str:
    """The id of a request: the one it brings, where that can be taken over, else a new one."""
    return said if REQUEST_ID.fullmatch(said) else f"{_PROCESS}-{next(_NUMBERS):x}"


class Journal:
    """A log that only grows, none with ``""``, standard error with ``"-"``. A file is opened for each line, so that it may be
    moved away at any time (logrotate). Raises ``OSError`` where it cannot be written."""

    def __init__(self, path: str) -> None:
        self._path, self._has_failed = path, False
        if path not in ("", "-"):
            with Path(path).open("ab"):
                pass  # what cannot be written is to be told now

    def note(
        self,
        identity: str,
        client: str | None,
        method: str,
        path: str,
        endpoint: str | None,
        status: int,
        seconds: float,
        **more: str | None,
    ) -> None:
        """Add a line for a request, in one piece: several threads and processes may write."""
        if not self._path:
            return
        entry = {
            "time": datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds"),
            "id": identity,
            "client": client,
            "method": method,
            "path": path[:PATH_CHARACTERS],
            "endpoint": endpoint,
            "status": status,
            "seconds": round(seconds, 4),
            **{name: value for name, value in more.items() if value is not None},
        }
        line = json.dumps(entry) + "\n"  # in ASCII: a path may hold what ends a line or steers a terminal
        try:
            if self._path == "-":
                sys.stderr.write(line)
                return
            with Path(self._path).open("ab", buffering=0) as file:
                file.write(line.encode())
        except OSError as error:  # a full disk: the request was answered all the same
            if not self._has_failed:
                logger.error("%s: %s; requests are not logged", self._path, error)
            self._has_failed = True
        else:
            self._has_failed = False


def attach(app: Flask, journal: Journal) -> None:
    """Name the requests of ``app`` and note them."""

    @app.before_request
    def begin() -> None:
        g.request_id = id_of(request.headers.get(HEADER, ""))
        g.request_begun = time.perf_counter()

    @app.after_request
    def end(response: Response) -> Response:
        response.headers[HEADER] = g.request_id
        said = (g.request_id, request.remote_addr, request.method, request.path, request.endpoint)
        begun, status = g.request_begun, response.status_code
        more = {"problem": g.get("problem"), "token": g.get("token")}

        # Noted when the last byte is on its way, for a download that breaks off is what one looks for in a log.
        @response.call_on_close
        def note() -> None:
            journal.note(*said, status, time.perf_counter() - begun, **more)

        return response
