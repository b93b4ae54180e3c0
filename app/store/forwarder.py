"""The way out for SERVICE: a forwarder on this machine, which knows the few endpoints a query may ask.

The engine asks whatever address a query names. Here the address is replaced, before evaluation, by one of the forwarder; who
evaluates can reach nothing else (``confinement``). The forwarder asks the endpoint that was meant, at the network address its
name had when the service began: a name that is pointed elsewhere later leads nowhere else.
"""

import contextlib
import hmac
import http.client
import ipaddress
import json
import secrets
import socket
import ssl
import threading
import time
import urllib.parse
from collections.abc import Iterable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ANSWER_BYTES = 64 * 1024 * 1024
"""Of one answer of an endpoint. The engine joins it in the memory a query has, in which it takes some ten times its size."""

QUERY_BYTES = 1024 * 1024
"""Of what the engine asks: a part of a query, written out."""

PIECE_BYTES = 64 * 1024

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
        self._server = _Server(self)
        self.port: int = self._server.server_port
        threading.Thread(target=self._server.serve_forever, name="forwarder", daemon=True).start()

    def address_for(self, address: str) -> str | None:
        """Where to ask the endpoint at ``address``; None where that is not allowed."""
        for number, one in enumerate(self.allowed):
            if one.address == address:
                return f"{self._here}{number}"
        return None

    def endpoint_at(self, path: str) -> Allowed | None:
        """The endpoint a path here stands for."""
        _, secret, number = path.split("/") if path.count("/") == 2 else ("", "", "")
        if not (hmac.compare_digest(secret.encode(), self._secret.encode()) and number.isdecimal()):
            return None
        return self.allowed[int(number)] if int(number) < len(self.allowed) else None

    def spoken(self, message: str) -> str | None:
        """A message of the engine with the endpoints by their own names; None where it speaks of none of them."""
        if self._here not in message:
            return None
        for number, one in reversed(list(enumerate(self.allowed))):
            message = message.replace(f"{self._here}{number}", one.address)
        return message

    @property
    def _here(self) -> str:
        return f"http://127.0.0.1:{self.port}/{self._secret}/"

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
        endpoint = self.server.forwarder.endpoint_at(self.path)
        length = self.headers.get("Content-Length", "")
        if endpoint is None or not length.isdecimal() or int(length) > QUERY_BYTES:
            self._refuse(403, "not allowed")
            return
        deadline = time.monotonic() + self.server.forwarder.seconds
        query = self.rfile.read(int(length))
        connection = endpoint.connect(self.server.forwarder.seconds)
        try:
            self._pass_on(_asked(connection, endpoint, query), deadline)
        except _Refused as error:
            self._refuse(502, str(error))
        except TimeoutError:
            self._refuse(504, f"no answer within {self.server.forwarder.seconds:g} s")
        except (OSError, http.client.HTTPException) as error:
            self._refuse(502, str(error))
        finally:
            connection.close()

    def _pass_on(self, answer: http.client.HTTPResponse, deadline: float) -> None:
        """The whole answer or none: the engine would take the beginning of some for all."""
        body = bytearray()
        while piece := answer.read(PIECE_BYTES):
            body += piece
            if len(body) > ANSWER_BYTES:
                raise _Refused(f"an answer of more than {ANSWER_BYTES // 2**20} MB")
            if time.monotonic() > deadline:
                raise TimeoutError
        if answer.length:
            raise _Refused("the answer broke off")
        self.send_response(200)
        self.send_header("Content-Type", answer.headers["Content-Type"])
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
        said = answer.read(PIECE_BYTES).decode(errors="replace")[:MESSAGE_CHARACTERS]
        raise _Refused(f"{answer.status} {answer.reason}: {said}")
    kind = answer.headers.get_content_type()
    if kind not in MEDIA_TYPES:
        raise _Refused(f"answered with {kind}")
    return answer
