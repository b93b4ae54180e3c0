"""A release in two engines of others gives what it gives from its own index: the same answers, the same errors.

The table of questions is asked of the embedded store, of ``oxigraph serve`` and of Virtuoso.
"""

import json
import threading
import time

import engines
import pytest
from served import EX, NEVER_ENDS

from app import names, replica
from app.release import Release
from app.store import (
    DeadlineExceeded,
    FormatUnfit,
    Query,
    QueryMalformed,
    QueryRefused,
    StoreBusy,
    StoreError,
    open_remote,
    open_store,
)
from app.store.endpoint import Endpoint
from app.store.remote import POINTER
from app.store.terms import (
    Index,
    Iri,
    Quad,
    QueryResultsFormat,
    RdfFormat,
    canonical,
    parse,
    parse_query_results,
)

ONE, TWO, TERMS = names.graph("370600"), names.graph("370600", "inferred"), names.graph("ontology")

THINGS = 700
"""Names in each of two graphs: more than one request of an upload carries."""

# What regions and the standard system are made of: blank nodes, languages, all datatypes of the ontology.
EVERY_TERM = f"""
@prefix xsd: <{names.XSD}> . @prefix ex: <{EX}> .
ex:all ex:text "事项 “a” \\\\ \\n\\t'" ; ex:tagged "事项"@zh , "item"@en ; ex:code "007" ; ex:number 12 , -3 ; ex:fee 1.5 ;
  ex:yes true ; ex:no false ; ex:day "2026-11-24"^^xsd:date ; ex:year "2026"^^xsd:gYear ; ex:month "2026-11"^^xsd:gYearMonth ;
  ex:at "2026-11-24T01:02:03Z"^^xsd:dateTime ; ex:address "http://example.org/?a=1&b=<>"^^xsd:anyURI ;
  ex:like <{EX}事项#1> ; ex:list ( 1 [ ex:deep [ ex:deeper "x" ] ] ) .
"""


def release(root, identity, mark="", things=THINGS):
    """A release as far as a store knows one: three graphs."""
    path = root / "releases" / identity
    path.mkdir(parents=True)
    index = Index(str(path / "index"))
    for graph, kind in ((ONE, "name"), (TWO, "kind")):
        index.bulk_extend(
            Quad(*triple, Iri(graph))
            for number in range(things)
            for triple in parse_lines(f'<{EX}{number}> <{EX}{kind}> "{kind}{number}"@zh .')
        )
    index.bulk_load(EVERY_TERM, format=RdfFormat.TURTLE, to_graph=Iri(TERMS))
    if mark:
        index.bulk_load(f'<{EX}release> <{EX}mark> "{mark}" .', format=RdfFormat.N_TRIPLES, to_graph=Iri(ONE))
    index.flush()
    (path / "release.json").write_text(json.dumps({"id": identity, "regions": {}}), encoding="utf-8")
    return Release(path)


def parse_lines(text):
    return [quad.triple for quad in parse(text, format=RdfFormat.N_TRIPLES)]


@pytest.fixture(scope="module", params=["oxigraph", "virtuoso"])
def engine(request, tmp_path_factory):
    with getattr(engines, request.param)(tmp_path_factory.mktemp(request.param)) as running:
        yield running


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    return release(tmp_path_factory.mktemp("root"), "20261101T000000Z-00000001")


@pytest.fixture(scope="module")
def embedded(published):
    store = open_store(published.index, workers=1, timeout=20, memory_mb=1024)
    yield store
    store.close(at_once=True)


@pytest.fixture(scope="module")
def endpoint(engine):
    return Endpoint(engine.query, engine.update)


@pytest.fixture
def remote(engine, endpoint, published):
    replica.send(published, endpoint, lambda *_: None)
    store = open_remote(engine.query, published.id, timeout=20, workers=2)
    yield store
    store.close(at_once=True)


def rows(store, query, media_type="application/sparql-results+json"):
    """Solutions as a sorted list: their order is nobody's promise, their number is."""
    answer = b"".join(store.answer(query, media_type).frames)
    found = parse_query_results(answer, format=QueryResultsFormat.from_media_type(media_type))
    if not hasattr(found, "variables"):
        return bool(found)
    variables = [one.value for one in found.variables]
    # The order of variables is the engine's, too, where SELECT * leaves it to it.
    return sorted(
        str(sorted((name, told(term)) for name, term in zip(variables, row, strict=True))) for row in found
    )


def told(term):
    return "a blank node" if type(term).__name__ == "BlankNode" else str(term)


def triples(store, query, media_type="application/n-triples"):
    answer = b"".join(store.answer(query, media_type).frames)
    return canonical(quad.triple for quad in parse(answer, format=RdfFormat.from_media_type(media_type)))


def asked(text, *default, named=()):
    return Query(f"PREFIX ex: <{EX}>\n{text}", tuple(default), tuple(named))


FOREIGN = "http://example.org/not-ours"

SELECTED = [
    asked("SELECT * { ?s ?p ?o }"),
    asked("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"),
    asked("SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g"),
    asked("SELECT * { ?s ex:name ?name ; ex:kind ?kind }"),
    asked("SELECT ?s { ?s ex:name ?n FILTER NOT EXISTS { ?s ex:kind ?k } }"),
    asked(f"SELECT (COUNT(*) AS ?n) FROM <{ONE}> {{ ?s ?p ?o }}"),
    asked(f"SELECT (COUNT(*) AS ?n) FROM <{ONE}> FROM <{TWO}> WHERE {{ ?s ?p ?o }}"),
    asked(f"SELECT (COUNT(*) AS ?n) FROM <{ONE}> {{ GRAPH ?g {{ ?s ?p ?o }} }}"),
    asked(f"SELECT ?g (COUNT(*) AS ?n) FROM NAMED <{TWO}> {{ GRAPH ?g {{ ?s ?p ?o }} }} GROUP BY ?g"),
    asked(f"SELECT (COUNT(*) AS ?n) FROM NAMED <{TWO}> {{ ?s ?p ?o }}"),
    asked(f"SELECT (COUNT(*) AS ?n) FROM <{FOREIGN}> {{ ?s ?p ?o }}"),
    asked(f"SELECT (COUNT(*) AS ?n) {{ GRAPH <{FOREIGN}> {{ ?s ?p ?o }} }}"),
    asked(f"SELECT (COUNT(*) AS ?n) {{ GRAPH <{POINTER}> {{ ?s ?p ?o }} }}"),
    asked("SELECT (COUNT(*) AS ?n) FROM <graph/370600> { ?s ?p ?o }"),
    Query(f"PREFIX g: <{names.BASE}graph/> SELECT (COUNT(*) AS ?n) FROM g:370600 {{ ?s ?p ?o }}"),
    asked(f"SELECT (COUNT(*) AS ?n) FROM <{TERMS}> {{ ?s ?p ?o }}", ONE),
    asked("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", ONE, TWO),
    asked("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", named=[ONE]),
    asked("SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g", ONE, named=[TWO]),
    asked("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", FOREIGN),
    asked("SELECT ?o { ex:all ex:text|ex:code ?o }"),
    asked(
        "SELECT ?o { ex:all ex:list/(ex:deep|<http://www.w3.org/1999/02/22-rdf-syntax-ns#rest>|"
        "<http://www.w3.org/1999/02/22-rdf-syntax-ns#first>)*/ex:deep/ex:deeper ?o }"
    ),
    asked("SELECT ?n { { SELECT (COUNT(?s) AS ?n) { ?s ex:name ?o } } } # the end"),
    asked('SELECT ?s { ?s ex:name ?o FILTER(STR(?o) = "name7" && LANG(?o) = "zh") }'),
    asked("SELECT (SUM(?o) AS ?sum) { ex:all ex:number ?o }"),
    asked("SELECT ?s { ?s ex:yes true }"),
    asked(
        'SELECT ?d { ex:all ex:day ?d FILTER(?d > "2026-01-01"^^<http://www.w3.org/2001/XMLSchema#date>) }'
    ),
    asked("SELECT ?missing ?o { ex:all ex:code ?o OPTIONAL { ex:all ex:none ?missing } }"),
    asked("ASK { ex:all ex:code ?o }"),
    asked("ASK { ex:all ex:none ?o }"),
    asked(f"ASK FROM <{TWO}> {{ ex:all ex:code ?o }}"),
]


@pytest.mark.parametrize(
    "query", SELECTED, ids=lambda query: query.text.partition("\n")[2][:70] or query.text[:70]
)
def test_the_same_solutions(embedded, remote, query):
    assert rows(remote, query) == rows(embedded, query)


@pytest.mark.parametrize("media_type", ["application/sparql-results+xml", "text/tab-separated-values"])
def test_the_same_in_every_format(embedded, remote, media_type):
    query = asked("SELECT * { ex:all ?p ?o FILTER(!ISBLANK(?o)) }")
    assert rows(remote, query, media_type) == rows(embedded, query, media_type)


def test_csv(embedded, remote):
    query = asked("SELECT ?s ?p ?o { ?s ?p ?o FILTER(!ISBLANK(?s) && !ISBLANK(?o)) }")
    lines = [
        sorted(b"".join(store.answer(query, "text/csv").frames).splitlines()) for store in (embedded, remote)
    ]
    assert lines[0] == lines[1]


BUILT = [
    asked("CONSTRUCT { ?s ?p ?o } { ?s ?p ?o }"),
    asked("CONSTRUCT WHERE { ?s ex:name ?o }"),
    asked(f"CONSTRUCT FROM <{TWO}> WHERE {{ ?s ex:kind ?o }}"),
    asked(f"CONSTRUCT {{ ?s ex:is [ ex:of ?o ] }} FROM <{ONE}> {{ ?s ex:name ?o }} ORDER BY ?s LIMIT 3"),
    asked("CONSTRUCT { ?s ?p ?o } { ?s ?p ?o }", TERMS),
    asked("DESCRIBE ex:7"),
    asked('DESCRIBE ?s { ?s ex:name "name7"@zh } LIMIT 1'),
    asked(f"DESCRIBE ex:7 FROM <{ONE}>"),
    asked("DESCRIBE ex:nobody"),
]


@pytest.mark.parametrize("query", BUILT, ids=lambda query: query.text.partition("\n")[2][:70])
def test_the_same_triples(embedded, remote, query):
    assert triples(remote, query) == triples(embedded, query)


@pytest.mark.parametrize("media_type", ["text/turtle", "application/ld+json", "application/rdf+xml"])
def test_triples_in_every_format(embedded, remote, media_type):
    query = asked("CONSTRUCT { ex:all ?p ?o } { ex:all ?p ?o FILTER(!ISBLANK(?o)) }")
    assert triples(remote, query, media_type) == triples(embedded, query, media_type)


@pytest.mark.parametrize(
    "query,media_type,kind",
    [
        (asked("SELECT nonsense"), "", QueryMalformed),
        (asked("SELECT * { ?s ?p }"), "", QueryMalformed),
        (asked("SELECT * { ?s none:p ?o }"), "", QueryMalformed),
        (asked("SELECT * { ?s ?p ?o }"), "text/turtle", FormatUnfit),
        (asked("ASK { ?s ?p ?o }"), "text/csv", FormatUnfit),
        (asked("CONSTRUCT WHERE { ?s ?p ?o }"), "text/csv", FormatUnfit),
        (asked("INSERT DATA { ex:a ex:b ex:c }"), "", QueryRefused),
        (asked("SELECT * { SERVICE ex:other { ?s ?p ?o } }"), "", QueryRefused),
    ],
)
def test_the_same_errors(embedded, remote, query, media_type, kind):
    said = []
    for store in (embedded, remote):
        with pytest.raises(kind) as error:
            store.answer(query, media_type)
        said.append((str(error.value), getattr(error.value, "line", 0), getattr(error.value, "column", 0)))
    assert said[0] == said[1]


def test_pages_select_and_limit(embedded, remote):
    for store in (embedded, remote):
        found = store.select("SELECT ?s ?name { ?s ?p ?name }", s=Iri(f"{EX}7"), p=Iri(f"{EX}name"))
        assert [str(row["name"]) for row in found] == ['"name7"@zh']
        some = json.loads(b"".join(store.answer(Query("SELECT * { ?s ?p ?o }", limit=3)).frames))
        assert len(some["results"]["bindings"]) == 3 and some["more"] is True
        text = b"".join(
            store.answer(Query("CONSTRUCT WHERE { ?s ?p ?o }", limit=2), "application/n-triples").frames
        )
        assert len(text.splitlines()) == 2


def test_a_query_is_cut_at_its_deadline_and_the_next_works(engine, remote, published):
    hasty = open_remote(engine.query, published.id, timeout=1.5, workers=1)
    try:
        began = time.monotonic()
        with pytest.raises(DeadlineExceeded):
            hasty.answer(Query(NEVER_ENDS))
        assert time.monotonic() - began < 4
        assert hasty.select("ASK { ?s ?p ?o }")
    finally:
        hasty.close(at_once=True)


def test_two_wait_and_the_third_is_sent_away(engine, remote, published):
    narrow = open_remote(engine.query, published.id, timeout=3, workers=1, queue=0)
    try:
        thread = threading.Thread(target=lambda: pytest.raises(StoreError, narrow.answer, Query(NEVER_ENDS)))
        thread.start()
        time.sleep(0.5)
        with pytest.raises(StoreBusy):
            narrow.answer(Query("ASK {}"))
        thread.join()
        assert narrow.select("ASK {}")
    finally:
        narrow.close(at_once=True)
