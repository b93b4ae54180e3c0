"""SERVICE: to endpoints an operator has listed, and to nothing else, however a query puts it."""

import contextlib
import http.server
import itertools
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from served import EX, client_of, publish_graphs, server
from test_syntax import DISGUISES, PREFIXES

from app.processes.confinement import can_forbid_ports
from app.store import Allowed, syntax
from app.store.forwarder import ANSWER_BYTES, Forwarder
from app.store.process import Worker
from app.store.terms import DefaultGraph, Index, Iri, Quad
from app.web import Settings

CITIES = ("jinan", "qingdao", "yantai")
SMALL = Settings(workers=1, memory_mb=512, timeout=20)


def release(root: Path, content: str) -> Path:
    root.mkdir(parents=True)
    (root / "g.nt").write_text(content, "utf-8")
    publish_graphs(root, {EX + "g": root / "g.nt"})
    return root


def item(city: str, number: int, days: int) -> str:
    return f'<{EX}{city}/{number}> <{EX}code> "0{number}" .\n<{EX}{city}/{number}> <{EX}days> "{days}" .\n'


@pytest.fixture(scope="module")
def endpoints(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Three services of regions, each with a release of its own."""
    root = tmp_path_factory.mktemp("cities")
    with ExitStack() as stack:
        found = {}
        for days, city in enumerate(CITIES, 3):
            content = "".join(item(city, number, days * number) for number in (1, 2, 3))
            port = stack.enter_context(server(release(root / city, content), SMALL))
            found[city] = f"http://127.0.0.1:{port}/sparql"
        yield found


@contextmanager
def asking(root: Path, *services: str, **more: float) -> Iterator[FlaskClient]:
    settings = Settings(workers=1, memory_mb=512, timeout=20, services=services, **more)  # type: ignore[arg-type]
    with client_of(release(root / "asking", f'<{EX}1> <{EX}code> "02" .\n'), settings) as client:
        yield client


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory, endpoints: dict[str, str]) -> Iterator[FlaskClient]:
    with asking(tmp_path_factory.mktemp("asks"), *endpoints.values()) as client:
        yield client


def rows(client: FlaskClient, query: str) -> list[dict[str, str]]:
    answer = client.get("/sparql", query_string={"query": query, "format": "json"})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    found = json.loads(answer.data)["results"]["bindings"]
    return [{name: term["value"] for name, term in row.items()} for row in found]


def refused(client: FlaskClient, query: str) -> tuple[int, str]:
    answer = client.get("/sparql", query_string={"query": query}, headers={"Accept": "application/json"})
    return answer.status_code, json.loads(answer.data)["type"].rpartition("/")[2]


def test_one_question_is_answered_out_of_four_services(
    client: FlaskClient, endpoints: dict[str, str]
) -> None:
    """Which city promises what for the item that is ours."""
    parts = " UNION ".join(
        f'{{ SERVICE <{address}> {{ ?item <{EX}code> ?code ; <{EX}days> ?days }} BIND("{city}" AS ?city) }}'
        for city, address in endpoints.items()
    )
    found = rows(client, f"SELECT ?city ?days {{ <{EX}1> <{EX}code> ?code . {parts} }} ORDER BY ?city")
    assert found == [
        {"city": "jinan", "days": "6"},
        {"city": "qingdao", "days": "8"},
        {"city": "yantai", "days": "10"},
    ]


def test_it_is_asked_anew_each_time_and_without_a_tag(client: FlaskClient, endpoints: dict[str, str]) -> None:
    query = f"ASK {{ SERVICE <{endpoints['jinan']}> {{ ?s ?p ?o }} }}"
    assert client.get("/sparql", query_string={"query": query}).headers.get("ETag") is None


def test_what_is_not_listed_is_not_asked(client: FlaskClient, endpoints: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.5)
        port = listener.getsockname()[1]
        listed = f"<{endpoints['jinan']}>"
        for query in (
            f"ASK {{ SERVICE <http://127.0.0.1:{port}/> {{ ?s ?p ?o }} }}",
            f"ASK {{ SERVICE {listed} {{ ?s ?p ?o }} SERVICE <http://127.0.0.1:{port}/> {{ ?s ?p ?o }} }}",
            f"ASK {{ SERVICE SILENT <http://127.0.0.1:{port}/> {{ ?s ?p ?o }} }}",
            f"ASK {{ BIND(<http://127.0.0.1:{port}/> AS ?e) SERVICE ?e {{ ?s ?p ?o }} SERVICE {listed} {{ }} }}",
            f"PREFIX e: <http://127.0.0.1:{port}/> ASK {{ SERVICE e: {{ ?s ?p ?o }} }}",
            f"BASE <http://127.0.0.1:{port}/> ASK {{ SERVICE <> {{ ?s ?p ?o }} }}",
            f"ASK {{ SERVICE {listed} {{ SERVICE {listed} {{ ?s ?p ?o }} }} }}",
            f"SELECT * {{ {{ SERVICE {listed} {{ }} }} UNION {{ FILTER(COALESCE(EXISTS{{}}<'a'&&'>',1))"
            f" SERVICE <http://127.0.0.1:{port}/> {{ ?s ?p ?o }} }} #'\n}}",
        ):
            assert refused(client, query) == (403, "query-refused"), query
        with pytest.raises(TimeoutError):
            listener.accept()


@pytest.mark.parametrize("clause", DISGUISES)
def test_no_disguise_leads_out(client: FlaskClient, clause: str) -> None:
    """The clauses of test_syntax.py, which hide a SERVICE, are refused here, too."""
    status, kind = refused(client, f"{PREFIXES} {clause}" if "{" in clause else clause)
    assert (status, kind) in ((403, "query-refused"), (400, "malformed-query"))


def test_a_worker_that_may_ask_reaches_the_forwarder_only(tmp_path: Path) -> None:
    """The second wall, for a query that got past the first: the kernel refuses the connection."""
    if not can_forbid_ports():
        pytest.skip("this kernel cannot refuse connections by port (Landlock of Linux 6.7)")
    index = release(tmp_path / "r", "") / "current" / "index"
    with socket.create_server(("127.0.0.1", 0)) as allowed, socket.create_server(("127.0.0.1", 0)) as other:
        allowed.settimeout(20)
        other.settimeout(0.5)
        worker = Worker("app.store.worker", str(index), "512", str(allowed.getsockname()[1]))
        try:
            for listener, is_reached in ((other, False), (allowed, True)):
                query = f"ASK {{ SERVICE <http://127.0.0.1:{listener.getsockname()[1]}/> {{ ?s ?p ?o }} }}"
                asked = {"text": query, "media_type": "application/sparql-results+json", "limit": None}
                worker.ask({**asked, "union": True, "default_graphs": (), "named_graphs": ()})
                if is_reached:
                    listener.accept()[0].close()
                else:
                    with pytest.raises(TimeoutError):
                        listener.accept()
                kind, payload = worker.read()
                assert kind == b"X"
                assert ("Permission denied" in json.loads(payload)["message"]) != is_reached
        finally:
            worker.kill()
            worker.bury()


class Endpoint(http.server.BaseHTTPRequestHandler):
    """An endpoint that misbehaves as its path says."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.close_connection = True
        self.rfile.read(int(self.headers["Content-Length"]))
        whole = b'{"head":{"vars":["s"]},"results":{"bindings":[]}}'
        status, kind, body, length = 200, "application/sparql-results+json", whole, len(whole)
        match self.path:
            case "/error":
                status, body = 500, b"disk full"
                length = len(body)
            case "/redirect":
                status = 307
            case "/page":
                kind = "text/html"
            case "/half":
                length += 100
            case "/huge":
                length = ANSWER_BYTES + 1
                body = b" " * length
            case "/never":
                time.sleep(60)
            case "/drips":
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.end_headers()
                with contextlib.suppress(OSError):
                    for _ in range(200):
                        self.wfile.write(b" ")
                        time.sleep(0.3)
                return
        self.send_response(status)
        if status == 307:
            self.send_header("Location", "/good")
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


class Quiet(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        pass


@contextmanager
def listening(handler: type[http.server.BaseHTTPRequestHandler]) -> Iterator[str]:
    """The address of an endpoint that answers as ``handler`` does."""
    listener = Quiet(("127.0.0.1", 0), handler)
    threading.Thread(target=listener.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{listener.server_port}"
    listener.shutdown()
    listener.server_close()


@pytest.fixture(scope="module")
def misbehaving() -> Iterator[str]:
    with listening(Endpoint) as address:
        yield address


@pytest.mark.parametrize(
    "path, says",
    [
        ("/error", "disk full"),
        ("/redirect", "307"),
        ("/page", "text/html"),
        ("/half", "broke off"),
        ("/huge", "64 MB"),
        ("/never", "within 2 s"),
        ("/drips", "within 2 s"),
    ],
)
def test_an_endpoint_that_fails_is_named_and_silent_goes_on(
    tmp_path: Path, misbehaving: str, path: str, says: str
) -> None:
    with asking(tmp_path, f"{misbehaving}{path}", service_timeout=2.0) as client:
        service = f"<{misbehaving}{path}> {{ ?s ?p ?o }}"
        answer = client.get("/sparql", query_string={"query": f"SELECT * {{ SERVICE {service} }}"})
        said = json.loads(answer.data)
        assert answer.status_code == 502 and said["type"].endswith("/problems/service-failed")
        assert f"{misbehaving}{path}" in said["detail"] and says in said["detail"]
        assert "127.0.0.1:" not in said["detail"].replace(misbehaving, "")  # nothing of the forwarder
        assert rows(client, f"SELECT * {{ ?a ?b ?c SERVICE SILENT {service} }}") != []
        assert rows(client, "SELECT * { ?a ?b ?c }") != []


@pytest.mark.parametrize(
    "address, says",
    [
        ("ftp://example.org/sparql", "not the address"),
        ("sparql", "not the address"),
        ("http://user:secret@example.org/", "not the address"),
        ("http://nowhere.invalid/sparql", "nowhere.invalid"),
    ],
)
def test_what_cannot_be_an_endpoint_is_told_at_the_start(address: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Allowed.resolved(address)


def test_a_name_that_leads_inside_is_refused_and_an_address_that_does_is_meant(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever lists a name may not know that it leads inside; whoever writes the address does."""
    inside = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.7", 80))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: inside)
    with pytest.raises(ValueError, match=r"10\.0\.0\.7"):
        Allowed.resolved("http://data.example.org/sparql")
    assert Allowed.resolved("http://10.0.0.7/sparql").ip == "10.0.0.7"


def test_a_name_is_resolved_once(endpoints: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it points afterwards does not matter: that would be the way in for who owns the name."""
    address = endpoints["jinan"].replace("127.0.0.1", "localhost")
    allowed = Allowed.resolved(address)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: pytest.fail("resolved again"))
    connection = allowed.connect(10)
    connection.sock = socket.socket()
    connection.sock.connect((allowed.ip, int(address.split(":")[2].split("/")[0])))
    connection.request("GET", "/sparql?query=ASK%7B%7D")
    assert connection.getresponse().status == 200
    connection.close()


@pytest.mark.parametrize(
    "path", ["/", "/wrong/0", "/{secret}/1", "/{secret}/-1", "/{secret}/0/x", "/{secret}"]
)
def test_the_forwarder_serves_those_only_who_know_its_secret(path: str) -> None:
    forwarder = Forwarder([Allowed("http://127.0.0.1:9/", "127.0.0.1")], 1)
    try:
        secret = (forwarder.address_for("http://127.0.0.1:9/", forwarder.ticket()) or "").split("/")[3]
        assert forwarder.endpoint_at(f"/{secret}/1/0") is not None
        assert forwarder.endpoint_at(path.format(secret=secret)) is None
    finally:
        forwarder.close()


@pytest.mark.parametrize(
    "text, expected",
    [
        ("ASK { SERVICE <a:1> { } }", ["<a:1>"]),
        ("ASK { SERVICE SILENT <a:1> { } service<a:2>{} }", ["<a:1>", "<a:2>"]),
        ("ASK { ?service <a:service> 'SERVICE <a:3>' } # SERVICE <a:4>", []),
        ("ASK { SERVICE ?e { } }", None),
        ("ASK { SERVICE a:e { } }", None),
        ("ASK { SERVICE SILENT { } }", None),
        ("ASK { SERVICE", None),
        ("ASK { FILTER(true)trueSERVICE<a:1> { } }", None),
        (
            "PREFIX service: <x:> ASK { ?s service:a service:b. SERVICE <a:1> { ?s service:c 1 } }",
            ["<a:1>"],
        ),
        (
            "PREFIX myService: <x:> ASK { SERVICE <a:1> { ?s myService:x-y.z/myService:p* myService: } }",
            ["<a:1>"],
        ),
        ("PREFIX service: <x:> ASK { ?s ?p service:a }", []),
        ("ASK { SERVICE <a:1> { } SERVICE:x { } }", None),
        ("ASK { SERVICE <a:1> { } SERVICE:x# {\n{ } }", None),
        ("ASK { SERVICE <a:1> { } SERVICESILENTex:x { } }", None),
        ("ASK { ?s ?p trueSERVICE:x { } SERVICE <a:1> { } }", None),
        # A graph, and to the engine perhaps no graph: in doubt it is refused.
        ("PREFIX service: <x:> ASK { SERVICE <a:1> { } GRAPH service:g { } }", None),
    ],
)
def test_the_addresses_of_a_query_are_found_or_it_is_doubtful(text: str, expected: list[str] | None) -> None:
    found = syntax.services(text)
    assert (found and [token.text for token in found]) == (
        expected if expected else found if expected == [] else None
    )
    assert (found is None) == (expected is None)


class Recording(http.server.BaseHTTPRequestHandler):
    """An endpoint that has one empty solution for whatever it is asked, and keeps at which path that was."""

    asked: list[str] = []  # noqa: RUF012  (of the one endpoint there is)

    def do_POST(self) -> None:
        self.asked.append(self.path)
        self.rfile.read(int(self.headers["Content-Length"]))
        body = b'{"head":{"vars":[]},"results":{"bindings":[{}]}}'
        self.send_response(200)
        self.send_header("Content-Type", "application/sparql-results+json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def recording() -> Iterator[str]:
    with listening(Recording) as address:
        yield address


PIECES = (
    *("SERVICE <@/listed> {}", "SERVICE", "SERVICE ?s {}", "SERVICE:x {}", "SERVICEex:x {}", "SERVICESILENTex:x {}"),
    *("service:", "service: {}", "service:x", "service:x {}", "service:x.y.SERVICE", "service:x-", "GRAPH service:x {}"),
    *("?s ?p service:x", "service:x service:x ?o", "?s ?p ", "?s", "a", "ex:x", "ex:x.y.", ":x", "_:a", "_:a.b.GRAPH"),
    *("true", "1", "'a'@SERVICE", "GRAPH", "OPTIONAL {}", "FILTER(true)", "{}", "{", "}", "(", ")", "^", "/", "*", ";"),
)  # fmt: skip
"""Of queries, where ``@`` is the endpoint: what is a SERVICE, what only looks like one, and what may stand before it."""


@settings(max_examples=2000, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.tuples(st.sampled_from(PIECES), st.sampled_from(["", " ", ".", ". ", "#\n"])),
        min_size=1,
        max_size=5,
    )
)
def test_no_text_the_engine_accepts_asks_another_than_was_found(
    recording: str, pieces: list[tuple[str, str]]
) -> None:
    """All prefixes lead to an endpoint that no query here names whole: who is led there was not found."""
    body = "".join(itertools.chain(*pieces)).replace("<@/", f"<{recording}/")
    prefixes = " ".join(f"PREFIX {name}: <{recording}/other/>" for name in ("", "ex", "service"))
    text = f"{prefixes} SELECT * {{ {body} }}"
    things = [Iri(f"{recording}/other/{name}") for name in ("x", "y")]
    index = Index()
    for graph in (
        DefaultGraph(),
        *things,
    ):  # whatever stands beside a SERVICE, it is not left out for having no solution
        index.extend(Quad(*triple, graph) for triple in itertools.product(things, repeat=3))
    Recording.asked.clear()
    with contextlib.suppress(SyntaxError, ValueError, RuntimeError, OSError):
        list(index.query(text))
    if Recording.asked:
        assert syntax.read(text).uses_service
    if syntax.services(text) is not None:
        assert set(Recording.asked) <= {"/listed"}
