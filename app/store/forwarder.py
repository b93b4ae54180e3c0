"""The way out for SERVICE: a forwarder on this machine, which knows the few endpoints a query may ask.

The engine asks whatever address a query names. Here the address is replaced, before evaluation, by one of the forwarder; who
evaluates can reach nothing else (``confinement``). The forwarder asks the endpoint that was meant, at the network address its
name had when the service began: a name that is pointed elsewhere later leads nowhere else.
"""

import contextlib
import hmac
import http.client
import ipaddress
import itertools
import json
import re
import secrets
import socket
import ssl
import threading
import urllib.parse
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ANSWER_BYTES = 64 * 1024 * 1024
"""Of one answer of an endpoint. The engine joins it in the memory a query has, in which it takes some ten times its size."""

QUERY_BYTES = 1024 * 1024
"""Of what the engine asks: a part of a query, written out."""

PIECE_BYTES = 64 * 1024

MOST_REQUESTS = 20
"""Of one query. The engine asks once for a SERVICE, but for each row within LATERAL and EXISTS."""

TICKETS = 10_000
"""Queries remembered for that; the oldest have long ended."""

MESSAGE_CHARACTERS = 300
"""What is passed on of the words of an endpoint that refuses."""

MEDIA_TYPES = ("application/sparql-results+json", "application/sparql-results+xml")
"""What the engine reads of a SERVICE."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """An endpoint that may be asked, and where it is."""

    address: str
    """As queries write it."""
    ip: str
    """As its name was resolved when the service began."""

    @classmethod
    def resolved(cls, address: str) -> "Allowed":
        """The endpoint at an address. Raises ``ValueError`` where that is none, and where a name leads into a private network:
        to have such an endpoint asked, list it by its IP address or as ``localhost``."""
        parts = urllib.parse.urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.fragment:
            raise ValueError(f"{address}: not the address of an endpoint")
        try:
            found = socket.getaddrinfo(parts.hostname, parts.port or parts.scheme, type=socket.SOCK_STREAM)
        except OSError as error:
            raise ValueError(f"{address}: {error.strerror or error}") from error
        ip = str(found[0][4][0])
        if not (ipaddress.ip_address(ip).is_global or _is_spelled_out(parts.hostname)):
            raise ValueError(
                f"{address}: the name leads to the private address {ip}; list that if it is meant"
            )
        return cls(address, ip)

    def connect(self, timeout: float) -> http.client.HTTPConnection:
        """A connection to where it was found, that checks the certificate of its name."""
        parts = urllib.parse.urlsplit(self.address)
        host = parts.hostname or ""
        if parts.scheme == "https":
            return _Pinned(self.ip, host, parts.port, timeout)
        return http.client.HTTPConnection(self.ip, parts.port, timeout=timeout)


class _Pinned(http.client.HTTPSConnection):
    """HTTPS to an address, with the certificate of a name."""

    def __init__(self, ip: str, host: str, port: int | None, timeout: float) -> None:
        super().__init__(host, port, timeout=timeout)
        self._ip, self._tls = ip, ssl.create_default_context()

    def connect(self) -> None:
        plain = socket.create_connection((self._ip, self.port), self.timeout)
        self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)


def _is_spelled_out(host: str) -> bool:
    with contextlib.suppress(ValueError):
        return bool(ipaddress.ip_address(host))
    return host == "localhost"


class Forwarder:
    """Asks ``allowed`` endpoints for whoever knows its secret, each time for at most ``seconds``."""

    def __init__(self, allowed: Iterable[Allowed], seconds: float) -> None:
        self.allowed, self.seconds = tuple(allowed), seconds
        self._secret = secrets.token_urlsafe(32)
        self._lock, self._numbers = threading.Lock(), itertools.count(1)
        self._left: OrderedDict[int, int] = OrderedDict()  # requests that are left, by ticket
        self._server = _Server(self)
        self.port: int = self._server.server_port
        threading.Thread(target=self._server.serve_forever, name="forwarder", daemon=True).start()

    def ticket(self) -> str:
        """What a query shows to ask endpoints, ``MOST_REQUESTS`` times."""
        with self._lock:
            number = next(self._numbers)
            self._left[number] = MOST_REQUESTS
            if len(self._left) > TICKETS:
                self._left.popitem(last=False)
        return str(number)

    def address_for(self, address: str, ticket: str) -> str | None:
        """Where to ask the endpoint at ``address``; None where that is not allowed."""
        for number, one in enumerate(self.allowed):
            if one.address == address:
                return f"{self._here}/{ticket}/{number}"
        return None

    def endpoint_at(self, path: str) -> Allowed | None:
        """The endpoint a path here stands for, for one request more. Raises ``_Refused`` where there have been enough."""
        parts = path.split("/")[1:]
        if len(parts) != 3 or not hmac.compare_digest(parts[0].encode(), self._secret.encode()):
            return None
        if not all(part.isascii() and part.isdecimal() for part in parts[1:]):
            return None
        ticket, number = map(int, parts[1:])
        if number >= len(self.allowed):
            return None
        with self._lock:
            if not self._left.get(ticket):
                raise _Refused(f"a query may ask {MOST_REQUESTS} times")
            self._left[ticket] -= 1
        return self.allowed[number]

    def spoken(self, message: str) -> str | None:
        """A message of the engine with the endpoints by their own names; None where it speaks of none of them."""
        if self._here not in message:
            return None
        asked = re.compile(rf"{re.escape(self._here)}/\d+/(\d+)")
        return self.unsaid(asked.sub(lambda found: self.allowed[int(found[1])].address, message))

    def unsaid(self, message: str) -> str:
        """A message without the forwarder's address, whole or its beginning."""
        return re.sub(rf"http://127\.0\.0\.1:{self.port}\S*", "…", message)

    @property
    def _here(self) -> str:
        return f"http://127.0.0.1:{self.port}/{self._secret}"

    def close(self) -> None:
        """Forward nothing any more."""
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, forwarder: Forwarder) -> None:
        super().__init__(("127.0.0.1", 0), _Forwarding)
        self.forwarder = forwarder

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing: who asked has been killed."""


class _Refused(Exception):
    """Why an endpoint gives no answer."""


class _Forwarding(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        self.close_connection = True
        forwarder = self.server.forwarder
        try:
            endpoint = forwarder.endpoint_at(self.path)
        except _Refused as error:
            self._refuse(403, str(error))
            return
        length = self.headers.get("Content-Length", "")
        if endpoint is None or not length.isdecimal() or int(length) > QUERY_BYTES:
            self._refuse(403, "not allowed")
            return
        query = self.rfile.read(int(length))
        connection, is_over = endpoint.connect(forwarder.seconds), threading.Event()
        opened: list[socket.socket] = []

        def end() -> None:
            """Whatever the endpoint is doing: a byte now and then would satisfy any wait for a byte."""
            is_over.set()
            for one in opened:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

        timer = threading.Timer(forwarder.seconds, end)
        timer.daemon = True
        timer.start()
        try:
            connection.connect()
            opened.append(connection.sock)  # the connection lets go of it before all has been read
            body, kind = _whole(_asked(connection, endpoint, query))
            if is_over.is_set():  # what looks like the end of the answer is ours
                raise TimeoutError
            self._pass_on(body, kind)
        except (_Refused, OSError, http.client.HTTPException) as error:
            if is_over.is_set() or isinstance(error, TimeoutError):
                self._refuse(504, f"no answer within {forwarder.seconds:g} s")
            else:
                self._refuse(502, forwarder.unsaid(str(error))[:MESSAGE_CHARACTERS])
        finally:
            timer.cancel()
            connection.close()

    def _pass_on(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _refuse(self, status: int, message: str) -> None:
        body = json.dumps(message, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: what is asked of others is not logged."""


def _asked(
    connection: http.client.HTTPConnection, endpoint: Allowed, query: bytes
) -> http.client.HTTPResponse:
    """The head of an endpoint's answer. Raises ``_Refused``; a redirect is not followed, it could lead anywhere."""
    parts = urllib.parse.urlsplit(endpoint.address)
    target = urllib.parse.urlunsplit(("", "", parts.path or "/", parts.query, ""))
    headers = {
        "Host": parts.netloc,
        "Content-Type": "application/sparql-query",
        "Accept": ", ".join(MEDIA_TYPES),
        "Accept-Encoding": "identity",
        "User-Agent": "zwfw",
    }
    connection.request("POST", target, query, headers)
    answer = connection.getresponse()
    if answer.status != 200:
        said = answer.read(PIECE_BYTES).decode(errors="replace")
        raise _Refused(f"{answer.status} {answer.reason}: {said}")
    kind = answer.headers.get_content_type()
    if kind not in MEDIA_TYPES:
        raise _Refused(f"answered with {kind}")
    return answer


def _whole(answer: http.client.HTTPResponse) -> tuple[bytes, str]:
    """The whole answer and its media type, or ``_Refused``: the engine would take the beginning of some for all."""
    body = bytearray()
    while piece := answer.read1(PIECE_BYTES):
        body += piece
        if len(body) > ANSWER_BYTES:
            raise _Refused(f"an answer of more than {ANSWER_BYTES // 2**20} MB")
    if answer.length:
        raise _Refused("the answer broke off")
    return bytes(body), answer.headers["Content-Type"]
