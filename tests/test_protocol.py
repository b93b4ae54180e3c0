"""The HTTP interface to read by, as a specification: the SPARQL 1.1 Protocol at ``/sparql``, the Graph Store HTTP
Protocol at ``/graph`` and at the graphs' own names, over a really published region. And what writing adds to them.
"""

import html
import http.client
import json
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from served import ENDLESS_ROWS, EX, NEVER_ENDS, exchange, publish, server
from werkzeug.test import TestResponse

from app import names
from app.releases.release import Release
from app.store import QueryMalformed, QueryRefused
from app.store import scratch as store_scratch
from app.store.terms import Quad, RdfFormat, parse
from app.web import Settings, create_open_app, formats
from app.web.scratch import Scratch

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
TTL, NT, JSONLD, RDF = "text/turtle", "application/n-triples", "application/ld+json", "application/rdf+xml"
TRIG, NQ = "application/trig", "application/n-quads"
JSON, XML = "application/sparql-results+json", "application/sparql-results+xml"
CSV, TSV, HTML = "text/csv", "text/tab-separated-values", "text/html"
PROBLEM = "application/problem+json"
FORM, DIRECT, UPDATE = (
    "application/x-www-form-urlencoded",
    "application/sparql-query",
    "application/sparql-update",
)


def q(text: str, **more: str) -> str:
    return "/sparql?" + urlencode({"query": text, **more})


def g(iri: str) -> str:
    return "/graph?graph=" + quote(iri, safe="")


DATA, ONTOLOGY = names.graph("370000"), names.graph("ontology")
ASK, SELECT, CONSTRUCT = "ASK {}", "SELECT ?s { ?s ?p ?o } LIMIT 1", "CONSTRUCT { <a> <b> 1 } {}"

SPECIFICATION = [
    # method, address, Accept, status, media type, headers (a pattern each)
    #
    # Queries: what is not asked for in particular is JSON or Turtle
    ("GET", q(SELECT), "", 200, JSON, {"Vary": "Accept", "ETag": '".+"', "Cache-Control": "no-cache"}),
    ("GET", q(ASK), "", 200, JSON, {}),
    ("GET", q(CONSTRUCT), "", 200, TTL, {}),
    ("GET", q(f"DESCRIBE <{DATA}>"), "", 200, TTL, {}),
    ("HEAD", q(SELECT), CSV, 200, CSV, {"Vary": "Accept", "ETag": '".+"'}),
    *(("GET", q(SELECT), one, 200, one, {}) for one in (JSON, XML, CSV, TSV)),
    *(("GET", q(ASK), one, 200, one, {}) for one in (JSON, XML)),
    *(("GET", q(CONSTRUCT), one, 200, one, {}) for one in (TTL, NT, JSONLD, RDF, TRIG, NQ)),
    ("GET", q(ASK), CSV, 406, PROBLEM, {}),
    ("GET", q(CONSTRUCT), JSON, 406, PROBLEM, {}),
    # A browser gets the page
    ("GET", q(SELECT), BROWSER, 200, HTML, {"Vary": "Accept.*Accept-Language"}),
    ("GET", "/sparql", BROWSER, 200, HTML, {}),
    # Qualities: the highest wins, 0 excludes, a name goes before a wildcard, and then our own order
    ("GET", q(SELECT), f"{XML};q=0.4, {CSV};q=0.41", 200, CSV, {}),
    ("GET", q(SELECT), f"{TSV}, {CSV}", 200, CSV, {}),
    ("GET", q(SELECT), f"{CSV}, {TSV}", 200, CSV, {}),
    ("GET", q(SELECT), f"{JSON};q=0, */*", 200, XML, {}),
    ("GET", q(SELECT), "text/*;q=0.5, */*;q=0.4", 200, CSV, {}),
    ("GET", q(SELECT), "text/*;q=0.5, text/csv;q=0", 200, TSV, {}),
    ("GET", q(SELECT), "*/*;q=0", 406, PROBLEM, {}),
    ("GET", q(SELECT), "TEXT/CSV ; Q=0.5", 200, CSV, {}),
    # ?format= says more than Accept
    ("GET", q(SELECT, format="tsv"), CSV, 200, TSV, {}),
    ("GET", q(SELECT, format=TSV), CSV, 200, TSV, {}),
    ("GET", q(CONSTRUCT, format="nq"), TTL, 200, NQ, {}),
    ("GET", q(SELECT, format="pdf"), CSV, 406, PROBLEM, {}),
    # The service describes itself where nothing is asked
    ("GET", "/sparql", "", 200, TTL, {}),
    *(("GET", "/sparql", one, 200, one, {}) for one in (TTL, NT, JSONLD, RDF, TRIG, NQ)),
    ("GET", "/sparql/", "", 200, TTL, {}),
    ("GET", "/sparql", CSV, 406, PROBLEM, {}),
    # Methods
    ("OPTIONS", "/sparql", "", 204, "", {"Allow": "GET, HEAD, POST, OPTIONS"}),
    ("PUT", "/sparql", "", 405, PROBLEM, {"Allow": "(?=.*GET)(?=.*HEAD)(?=.*POST)(?=.*OPTIONS)"}),
    ("DELETE", q(ASK), "", 405, PROBLEM, {"Allow": "GET|POST"}),
    # What is wrong with a query is 400, what is refused 403
    ("GET", q("ASK {"), "", 400, PROBLEM, {}),
    ("GET", q(ASK) + "&query=ASK%7B%7D", "", 400, PROBLEM, {}),
    ("GET", q(ASK, **{"default-graph-uri": "one"}), "", 400, PROBLEM, {}),
    ("GET", q(ASK, **{"named-graph-uri": "http://[x"}), "", 400, PROBLEM, {}),
    ("GET", q("ASK { SERVICE <http://127.0.0.1/> {} }"), "", 403, PROBLEM, {}),
    ("GET", "/sparql?update=CLEAR+ALL", "", 403, PROBLEM, {}),
    #
    # Graphs: by parameter and by their own names
    ("GET", g(DATA), "", 200, TTL, {"Vary": "Accept", "ETag": '".+"', "Cache-Control": "no-cache"}),
    ("GET", g(DATA), "*/*", 200, TTL, {}),
    ("HEAD", g(DATA), NT, 200, NT, {"ETag": '".+"'}),
    ("GET", g(ONTOLOGY), "", 200, TTL, {}),
    ("GET", "/graph?default", NT, 200, NT, {}),
    ("GET", "/graph?default=", NT, 200, NT, {}),
    *(("GET", f"/{kind}/370000", one, 200, one, {}) for kind in names.GRAPH_KINDS for one in (TTL, NT)),
    *(("GET", "/summary/370000", one, 200, one, {}) for one in (JSONLD, RDF, TRIG, NQ)),
    *(("GET", f"/graph/{name}", NT, 200, NT, {}) for name in names.SYSTEM_GRAPHS),
    ("HEAD", "/report/370000", "", 200, TTL, {}),
    ("GET", "/graph/370000?format=nt", TTL, 200, NT, {}),
    ("GET", "/graph/370000", CSV, 406, PROBLEM, {}),
    # A browser is led to the page
    ("GET", "/graph/370000", BROWSER, 303, HTML, {"Location": "/regions/370000", "Vary": "Accept"}),
    ("GET", g(DATA), BROWSER, 303, HTML, {"Location": "/regions/370000"}),
    ("GET", "/graph/ontology", BROWSER, 303, HTML, {"Location": "/ontology"}),
    ("GET", "/graph?default", BROWSER, 303, HTML, {"Location": "/dumps/"}),
    ("GET", g("http://a.example/g"), BROWSER, 303, HTML, {"Location": r"/sparql\?query="}),
    # There are no other graphs
    ("GET", "/graph/999999", "", 404, PROBLEM, {}),
    ("HEAD", "/graph/999999", "", 404, PROBLEM, {}),
    ("GET", "/graph/999999", BROWSER, 404, HTML, {}),
    ("GET", "/graph/%zz", "", 404, PROBLEM, {}),
    ("GET", "/graph/%3C%3E", "", 404, PROBLEM, {}),
    ("GET", "/report/ontology", "", 404, PROBLEM, {}),
    ("GET", g("http://a.example/g"), "", 404, PROBLEM, {}),
    ("GET", "/graph", "", 400, PROBLEM, {}),
    ("GET", "/graph?default&graph=a%3Ab", "", 400, PROBLEM, {}),
    ("GET", g(DATA) + "&graph=a%3Ab", "", 400, PROBLEM, {}),
    ("GET", "/graph?graph=370000", "", 400, PROBLEM, {}),
    ("GET", "/graph?graph=http%3A%2F%2F%5Bx", "", 400, PROBLEM, {}),
    ("GET", "/graph?graph=a%3A%FF", "", 400, PROBLEM, {}),
    # Nobody writes
    *(
        (method, address, "", 403, PROBLEM, {"Allow": "GET, HEAD, OPTIONS"})
        for method in ("PUT", "POST", "DELETE", "PATCH")
        for address in ("/graph?default", g(DATA), "/graph", "/graph/370000", "/report/370000", "/graph/a/b")
    ),
    *(
        ("OPTIONS", address, "", 204, "", {"Allow": "GET, HEAD, OPTIONS"})
        for address in ("/graph", "/graph?default", "/graph/370000", "/provenance/370000")
    ),
]


@pytest.mark.parametrize(("method", "address", "accept", "status", "media_type", "headers"), SPECIFICATION)
def test_the_specification(
    web: FlaskClient, method: str, address: str, accept: str, status: int, media_type: str, headers: dict[str, str]
) -> None:  # fmt: skip
    with web.open(address, method=method, headers={"Accept": accept} if accept else {}) as answer:
        assert (answer.status_code, answer.mimetype if answer.status_code != 204 else "") == (
            status,
            media_type,
        )
        for name, pattern in headers.items():
            assert re.search(pattern, answer.headers.get(name, "")), (name, answer.headers)
        reads = method in ("GET", "HEAD", "OPTIONS") and status != 405
        if reads:
            assert answer.headers["Access-Control-Allow-Origin"] == "*"
        elif address.startswith("/graph"):
            assert "Access-Control-Allow-Origin" not in answer.headers
        if status == 200:
            assert answer.mimetype_params["charset"] == "utf-8"
        if status >= 400 and method != "HEAD" and media_type == PROBLEM:
            assert answer.get_json(force=True)["status"] == status
        assert bool(answer.get_data()) is (method != "HEAD" and status != 204)


@pytest.mark.parametrize("address", ["/sparql", "/graph?default", "/graph/370000", "/inferred/370000"])
def test_a_page_of_another_site_may_read(web: FlaskClient, address: str) -> None:
    asked = {"Origin": "https://a.example", "Access-Control-Request-Method": "GET"}
    answer = web.options(address, headers=asked)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    allowed = answer.headers["Access-Control-Allow-Methods"].split(", ")
    assert "GET" in allowed and not {"PUT", "DELETE", "PATCH"} & set(allowed)
    assert "Content-Type" in answer.headers["Access-Control-Allow-Headers"]
    assert int(answer.headers["Access-Control-Max-Age"]) > 0


@pytest.mark.parametrize("way", ["get", "form", "direct", "both"])
def test_graphs_of_the_protocol_replace_those_of_the_query(web: FlaskClient, way: str) -> None:
    """In the URL, in the form, and in the URL beside a form or a query sent directly."""
    count = f"SELECT (COUNT(*) AS ?n) FROM <{ONTOLOGY}> {{ ?s ?p ?o }}"
    graphs = {"default-graph-uri": names.graph("370000", "summary")}
    answer = {
        "get": lambda: web.get("/sparql", query_string={"query": count, **graphs}),
        "form": lambda: web.post("/sparql", data={"query": count, **graphs}),
        "direct": lambda: web.post("/sparql", query_string=graphs, data=count, content_type=DIRECT),
        "both": lambda: web.post("/sparql", query_string=graphs, data={"query": count}),
    }[way]()
    expected = len(quads(web.get("/summary/370000", headers={"Accept": NT})))
    assert int(answer.get_json(force=True)["results"]["bindings"][0]["n"]["value"]) == expected > 0


@pytest.mark.parametrize(
    "charset", ["", ";charset=utf-8", "; charset=UTF-8", '; charset="utf-8"', ";charset=utf8"]
)
def test_utf_8_may_be_said(web: FlaskClient, charset: str) -> None:
    text = "SELECT ('中文' AS ?x) {}".encode()
    for kind, data in ((DIRECT, text), (FORM, b"query=" + quote(text).encode())):
        answer = web.post("/sparql", data=data, content_type=kind + charset, headers={"Accept": CSV})
        assert answer.text == "x\r\n中文\r\n"


def quads(answer: TestResponse) -> set[Quad]:
    rdf = RdfFormat.from_media_type(answer.mimetype)
    assert rdf is not None
    return set(parse(answer.get_data(), format=rdf))


@pytest.mark.parametrize("accept", [TTL, JSONLD, RDF, TRIG, NQ])
def test_a_graph_is_the_same_in_every_format_and_by_every_name(web: FlaskClient, accept: str) -> None:
    lines = quads(web.get("/graph/370000", headers={"Accept": NT}))
    assert lines == quads(web.get("/graph/370000", headers={"Accept": accept}))
    assert lines == quads(web.get(g(DATA), headers={"Accept": accept}))
    asked = web.get(
        q("CONSTRUCT WHERE { ?s ?p ?o }", **{"default-graph-uri": DATA}), headers={"Accept": accept}
    )
    assert lines == quads(asked)


def test_the_default_graph_is_all_graphs(web: FlaskClient) -> None:
    everything = web.get("/graph?default", headers={"Accept": NT}).get_data().splitlines()
    count = web.get(q("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }")).get_json(force=True)
    assert len(everything) == int(count["results"]["bindings"][0]["n"]["value"])
    summary = web.get("/summary/370000", headers={"Accept": NT}).get_data().splitlines()
    assert set(summary) < set(everything)


def test_an_unchanged_graph_is_not_sent_again(web: FlaskClient, world_root: Path) -> None:
    for address in ("/graph/370000", "/report/370000", g(ONTOLOGY), "/graph?default"):
        with web.get(address, headers={"Accept": NT}) as first:
            tag = first.headers["ETag"]
        again = web.get(address, headers={"Accept": NT, "If-None-Match": tag})
        assert (again.status_code, again.get_data(), again.headers["ETag"]) == (304, b"", tag)
        with web.get(address, headers={"Accept": TTL, "If-None-Match": tag}) as other:
            assert other.status_code == 200


@pytest.mark.parametrize("accept", [TTL, NT, TRIG, NQ])
def test_equal_answers_are_equal_bytes(web: FlaskClient, accept: str) -> None:
    """Whichever process answers; an ETag promises it."""
    for address in ("/graph/370000", "/summary/370000", q("CONSTRUCT WHERE { ?s ?p ?o } LIMIT 50")):
        first = web.get(address, headers={"Accept": accept}).get_data()
        with web.get(q(ENDLESS_ROWS), headers={"Accept": CSV}):  # this keeps the process that answered
            assert web.get(address, headers={"Accept": accept}).get_data() == first


def test_the_description_names_the_graphs(web: FlaskClient) -> None:
    told = {
        str(quad.object) for quad in quads(web.get("/sparql")) if quad.predicate.value == names.SD + "name"
    }
    found = web.get(q("SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } }")).get_json(force=True)
    assert {f"<{row['g']['value']}>" for row in found["results"]["bindings"]} <= told
    assert f"<{DATA}>" in told


# What only a real server can show


@pytest.mark.parametrize(
    "address", [q(SELECT), q(CONSTRUCT), "/sparql", "/graph/370000", "/summary/370000", "/graph/9"]
)
def test_head_has_the_headers_of_get(reading: int, address: str) -> None:
    def ask(method: str) -> tuple[list[str], bytes]:
        named = "X-Request-ID: one-of-two"
        request = f"{method} {address} HTTP/1.1\r\nHost: x\r\n{named}\r\nAccept: {NT}, {CSV}\r\nConnection: close\r\n\r\n"
        head, _, body = exchange(reading, request).partition(b"\r\n\r\n")
        lines = head.decode().lower().split("\r\n")
        # A streamed answer has no length; that it comes in chunks is said of the body, which HEAD has not.
        return sorted(one for one in lines if not one.startswith(("date:", "transfer-encoding:"))), body

    (got, body), (headed, nothing) = ask("GET"), ask("HEAD")
    assert body and nothing == b""
    assert headed == got


@pytest.mark.parametrize(
    "path", ["/graph/%zz", "/graph/a<b", "/graph/%ff", "/graph/{", "/report/%3c", "/graph/a\\b"]
)
def test_an_address_that_is_no_iri_is_no_graph(reading: int, path: str) -> None:
    answer = exchange(reading, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert answer.split(b" ", 2)[1] == b"404"


def test_after_head_the_connection_goes_on(reading: int) -> None:
    """The answer is streamed, so it has no length; not a byte of a body may follow the headers."""
    connection = http.client.HTTPConnection("127.0.0.1", reading, timeout=20)
    for method in ("HEAD", "GET", "HEAD", "GET"):
        connection.request(method, "/graph/370000", headers={"Accept": NT})
        answer = connection.getresponse()
        assert (answer.status, bool(answer.read())) == (200, method == "GET")
    connection.close()


def test_a_large_graph_is_streamed(tmp_path: Path) -> None:
    publish(tmp_path, "20261101T000000Z-l", things=30_000)
    with server(tmp_path, Settings(timeout=20, memory_mb=1024, workers=1)) as port:
        request = f"GET {g(EX + 'one')} HTTP/1.1\r\nHost: x\r\nAccept: {NT}\r\nConnection: close\r\n\r\n"
        head, _, body = exchange(port, request).partition(b"\r\n\r\n")
    assert b"transfer-encoding: chunked" in head.lower() and b"content-length" not in head.lower()
    assert body.endswith(b"0\r\n\r\n")
    assert body.count(b" .\n") == 10_000


@pytest.fixture(scope="module")
def reading(world_root: Path) -> Iterator[int]:
    with server(world_root, Settings(timeout=20, memory_mb=1024, workers=1)) as port:
        yield port


# Which format a client gets, whatever it writes into Accept

OFFERED = (*formats.formats_of("SELECT"), formats.PAGE)
LABELS = [one for form in OFFERED for one in (form.media_type, *form.others)]
RANGES = st.one_of(
    st.sampled_from([*LABELS, "*/*", "text/*", "application/*", "image/png", "image/*"]),
    st.from_regex(r"[a-z]{1,4}/[a-z]{1,4}", fullmatch=True),
)
QUALITIES = st.integers(0, 1000).map(lambda thousandths: f"{thousandths / 1000:.3f}")
ACCEPTS = st.dictionaries(RANGES, QUALITIES, min_size=1, max_size=8)
"""Ranges with their qualities, none twice."""


def quality(media_type: str, accept: dict[str, str]) -> float:
    """RFC 9110 §12.5.1: the most specific range that matches has the say."""
    for one in (media_type, media_type.partition("/")[0] + "/*", "*/*"):
        if one in accept:
            return float(accept[one])
    return 0.0


def negotiated(header: str) -> tuple[str, str] | None:
    with Flask(__name__).test_request_context(headers={"Accept": header}):
        choice = formats.chosen(OFFERED)
        return None if choice is None else (choice[0].name, choice[1])


def written(accept: dict[str, str], separator: str = ", ", case: bool = False) -> str:
    pairs = (f"{one.upper() if case else one};q={value}" for one, value in accept.items())
    return separator.join(pairs)


@given(ACCEPTS)
def test_no_other_format_would_be_more_welcome(accept: dict[str, str]) -> None:
    # A format goes by its own name, and by another where the client says that name.
    welcome = {
        (form.name, label): quality(label, accept)
        for form in OFFERED
        for label in (form.media_type, *form.others)
        if label == form.media_type or label in accept
    }
    choice = negotiated(written(accept))
    if choice is None:
        assert max(welcome.values()) == 0
    else:
        assert welcome[choice] == max(welcome.values()) > 0


@given(ACCEPTS, st.randoms(use_true_random=False))
def test_neither_order_nor_spelling_of_accept_matters(accept: dict[str, str], random: object) -> None:
    shuffled = list(accept.items())
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    expected = negotiated(written(accept))
    assert negotiated(written(dict(shuffled))) == expected
    assert negotiated(written(accept, ",", case=True)) == expected
    assert negotiated(written({f"{one};charset=utf-8": value for one, value in accept.items()})) == expected


@given(st.text(st.characters(codec="latin-1", exclude_characters="\r\n\0"), max_size=60))
def test_whatever_accept_holds_there_is_an_answer(header: str) -> None:
    choice = negotiated(header)
    assert choice is None or choice[1] in LABELS


# Writing, where it is open to all


@pytest.fixture(scope="module")
def open_app() -> Iterator[Flask]:
    settings = Settings(timeout=3, memory_mb=1024, workers=1)
    scratch = Scratch(settings)
    app = create_open_app(scratch, settings)
    yield app
    app.extensions["live"].close()
    scratch.close()


@pytest.fixture
def pad(open_app: Flask) -> FlaskClient:
    """A client of an empty dataset."""
    client = open_app.test_client()
    assert client.post("/sparql", data={"update": "DROP ALL"}).status_code == 204
    return client


LINE = "<a:a> <a:p> <a:b> .\n"

WRITING = [
    # method, address, content type, body, status; each on a dataset that has the graph <a:old>
    ("PUT", "/graph?graph=a:new", TTL, LINE, 201),
    ("PUT", "/graph?graph=a:old", TTL, LINE, 204),
    ("PUT", "/graph?default", TTL, LINE, 204),
    ("PUT", "/graph?graph=a:new", TTL, "", 201),
    ("POST", "/graph?graph=a:new", TTL, LINE, 201),
    ("POST", "/graph?graph=a:old", TTL, LINE, 204),
    ("POST", "/graph", TTL, LINE, 201),
    ("DELETE", "/graph?graph=a:old", None, "", 204),
    ("DELETE", "/graph?graph=a:new", None, "", 404),
    ("PUT", "/graph/a/b", TTL, LINE, 201),
    ("PUT", "/graph/%zz", TTL, LINE, 400),
    ("DELETE", "/graph/a/b", None, "", 404),
    *(("PUT", "/graph?graph=a:new", kind, LINE, 201) for kind in (NT, NQ, TRIG, "text/turtle;charset=UTF-8")),
    ("PUT", "/graph?graph=a:new", JSONLD, '{"@id": "a:a", "a:p": 1}', 201),
    ("PUT", "/graph?graph=a:new", RDF, f'<r:RDF xmlns:r="{names.RDF}"/>', 201),
    ("PUT", "/graph?graph=a:new", None, f'<r:RDF xmlns:r="{names.RDF}"/>', 201),
    ("PUT", "/graph?graph=a:new", NQ, "<a:a> <a:p> <a:b> <a:g> .\n", 400),
    ("PUT", "/graph?graph=a:new", TTL, "<a:a> <a:p>", 400),
    ("PUT", "/graph?graph=a:new", CSV, "a,b", 415),
    ("PUT", "/graph?graph=a:new", "text/turtle;charset=gbk", LINE, 415),
    ("PUT", "/graph", TTL, LINE, 400),
    ("DELETE", "/graph", None, "", 400),
    ("PUT", "/graph?graph=new", TTL, LINE, 400),
    ("PATCH", "/graph?graph=a:old", UPDATE, "CLEAR ALL", 405),
    ("POST", "/sparql", UPDATE, "INSERT DATA { <a:a> <a:p> 1 }", 204),
    ("POST", "/sparql", FORM, "update=CREATE+GRAPH+%3Ca:new%3E", 204),
    ("POST", "/sparql", UPDATE, "", 204),
    ("POST", "/sparql", UPDATE, "INSERT DATA { <a:a> <a:p> }", 400),
    ("POST", "/sparql", UPDATE, "CREATE GRAPH <a:old>", 500),
    ("POST", "/sparql", UPDATE, "LOAD <http://127.0.0.1/>", 403),
    ("POST", "/sparql", UPDATE, "CLEAR ALL; LOAD SILENT <http://127.0.0.1/>", 403),
    ("POST", "/sparql", UPDATE, "INSERT {} WHERE { SERVICE <http://127.0.0.1/> {} }", 403),
    ("POST", "/sparql", FORM, "update=CLEAR+ALL&query=ASK%7B%7D", 400),
    ("POST", "/sparql?update=CLEAR+ALL", UPDATE, "CLEAR ALL", 400),
    ("GET", "/sparql?update=CLEAR+ALL", None, "", 400),
    ("POST", "/sparql?using-graph-uri=a:old", UPDATE, "WITH <a:old> DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }", 400),
    ("POST", "/sparql?using-graph-uri=a:old", UPDATE, "DELETE WHERE", 400),
    ("POST", "/sparql", UPDATE + ";charset=utf-16", "CLEAR ALL", 415),
    ("POST", "/sparql", DIRECT, "CLEAR ALL", 403),
]  # fmt: skip


@pytest.mark.parametrize(("method", "address", "kind", "body", "status"), WRITING)
def test_writing(
    pad: FlaskClient, method: str, address: str, kind: str | None, body: str, status: int
) -> None:
    pad.post("/sparql", data={"update": "INSERT DATA { GRAPH <a:old> { <a:old> <a:p> <a:o> } }"})
    before = everything(pad)
    answer = pad.open(address, method=method, data=body, content_type=kind)
    assert answer.status_code == status, answer.text
    if status >= 400:
        assert answer.mimetype == PROBLEM
        assert everything(pad) == before
    if status == 201:
        there = pad.get(g(answer.headers["Location"]))
        assert there.status_code == 200
        assert there.headers["Access-Control-Allow-Origin"] == "*"
    if address.startswith("/graph") and method != "GET":
        assert "Access-Control-Allow-Origin" not in answer.headers


def everything(client: FlaskClient) -> set[Quad]:
    found = client.get(q("SELECT ?g ?s ?p ?o { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }"))
    return {json.dumps(row, sort_keys=True) for row in found.get_json(force=True)["results"]["bindings"]}


def test_the_default_graph_of_a_dataset_to_write_is_its_own(pad: FlaskClient) -> None:
    pad.post("/sparql", data={"update": "INSERT DATA { <a:a> <a:p> 1 GRAPH <a:g> { <a:a> <a:p> 2 } }"})
    assert pad.get("/graph?default", headers={"Accept": CSV + "," + NT}).get_data().count(b"\n") == 1
    count = pad.get(q("SELECT * { ?s ?p ?o }")).get_json(force=True)
    assert len(count["results"]["bindings"]) == 1


def test_a_page_of_another_site_may_not_write(pad: FlaskClient) -> None:
    for origin in ("https://a.example", "null", "http://localhost:1"):
        for method, address in (("PUT", "/graph?default"), ("POST", "/sparql")):
            kind, body = (TTL, LINE) if method == "PUT" else (UPDATE, "INSERT DATA { <a:a> <a:p> 1 }")
            answer = pad.open(
                address, method=method, data=body, content_type=kind, headers={"Origin": origin}
            )
            assert answer.status_code == 403
    preflight = pad.options("/graph", headers={"Origin": "https://a.example"})
    assert "PUT" in preflight.headers["Allow"]
    assert "PUT" not in preflight.headers["Access-Control-Allow-Methods"]
    assert everything(pad) == set()
    own = pad.put("/graph?default", data=LINE, content_type=TTL, headers={"Origin": "http://localhost"})
    assert own.status_code == 204


def test_blank_nodes_of_two_documents_stay_apart(pad: FlaskClient) -> None:
    for _ in range(2):
        pad.post("/graph?graph=a:g", data="_:b <a:p> 1 .", content_type=TTL)
    assert len(everything(pad)) == 2


def test_an_update_that_never_ends_is_ended_and_changes_nothing(pad: FlaskClient) -> None:
    many = " ".join(f"<a:{number}> <a:p> {number} ." for number in range(600))
    assert pad.post("/sparql", data={"update": f"INSERT DATA {{ {many} }}"}).status_code == 204
    pattern = NEVER_ENDS[NEVER_ENDS.index("{") :]
    outcome: list[int] = []

    def run_away() -> None:
        update = f"INSERT DATA {{ <a:x> <a:x> <a:x> }}; INSERT {{ <a:n> <a:n> <a:n> }} WHERE {pattern}"
        outcome.append(pad.application.test_client().post("/sparql", data={"update": update}).status_code)

    thread = threading.Thread(target=run_away)
    thread.start()
    read = 0
    while thread.is_alive():  # reading goes on
        assert pad.get(q("ASK { <a:1> <a:p> 1 }")).get_json(force=True)["boolean"]
        read += not outcome
    assert outcome == [504] and read >= 3
    assert len(everything(pad)) == 600
    assert pad.post("/sparql", data={"update": "INSERT DATA { <a:x> <a:x> <a:x> }"}).status_code == 204
    assert len(everything(pad)) == 601


def test_who_is_told_of_a_change_sees_it(pad: FlaskClient, open_app: Flask) -> None:
    """With several clients at once; each reads its own writing, and no change is lost."""

    def write(number: int) -> None:
        client = open_app.test_client()
        for step in range(4):
            done = client.post("/sparql", data={"update": f"INSERT DATA {{ <a:{number}> <a:p> {step} }}"})
            seen = client.get(q(f"ASK {{ <a:{number}> <a:p> {step} }}")).get_json(force=True)
            outcomes.append((done.status_code, seen["boolean"]))

    outcomes: list[tuple[int, bool]] = []
    threads = [threading.Thread(target=write, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == [(204, True)] * 12
    assert len(everything(pad)) == 12


@pytest.mark.parametrize("query", ["", "SELECT * { ?s ?p ?o }", "CONSTRUCT WHERE { ?s ?p ?o }", "ASK {}"])
def test_the_dataset_has_its_page_for_queries_and_no_way_to_pages_it_has_not(
    pad: FlaskClient, query: str
) -> None:
    said = f"<{names.DEF}Region> <{names.RDFS}seeAlso> <http://a.example/> ."
    assert pad.put("/graph?default", data=said, content_type=TTL).status_code == 204
    page = pad.get(q(query) if query else "/sparql", headers={"Accept": "text/html"})
    assert page.status_code == 200 and page.mimetype == "text/html"
    ways = re.findall(r'href="(/[^"]*)"', page.text.partition("<main")[2])
    for way in ways:
        assert pad.get(html.unescape(way), headers={"Accept": "text/html"}).status_code in (200, 302), way
    assert ways


def test_states_that_are_over_are_removed_and_at_the_end_everything() -> None:
    settings = Settings(timeout=5, memory_mb=1024, workers=1)
    scratch = Scratch(settings)
    app = create_open_app(scratch, settings)
    client = app.test_client()
    for number in range(3):
        assert (
            client.post("/sparql", data={"update": f"INSERT DATA {{ <a:a> <a:p> {number} }}"}).status_code
            == 204
        )
    given_up = time.monotonic() + 10
    while len(left := list((scratch.root / "releases").iterdir())) > 1 and time.monotonic() < given_up:
        time.sleep(0.05)
    assert [Release(path).id for path in left] == [(scratch.root / "current").readlink().name]
    app.extensions["live"].close()
    scratch.close()
    assert not scratch.root.exists()


@pytest.mark.parametrize(
    ("update", "expected"),
    [
        ("INSERT { ?s ?p 1 } WHERE { ?s ?p ?o }", "INSERT { ?s ?p 1 } USING <a:g> WHERE { ?s ?p ?o }"),
        ("DELETE WHERE { ?s ?p ?o }", "DELETE { ?s ?p ?o } USING <a:g> WHERE { ?s ?p ?o }"),
        ("delete where{GRAPH <a:x>{?s ?p ?o}}", "delete {GRAPH <a:x>{?s ?p ?o}} USING <a:g> where{GRAPH <a:x>{?s ?p ?o}}"),
        ("INSERT DATA { <a:a> <a:p> 'WHERE { }' }", "INSERT DATA { <a:a> <a:p> 'WHERE { }' }"),
        (
            "DELETE { ?s ?p ?o } WHERE { { SELECT * WHERE { ?s ?p ?o } } } ; CLEAR ALL",
            "DELETE { ?s ?p ?o } USING <a:g> WHERE { { SELECT * WHERE { ?s ?p ?o } } } ; CLEAR ALL",
        ),
        ("# WHERE {\nCLEAR ALL", "# WHERE {\nCLEAR ALL"),
    ],
)  # fmt: skip
def test_graphs_of_the_protocol_become_using(update: str, expected: str) -> None:
    assert store_scratch.update(update, ("a:g",)).text == expected
    assert store_scratch.update(update).text == update


@pytest.mark.parametrize("update", ["WITH <a:g> DELETE {} WHERE {}", "INSERT {} USING NAMED <a:g> WHERE {}"])
def test_an_update_and_the_protocol_cannot_both_name_graphs(update: str) -> None:
    with pytest.raises(QueryMalformed):
        store_scratch.update(update, (), ("a:g",))
    assert store_scratch.update(update).text == update


@pytest.mark.parametrize("update", ["LOAD <a:a>", "CLEAR ALL; load silent <a:a> INTO GRAPH <a:b>",
                                    "INSERT {} WHERE { SERVICE ?x {} }", "DELETE {} WHERE { { { service<a:a>{} } } }"])  # fmt: skip
def test_updates_fetch_nothing(update: str) -> None:
    with pytest.raises(QueryRefused):
        store_scratch.update(update)


def test_open_writing_is_for_this_machine_only() -> None:
    from click.testing import CliRunner

    from app.cli import zwfw
    from app.web.serve import is_loopback

    for host in ("0.0.0.0", "192.0.2.1", "::", "example.org"):
        result = CliRunner().invoke(zwfw, ["serve", "--open-writing", "--host", host, "--port", "0"])
        assert result.exit_code == 2 and "loopback" in result.output
    assert (
        is_loopback("127.0.0.1")
        and is_loopback("127.9.9.9")
        and is_loopback("::1")
        and is_loopback("localhost")
    )
