"""The release in force: followed by its pointer, so that publishing needs no restart and fails no request."""

import logging
import os
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from flask import Flask, current_app, g, has_request_context, request

from app import names
from app.releases.release import MANIFEST, NoRelease, Release, Releases
from app.store import Allowed, Client, Forwarder, Ledger, Store, StoreUnreadable, open_remote, open_store
from app.web import allowance

RETRY_SECONDS = 5.0
"""How long a pointer to something broken is left alone: each attempt starts a process."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Settings:
    """What an operator may choose."""

    timeout: float = 30.0
    """Seconds for all that one request asks of the store, in most cases a query: queueing, evaluating, streaming."""
    memory_mb: int = 2048
    """Address space of one worker, in MB."""
    workers: int = field(default_factory=lambda: os.cpu_count() or 1)
    """Queries evaluated at once. An evaluation keeps one core busy, so more than the cores only take
    turns."""
    queue: int = 32
    """Queries that wait. Each holds a thread of the server; beyond this it is kinder to say 503 at once."""
    public: str = ""
    """The address others know the service by, without a slash at its end; where it is not set, that of each request."""
    contact: str = ""
    """Whom to write to about a hole in the service (``mailto:``, ``tel:`` or ``https:``)."""
    operator: str = ""
    """The name of the body that publishes the catalogue."""
    writable: bool = False
    """Whether published data may be written by the SPARQL protocols, by who has a token for it."""
    union: bool = True
    """Whether the default graph of a query is the union of all named graphs."""
    rate: int = 1200
    """Requests a minute from one address that evaluate, search or bring something; 0 is no limit. Twenty a second leave room
    for an office behind one address."""
    proxy: str = ""
    """The address of a reverse proxy, whose word on who asks (X-Forwarded-For, -Proto, -Host) is taken."""
    services: tuple[str, ...] = ()
    """Endpoints that queries may ask by SERVICE."""
    service_timeout: float = 10.0
    """Seconds for one of them to answer; the deadline of the query counts besides."""
    grace: float | None = None
    """Seconds for what is under way to end when the service is told to stop; by default those of a query."""
    log: str = ""
    """Where requests are logged: a file, ``-`` for standard error, nowhere by default."""
    store: str = ""
    """The SPARQL endpoint that answers queries in place of the release's own index."""


@dataclass(eq=False)
class Opened(Release):
    """A release with its store open."""

    store: Store
    held: BinaryIO
    """Keeps publishers from deleting it while it is open; see ``Release.hold``."""
    users: int = 0
    """Requests that hold it; guarded by the lock of ``Live``."""

    def state_of(self, graph: str) -> str:
        """What changes when a graph does: of a region's data their digest, of what a check writes the time of the last, of
        all else the release."""
        kind, _, code = graph.removeprefix(names.BASE).partition("/")
        entry = self.regions.get(code, {}) if graph.startswith(names.BASE) else {}
        if kind == "graph" and "digest" in entry:
            return str(entry["digest"])
        if kind in ("report", "provenance", "summary") and "published" in entry:
            return str(entry["published"])
        return self.id

    def close(self, at_once: bool = False) -> None:
        """Close the store, then let it be deleted."""
        self.store.close(at_once=at_once)
        self.held.close()


class Live:
    """Follows ``root/current``. A request takes the release in force and lets go of it; the old release is
    closed when a new one is in force and its last request has ended; with ``discard`` it is then removed."""

    def __init__(self, root: Path, settings: Settings, discard: bool = False) -> None:
        self.root, self.settings, self.discard = root, settings, discard
        self._current = str(root / "current")
        self._forwarder = _forwarder(settings)
        self.ledger = Ledger(_asker)
        """What is asked of all the stores opened here."""
        self._lock = threading.Lock()  # of the fields; held for moments only
        self._opening = threading.Lock()  # held while a store opens
        self._release: Opened | None = None
        self._pointer = ""
        self._failed = ("", 0.0)
        self._closed = False

    def take(self) -> Opened:
        """The release in force, for one request. Raises ``NoRelease``."""
        self._follow()
        with self._lock:
            if self._release is None:
                raise NoRelease(f"no release under {self.root}")
            self._release.users += 1
            return self._release

    def let_go(self, release: Opened) -> None:
        with self._lock:
            release.users -= 1
            unused = release.users == 0 and release is not self._release
        if unused:
            self._retire(release)

    def close(self) -> None:
        """Close at once, for the end of the server: answers under way are broken."""
        with self._lock:
            release, self._release, self._closed = self._release, None, True
        if release is not None:
            release.close(at_once=True)
        if self._forwarder is not None:
            self._forwarder.close()

    def catch_up(self) -> None:
        """Have the release in force that the pointer names now, and not only soon; or one it has come to name since. Raises
        ``NoRelease`` where it cannot be opened."""
        with self._opening:
            if not self._open():
                raise NoRelease(f"{self.root}: the release cannot be opened")

    def followed(self) -> str | None:
        """The pointer, where the release it names is in force; None where there is none, or another to be opened."""
        pointer = self._named()
        return pointer if pointer == self._pointer and not self._closed else None

    def renew(self) -> None:
        """Open the release in force anew, with new processes; or another, if the pointer has moved."""
        with self._opening:
            self._pointer, self._failed = "", ("", 0.0)
            self._open()

    def _named(self) -> str | None:
        """The pointer; None where it is lost, or nothing has been published."""
        try:
            return os.readlink(self._current)  # noqa: PTH115  (a tenth of the time, at every request)
        except OSError:
            return None

    def _follow(self) -> None:
        pointer = self._named()
        if pointer is None or pointer == self._pointer or self._closed:
            return  # without a pointer the release in force stays in force
        # Only the very first request has to wait for a store to open; the others are served from the old one.
        if not self._opening.acquire(blocking=self._release is None):
            return
        try:
            self._open()
        finally:
            self._opening.release()

    def _open(self) -> bool:
        """Have in force what the pointer names; whether it is. With ``_opening`` held, and the pointer read only then: what was
        read before may by now be older than what another thread has put in force."""
        pointer, (failed, when) = self._named(), self._failed
        if pointer is None or self._closed:
            return False
        if pointer == self._pointer:
            return True
        if pointer == failed and time.monotonic() < when + RETRY_SECONDS:
            return False
        folder = (self.root / pointer).resolve()
        try:
            if "regions" not in Release(folder).manifest:
                raise ValueError("release.json does not describe a release")
            held = Release(folder).hold()
            try:
                release = Opened(folder, self._store(folder), held)
            except BaseException:
                held.close()
                raise
        except (OSError, ValueError, StoreUnreadable) as error:
            logger.error("release %s cannot be opened, the one before stays in force: %s", pointer, error)
            self._failed = (pointer, time.monotonic())
            return False
        with self._lock:
            is_late = self._closed  # while it was being opened
            old = self._release
            if not is_late:
                self._release, self._pointer = release, pointer
            unused = old is not None and old.users == 0
        if is_late:
            release.close(at_once=True)
            return False
        logger.info("release %s is in force", release.id)
        if old is not None and unused:
            self._retire(old)
        return True

    def _retire(self, release: Opened) -> None:
        """Close a release's store without keeping anyone waiting for the answers it still sends."""

        def retire() -> None:
            release.close()
            if self.discard and release.path != (self._release.path if self._release else None):
                shutil.rmtree(release.path, ignore_errors=True)

        threading.Thread(target=retire, name=f"retire {release.id}", daemon=True).start()

    def _store(self, folder: Path) -> Store:
        chosen = self.settings
        if chosen.store:
            return open_remote(
                chosen.store,
                folder.name,
                timeout=chosen.timeout,
                workers=chosen.workers,
                queue=chosen.queue,
                ledger=self.ledger,
            )
        return open_store(
            folder / "index",
            timeout=chosen.timeout,
            memory_mb=chosen.memory_mb,
            workers=chosen.workers,
            queue=chosen.queue,
            union=chosen.union,
            ledger=self.ledger,
            forwarder=self._forwarder,
        )


def _forwarder(settings: Settings) -> Forwarder | None:
    """What asks other endpoints for queries, where any are listed. Raises ``ValueError`` where one cannot be."""
    allowed = [Allowed.resolved(address) for address in settings.services]
    return Forwarder(allowed, settings.service_timeout) if allowed else None


def _asker() -> Client:
    """Who asks: the request, which the server says whether somebody still waits for it. All that it asks has one deadline:
    what a page looks up after its query gets what the query has left."""
    if not has_request_context():
        return Client()
    if "deadline" not in g:
        g.deadline = time.monotonic() + following().settings.timeout
    is_gone: Callable[[], bool] = request.environ.get("waitress.client_disconnected", bool)
    return Client(g.get("request_id", ""), is_gone, g.deadline)


def attach(app: Flask, live: Live) -> None:
    """Have ``app`` follow the release; ``current_release`` and ``current_store`` then work in its
    requests."""
    app.extensions["live"] = live

    @app.teardown_appcontext
    def let_go(_error: BaseException | None) -> None:
        release = g.pop("release", None)
        if release is not None:
            live.let_go(release)


def following() -> Live:
    """What follows the releases of this application, with its root and its settings."""
    live: Live = current_app.extensions["live"]
    return live


def kept() -> list[Release]:
    """The releases one can ask for, the newest first."""
    found = reversed(Releases(following().root).all())
    return [one for one in found if (one.path / MANIFEST).is_file()]


def current_release() -> Opened:
    """The release of this request: one and the same from its beginning to its end. Raises ``NoRelease``."""
    if "release" not in g:
        g.release = following().take()
    release: Opened = g.release
    return release


def newest_release() -> Opened:
    """The release that the pointer names now, and that of this request from here on: what is written rests on all that was
    written before. Raises ``NoRelease``."""
    following().catch_up()
    release = g.pop("release", None)
    if release is not None:
        following().let_go(release)
    return current_release()


def current_store() -> Store:
    """The store of this request's release, for what asks it on its client's account. What is asked once a release, or to see
    whether the service works, takes ``current_release().store``. Raises ``NoRelease``, and ``Problem`` where the client has
    used up its minute."""
    release = current_release()
    allowance.spend()
    return release.store
