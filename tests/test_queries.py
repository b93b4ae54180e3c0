"""What runs is seen and stopped: by who asked, by going away, and by an operator; a download keeps no question waiting."""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from served import ENDLESS_ROWS, NEVER_ENDS, PATIENCE, body, exchange, publish, server, status, until

from app.store import AnswerBroken, Query
from app.submissions.tokens import OPERATE, SUBMIT, Tokens
from app.web import Settings, create_app, current_store, serve
from app.web.problem import of_store

LONG = Settings(timeout=300, memory_mb=512, workers=1, queue=4)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("root")
    publish(root, "20261101T000000Z-a")
    return root


@pytest.fixture(scope="module")
def port(root: Path) -> Iterator[int]:
    with server(root, LONG) as port:
        yield port


@pytest.fixture(scope="module")
def operator(root: Path) -> str:
    return Tokens(root).create("运维", "000000", scopes=[OPERATE])


def request(path: str, method: str = "GET", token: str = "", more: str = "") -> str:
    bearer = f"Authorization: Bearer {token}\r\n" if token else ""
    return f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{bearer}{more}\r\n"


def ask(port: int, query: str) -> socket.socket:
    """A connection on which a query has been asked."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    connection.sendall(
        request(f"/sparql?query={quote(query)}", more="X-Request-ID: from-test-1\r\n").encode()
    )
    return connection


def ended(port: int, outcome: str) -> int:
    text = body(exchange(port, request("/metrics")))
    line = next(
        line for line in text.splitlines() if line.startswith(f'zwfw_queries_total{{outcome="{outcome}"}}')
    )
    return int(float(line.split()[-1]))


def under_way(port: int, token: str) -> list[dict[str, str]]:
    answer = exchange(port, request("/queries", token=token, more="Accept: application/json\r\n"))
    assert status(answer) == 200
    found: list[dict[str, str]] = json.loads(body(answer))["queries"]
    return found


def test_who_goes_away_ends_what_was_asked_and_what_waited(port: int, operator: str) -> None:
    before = ended(port, "left")
    asked = [ask(port, NEVER_ENDS) for _ in range(3)]  # one is evaluated, two wait
    until(lambda: [one["state"] for one in under_way(port, operator)].count("waiting") == 2)
    for connection in asked:
        connection.close()
    until(lambda: ended(port, "left") == before + 3)
    assert under_way(port, operator) == []
    assert status(exchange(port, request("/sparql?query=ASK%7B%7D"))) == 200


def test_an_operator_sees_and_stops_it_and_who_asked_is_told(port: int, root: Path, operator: str) -> None:
    with ask(port, NEVER_ENDS) as connection:
        until(lambda: [one["state"] for one in under_way(port, operator)] == ["evaluating"])
        (one,) = under_way(port, operator)
        assert one["query"] == NEVER_ENDS and one["request"] == "from-test-1"
        stop = request(f"/queries/{one['id']}", "DELETE", operator)
        assert status(exchange(port, stop)) == 204
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
        assert status(answer) == 503 and b"/problems/stopped" in answer
        assert status(exchange(port, stop)) == 404
    noted = json.loads((root / "audit.jsonl").read_text("utf-8").splitlines()[-1])
    assert noted["stopped"] == one["id"] and noted["by"].startswith("运维（")


def test_a_download_keeps_no_question_waiting(port: int, operator: str) -> None:
    """There is one worker, and who downloads reads nothing."""
    with ask(port, ENDLESS_ROWS) as connection:
        assert connection.recv(1)
        until(lambda: [one["state"] for one in under_way(port, operator)] == ["sending"])
        for _ in range(3):
            assert status(exchange(port, request("/sparql?query=ASK%7B%7D"), PATIENCE)) == 200
        assert [one["state"] for one in under_way(port, operator)] == ["sending"]
    until(lambda: under_way(port, operator) == [])


def spooled() -> int:
    """Bytes of the files without a name that this process has open."""
    found = 0
    for file in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            found += file.stat().st_size if "(deleted)" in str(file.readlink()) else 0
    return found


def test_answers_that_nobody_reads_do_not_fill_the_disk_and_a_reader_gets_all(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    megabyte = 2**20
    monkeypatch.setattr(serve, "ALL_BYTES", 8 * megabyte)
    query = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } LIMIT 40000"  # some twenty megabytes
    with ExitStack() as stack:
        port = stack.enter_context(server(root, Settings(timeout=60, memory_mb=512, workers=2)))
        before = spooled()
        asked = [stack.enter_context(ask(port, f"{query} # {number}")) for number in range(5)]
        for connection in asked:
            assert connection.recv(1)
        until(lambda: spooled() - before > 8 * megabyte)
        time.sleep(5)  # for what would come: it has been evaluated long before
        assert (
            spooled() - before < 40 * megabyte
        )  # with what has been sent, and fills the buffers of both ends
        received = b""
        while piece := asked[0].recv(megabyte):
            received += piece
        assert received.endswith(b"0\r\n\r\n") and len(received) > 15 * megabyte
        for connection in asked:
            connection.close()
        until(lambda: spooled() <= before)


def test_more_downloads_than_there_is_room_for_end_in_order(root: Path, operator: str) -> None:
    """Five at once: the workers are as many as before when all are over."""
    settings = Settings(timeout=4, memory_mb=512, workers=2, queue=8)
    outcomes: list[bytes] = []
    with server(root, settings) as port:
        path = request(f"/sparql?query={quote(ENDLESS_ROWS)}&format=csv")
        threads = [threading.Thread(target=lambda: outcomes.append(exchange(port, path))) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert all(not answer.endswith(b"0\r\n\r\n") for answer in outcomes if status(answer) == 200)
        assert under_way(port, operator) == []
        assert [status(exchange(port, request("/sparql?query=ASK%7B%7D"))) for _ in range(4)] == [200] * 4


def test_all_that_a_request_asks_has_one_deadline_and_the_next_request_its_own(root: Path) -> None:
    app = create_app(root, Settings(timeout=60, memory_mb=512, workers=3))
    live = app.extensions["live"]
    held = []
    try:
        for number in (2, 1):
            with app.test_request_context():
                for _ in range(number):
                    held.append(current_store().answer(Query(ENDLESS_ROWS)))
                    time.sleep(0.5)
        first, second, other = (one.deadline for one in live.ledger.under_way())
        assert second - first < 0.25 and other - second > 0.25
    finally:
        for answer in held:
            answer.close()
        live.close()


def test_a_page_says_of_an_answer_that_broke_off_what_ended_it(root: Path) -> None:
    """A program sees the transfer break; a page has read the beginning and can still say why."""
    app = create_app(root, Settings(timeout=60, memory_mb=512, workers=1))
    live = app.extensions["live"]
    try:
        with app.test_request_context():
            frames = current_store().answer(Query(ENDLESS_ROWS)).frames
            assert next(frames)
            (evaluation,) = live.ledger.under_way()
            assert live.ledger.stop(evaluation.id)
            with pytest.raises(AnswerBroken) as broken:
                b"".join(frames)
            assert of_store(broken.value).name == "stopped"
    finally:
        live.close()


@pytest.fixture(scope="module")
def client(root: Path) -> Iterator[FlaskClient]:
    app = create_app(root, Settings(timeout=5, memory_mb=512, workers=1))
    yield app.test_client()
    app.extensions["live"].close()


@pytest.mark.parametrize(
    "region, scope, expected",
    [(None, "", 401), ("000000", SUBMIT, 403), ("370000", OPERATE, 403), ("000000", OPERATE, 200)],
)
def test_only_operators_of_the_nation_see_what_runs(
    client: FlaskClient, root: Path, region: str | None, scope: str, expected: int
) -> None:
    token = Tokens(root).create("某人", region, scopes=[scope]) if region else "zwfw_00000000_" + "x" * 43
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    assert client.get("/queries", headers=headers).status_code == expected
    assert client.post("/queries", data={"token": token}).status_code == expected
    assert client.delete("/queries/none", headers=headers).status_code == (
        404 if expected == 200 else expected
    )


def test_a_browser_is_asked_for_the_token_and_then_shown_what_runs(
    client: FlaskClient, operator: str
) -> None:
    form = client.get("/queries", headers={"Accept": "text/html"})
    assert form.status_code == 200 and "operate" in form.get_data(as_text=True)
    shown = client.post("/queries", data={"token": operator, "stop": "none"})
    assert "没有正在执行的查询" in shown.get_data(as_text=True) and "none 已经结束" in shown.get_data(
        as_text=True
    )
    assert shown.headers["Cache-Control"] == "no-store"


def test_stop_on_the_page_asks_nothing_and_keeps_the_query(client: FlaskClient) -> None:
    answer = client.get(
        "/sparql", query_string={"query": NEVER_ENDS, "stop": "1"}, headers={"Accept": "text/html"}
    )
    text = answer.get_data(as_text=True)
    assert answer.status_code == 200 and "已停止" in text and "?j ?k ?l" in text
