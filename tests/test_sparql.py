"""The SPARQL endpoint as its clients meet it: method, way of sending, Accept; and every way to fail."""

import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from flask.testing import FlaskClient
from served import ENDLESS_ROWS, EX, HUNGRY, NEVER_ENDS, exchange, publish, server, status
from test_syntax import DISGUISES, PREFIXES
from werkzeug.test import TestResponse

from app import names
from app.store.terms import Iri, RdfFormat, parse
from app.submissions.submission import MAX_BYTES
from app.web import Settings, create_app
from app.web.asked import QUERY_BYTES
from app.web.results import PAGE_ROWS

FORM, DIRECT = "application/x-www-form-urlencoded", "application/sparql-query"
SELECT, ASK = "SELECT ?s { ?s ?p ?o } LIMIT 2", "ASK {}"
CONSTRUCT, DESCRIBE = "CONSTRUCT WHERE { ?s ?p ?o } LIMIT 2", f"DESCRIBE <{EX}1>"
JSON, XML = "application/sparql-results+json", "application/sparql-results+xml"
CSV, TSV = "text/csv", "text/tab-separated-values"
TTL, NT, JSONLD, RDF = "text/turtle", "application/n-triples", "application/ld+json", "application/rdf+xml"
HTML, PROBLEM = "text/html", "application/problem+json"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("root")
    publish(root, "20261101T000000Z-a")
    return root


@pytest.fixture(scope="module")
def client(root: Path) -> Iterator[FlaskClient]:
    app = create_app(root, Settings(timeout=20, memory_mb=1024, workers=2))
    yield app.test_client()
    app.extensions["live"].close()


def send(client: FlaskClient, way: str, query: str, accept: str = "", **params: str) -> TestResponse:
    headers = {"Accept": accept} if accept else {}
    if way == "get":
        return client.get("/sparql", query_string={"query": query, **params}, headers=headers)
    if way == "form":
        return client.post(
            "/sparql", data=urlencode({"query": query, **params}), content_type=FORM, headers=headers
        )
    assert way == "direct"
    return client.post(
        "/sparql", data=query.encode(), query_string=params, content_type=DIRECT, headers=headers
    )


NEGOTIATION = [
    # query, Accept, status, media type
    (SELECT, "", 200, JSON),
    (SELECT, "*/*", 200, JSON),
    (SELECT, JSON, 200, JSON),
    (SELECT, "application/json", 200, "application/json"),
    (SELECT, XML, 200, XML),
    (SELECT, CSV, 200, CSV),
    (SELECT, TSV, 200, TSV),
    (SELECT, "text/csv;q=0.2, application/sparql-results+xml;q=0.9", 200, XML),
    (SELECT, "text/csv, */*", 200, CSV),
    (SELECT, "application/sparql-results+json;q=0, */*;q=0.1", 200, XML),
    (SELECT, "text/turtle, */*;q=0.1", 200, JSON),
    (SELECT, TTL, 406, PROBLEM),
    (SELECT, "image/png", 406, PROBLEM),
    (SELECT, BROWSER, 200, HTML),
    (ASK, "", 200, JSON),
    (ASK, XML, 200, XML),
    (ASK, CSV, 406, PROBLEM),
    (ASK, "text/csv, application/sparql-results+xml;q=0.1", 200, XML),
    (ASK, BROWSER, 200, HTML),
    (CONSTRUCT, "", 200, TTL),
    (CONSTRUCT, NT, 200, NT),
    (CONSTRUCT, JSONLD, 200, JSONLD),
    (CONSTRUCT, RDF, 200, RDF),
    (CONSTRUCT, JSON, 406, PROBLEM),
    (CONSTRUCT, BROWSER, 200, HTML),
    (DESCRIBE, "", 200, TTL),
    (DESCRIBE, "text/turtle;charset=utf-8", 200, TTL),
    (DESCRIBE, CSV, 406, PROBLEM),
]


@pytest.mark.parametrize("way", ["get", "form", "direct"])
@pytest.mark.parametrize(("query", "accept", "status", "media_type"), NEGOTIATION)
def test_protocol(
    client: FlaskClient, way: str, query: str, accept: str, status: int, media_type: str
) -> None:
    answer = send(client, way, query, accept)
    assert (answer.status_code, answer.mimetype) == (status, media_type)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    if status == 200:
        assert answer.mimetype_params["charset"] == "utf-8"
        assert "Accept" in answer.headers["Vary"]
        assert answer.get_data()


@pytest.mark.parametrize(
    ("query", "name", "media_type"),
    [
        (SELECT, "json", JSON),
        (SELECT, "xml", XML),
        (SELECT, "csv", CSV),
        (SELECT, "tsv", TSV),
        (CONSTRUCT, "ttl", TTL),
        (CONSTRUCT, "nt", NT),
        (CONSTRUCT, "jsonld", JSONLD),
        (CONSTRUCT, "rdf", RDF),
        (SELECT, "html", HTML),
        (SELECT, "ttl", PROBLEM),
        (ASK, "csv", PROBLEM),
        (SELECT, "docx", PROBLEM),
    ],
)
def test_format_overrules_accept(client: FlaskClient, query: str, name: str, media_type: str) -> None:
    answer = send(client, "get", query, "application/json", format=name)
    assert (answer.mimetype, answer.status_code) == (media_type, 406 if media_type == PROBLEM else 200)


REFUSALS = [
    # method, path, content type, body, status, name of the problem
    ("POST", "/sparql", "text/plain", b"ASK {}", 415, "unsupported-media-type"),
    ("POST", "/sparql", None, b"ASK {}", 415, "unsupported-media-type"),
    ("POST", "/sparql", DIRECT + "; charset=utf-16", b"ASK {}", 415, "unsupported-media-type"),
    ("POST", "/sparql", DIRECT, b"ASK \xff {}", 400, "malformed-request"),
    ("POST", "/sparql", DIRECT, "ASK {}".encode("utf-16"), 400, "malformed-request"),
    ("POST", "/sparql", FORM, b"query=ASK%20%ff%7B%7D", 400, "malformed-request"),
    ("POST", "/sparql", FORM, b"", 400, "malformed-request"),
    ("POST", "/sparql", FORM, b"query=ASK%7B%7D&query=ASK%7B%7D", 400, "malformed-request"),
    ("POST", "/sparql?query=ASK%7B%7D", DIRECT, b"ASK {}", 400, "malformed-request"),
    ("GET", "/sparql?query=ASK%7B%7D&query=ASK%7B%7D", None, b"", 400, "malformed-request"),
    ("GET", "/sparql?query=ASK%FF", None, b"", 400, "malformed-request"),
    ("GET", "/sparql?query=ASK%7B%7D&default-graph-uri=none", None, b"", 400, "malformed-request"),
    ("GET", "/sparql?query=ASK%7B%7D&named-graph-uri=a%3Ab%3E", None, b"", 400, "malformed-request"),
    ("GET", "/sparql?query=", None, b"", 400, "malformed-query"),
    ("GET", "/sparql?query=ASK", None, b"", 400, "malformed-query"),
    ("POST", "/sparql", DIRECT, b"SELECT * { ?s ?p", 400, "malformed-query"),
    ("POST", "/sparql", DIRECT, b"PREFIX a: <http://[> ASK {}", 400, "malformed-query"),
    ("POST", "/sparql", DIRECT, b"BASE <http://[> ASK {}", 400, "malformed-query"),
    ("POST", "/sparql", DIRECT, b"ASK FROM <http://[> {}", 400, "malformed-query"),
    ("POST", "/sparql", DIRECT, b"ASK { GRAPH <http://[> {} }", 400, "malformed-query"),
    ("POST", "/sparql", "application/sparql-update", b"CLEAR ALL", 403, "query-refused"),
    ("POST", "/sparql", FORM, b"update=CLEAR+ALL", 403, "query-refused"),
    ("GET", "/sparql?update=CLEAR+ALL", None, b"", 403, "query-refused"),
    ("POST", "/sparql", DIRECT, b"CLEAR ALL", 403, "query-refused"),
    ("POST", "/sparql", DIRECT, b"LOAD <http://127.0.0.1/>", 403, "query-refused"),
    ("POST", "/sparql", DIRECT, b"ASK {} #" + b"x" * QUERY_BYTES, 413, "too-large"),
    ("POST", "/sparql", DIRECT, b"ASK {} #" + b"x" * 9 * QUERY_BYTES, 413, "too-large"),
    ("PUT", "/sparql", DIRECT, b"ASK {}", 405, "method-not-allowed"),
    ("DELETE", "/sparql", None, b"", 405, "method-not-allowed"),
    ("GET", "/nowhere", None, b"", 404, "not-found"),
]


@pytest.mark.parametrize(("method", "path", "kind", "body", "status", "name"), REFUSALS)
def test_refusals(
    client: FlaskClient, method: str, path: str, kind: str | None, body: bytes, status: int, name: str
) -> None:
    answer = client.open(path, method=method, data=body, content_type=kind)
    said = answer.get_json(force=True)
    assert (answer.status_code, answer.mimetype, said["status"]) == (status, PROBLEM, status)
    assert said["type"].endswith(f"/problems/{name}")
    assert said["title"] and said["detail"] and said["instance"]
    assert client.get(said["type"]).status_code == 200
    page = client.open(path, method=method, data=body, content_type=kind, headers={"Accept": BROWSER})
    assert (page.status_code, page.mimetype) == (status, HTML)
    assert "Traceback" not in page.text


@pytest.mark.parametrize("text", DISGUISES)
def test_service_is_refused_in_every_disguise(client: FlaskClient, text: str) -> None:
    for way in ("get", "form", "direct"):
        assert send(client, way, PREFIXES + text).status_code == 403


def test_a_malformed_query_is_told_with_its_place(client: FlaskClient) -> None:
    query = "SELECT *\n{ ?s ?p"
    said = send(client, "get", query).get_json(force=True)
    assert (said["line"], said["query"]) == (2, query)
    page = send(client, "get", query, BROWSER)
    assert page.status_code == 400
    assert "第 2 行" in page.text
    assert "{ ?s ?p</textarea>" in page.text


def rows(answer: TestResponse) -> int:
    return len(answer.get_json(force=True)["results"]["bindings"])


@pytest.mark.parametrize("way", ["get", "form", "direct"])
def test_the_dataset(client: FlaskClient, way: str) -> None:
    everything, named = "SELECT * { ?s ?p ?o }", "SELECT * { GRAPH ?g { ?s ?p ?o } }"
    from_one = f"SELECT * FROM <{EX}one> {{ ?s ?p ?o }}"
    assert rows(send(client, way, everything)) == 600
    assert rows(send(client, way, from_one)) == 200
    assert rows(send(client, way, everything, **{"default-graph-uri": EX + "two"})) == 200
    assert rows(send(client, way, everything, **{"named-graph-uri": EX + "two"})) == 0
    assert rows(send(client, way, named, **{"named-graph-uri": EX + "two"})) == 200
    assert rows(send(client, way, everything, **{"default-graph-uri": EX + "unknown"})) == 0
    both = client.get(
        "/sparql/",
        query_string=[("query", from_one), *(("default-graph-uri", EX + g) for g in ("two", "three"))],
    )
    assert rows(both) == 400


def test_head_and_options(client: FlaskClient) -> None:
    head = client.head("/sparql", query_string={"query": ASK})
    assert (head.status_code, head.mimetype, head.get_data()) == (200, JSON, b"")
    options = client.options("/sparql/")
    assert options.status_code == 204
    assert (
        options.headers["Allow"]
        == options.headers["Access-Control-Allow-Methods"]
        == "GET, HEAD, POST, OPTIONS"
    )
    assert "Content-Type" in options.headers["Access-Control-Allow-Headers"]


def test_an_unchanged_answer_is_not_sent_again(client: FlaskClient) -> None:
    first = send(client, "get", SELECT)
    again = client.get(
        "/sparql", query_string={"query": SELECT}, headers={"If-None-Match": first.headers["ETag"]}
    )
    assert (again.status_code, again.get_data()) == (304, b"")
    assert send(client, "get", SELECT, CSV).headers["ETag"] != first.headers["ETag"]
    assert "ETag" not in send(client, "get", "SELECT (NOW() AS ?now) {}").headers


@pytest.mark.parametrize("accept", ["", TTL, NT, JSONLD, RDF])
def test_without_a_query_the_service_describes_itself(client: FlaskClient, accept: str) -> None:
    answer = client.get("/sparql", headers={"Accept": accept} if accept else {})
    rdf = RdfFormat.from_media_type(answer.mimetype)
    assert rdf is not None
    triples = {(quad.predicate.value, quad.object) for quad in parse(answer.data, format=rdf)}
    assert (names.SD + "endpoint", Iri("http://localhost/sparql")) in triples
    assert (names.SD + "supportedLanguage", Iri(names.SD + "SPARQL11Query")) in triples
    assert (names.SD + "feature", Iri(names.SD + "UnionDefaultGraph")) in triples


def test_the_page(client: FlaskClient) -> None:
    empty = client.get("/sparql", headers={"Accept": BROWSER})
    assert (empty.status_code, empty.mimetype) == (200, HTML)
    assert 'method="get"' in empty.text and "<textarea" in empty.text
    full = send(client, "get", "SELECT * { ?s ?p ?o }", BROWSER).text
    assert full.count("<tr>") == PAGE_ROWS + 1
    assert f"第 1 至 {PAGE_ROWS} 行" in full and "format=csv" in full
    few = send(client, "get", f"SELECT * {{ <{EX}1> ?p ?o }}", BROWSER).text
    assert "共 1 行" in few and '<span lang="zh">事项1</span>' in few
    assert f"&lt;{EX}name&gt;" in send(client, "get", CONSTRUCT, BROWSER).text
    assert ">是<" in send(client, "get", ASK, BROWSER).text
    assert ">否<" in send(client, "get", "ASK { <x:x> ?p ?o }", BROWSER).text


def test_strangers_text_is_text(client: FlaskClient) -> None:
    query = "SELECT ('<script>alert(1)</script>' AS ?x) (<javascript:alert(1)> AS ?y) {}"
    page = send(client, "get", query, BROWSER)
    assert "<script>" not in page.text and 'href="javascript' not in page.text


def test_pages_load_nothing_from_outside_and_allow_no_script_within(client: FlaskClient) -> None:
    for path in ("/sparql", "/problems/", "/nowhere"):
        page = client.get(path, headers={"Accept": BROWSER})
        policy = page.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy
        assert page.headers["X-Content-Type-Options"] == "nosniff"
        for forbidden in ("style=", "<style", "//cdn", "onclick"):
            assert forbidden not in page.text
        own = re.findall(r'<script type="module" src="/static/dist/[\w.-]+"></script>', page.text)
        assert len(own) == page.text.count("<script")
    with client.get("/static/zwfw.css") as sheet:
        assert sheet.status_code == 200


def test_the_language_is_chosen(client: FlaskClient) -> None:
    def language_of(path: str, **headers: str) -> str:
        return client.get(path, headers={"Accept": BROWSER, **headers}).headers["Content-Language"]

    assert language_of("/sparql") == "zh"
    assert language_of("/sparql", **{"Accept-Language": "en-GB,zh;q=0.5"}) == "en"
    assert language_of("/sparql", **{"Accept-Language": "fr"}) == "zh"
    assert language_of("/sparql?lang=en", **{"Accept-Language": "zh"}) == "en"
    assert language_of("/sparql", **{"Accept-Language": "zh"}) == "en"  # by the cookie it left
    assert language_of("/sparql?lang=zh") == "zh"


# What only a real server and a real connection can show


@pytest.fixture(scope="module")
def port(root: Path) -> Iterator[int]:
    with server(root, Settings(timeout=2, memory_mb=400, workers=2, queue=2)) as port:
        yield port


def get(port: int, query: str, more: str = "", version: str = "1.1", patience: float = 20) -> bytes:
    head = f"GET /sparql?query={quote(query)}{more} HTTP/{version}\r\nHost: x\r\nConnection: close\r\n\r\n"
    return exchange(port, head, patience)


def said(answer: bytes) -> dict[str, object]:
    found: dict[str, object] = json.loads(answer.partition(b"\r\n\r\n")[2])
    return found


def test_a_query_that_never_ends_gets_504_and_the_others_an_answer(port: int) -> None:
    outcome: list[bytes] = []
    began = time.monotonic()
    runaway = threading.Thread(target=lambda: outcome.append(get(port, NEVER_ENDS)))
    runaway.start()
    answered = 0
    while runaway.is_alive():
        assert status(get(port, ASK)) == 200
        answered += 1
    assert time.monotonic() - began > 1.9
    assert answered > 20
    assert status(outcome[0]) == 504
    assert "deadline-exceeded" in str(said(outcome[0])["type"])


def test_a_hungry_query_is_reported(root: Path) -> None:
    with server(root, Settings(timeout=100, memory_mb=400, workers=1, queue=2)) as port:
        answer = get(port, HUNGRY, patience=120)  # what is slow leaves the processor to others
        assert status(answer) == 503
        assert "memory-exceeded" in str(said(answer)["type"])
        assert status(get(port, ASK)) == 200


def test_a_late_failure_breaks_the_transfer(port: int) -> None:
    answer = get(port, ENDLESS_ROWS, "&format=csv")
    assert status(answer) == 200
    assert b"transfer-encoding: chunked" in answer.lower()
    assert not answer.endswith(b"0\r\n\r\n")
    # The same transfer, whole, does end so.
    assert get(port, "SELECT * { ?a ?b ?c . ?d ?e ?f } LIMIT 5000", "&format=csv").endswith(b"0\r\n\r\n")


def test_a_late_failure_breaks_the_transfer_of_old_clients_too(port: int) -> None:
    with pytest.raises(ConnectionResetError):
        get(port, ENDLESS_ROWS, "&format=csv", version="1.0")


def test_a_body_far_larger_than_any_upload_may_be_is_not_taken_in(port: int) -> None:
    """It is refused by what it says of itself: not a byte of it is sent."""
    head = f"POST /map HTTP/1.1\r\nHost: x\r\nContent-Length: {3 * MAX_BYTES}\r\n\r\n"
    assert status(exchange(port, head)) == 413


def test_clients_that_go_away_leave_no_worker_busy(root: Path) -> None:
    with server(root, Settings(timeout=60, memory_mb=400, workers=2, queue=2)) as port:
        for _ in range(6):
            with socket.create_connection(("127.0.0.1", port)) as connection:
                connection.sendall(
                    f"GET /sparql?query={quote(ENDLESS_ROWS)} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
                )
                assert connection.recv(1)
        began = time.monotonic()
        assert status(get(port, ASK)) == 200
        assert time.monotonic() - began < 30  # long before a deadline frees the workers


def test_a_full_queue_gets_503_and_pages_are_still_served(root: Path) -> None:
    outcomes: list[bytes] = []
    with server(root, Settings(timeout=6, memory_mb=512, workers=2, queue=2)) as port:
        threads = [threading.Thread(target=lambda: outcomes.append(get(port, NEVER_ENDS))) for _ in range(8)]
        for thread in threads:
            thread.start()
        while len(outcomes) < 4:  # those for whom there is no room know at once
            time.sleep(0.02)
        assert status(exchange(port, "GET /healthz HTTP/1.0\r\n\r\n")) == 200
        assert len(outcomes) == 4  # and all the others still waited
        for thread in threads:
            thread.join()
    assert sorted(map(status, outcomes)) == [503] * 4 + [504] * 4
    busy = next(outcome for outcome in outcomes if status(outcome) == 503)
    assert b"\r\nRetry-After: " in busy
