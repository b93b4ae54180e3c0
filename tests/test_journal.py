"""Every request has an id and, where a log is kept, a line that tells nothing of queries and tokens."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from served import client_of, publish

from app.web import Settings
from app.web.journal import HEADER, REQUEST_ID


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("log") / "requests.log"


@pytest.fixture(scope="module")
def client(log: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    root = tmp_path_factory.mktemp("root")
    publish(root, "20261101T000000Z-a")
    with client_of(root, Settings(workers=1, memory_mb=512, log=str(log))) as client:
        yield client


def lines(log: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in log.read_text("utf-8").splitlines()]


def test_a_line_says_who_asked_what_and_how_it_went(client: FlaskClient, log: Path) -> None:
    query = 'ASK { ?secret ?p "机密" '
    answer = client.get(
        "/sparql",
        query_string={"query": query},
        headers={"Authorization": "Bearer zwfw_secret", HEADER: "proxy-0123"},
    )
    answer.close()
    assert answer.headers[HEADER] == "proxy-0123"
    (line,) = [one for one in lines(log) if one["id"] == "proxy-0123"]
    assert line["path"] == "/sparql" and line["status"] == 400 and line["problem"] == "malformed-query"
    assert line["method"] == "GET" and line["client"] == "127.0.0.1" and line["endpoint"] == "sparql.endpoint"
    assert isinstance(line["seconds"], float)
    assert "secret" not in log.read_text("utf-8") and "机密" not in log.read_text("utf-8")


@given(said=st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), max_size=80))
def test_an_id_is_taken_over_only_where_it_cannot_forge_a_line(client: FlaskClient, said: str) -> None:
    given_back = client.get("/healthz", headers={HEADER: said}).headers[HEADER]
    assert REQUEST_ID.fullmatch(given_back)
    assert (given_back == said) == bool(REQUEST_ID.fullmatch(said))


def test_a_log_that_was_moved_away_is_begun_anew(client: FlaskClient, log: Path) -> None:
    client.get("/healthz").close()
    moved = log.rename(log.with_suffix(".1"))
    client.get("/robots.txt").close()
    assert [line["path"] for line in lines(log)] == ["/robots.txt"]
    assert lines(moved)[-1]["path"] == "/healthz"


def test_a_log_that_cannot_be_written_is_told_before_anything_is_served(tmp_path: Path) -> None:
    with (
        pytest.raises(OSError, match="nowhere"),
        client_of(tmp_path, Settings(log=str(tmp_path / "nowhere" / "log"))),
    ):
        logging.error("never reached")


@given(path=st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=40))
def test_a_path_forges_no_line_and_steers_no_terminal(client: FlaskClient, log: Path, path: str) -> None:
    before = len(log.read_text("utf-8").splitlines()) if log.exists() else 0
    client.get("/nowhere/" + quote(path, safe="")).close()
    text = log.read_text("utf-8")
    assert len(text.splitlines()) == before + 1 and text.replace("\n", "").isprintable()


def test_a_log_that_is_full_costs_no_answer(tmp_path: Path) -> None:
    publish(tmp_path, "20261101T000000Z-a")
    with client_of(tmp_path, Settings(workers=1, memory_mb=512, log="/dev/full")) as client:
        for _ in range(3):
            assert client.get("/sparql?query=ASK{}", buffered=True).status_code == 200
