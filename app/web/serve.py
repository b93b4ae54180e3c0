"""The server: the one door to waitress.

Waitress gives two things the service relies on: an exception in the middle of a streamed answer closes the
connection without the last chunk, so that no client takes it for whole; and slow readers are fed by its main loop
and hold no thread.
"""

import ipaddress
import os
import signal
import socket
import struct
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import Any

from flask import Flask
from waitress import create_server
from waitress.buffers import ReadOnlyFileBasedBuffer
from waitress.channel import ClientDisconnected, HTTPChannel
from waitress.task import WSGITask

from app.store import ASIDE
from app.store.records import FRAME_BYTES
from app.submissions.submission import MAX_BYTES
from app.web import create_app, create_open_app, mapping, prepare, submissions, workbooks
from app.web.live import Live, Settings
from app.web.scratch import Scratch

PAGE_THREADS = 8
"""Threads beyond those that queries, uploads and writing can hold, so that static files and health checks are served while
all wait."""

BUFFER_BYTES = 64 * 1024 * 1024
"""What a connection may hold for a slow reader, beyond 1 MB on disk. An answer up to this size frees its
worker and its thread at the speed of the worker, not of the reader."""

ALL_BYTES = 1024 * 1024 * 1024
"""What all connections together may hold so. Beyond it an answer goes on at the speed of its reader, with the patience there
is for one who takes nothing: who asks for much and reads none of it would else fill a disk in minutes."""

LEAST_BYTES = 1024 * 1024
"""What each may hold in any case: it is in memory."""

REQUEST_BYTES = 2 * MAX_BYTES
"""Of a body. Uploads have limits of their own, and one that is a little too large is told so in words; what is far too large
is not even taken in."""

CONNECTIONS = 500
"""Open connections, idle ones included; some hundred browsers keep a few each."""

IDLE_SECONDS = 60
"""After this long without a byte a connection is closed."""


SWITCH_SECONDS = 0.001
"""How long one thread may keep the others from running. Most requests are over in a millisecond and wait for a worker
meanwhile; by Python's five they would wait for each other: it halved the p99 of eight clients at once."""

STOPPING_SECONDS = 0.1
"""How often one looks whether all that was under way has ended."""


class PatientTask(WSGITask):  # type: ignore[misc]
    """A request being answered. Where a broken answer would look whole, the connection is reset."""

    def service(self) -> None:
        try:
            super().service()
        except ClientDisconnected:
            raise
        except Exception:
            if self.wrote_header and not self.chunked_response and self.channel.socket is not None:
                # HTTP/1.0 ends an answer by closing. To close with a reset is the only way to say that this
                # is no end.
                self.channel.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            raise

    def finish(self) -> None:
        """End the answer. One to HEAD has no body, so that it has no last chunk of one either: the client would take that for
        the beginning of its next answer."""
        if not self.wrote_header:
            self.write(b"")
        if self.request.command == "HEAD":
            self.chunked_response = False
        super().finish()


class PatientChannel(HTTPChannel):  # type: ignore[misc]
    """A connection that gives a reader who takes nothing ``patience`` seconds and not for ever: waitress
    itself would leave the thread waiting as long as the connection is open."""

    task_class = PatientTask
    patience = 30.0

    @property
    def held(self) -> int:
        """Bytes kept for the reader, but for files that are sent as they lie."""
        kept = [one for one in list(self.outbufs) if not isinstance(one, ReadOnlyFileBasedBuffer)]
        return sum(map(len, kept))

    def _may_hold(self) -> int:
        """Bytes it may hold to be given more: many, unless all together hold very many; then the reader is to take a piece of
        its own first."""
        most, here = int(self.adj.outbuf_high_watermark), int(self.total_outbufs_len)
        if here <= LEAST_BYTES:
            return most
        if sum(one.held for one in list(self.server.active_channels.values())) < ALL_BYTES:
            return most
        return min(most, max(LEAST_BYTES, here - FRAME_BYTES))

    def _flush_outbufs_below_high_watermark(self) -> None:
        limit = self._may_hold()
        if self.total_outbufs_len <= limit:
            return
        with self.outbuf_lock:
            _, failed = self._flush_exception(self._flush_some, do_close=False)
            given_up = time.monotonic() + self.patience
            while not failed and self.connected and self.total_outbufs_len > limit:
                if time.monotonic() > given_up:
                    self.will_close = True
                    self.server.pull_trigger()
                    raise ClientDisconnected
                self.server.pull_trigger()
                self.outbuf_lock.wait(1.0)


def listen(app: Any, host: str, port: int, settings: Settings, sockets: dict[int, Any] | None = None) -> Any:
    """A waitress server over ``app``, bound and ready to ``run()``; port 0 takes any free one. ``sockets`` is filled with what
    it listens to, now and later."""
    sockets = {} if sockets is None else sockets
    # What asks others has places of its own.
    places = (2 if settings.services else 1) * (settings.workers + ASIDE + settings.queue)
    turns = sum(one.threads for one in (mapping.turns, submissions.turns, workbooks.making))
    server = create_server(
        app,
        map=sockets,
        host=host,
        port=port,
        threads=places + turns + PAGE_THREADS,
        outbuf_high_watermark=BUFFER_BYTES,
        connection_limit=CONNECTIONS,
        channel_timeout=IDLE_SECONDS,
        max_request_body_size=REQUEST_BYTES,
        # One request read ahead: only a server that reads sees that its client has gone, and the store then ends what was
        # asked.
        channel_request_lookahead=1,
        asyncore_use_poll=True,  # select() fails for good at the first file descriptor above 1023
        ident=None,
        clear_untrusted_proxy_headers=True,
        **_trusted(settings.proxy),
    )
    channel = type("Channel", (PatientChannel,), {"patience": settings.timeout})
    for listener in sockets.values():  # one for each address the host name has
        if hasattr(listener, "channel_class"):
            listener.channel_class = channel
    return server


def _trusted(proxy: str) -> dict[str, Any]:
    """What waitress is told of a reverse proxy."""
    if not proxy:
        return {}
    believed = {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"}
    return {"trusted_proxy": proxy, "trusted_proxy_count": 1, "trusted_proxy_headers": believed}


def serve(root: Path, host: str = "127.0.0.1", port: int = 8000, settings: Settings | None = None) -> None:
    """Serve the releases under ``root`` until SIGTERM or SIGINT."""
    settings = settings or Settings()
    app = create_app(root, settings)
    threading.Thread(target=prepare, args=(app,), name="prepare", daemon=True).start()
    _run(app, host, port, settings)


def serve_open(host: str, port: int, settings: Settings) -> None:
    """Serve an empty dataset that anybody may write until SIGTERM or SIGINT. Raises ``ValueError`` for an address that others
    than this machine can reach."""
    if not is_loopback(host):
        raise ValueError(f"{host} is no loopback address")
    scratch = Scratch(settings)
    try:
        _run(create_open_app(scratch, settings), host, port, settings)
    finally:
        scratch.close()


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach what listens there. Names but ``localhost`` may lead anywhere."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _nothing() -> None:
    """What is left to do for a socket that is no longer listened to."""


class Stopping:
    """The end in order: the first SIGTERM refuses new connections and lets what is under way end, for ``grace`` seconds; a
    second one, or the end of the grace, ends everything."""

    def __init__(self, sockets: Mapping[int, Any], grace: float) -> None:
        self._sockets, self._grace = sockets, grace
        self._has_begun = False

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        """The signal. Runs in the main thread, between two steps of the server's loop."""
        if self._has_begun:
            raise SystemExit
        self._has_begun = True
        for one in list(self._sockets.values()):
            if one.accepting:
                # What its end would have the loop do to it: it has no connection to read or to close.
                one.accepting, one.handle_read, one.handle_close = False, _nothing, _nothing
                one.socket.shutdown(socket.SHUT_RDWR)  # closing it would pull it from under the loop
        threading.Thread(target=self._wait, name="stopping", daemon=True).start()

    def _wait(self) -> None:
        given_up = time.monotonic() + self._grace
        while self._is_busy() and time.monotonic() < given_up:
            time.sleep(STOPPING_SECONDS)
        os.kill(os.getpid(), signal.SIGTERM)

    def _is_busy(self) -> bool:
        """Whether a request is being answered, or an answer on its way."""
        channels = [one for one in list(self._sockets.values()) if isinstance(one, HTTPChannel)]
        return any(one.requests or one.total_outbufs_len for one in channels)


def _run(app: Flask, host: str, port: int, settings: Settings) -> None:
    sockets: dict[int, Any] = {}
    server = listen(app, host, port, settings, sockets)
    live: Live = app.extensions["live"]

    def renew(_number: int, _frame: FrameType | None) -> None:
        # Not here: opening takes a lock that this very thread never holds but others may hold for long.
        threading.Thread(target=live.renew, name="renew", daemon=True).start()

    signal.signal(
        signal.SIGTERM, Stopping(sockets, settings.timeout if settings.grace is None else settings.grace)
    )
    signal.signal(signal.SIGHUP, renew)
    sys.setswitchinterval(SWITCH_SECONDS)
    print(
        f"http://{host}:{server.effective_port if hasattr(server, 'effective_port') else port}/",
        file=sys.stderr,
    )
    try:
        server.run()  # ends on SystemExit and KeyboardInterrupt
    finally:
        server.close()
        live.close()
        if (rewriter := app.extensions.get("rewriter")) is not None:
            rewriter.close()
