"""W3C's tests of the SPARQL 1.1 Protocol and of the Graph Store HTTP Protocol, request by request from their manifests.

The queries are put to a published release that holds the suite's graphs; the whole suite runs against
``zwfw serve --open-writing`` in a process of its own.
"""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree

import pytest
import rdflib
from rdflib import RDF, RDFS, Namespace, URIRef
from rdflib.collection import Collection
from rdflib.compare import isomorphic
from served import publish_graphs, server

from app import names
from app.web import Settings

SUITE = Path(__file__).parents[2] / "shared" / "suites" / "sparql11"
MF = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
UT = Namespace("http://www.w3.org/2009/sparql/tests/test-update#")
HT = Namespace("http://www.w3.org/2011/http#")
CNT = Namespace("http://www.w3.org/2011/content#")
SD = Namespace(names.SD)

if not SUITE.is_dir():
    pytest.skip("the W3C suites are not here", allow_module_level=True)

STATUS = {"OK": "200", "Created": "201", "NoContent": "204", "NotFound": "404", "BadRequest": "400"}
"""Statuses the suite gives by name; the others are ``StatusCode2xx``."""

FORMATS = {
    "boolean": {"application/sparql-results+json", "application/sparql-results+xml"},
    "tabular": {"application/sparql-results+json", "application/sparql-results+xml", "text/csv", "text/tab-separated-values"},
    "RDF": {"text/turtle", "application/n-triples", "application/rdf+xml"},
}  # fmt: skip


@dataclass(frozen=True)
class Request:
    """A request of a test and what is expected of the response."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes | None
    statuses: frozenset[str]
    boolean: bool | None
    format: str | None
    location: str | None
    content: tuple[str, str] | None
    """Media type and text of the graph expected."""


@dataclass(frozen=True)
class Case:
    """A test: the graphs it wants to be there, by name, and its requests in order."""

    name: str
    host: str
    graphs: dict[str, Path]
    requests: tuple[Request, ...]


@dataclass(frozen=True)
class Response:
    """A response as it came."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def media_type(self) -> str:
        return self.headers.get("Content-Type", "").partition(";")[0]


def cases(manifest: Path, kind: URIRef) -> list[Case]:
    """All tests of a kind that a manifest describes, also those it forgets to list."""
    graph = rdflib.Graph().parse(manifest)
    return [_case(graph, test) for test in sorted(graph.subjects(RDF.type, kind))]


def _case(graph: rdflib.Graph, test: rdflib.term.Node) -> Case:
    action = graph.value(test, MF.action)
    data = {
        str(graph.value(one, RDFS.label)): Path(str(graph.value(one, UT.graph)).removeprefix("file://"))
        for one in graph.objects(test, UT.graphData)
    }
    requests = Collection(graph, graph.value(action, HT.requests))
    return Case(
        str(test).partition("#")[2],
        str(graph.value(action, HT.connectionAuthority)),
        data,
        tuple(_request(graph, one) for one in requests),
    )


def _request(graph: rdflib.Graph, node: rdflib.term.Node) -> Request:
    response = graph.value(node, HT.resp)
    boolean, location = graph.value(response, MF.expectedBoolean), graph.value(response, MF.expectedLocation)
    statuses = (str(one).partition("#")[2] for one in graph.objects(response, MF.expectedStatus))
    text, encoding = _body(graph, node)
    expected, _ = _body(graph, response)
    return Request(
        str(graph.value(node, HT.methodName)),
        str(graph.value(node, HT.absolutePath)).replace("/gsp", "/graph", 1),
        _headers(graph, node),
        None if text is None else text.encode(encoding),
        frozenset(STATUS.get(one, one.removeprefix("StatusCode")) for one in statuses),
        None if boolean is None else bool(boolean.toPython()),
        str(graph.value(response, MF.expectedFormat) or "") or None,
        str(location) if location is not None else None,
        None if expected is None else (_headers(graph, response).get("content-type", ""), expected),
    )


def _body(graph: rdflib.Graph, node: rdflib.term.Node) -> tuple[str | None, str]:
    body = graph.value(node, HT.body)
    if body is None:
        return None, ""
    return str(graph.value(body, CNT.chars)), str(graph.value(body, CNT.characterEncoding))


def _headers(graph: rdflib.Graph, node: rdflib.term.Node) -> dict[str, str]:
    headers = graph.value(node, HT.headers)
    listed = Collection(graph, headers) if headers is not None else []
    return {
        str(graph.value(one, HT.fieldName)).lower(): str(graph.value(one, HT.fieldValue)) for one in listed
    }


PROTOCOL = cases(SUITE / "protocol" / "manifest.ttl", MF.ProtocolTest)
STORE = [
    case
    for part in ("direct", "indirect")
    for case in cases(SUITE / "graph-store-protocol" / f"manifest-{part}.ttl", MF.GraphStoreProtocolTest)
]
UPDATES = [case for case in PROTOCOL if case.name.startswith("update_")]
QUERIES = [case for case in PROTOCOL if case not in UPDATES]
"""Those of bad updates are among them: a service that only reads has to refuse them all the same."""


def by_name(case: Case) -> str:
    return case.name


def test_the_suites_are_whole() -> None:
    assert (len(QUERIES), len(UPDATES)) == (27, 7)
    assert len(STORE) >= 13


# Asking and comparing


def send(port: int, host: str, request: Request) -> Response:
    """The request as it is described, nothing added but its length."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"Host": host, **request.headers}
    connection.request(request.method, request.path, request.body, headers)
    answer = connection.getresponse()
    try:
        return Response(answer.status, answer.headers, answer.read())
    finally:
        connection.close()


def run(port: int, case: Case) -> None:
    """All requests of a test, each with the response it expects."""
    found: dict[str, str] = {}
    for request in case.requests:
        for variable, value in found.items():
            request = Request(
                **{**vars(request), "path": request.path.replace(variable, quote(value, safe=""))}
            )
        response = send(port, case.host, request)
        compare(request, response)
        if request.location is not None:
            found[request.location] = response.headers["Location"]


def compare(request: Request, response: Response) -> None:
    status = str(response.status)
    assert {status, f"{status[0]}xx"} & request.statuses, (request, response)
    if status[0] not in "23":
        assert response.media_type == "application/problem+json"
    if request.format is not None:
        assert response.media_type in FORMATS[request.format]
    if request.boolean is not None:
        assert truth(response) is request.boolean
    if request.content is not None:
        kind, text = request.content
        assert response.headers["Content-Type"] == kind
        assert isomorphic(graph_of(response.body.decode(), kind), graph_of(text, kind)), response.body


def truth(response: Response) -> bool:
    if response.media_type.endswith("json"):
        return bool(json.loads(response.body)["boolean"])
    element = ElementTree.fromstring(response.body).find("{*}boolean")
    assert element is not None
    return element.text == "true"


def graph_of(text: str, kind: str) -> rdflib.Graph:
    return rdflib.Graph().parse(data=text, format=kind.partition(";")[0])


# A published release


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    root = tmp_path_factory.mktemp("root")
    publish_graphs(root, {name: path for case in QUERIES for name, path in case.graphs.items()})
    with server(root, Settings(timeout=20, memory_mb=1024, workers=2)) as port:
        yield port


@pytest.mark.parametrize("case", QUERIES, ids=by_name)
def test_a_published_release(release: int, case: Case) -> None:
    run(release, case)


@pytest.mark.parametrize("case", UPDATES, ids=by_name)
def test_a_published_release_refuses_updates(release: int, case: Case) -> None:
    response = send(release, case.host, case.requests[0])
    assert (response.status, response.media_type) == (403, "application/problem+json")


@pytest.mark.parametrize("case", STORE, ids=by_name)
def test_a_published_release_refuses_to_write_graphs(release: int, case: Case) -> None:
    for request in case.requests:
        if request.method not in ("GET", "HEAD"):
            response = send(release, case.host, request)
            assert (response.status, response.media_type) == (403, "application/problem+json")


# A dataset that may be written


@contextmanager
def open_server(*options: str) -> Iterator[int]:
    """``zwfw serve --open-writing`` as a process; gives its port."""
    command = [sys.executable, "-m", "app", "serve", "--open-writing", "--port", "0", *options]
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, cwd=Path(__file__).parent.parent, env={**os.environ}
    )
    assert process.stderr is not None
    try:
        address = re.search(r"http://127\.0\.0\.1:(\d+)/", process.stderr.readline())
        assert address, process.stderr.read()
        yield int(address[1])
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)
        process.stderr.close()


@pytest.fixture(scope="module")
def writable() -> Iterator[int]:
    with open_server("--workers", "1", "--memory", "1024") as port:
        yield port


@pytest.fixture
def empty(writable: int) -> int:
    """The port, with nothing in the dataset: tests count on it."""
    text = Request("POST", "/sparql", {"content-type": "application/sparql-update"}, b"DROP ALL", frozenset({"2xx"}),
                   None, None, None, None)  # fmt: skip
    compare(text, send(writable, "localhost", text))
    return writable


def put(port: int, name: str, path: Path) -> None:
    request = Request("PUT", f"/graph?graph={quote(name, safe='')}", {"content-type": "application/n-triples"},
                      path.read_bytes(), frozenset({"201"}), None, None, None, None)  # fmt: skip
    compare(request, send(port, "localhost", request))


@pytest.mark.parametrize("case", [*PROTOCOL, *STORE], ids=by_name)
def test_a_dataset_open_for_writing(empty: int, case: Case) -> None:
    for name, path in case.graphs.items():
        put(empty, name, path)
    run(empty, case)


# The service description


@pytest.mark.parametrize("which", ["release", "writable"])
@pytest.mark.parametrize("path", ["/sparql", "/sparql/"])
def test_the_service_description(which: str, path: str, request: pytest.FixtureRequest) -> None:
    """The three tests of the suite: a GET returns RDF, which has the endpoint, and keeps to the vocabulary."""
    port: int = request.getfixturevalue(which)
    asked = Request("GET", path, {}, None, frozenset({"200"}), None, "RDF", None, None)
    response = send(port, f"127.0.0.1:{port}", asked)
    compare(asked, response)
    graph = graph_of(response.body.decode(), response.media_type)
    (service,) = graph.subjects(RDF.type, SD.Service)
    assert list(graph.objects(service, SD.endpoint)) == [URIRef(f"http://127.0.0.1:{port}{path}")]
    for subject, predicate, value in graph:
        if predicate in SD:
            assert str(predicate).removeprefix(names.SD) in DOMAINS, predicate
            domain = DOMAINS[str(predicate).removeprefix(names.SD)]
            assert (subject, RDF.type, SD[domain]) in graph, (subject, predicate)
        if predicate == RDF.type and value in SD:
            assert str(value).removeprefix(names.SD) in CLASSES
    assert set(graph.objects(service, SD.feature)) <= {SD[one] for one in FEATURES}
    languages = {SD.SPARQL11Query, *([SD.SPARQL11Update] if which == "writable" else [])}
    assert set(graph.objects(service, SD.supportedLanguage)) == languages


DOMAINS = {
    "endpoint": "Service",
    "feature": "Service",
    "supportedLanguage": "Service",
    "resultFormat": "Service",
    "inputFormat": "Service",
    "defaultDataset": "Service",
    "defaultGraph": "Dataset",
    "namedGraph": "Dataset",
    "name": "NamedGraph",
    "graph": "NamedGraph",
}
"""What of the vocabulary is used, and on what it may stand (SPARQL 1.1 Service Description §3.4)."""
CLASSES = {"Service", "Dataset", "Graph", "NamedGraph"}
FEATURES = {"DereferencesURIs", "UnionDefaultGraph", "RequiresDataset", "EmptyGraphs", "BasicFederatedQuery"}
