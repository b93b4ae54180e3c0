"""Faults of the whole: the service told to stop or to reload, its workers killed under load, a release copied back."""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import quote

import pytest
from served import (
    NEVER_ENDS,
    PATIENCE,
    body,
    content,
    exchange,
    point,
    publish,
    publish_regions,
    status,
    until,
)

ROOT = Path(__file__).parent.parent
MARK = "SELECT ?mark { ?release <http://example.org/mark> ?mark }"
SLOW = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . VALUES ?x { 1 2 3 4 5 6 7 8 } FILTER(STR(?a) < STR(?f)) }"
"""Takes some seconds over the releases here, and ends."""


@dataclass
class Service:
    """A running ``zwfw serve``."""

    process: subprocess.Popen[str]
    port: int
    said: IO[str]
    """Its standard error."""

    def get(self, path: str) -> bytes:
        return exchange(self.port, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", PATIENCE)

    def ask(self, query: str) -> bytes:
        return self.get(f"/sparql?query={quote(query)}&format=csv")

    def workers(self) -> list[int]:
        """The processes that evaluate."""
        return children(self.process.pid, "app.store.worker")


def children(parent: int, module: str) -> list[int]:
    """The processes of a module that another has started."""
    command = ["ps", "-o", "pid=,args=", "--ppid", str(parent)]
    listed = subprocess.run(command, capture_output=True, text=True, check=False)
    return [int(line.split()[0]) for line in listed.stdout.splitlines() if module in line]


@contextlib.contextmanager
def serving(root: Path, *options: str) -> Iterator[Service]:
    command = [sys.executable, "-m", "app", "serve", "--release", str(root), "--port", "0", *options]
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(command, cwd=ROOT, stderr=said, text=True)
        try:
            yield Service(process, _port(process, said), said)
        finally:
            process.kill()
            process.wait(PATIENCE)


def _port(process: subprocess.Popen[str], said: IO[str]) -> int:
    given_up = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < given_up:
        said.seek(0)
        if found := re.search(r"http://127\.0\.0\.1:(\d+)/", said.read()):
            return int(found[1])
        time.sleep(0.05)
    pytest.fail("the service did not start")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    publish(tmp_path, "20261101T000000Z-a", "first")
    return tmp_path


def later(service: Service, query: str) -> tuple[threading.Thread, list[bytes]]:
    """Ask in a thread of its own."""
    answers: list[bytes] = []

    def ask() -> None:
        with contextlib.suppress(ConnectionError):
            answers.append(service.ask(query))

    thread = threading.Thread(target=ask)
    thread.start()
    return thread, answers


def is_under_way(service: Service) -> bool:
    return 'zwfw_queries_under_way{state="evaluating"} 1.0' in body(service.get("/metrics"))


@pytest.mark.parametrize("is_knocked_at", [True, False])
def test_told_to_stop_it_ends_what_is_under_way_and_takes_nothing_new(
    root: Path, is_knocked_at: bool
) -> None:
    """Whether or not somebody comes in that moment, which is another way through the server's loop."""
    with serving(root, "--workers", "1", "--timeout", "300") as service:
        thread, answers = later(service, SLOW)
        until(lambda: is_under_way(service))
        service.process.send_signal(signal.SIGTERM)

        def is_closed() -> bool:
            try:
                socket.create_connection(("127.0.0.1", service.port), 1).close()
            except ConnectionError:
                return True
            return False

        if is_knocked_at:
            until(is_closed)
        assert service.process.wait(PATIENCE) == 0
        thread.join()
        assert status(answers[0]) == 200 and body(answers[0]).startswith("n\r\n")
        service.said.seek(0)
        assert service.said.read().strip() == f"http://127.0.0.1:{service.port}/"  # and nothing went wrong


@pytest.mark.parametrize("options, signals", [(("--grace", "1"), 1), (("--grace", "300"), 2)])
def test_the_grace_has_an_end_and_a_second_signal_ends_it(
    root: Path, options: tuple[str, ...], signals: int
) -> None:
    with serving(root, "--workers", "1", "--timeout", "300", *options) as service:
        thread, answers = later(service, NEVER_ENDS)
        until(lambda: is_under_way(service))
        workers = service.workers()
        for _ in range(signals):
            service.process.send_signal(signal.SIGTERM)
            time.sleep(0.2)
        assert service.process.wait(PATIENCE) == 0
        thread.join()
        assert not answers or status(answers[0]) != 200
        until(lambda: not any(Path(f"/proc/{worker}").exists() for worker in workers))


def test_what_is_being_written_does_not_outlive_the_grace(root: Path) -> None:
    with serving(root, "--open-writing", "--timeout", "300", "--grace", "0.5") as service:

        def update(text: str) -> bytes:
            head = f"POST /sparql HTTP/1.1\r\nHost: 127.0.0.1:{service.port}\r\nConnection: close\r\n"
            kind = f"Content-Type: application/sparql-update\r\nContent-Length: {len(text)}\r\n\r\n"
            return exchange(service.port, head + kind + text, PATIENCE)

        assert (
            status(update(f"INSERT DATA {{ {' '.join(f'<a:{n}> <a:p> {n} .' for n in range(600))} }}")) == 204
        )
        never_ends = (
            "INSERT { ?a <a:q> ?d } WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l FILTER (?a = ?l) }"
        )
        answers: list[bytes] = []

        def write() -> None:
            with contextlib.suppress(ConnectionError):
                answers.append(update(never_ends))

        writing = threading.Thread(target=write)
        writing.start()
        until(lambda: len(children(service.process.pid, "app.store.writer")) == 1)
        time.sleep(1)
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(PATIENCE) == 0
        writing.join()
        assert not answers or status(answers[0]) != 204


def test_told_to_reload_it_opens_the_release_anew_and_loses_no_request(root: Path) -> None:
    with serving(root, "--workers", "1", "--rate", "0") as service:
        assert body(service.ask(MARK)) == "mark\r\nfirst\r\n"
        before = service.workers()
        stop, answers = threading.Event(), list[bytes]()

        def ask() -> None:
            number = 0
            while not stop.is_set():
                number += 1
                answers.append(service.ask(f"{MARK} # {number}"))

        thread = threading.Thread(target=ask)
        thread.start()
        service.process.send_signal(signal.SIGHUP)
        until(lambda: service.workers() and not set(service.workers()) & set(before))
        stop.set()
        thread.join()
        assert service.process.poll() is None
        assert {body(answer) for answer in answers} == {"mark\r\nfirst\r\n"}


def test_workers_killed_under_load_give_errors_and_never_half_an_answer(root: Path) -> None:
    """Twenty thousand rows, asked without end, while the workers are killed at any moment."""
    query = "SELECT * { ?a ?b ?c . ?d ?e ?f } LIMIT 20000"
    with serving(root, "--workers", "2", "--rate", "0") as service:
        whole = service.ask(query)
        assert status(whole) == 200 and whole.endswith(b"0\r\n\r\n")
        stop, answers, killed = threading.Event(), list[bytes](), 0

        def ask() -> None:
            while not stop.is_set():
                try:
                    answers.append(service.ask(f"{query} # {time.monotonic()}"))
                except ConnectionError:
                    answers.append(b"")

        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        for moment in range(12):
            time.sleep(0.05 + 0.013 * moment)
            for worker in service.workers()[: 1 + moment % 2]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(worker, signal.SIGKILL)
                    killed += 1
        stop.set()
        for thread in threads:
            thread.join()
        kinds = {status(answer) for answer in answers}
        assert killed >= 12 and kinds <= {0, 200, 500, 503}
        ended_well = [one for one in answers if status(one) == 200 and one.endswith(b"\r\n0\r\n\r\n")]
        assert ended_well and {content(one) for one in ended_well} == {content(whole)}
        assert status(service.ask(MARK)) == 200


def test_a_release_that_is_damaged_is_refused_and_one_copied_back_is_served(tmp_path: Path) -> None:
    """Backup and restore: a release is its folder."""
    root, backup = publish_regions(tmp_path / "root", "370000"), tmp_path / "backup"
    identity = (root / "current").readlink().name
    shutil.copytree(root / "releases" / identity, backup / identity)
    query = "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }"
    with serving(root, "--workers", "1") as service:
        before = body(service.ask(query))
        sums = service.get("/dumps/SHA256SUMS")
    shutil.rmtree(root / "releases" / identity)
    (root / "current").unlink()

    damaged = root / "releases" / f"{identity}0"
    shutil.copytree(backup / identity, damaged)
    for file in (damaged / "index").iterdir():
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    point(root, f"releases/{damaged.name}")
    with serving(root, "--workers", "1") as service:
        answer = service.ask(query)
        assert status(answer) == 503 and "no-release" in body(answer)
        shutil.copytree(backup / identity, root / "releases" / identity)
        point(root, f"releases/{identity}")
        until(lambda: status(service.ask(query)) == 200)
        assert body(service.ask(query)) == before
        assert body(service.get("/dumps/SHA256SUMS")) == body(sums)
        assert json.loads(body(service.get("/dumps/releases.json")))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, of 64 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(folder)]
    if os.geteuid() or shutil.which("mount") is None or subprocess.run(mount, check=False).returncode:
        pytest.skip("no file system may be mounted here; test_cli.py publishes under a limit of file sizes")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_disk_that_is_full_leaves_the_release_that_is_served(small_disk: Path) -> None:
    """At several points of a publication; and when there is room again, it is published."""
    command = [sys.executable, "-m", "app", "publish", "--release", str(small_disk), "--lang", "en"]

    def published(*codes: str) -> subprocess.CompletedProcess[str]:
        folders = [str(ROOT / "data" / code) for code in codes]
        return subprocess.run([*command, *folders], cwd=ROOT, capture_output=True, text=True, check=False)

    assert published("370602").returncode in (0, 1)
    before = (small_disk / "current").readlink()
    filler = small_disk / "filler"
    with serving(small_disk, "--workers", "1") as service:
        told = body(service.get("/dumps/SHA256SUMS"))
        for left in (50_000, 1_000_000, 3_000_000):
            filler.unlink(missing_ok=True)
            filler.write_bytes(b"\0" * max(0, shutil.disk_usage(small_disk).free - left))
            failed = published("370602", "370611")
            assert failed.returncode == 3 and "Traceback" not in failed.stderr, failed.stderr
            assert "nothing was published" in failed.stderr.lower()
            assert (small_disk / "current").readlink() == before
            assert not list((small_disk / "releases").glob(".*"))
            assert body(service.get("/dumps/SHA256SUMS")) == told
        filler.unlink()
        assert published("370602", "370611").returncode == 1  # published, with the findings planted in it
        until(lambda: "370611" in body(service.get("/dumps/SHA256SUMS")))
