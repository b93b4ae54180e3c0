"""The one door to SPARQLWrapper: a query or an update goes to an endpoint over HTTP, an open answer comes back.

What goes wrong is told apart here, by status and by words, since engines agree on neither.
"""

import ast
import http.client
import os
import re
import socket
import urllib.error
import urllib.parse
from collections.abc import Iterator
from http.client import HTTPException, HTTPResponse
from typing import Any

import SPARQLWrapper as client
from SPARQLWrapper.SPARQLExceptions import SPARQLWrapperException

from app.store.query import (
    DeadlineExceeded,
    EvaluationFailed,
    MemoryExceeded,
    QueryMalformed,
    StoreBusy,
    StoreError,
)
from app.store.terms import QueryResultsFormat, Term, parse_query_results

SOLUTIONS_FORMAT, TRIPLES_FORMAT = "application/sparql-results+json", "application/n-triples"
"""What every engine writes, and what is read as it comes: JSON says by its form whether it is whole, N-Triples has a
line for each triple."""

MESSAGE_CHARACTERS = 500
"""What is passed on of a remote's words; some echo the whole query."""

RETRY_SECONDS = 5
"""When to try again a store that says it is busy and not for how long."""

READ_BYTES = 64 * 1024
"""What is asked of a connection at once: a frame's worth."""

UPDATE_SECONDS = 600.0
"""For one request of an update, which is bounded in size; an engine may be merging its files meanwhile."""

_TOO_LONG = re.compile(
    r"timeout|timed out|time ?limit|took too long|S1T00|S1TAT|execution time .* exceeds|deadline",
    re.IGNORECASE,
)
_TOO_LARGE = re.compile(r"memory|MemoryLimit", re.IGNORECASE)

# Virtuoso 7 alone writes these, and only outside of strings, in which quotes are escaped: its labels are no labels by
# the grammar of any RDF format, and its truth values are numbers.
_REPAIRS = (
    (b'"bnode", "value": "nodeID://', b'"bnode", "value": "'),
    (b'XMLSchema#boolean", "value": "1"', b'XMLSchema#boolean", "value": "true"'),
    (b'XMLSchema#boolean", "value": "0"', b'XMLSchema#boolean", "value": "false"'),
)
_LONGEST_REPAIR = max(len(wrong) for wrong, _ in _REPAIRS)


class Endpoint:
    """A SPARQL endpoint, and where updates go if elsewhere. User and password are those of the environment
    (``ZWFW_STORE_USER``, ``ZWFW_STORE_PASSWORD``; ``ZWFW_STORE_AUTH`` is ``basic`` or ``digest``), never of the
    address, which is shown in logs and lists of processes."""

    def __init__(self, address: str, update: str = "") -> None:
        self.address, self.update_address = address, update or address
        for one in (self.address, self.update_address):
            parts = urllib.parse.urlsplit(one)
            if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
                raise ValueError(one)

    def query(self, text: str, form: str, timeout: float) -> "Incoming":
        """The answer to a query of a form, once its head is there; ``timeout`` is for each wait on the network."""
        accept = TRIPLES_FORMAT if form in ("CONSTRUCT", "DESCRIBE") else SOLUTIONS_FORMAT
        return Incoming(self._sent(self.address, text, form, accept, timeout))

    def select(self, text: str, timeout: float) -> Iterator[dict[str, Term]]:
        """The solutions of a query of ours; for few and small ones. Raises ``StoreError``."""
        with self.query(text, "SELECT", timeout) as incoming:
            try:
                found = solutions(incoming)
                names = [variable.value for variable in found.variables]
                rows = [dict(zip(names, row, strict=True)) for row in found]
            except (OSError, ValueError, HTTPException, SyntaxError) as error:
                raise failed(error) from error
            incoming.check_whole(len(rows))
        return iter({name: term for name, term in row.items() if term is not None} for row in rows)

    def update(self, text: str) -> None:
        """Carry an update out. Raises ``StoreError``; whether it was carried out then is not known."""
        with Incoming(self._sent(self.update_address, text, "INSERT", "*/*", UPDATE_SECONDS)) as incoming:
            try:
                while incoming.read(READ_BYTES):
                    pass
            except (OSError, HTTPException) as error:
                raise failed(error) from error

    def _sent(self, address: str, text: str, form: str, accept: str, timeout: float) -> HTTPResponse:
        wrapper = client.SPARQLWrapper(address)
        wrapper.setMethod(client.POST)  # a dataset of a thousand graphs fits into no address
        wrapper.setOnlyConneg(True)
        wrapper.addCustomHttpHeader("Accept", accept)
        # Set and not ``setQuery``: it guesses the form, which is known, by a pattern that a prologue can make slow.
        wrapper.queryString, wrapper.queryType = text, form
        wrapper.timeout = timeout  # type: ignore[assignment]  # ``setTimeout`` knows whole seconds only
        user, password = os.environ.get("ZWFW_STORE_USER", ""), os.environ.get("ZWFW_STORE_PASSWORD", "")
        if user:
            wrapper.setHTTPAuth(os.environ.get("ZWFW_STORE_AUTH", client.BASIC).upper())
            wrapper.setCredentials(user, password)
        try:
            response: HTTPResponse = wrapper.query().response
        except (SPARQLWrapperException, OSError, HTTPException) as error:
            raise failed(error) from error
        return response


class Incoming:
    """An answer on its way, to be read as a file; it notices when it ends too early."""

    def __init__(self, response: HTTPResponse) -> None:
        self._response = response
        self._ready = bytearray()
        self._ended = False
        self._came = 0

    @property
    def product(self) -> str:
        """What the server calls itself."""
        return self._response.headers.get("Server", "")

    @property
    def row_limit(self) -> int | None:
        """The number of rows the server cut the answer at, where it says that it did."""
        said = self._response.headers.get("X-SPARQL-MaxRows", "")
        return int(said) if said.isdigit() else None

    def read(self, size: int = -1) -> bytes:
        """Up to ``size`` bytes, empty only at the end. Raises ``OSError`` or ``HTTPException``."""
        size = size if size > 0 else READ_BYTES
        while len(self._ready) < size + _LONGEST_REPAIR and not self._ended:
            piece = self._response.read(READ_BYTES)
            self._came += len(piece)
            self._ended = not piece
            self._ready += piece
            for wrong, right in _REPAIRS:
                if wrong in self._ready:
                    self._ready = self._ready.replace(wrong, right)
            if self._ended:
                self._check_length()
        # The end is kept back: what is to be repaired may be only half there.
        kept = 0 if self._ended else _LONGEST_REPAIR
        given = bytes(self._ready[: min(size, len(self._ready) - kept)])
        del self._ready[: len(given)]
        return given

    def _check_length(self) -> None:
        """Python's client takes the end of the connection for the end of the answer when read piece by piece."""
        said = self._response.headers.get("Content-Length", "")
        if said.isdigit() and self._came < int(said):
            raise http.client.IncompleteRead(b"", int(said) - self._came)
        is_delimited = (
            said.isdigit() or "chunked" in self._response.headers.get("Transfer-Encoding", "").lower()
        )
        is_json = "json" in self._response.headers.get("Content-Type", "")
        if not is_delimited and not is_json and self._response.status != http.client.NO_CONTENT:
            raise OSError("the answer says neither its length nor where it ends")

    def check_whole(self, rows: int) -> None:
        """Raise where the server says itself that what it sent, status 200, is a part."""
        state = self._response.headers.get("X-SQL-State", "")
        if state:
            said = self._response.headers.get("X-SQL-Message", "")[:MESSAGE_CHARACTERS]
            raise (DeadlineExceeded if _TOO_LONG.search(f"{state} {said}") else EvaluationFailed)(
                said or state
            )
        if self.row_limit is not None and rows >= self.row_limit:
            raise EvaluationFailed(f"the store behind this service cuts answers at {self.row_limit} rows")

    def stop(self) -> None:
        """End the connection from another thread, a read under way included."""
        try:
            with socket.socket(fileno=os.dup(self._response.fileno())) as connection:
                connection.shutdown(socket.SHUT_RDWR)
        except (OSError, ValueError, AttributeError):  # it has ended by itself
            pass

    def close(self) -> None:
        self._response.close()

    def __enter__(self) -> "Incoming":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def solutions(source: Any) -> Any:
    """The solutions, or the truth value, of a file in JSON, read as they are taken."""
    return parse_query_results(source, format=QueryResultsFormat.JSON)


def failed(error: BaseException) -> StoreError:
    """What to say of an exchange that failed."""
    if isinstance(error, StoreError):
        return error
    cause = error.__context__ if isinstance(error, SPARQLWrapperException) else error
    status = cause.code if isinstance(cause, urllib.error.HTTPError) else 0
    if status:
        return _refused(status, _said(error), cause)
    reason = getattr(error, "reason", error)
    if isinstance(reason, TimeoutError):
        return DeadlineExceeded("the store behind this service did not answer in time")
    if isinstance(error, SyntaxError | HTTPException):
        return EvaluationFailed(f"the answer of the store behind this service is not whole: {error}")
    return EvaluationFailed(f"the store behind this service cannot be reached: {reason}")


def _refused(status: int, said: str, cause: BaseException | None) -> StoreError:
    if status in (408, 504) or _TOO_LONG.search(said):
        return DeadlineExceeded(said)
    if _TOO_LARGE.search(said):
        return MemoryExceeded(said)
    if status in (429, 503):
        after = cause.headers.get("Retry-After", "") if isinstance(cause, urllib.error.HTTPError) else ""
        return StoreBusy(int(after) if after.isdigit() else RETRY_SECONDS)
    if status == 400:
        return QueryMalformed(f"the store behind this service does not take this query: {said}")
    return EvaluationFailed(f"the store behind this service says {status}: {said}")


def _said(error: BaseException) -> str:
    """The remote's own words, without the query some repeat after them."""
    if isinstance(error, urllib.error.HTTPError):
        written = error.read(64 * 1024)
    else:
        quoted = str(error).partition("Response:\n")[2]
        written = ast.literal_eval(quoted) if quoted.startswith("b") else b""
    text = written.decode(errors="replace").split("SPARQL query:")[0]
    return " ".join(text.split())[:MESSAGE_CHARACTERS]
