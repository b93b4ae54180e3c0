"""Publishing under a running server: no restart, no failed request, no broken release ever in force."""

import contextlib
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import quote

import pytest
from served import EX, exchange, point, publish, server, until

from app.releases.release import NoRelease, Releases
from app.web import Settings, create_app
from app.web.live import Live

SETTINGS = Settings(timeout=10, memory_mb=512, workers=2, queue=32)
MARK = f"SELECT ?mark {{ <{EX}release> <{EX}mark> ?mark }}"


def mark(live: Live) -> str:
    release = live.take()
    try:
        return str(release.store.select(MARK)[0]["mark"].value)  # type: ignore[union-attr]
    finally:
        live.let_go(release)


@pytest.fixture
def live(tmp_path: Path) -> Live:
    return Live(tmp_path, SETTINGS)


def test_nothing_published_yet(tmp_path: Path) -> None:
    app = create_app(tmp_path, SETTINGS)
    client = app.test_client()
    for path in ("/sparql?query=ASK%7B%7D", "/readyz"):
        answer = client.get(path)
        assert answer.status_code == 503
        said = answer.get_json(force=True)
        assert said["type"].endswith("/problems/no-release")
        assert "zwfw publish" in said["detail"]
    assert client.get("/healthz").status_code == 200
    assert client.get("/sparql", headers={"Accept": "text/html"}).status_code == 200
    publish(tmp_path, "first", "first")
    assert client.get("/readyz").status_code == 200
    app.extensions["live"].close()


def test_the_pointer_is_followed_forward_and_back(live: Live, tmp_path: Path) -> None:
    with pytest.raises(NoRelease):
        live.take()
    publish(tmp_path, "r1", "one")
    assert mark(live) == "one"
    publish(tmp_path, "r2", "two")
    assert mark(live) == "two"
    point(tmp_path, "releases/r1")
    assert mark(live) == "one"
    live.close()


def test_a_broken_release_never_comes_into_force(
    live: Live, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    publish(tmp_path, "r1", "one")
    assert mark(live) == "one"
    (tmp_path / "releases" / "empty").mkdir()
    (tmp_path / "releases" / "torn" / "index").mkdir(parents=True)
    (tmp_path / "releases" / "torn" / "release.json").write_text("{}")
    for target in ("releases/none", "releases/empty", "releases/torn"):
        point(tmp_path, target)
        assert mark(live) == "one"
        assert mark(live) == "one"
        assert target in caplog.text
    (tmp_path / "current").unlink()
    assert mark(live) == "one"
    publish(tmp_path, "r2", "two")
    assert mark(live) == "two"
    live.close()


def test_a_request_keeps_its_release_to_the_end(live: Live, tmp_path: Path) -> None:
    publish(tmp_path, "r1", "one")
    held = live.take()
    publish(tmp_path, "r2", "two")
    assert mark(live) == "two"
    assert str(held.store.select(MARK)[0]["mark"].value) == "one"  # type: ignore[union-attr]
    live.let_go(held)
    for _ in range(100):
        if not held.store.is_ready:  # type: ignore[attr-defined]
            break
        time.sleep(0.05)
    else:
        pytest.fail("the old release was not closed")
    live.close()


def test_the_release_in_force_and_one_that_still_answers_are_not_deleted(live: Live, tmp_path: Path) -> None:
    first, second, third = (f"2026010{day}T000000Z-00000000" for day in (1, 2, 3))
    for number, identity in enumerate((first, second, third)):
        folder = publish(tmp_path, identity, identity)
        manifest = json.loads((folder / "release.json").read_text())
        (folder / "release.json").write_text(json.dumps({**manifest, "basedOn": None}))
        if number == 0:
            held = live.take()
    assert mark(live) == third
    Releases(tmp_path).retain(1)
    assert [release.id for release in Releases(tmp_path).all()] == [first, third]
    assert str(held.store.select(MARK)[0]["mark"].value) == first  # type: ignore[union-attr]
    point(tmp_path, f"releases/{first}")  # back, while the third is still open: the server has not looked yet
    Releases(tmp_path).retain(1)
    assert [release.id for release in Releases(tmp_path).all()] == [first, third]
    point(tmp_path, f"releases/{third}")
    live.let_go(held)
    for _ in range(100):
        Releases(tmp_path).retain(1)
        if not (tmp_path / "releases" / first).exists():
            break
        time.sleep(0.05)
    assert [release.id for release in Releases(tmp_path).all()] == [third]
    assert mark(live) == third
    live.close()


def test_who_has_published_is_not_told_that_it_failed_because_another_published_next(
    live: Live, tmp_path: Path
) -> None:
    publish(tmp_path, "r0", "0")
    stop = threading.Event()

    def work() -> None:
        for number in itertools.takewhile(lambda _: not stop.is_set(), itertools.count(1)):
            publish(tmp_path, f"r{number}", str(number))

    other = threading.Thread(target=work)
    other.start()
    try:
        for _ in range(20):
            named = (tmp_path / "current").readlink().name
            live.catch_up()
            seen = live.take()
            assert int(seen.id[1:]) >= int(named[1:])
            live.let_go(seen)
    finally:
        stop.set()
        other.join()
        live.close()


def test_a_release_that_is_being_opened_when_the_server_ends_is_closed(live: Live, tmp_path: Path) -> None:
    publish(tmp_path, "r1", "one")
    before = set(children(os.getpid()))

    def open_it() -> None:
        with contextlib.suppress(NoRelease):
            live.catch_up()

    opening = threading.Thread(target=open_it)
    opening.start()
    until(lambda: set(children(os.getpid())) - before)
    live.close()
    opening.join()
    assert not set(children(os.getpid())) - before
    with pytest.raises(NoRelease):
        live.take()


def test_publishing_under_load_fails_no_request(tmp_path: Path) -> None:
    publish(tmp_path, "r0", "r0")
    failures: list[bytes] = []
    seen: set[bytes] = set()
    stop = threading.Event()
    request = f"GET /sparql?format=csv&query={quote(MARK)} HTTP/1.0\r\n\r\n"
    rows = quote("SELECT * { ?a ?b ?c . ?d ?e ?f } LIMIT 30000")
    long = f"GET /sparql?format=csv&query={rows} HTTP/1.1\r\nHost: x\r\n\r\n"
    with server(tmp_path, SETTINGS) as port:

        def ask() -> None:
            while not stop.is_set():
                answer = exchange(port, request)
                seen.add(answer.split(b"\r\n")[-2])
                if b" 200 OK" not in answer:
                    failures.append(answer)

        def stream() -> None:
            while not stop.is_set():
                answer = exchange(port, long)
                if b" 200 OK" not in answer or not answer.endswith(b"0\r\n\r\n"):
                    failures.append(answer[:300] + b" ... " + answer[-100:])

        clients = [threading.Thread(target=work) for work in (ask, ask, ask, ask, stream, stream)]
        for client in clients:
            client.start()
        for number in range(1, 8):
            time.sleep(0.3)
            publish(tmp_path, f"r{number}", f"r{number}")
        time.sleep(1)
        stop.set()
        for client in clients:
            client.join()
    assert failures == []
    assert b"r0" in seen and b"r7" in seen


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_the_server_ends_with_all_its_workers(tmp_path: Path, number: signal.Signals) -> None:
    publish(tmp_path, "r1", "one")
    program = (
        "from pathlib import Path; from app.web import Settings; from app.web.serve import serve; "
        f"serve(Path({str(tmp_path)!r}), port=0, settings=Settings(workers=2, memory_mb=512))"
    )
    process = subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    address = process.stderr.readline().strip()
    port = int(address.rstrip("/").rpartition(":")[2])
    assert b"one" in exchange(port, f"GET /sparql?query={quote(MARK)} HTTP/1.0\r\n\r\n")
    workers = children(process.pid)
    assert len(workers) == 2
    os.kill(process.pid, number)
    code = process.wait(15)
    process.stderr.close()
    assert code == (-signal.SIGKILL if number == signal.SIGKILL else 0)
    deadline = time.monotonic() + 30
    while any(
        Path(f"/proc/{pid}/cmdline").exists() and Path(f"/proc/{pid}/cmdline").read_bytes() for pid in workers
    ):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def children(parent: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[1]) == parent:
            found.append(int(stat.parent.name))
    return found
