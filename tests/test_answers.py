"""Answers given before: kept under what they depend on, so that publishing one region leaves those about others standing."""

import datetime
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from served import client_of, publish, publish_regions, publisher

from app import names
from app.store import Query, dataset, syntax
from app.web import Settings, create_app
from app.web.answers import Answers
from app.web.door import KEY_CHARACTERS

ROOT = Path(__file__).parent.parent
ON = datetime.date(2026, 11, 24)
G, H = "http://example.org/g", "http://example.org/h"


@pytest.mark.parametrize(
    ("query", "graphs"),
    [
        (f"SELECT * FROM <{G}> {{ ?s ?p ?o }}", {G}),
        (f"SELECT * FROM <{G}> FROM NAMED <{H}> {{ ?s ?p ?o GRAPH ?x {{ ?a ?b ?c }} }}", {G, H}),
        (f"SELECT * {{ GRAPH <{G}> {{ ?s ?p ?o }} }}", {G}),
        (
            f"SELECT * {{ GRAPH <{G}> {{ ?s ?p ?o }} . GRAPH <{H}> {{ ?a ?b ?c FILTER (?a < ?s) }} }} LIMIT 3",
            {G, H},
        ),
        (
            "PREFIX e: <http://example.org/> ASK { GRAPH e:g { { SELECT * { ?s ?p ?o } } UNION { ?a ?b ?c } } }",
            {G},
        ),
        ("BASE <http://example.org/> ASK { GRAPH <g> { ?s ?p ?o } }", {G}),
        (f"SELECT * {{ GRAPH <{G}> {{ GRAPH <{H}> {{ ?s ?p ?o }} }} }}", {G, H}),
        # Any graph may be meant:
        ("SELECT * { ?s ?p ?o }", None),
        ("SELECT * { GRAPH ?g { ?s ?p ?o } }", None),
        (f"SELECT * {{ GRAPH <{G}> {{ ?s ?p ?o }} ?a ?b ?c }}", None),
        (f"SELECT * {{ GRAPH <{G}> {{ ?s ?p ?o }} OPTIONAL {{ ?a ?b ?c }} }}", None),
        (f"SELECT * {{ {{ GRAPH <{G}> {{ ?s ?p ?o }} }} UNION {{ ?a ?b ?c }} }}", None),
        (f"SELECT * {{ GRAPH <{G}> {{ ?s ?p ?o . GRAPH ?x {{ ?a ?b ?c }} }} }}", None),
        (f"SELECT (EXISTS {{ ?a ?b ?c }} AS ?x) {{ GRAPH <{G}> {{ ?s ?p ?o }} }}", None),
        (f"SELECT ?s {{ GRAPH <{G}> {{ ?s ?p ?o }} }} GROUP BY ?s HAVING (EXISTS {{ ?a ?b ?c }})", None),
        (f"DESCRIBE ?s {{ GRAPH <{G}> {{ ?s ?p ?o }} }}", None),
        ("PREFIX e: <http://example.org/> SELECT * { GRAPHe:g { ?s ?p ?o } }", None),
        ("PREFIX e: <http://example.org/> SELECT * { GRAPH e:g { ?s ?p ?o } e:h { ?a ?b ?c } }", None),
        (f"SELECT * {{ GRAPH <{G}> {{ ?s ?p ?o }} {{ ?a ?b ?c }} }}", None),
    ],
)
def test_which_graphs_an_answer_depends_on(query, graphs):
    found = dataset.seen(Query(query), syntax.read(query))
    assert found == (None if graphs is None else frozenset(graphs))


def test_parameters_of_the_protocol_come_first():
    text = f"SELECT * FROM <{H}> {{ ?s ?p ?o }}"
    assert dataset.seen(Query(text, default_graphs=(G,)), syntax.read(text)) == {G}


@pytest.fixture
def service(tmp_path):
    publish_regions(tmp_path, "370602", on=ON)
    app = create_app(tmp_path, Settings(workers=1))
    yield app.test_client(), publisher(tmp_path, ON), app.extensions["answers"]
    app.extensions["live"].close()


def ask(client, query, **headers):
    return client.get("/sparql", query_string={"query": query, "format": "json"}, headers=headers)


def test_publishing_one_region_leaves_answers_about_others_standing(service):
    client, publisher, answers = service
    about = f"SELECT (COUNT(*) AS ?n) {{ GRAPH <{names.graph('370602')}> {{ ?s ?p ?o }} }}"
    everything = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
    first = {query: ask(client, query) for query in (about, everything)}
    publisher.publish([ROOT / "data" / "370000"])
    second = {query: ask(client, query) for query in (about, everything)}
    assert first[about].headers["ETag"] == second[about].headers["ETag"] and answers.hits == 1
    assert first[about].data == second[about].data
    assert first[everything].headers["ETag"] != second[everything].headers["ETag"]
    assert first[everything].data != second[everything].data
    assert ask(client, about, **{"If-None-Match": first[about].headers["ETag"]}).status_code == 304


def test_a_report_changes_with_its_check_and_not_with_others(service):
    client, publisher, _ = service
    query = f"SELECT (COUNT(*) AS ?n) {{ GRAPH <{names.graph('370602', 'report')}> {{ ?s ?p ?o }} }}"
    before = ask(client, query).headers["ETag"]
    publisher.publish([ROOT / "data" / "330100"])
    assert ask(client, query).headers["ETag"] == before
    publisher.publish([ROOT / "data" / "370602"])
    assert ask(client, query).headers["ETag"] != before


def test_formats_are_told_apart_and_errors_are_not_kept(service):
    client, _, answers = service
    query = f"SELECT * {{ GRAPH <{names.graph('370602')}> {{ ?s ?p ?o }} }} LIMIT 2"
    csv = client.get("/sparql", query_string={"query": query, "format": "csv"})
    assert csv.data != ask(client, query).data and answers.hits == 0
    assert [ask(client, "SELECT * {").status_code for _ in range(2)] == [400, 400]
    assert [len(ask(client, "SELECT (RAND() AS ?x) {}").headers.getlist("ETag")) for _ in range(2)] == [0, 0]
    assert answers.hits == 0


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 12)), max_size=40))
def test_no_more_is_kept_than_there_is_room_for(asked):
    answers, latest = Answers(most=20), {}
    for tag, size in asked:
        latest.setdefault(tag, bytes(size))
        answers.keep(tag, latest[tag])
        assert answers.bytes == sum(map(len, answers._kept.values())) <= 20
        assert answers.get(tag) == latest[tag]


def test_an_answer_given_again_at_the_door_is_the_same_but_for_its_request(tmp_path):
    """Head and body; counted and logged like any other; and gone with the release it was of."""
    publish(tmp_path, "20261101T000000Z-a", "first")
    log = tmp_path / "log"
    query = {"query": "SELECT ?mark { ?release <http://example.org/mark> ?mark }", "format": "csv"}
    with client_of(tmp_path, Settings(workers=1, memory_mb=512, log=str(log))) as client:
        first, again = (client.get("/sparql", query_string=query, buffered=True) for _ in range(2))
        own = {"X-Request-ID"}
        assert [(k, v) for k, v in again.headers if k not in own] == [
            (k, v) for k, v in first.headers if k not in own
        ]
        assert again.headers["X-Request-ID"] != first.headers["X-Request-ID"] and again.data == first.data
        accept = {"Accept": "text/html"}
        assert (
            "text/html"
            in client.get("/sparql", query_string={"query": query["query"]}, headers=accept).content_type
        )
        tagged = client.get("/sparql", query_string=query, headers={"If-None-Match": first.headers["ETag"]})
        assert tagged.status_code == 304
        assert client.head("/sparql", query_string=query).data == b""
        text = client.get("/metrics").get_data(as_text=True)
        assert 'zwfw_requests_total{endpoint="sparql.endpoint",status="200"} 4.0' in text
        lines = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
        assert [one["path"] for one in lines[:2]] == ["/sparql"] * 2 and lines[1]["status"] == 200
        publish(tmp_path, "20261102T000000Z-b", "second")
        assert client.get("/sparql", query_string=query).data == b"mark\r\nsecond\r\n"
        assert client.get("/sparql", query_string={**query, "lang": "en"}).headers.get("Set-Cookie")
        assert client.get("/sparql", query_string={**query, "lang": "en"}).headers.get("Set-Cookie")


def test_the_door_keeps_no_more_than_it_says(tmp_path):
    """Whatever a client writes into its headers."""
    publish(tmp_path, "20261101T000000Z-a")
    with client_of(tmp_path, Settings(workers=1, memory_mb=512)) as client:
        heads = client.application.wsgi_app._heads
        for number in range(5):
            accept = f"text/csv, x/{'y' * KEY_CHARACTERS}{number}"
            assert client.get("/sparql?query=SELECT*{}", headers={"Accept": accept}).status_code == 200
        assert len(heads) == 0
        client.get("/sparql?query=SELECT*{}", headers={"Accept": "text/csv"})
        assert len(heads) == 1
