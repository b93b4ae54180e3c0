"""Small real releases and a real server over them, for the tests of the store and of the web."""

import datetime
import json
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient

from app import names
from app.checking import rules
from app.ontology import standards
from app.publishing.publication import Publisher
from app.store.terms import Index, Iri, Literal, Quad, RdfFormat
from app.web import Settings, create_app
from app.web.serve import listen

WORLD = Path(__file__).parent / "world"
"""A tiny nation, in the form of ``data``."""

EX = "http://example.org/"
GRAPHS = ("one", "two", "three")

NEVER_ENDS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
ENDLESS_ROWS = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
HUNGRY = "SELECT (GROUP_CONCAT(CONCAT(STR(?a), ?c, STR(?d), ?f)) AS ?x) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"


def make_index(folder: Path, mark: str = "", things: int = 600) -> Path:
    """An index of three graphs that share ``things`` triples evenly; ``mark`` goes into one more."""
    index = Index(str(folder))
    quads = [
        Quad(
            Iri(f"{EX}{number}"),
            Iri(f"{EX}name"),
            Literal(f"事项{number}", language="zh"),
            Iri(EX + GRAPHS[number % 3]),
        )
        for number in range(things)
    ]
    if mark:
        quads.append(Quad(Iri(EX + "release"), Iri(EX + "mark"), Literal(mark), Iri(EX + "one")))
    index.bulk_extend(quads)
    index.flush()
    return folder


def publish(root: Path, release: str, mark: str = "", things: int = 600) -> Path:
    """A release under ``root``, and the pointer moved to it as ``zwfw publish`` does."""
    folder = root / "releases" / release
    folder.mkdir(parents=True)
    make_index(folder / "index", mark, things)
    (folder / "release.json").write_text(json.dumps({"id": release, "regions": {}}), encoding="utf-8")
    point(root, f"releases/{release}")
    return folder


def publish_graphs(root: Path, graphs: dict[str, Path]) -> None:
    """A release that holds N-Triples files as named graphs."""
    folder = root / "releases" / "20261101T000000Z-g"
    folder.mkdir(parents=True)
    index = Index(str(folder / "index"))
    for name, path in graphs.items():
        index.load(path=path, format=RdfFormat.N_TRIPLES, to_graph=Iri(name))
    index.flush()
    (folder / "release.json").write_text(json.dumps({"id": folder.name, "regions": {}}), encoding="utf-8")
    point(root, f"releases/{folder.name}")


def point(root: Path, target: str) -> None:
    new = root / "current.new"
    new.symlink_to(target)
    new.replace(root / "current")


def publish_regions(root: Path, *codes: str, on: datetime.date | None = None) -> Path:
    """A release of regions that come along, judged by ``on``, else by today. The nation takes ten times as long as any of
    them and is the same each time, so that it is published once and copied."""
    on = on or datetime.date.today()
    if not root.exists() or not any(root.iterdir()):
        shutil.copytree(_nation(on).name, root, symlinks=True, dirs_exist_ok=True)
    publisher(root, on).publish([names.resources("data") / code for code in codes])
    return root


@cache
def _nation(on: datetime.date) -> tempfile.TemporaryDirectory[str]:
    """A root with the nation alone, for the life of this process."""
    folder = tempfile.TemporaryDirectory(prefix="nation")
    publisher(Path(folder.name), on).publish([])
    return folder


def publisher(root: Path, on: datetime.date) -> Publisher:
    """One that says nothing of what it does."""
    return Publisher(root, standards.load(), rules.load(), on, lambda _: None)


@contextmanager
def client_of(root: Path, settings: Settings) -> Iterator[FlaskClient]:
    """A client of the application, which is closed in the end with all its processes."""
    app = create_app(root, settings)
    try:
        yield app.test_client()
    finally:
        for part in ("rewriter", "live"):
            if part in app.extensions:
                app.extensions[part].close()


@contextmanager
def server(root: Path, settings: Settings) -> Iterator[int]:
    """The real application under the real server in a thread; gives its port."""
    with serving(create_app(root, settings), settings) as port:
        yield port


@contextmanager
def serving(app: Flask, settings: Settings) -> Iterator[int]:
    """An application under the real server in a thread; gives its port, and closes both in the end."""
    waitress = listen(app, "127.0.0.1", 0, settings)
    thread = threading.Thread(target=waitress.run, daemon=True)
    thread.start()
    try:
        yield int(waitress.effective_port)
    finally:
        waitress.close()
        waitress.task_dispatcher.shutdown(timeout=1)
        waitress.asyncore.close_all(waitress._map)
        thread.join(5)
        app.extensions["live"].close()


def exchange(port: int, request: str, patience: float = 20) -> bytes:
    """Every byte a server sends back until it closes: what a client sees without any library's kindness."""
    with socket.create_connection(("127.0.0.1", port), timeout=patience) as connection:
        connection.sendall(request.encode())
        received = b""
        while piece := connection.recv(65536):
            received += piece
        return received


def status(answer: bytes) -> int:
    """The status of an answer as it was sent; 0 where the connection broke before there was one."""
    return int(answer.split(b" ", 2)[1]) if answer else 0


def content(answer: bytes) -> bytes:
    """The body as it was sent, with the lengths of its chunks."""
    return answer.partition(b"\r\n\r\n")[2]


def body(answer: bytes) -> str:
    return content(answer).decode()


PATIENCE = 60
"""Seconds: long enough for a busy machine, far from any deadline that is waited for."""


def until(is_so: Callable[[], object]) -> None:
    """Wait for something to become true."""
    given_up = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < given_up
        time.sleep(0.02)
