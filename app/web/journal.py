"""The journal of requests: each has an id, which its answer tells, and a line of JSON in the log where one is kept.

A line has the path and never what follows its question mark, so that no query and no token is in it; what was asked of the
store stands in ``/queries`` while it runs, under the same id.
"""

import datetime
import json
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


class Journal:
    """A log that only grows. It is opened for each line, so that it may be moved away at any time (logrotate)."""

    def __init__(self, path: str) -> None:
        self._path = path
        if path != "-":
            with Path(path).open("ab"):
                pass  # what cannot be written is to be told now

    def note(self, entry: dict[str, object]) -> None:
        """Add a line, in one piece: several threads and processes may write."""
        line = json.dumps(entry, ensure_ascii=False) + "\n"
        if self._path == "-":
            sys.stderr.write(line)
            return
        with Path(self._path).open("ab", buffering=0) as file:
            file.write(line.encode())


def attach(app: Flask, path: str) -> None:
    """Name the requests of ``app`` and note them in the log at ``path``: none with ``""``, standard error with ``"-"``.
    Raises ``OSError`` where it cannot be written."""
    journal = Journal(path) if path else None

    @app.before_request
    def begin() -> None:
        said = request.headers.get(HEADER, "")
        g.request_id = said if REQUEST_ID.fullmatch(said) else secrets.token_hex(8)
        g.request_begun = time.perf_counter()

    @app.after_request
    def end(response: Response) -> Response:
        response.headers[HEADER] = g.request_id
        if journal is None:
            return response
        entry: dict[str, object] = {
            "time": datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds"),
            "id": g.request_id,
            "client": request.remote_addr,
            "method": request.method,
            "path": request.path[:PATH_CHARACTERS],
            "endpoint": request.endpoint,
            "status": response.status_code,
        }
        if (kind := g.get("problem")) is not None:
            entry["problem"] = kind
        if (by := g.get("token")) is not None:
            entry["token"] = by
        begun = g.request_begun

        # Noted when the last byte is on its way, for a download that breaks off is what one looks for in a log.
        @response.call_on_close
        def note() -> None:
            journal.note({**entry, "seconds": round(time.perf_counter() - begun, 4)})

        return response
