"""What one client may ask for in a minute."""

import io
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from served import client_of, publish
from werkzeug.test import TestResponse

from app import names
from app.releases.release import Releases
from app.submissions.tokens import OPERATE, SUBMIT, Tokens
from app.web import Settings
from app.web.about import described
from app.web.allowance import CLIENTS, Allowance, client


@given(rate=st.integers(1, 100), pauses=st.lists(st.floats(0, 30), max_size=300))
def test_never_more_than_a_minutes_worth_at_once_and_the_rate_after(rate: int, pauses: list[float]) -> None:
    allowance, now, taken = Allowance(rate), 0.0, 0
    for pause in pauses:
        now += pause
        wait = allowance.take("a", now)
        taken += not wait
        assert 0 <= wait <= 60 / rate + 1e-6
        if wait:  # who waits as long as told is served
            now += wait + 1e-6
            assert not allowance.take("a", now)
            taken += 1
    assert taken <= rate + now * rate / 60 + 1e-3


def test_clients_do_not_spend_for_each_other_and_are_forgotten_in_the_end() -> None:
    allowance = Allowance(1)
    assert [allowance.take(name, 0.0) for name in ("a", "b")] == [0, 0]
    assert allowance.take("a", 0.0) and allowance.take("b", 0.0)
    for number in range(CLIENTS):
        allowance.take(str(number), 0.0)
    assert not allowance.take("a", 0.0)


@pytest.mark.parametrize(
    "address, expected",
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("", ""),
    ],
)
def test_a_client_is_an_address_or_an_ipv6_network(address: str, expected: str) -> None:
    with Flask("test").test_request_context(environ_base={"REMOTE_ADDR": address}):
        assert client() == expected


def test_only_what_costs_is_counted_and_the_page_keeps_the_query(tmp_path: Path) -> None:
    publish(tmp_path, "20261101T000000Z-a")
    with client_of(tmp_path, Settings(workers=1, memory_mb=512, rate=2)) as browser:
        for _ in range(5):  # evaluated once, then kept
            assert browser.get("/sparql?query=ASK{}").status_code == 200
            assert browser.get("/healthz").status_code == 200
        assert browser.get("/sparql?query=ASK{?s ?p ?o}").status_code == 200
        refused = browser.get("/sparql?query=ASK{?a ?b ?c}")
        assert refused.status_code == 429 and 1 <= int(refused.headers["Retry-After"]) <= 30
        assert refused.get_json(force=True)["type"].endswith("/problems/too-many")
        page = browser.get("/sparql?query=ASK{?a ?b ?c}", headers={"Accept": "text/html"})
        assert page.status_code == 429 and "ASK{?a ?b ?c}" in page.get_data(as_text=True)
        assert browser.get("/sparql?query=ASK{}").status_code == 200
        other = browser.get("/sparql?query=ASK{?a ?b ?c}", environ_base={"REMOTE_ADDR": "203.0.113.9"})
        assert other.status_code == 200


DATA, CODE = names.graph("370000"), "370000"
FINDING = "@finding"
"""Stands for a finding that there is."""

COUNTED = [
    "/sparql?query=ASK{?s ?p 1}",
    "/sparql?query=SELECT*{?s ?p 1}&format=html",
    "/sparql?query=SELECT*{?s ?p 1}&format=xlsx",
    "/sparql?format=ttl",
    f"/graph?graph={DATA}&format=ttl",
    f"/report/{CODE}",
    f"/doc/graph/{CODE}",
    "/ontology/term/Region",
    f"/regions/{CODE}",
    f"/regions/{CODE}/rectification.xlsx",
    f"/findings/{FINDING}",
    f"/scorecard?region={CODE}",
    f"/scorecard.csv?region={CODE}",
    "/compare?item=000000/000101001000",
    "/questions/guide-elements-filled",
    "/questions/guide-elements-filled.csv",
    "/questions/guide-elements-filled.xlsx",
    "/questions/guide-elements-filled.json",
    "/search?q=a",
    "/search.json?q=a",
    "/void.ttl",
    "/dcat.ttl",
    "/dcat?format=ttl",
]
"""What evaluates something, searches, or goes through a report."""

FREE = [
    "/",
    "/about",
    "/api",
    "/openapi.json",
    "/sparql?format=html",
    "/sparql/terms.json",
    f"/graph?graph={DATA}&format=html",
    "/void?format=html",
    "/.well-known/void",
    "/.well-known/security.txt",
    "/robots.txt",
    "/sitemap.xml",
    "/sitemap/pages.xml",
    f"/sitemap/{CODE}.1.xml",
    "/compare",
    "/standards",
    "/standards/GBT39554.1-2020",
    "/clauses/GBT39554.1-2020/4.1",
    "/rules",
    "/rules/R01",
    "/ontology",
    "/ontology/core",
    "/ontology/v/0.1.0",
    "/ontology/alignments/cpsv-ap.ttl",
    "/context.jsonld",
    "/context/0.1.0.jsonld",
    "/def",
    f"/id/{CODE}",
    "/rule/R01",
    f"/provenance/{CODE}/file",
    "/doc/def",
    "/dumps/",
    "/dumps/releases.json",
    "/dumps/latest/",
    "/dumps/latest/SHA256SUMS",
    "/dumps/SHA256SUMS",
    "/dumps/@release/",
    "/dumps/@release/SHA256SUMS",
    "/dumps/@release/changes/SHA256SUMS",
    "/dumps/changes/SHA256SUMS",
    "/regions/",
    f"/regions/{CODE}/report.json",
    f"/regions/{CODE}/report.csv",
    f"/regions/{CODE}/report.ttl",
    f"/regions/{CODE}/trend",
    "/scorecard",
    "/scorecard.csv",
    "/scorecard/index",
    "/questions",
    "/questions/guide-elements-filled.rq",
    "/search",
    "/opensearch.xml",
    "/map",
    "/submit",
    "/queries",
    "/problems/",
    "/problems/too-many",
    "/healthz",
    "/readyz",
    "/metrics",
    "/static/style.css",
]
"""What is made from the release as it is, from the standard system, or for who looks after the service."""


@pytest.fixture(scope="module")
def asked_once(world_root: Path) -> Iterator[FlaskClient]:
    """A client of a service where one request a minute is allowed."""
    with client_of(world_root, Settings(workers=1, memory_mb=1024, rate=1)) as client:
        yield client


_addresses = (f"203.0.113.{number}" for number in itertools.count(1))


def is_counted(service: FlaskClient, address: str, method: str = "GET", **more: object) -> bool:
    """Whether a request leaves nothing of its client's minute."""
    who = {"REMOTE_ADDR": next(_addresses)}
    first = service.open(address, method=method, environ_base=who, **more)  # type: ignore[arg-type]
    assert first.status_code not in (429, 500), address
    first.close()
    second: TestResponse = service.get(f"/sparql?query=ASK{{?s ?p '{who['REMOTE_ADDR']}'}}", environ_base=who)
    assert second.status_code in (200, 429)
    return second.status_code == 429


def real(address: str, root: Path) -> str:
    """The address with what only a release knows."""
    current = Releases(root).current()
    assert current is not None
    report = current.region_file(CODE, "report.json").read_text("utf-8")
    found = re.search(r'"id": ?"([0-9a-f]{16})"', report)
    assert found is not None
    return address.replace("@release", current.id).replace(FINDING, found[1])


@pytest.mark.parametrize("address", COUNTED)
def test_what_evaluates_something_for_a_client_is_counted(
    asked_once: FlaskClient, world_root: Path, address: str
) -> None:
    assert is_counted(asked_once, real(address, world_root))


def test_what_is_not_is_free(asked_once: FlaskClient, world_root: Path) -> None:
    asked_once.get("/")  # the first to ask after a publication has the figures summed, on nobody's account
    assert [one for one in FREE if is_counted(asked_once, real(one, world_root))] == []


def test_what_a_client_has_already_is_free(asked_once: FlaskClient, world_root: Path) -> None:
    kept = "/sparql?query=ASK{?kept ?p ?o}"
    tag = asked_once.get(kept).headers["ETag"]
    assert not is_counted(asked_once, kept)
    assert not is_counted(asked_once, kept, headers={"If-None-Match": tag})
    catalogue = asked_once.get("/void.ttl", environ_base={"REMOTE_ADDR": "203.0.113.254"})
    assert not is_counted(asked_once, "/void.ttl", headers={"If-None-Match": catalogue.headers["ETag"]})


def test_a_page_whose_client_has_used_up_its_minute_is_refused_and_says_when(asked_once: FlaskClient) -> None:
    who = {"REMOTE_ADDR": next(_addresses)}
    page = {"environ_base": who, "headers": {"Accept": "text/html"}}
    assert asked_once.get(f"/regions/{CODE}", **page).status_code == 200
    refused = asked_once.get(f"/regions/{CODE}", **page)
    assert refused.status_code == 429 and 1 <= int(refused.headers["Retry-After"]) <= 60
    assert "每分钟最多 1 次" in refused.text


def test_a_graph_that_a_client_has_is_confirmed_though_its_minute_is_used_up(asked_once: FlaskClient) -> None:
    """To look up its licence for the headers is counted; where it may not be looked up they are left out."""
    who = {"REMOTE_ADDR": next(_addresses)}
    graph = asked_once.get(f"/graph/{CODE}", environ_base=who)
    again = {"environ_base": who, "headers": {"If-None-Match": graph.headers["ETag"]}}
    assert graph.data and any("license" in link for link in graph.headers.getlist("Link"))
    assert asked_once.get(f"/graph/{CODE}", **again).status_code == 304
    assert asked_once.get(f"/graph/{CODE}", environ_base=who).status_code == 429


def test_what_is_taken_in_is_counted(tmp_path: Path) -> None:
    publish(tmp_path, "20261101T000000Z-a")
    token = Tokens(tmp_path).create("某局", CODE, scopes=[SUBMIT, "write"])
    sent = {"headers": {"Authorization": f"Bearer {token}"}, "data": b"?", "content_type": "text/turtle"}
    with client_of(tmp_path, Settings(workers=1, memory_mb=512, rate=1, writable=True)) as client:
        assert is_counted(client, f"/regions/{CODE}/submissions", "POST", **sent)
        assert is_counted(client, f"/graph/{CODE}", "PUT", **sent)
        assert is_counted(client, "/map", "POST", data={"file": (io.BytesIO(b"a,b"), "a.csv")})
        assert not is_counted(client, f"/regions/{CODE}/submissions", "POST", data=b"?")  # 401
        operator = {"Authorization": f"Bearer {Tokens(tmp_path).create('运维', '000000', scopes=[OPERATE])}"}
        assert not is_counted(client, "/queries/none", "DELETE", headers=operator)


def test_every_address_is_one_or_the_other(asked_once: FlaskClient, world_root: Path) -> None:
    """A new one is to be decided on."""
    urls = asked_once.application.url_map
    decided = {
        urls.bind("x").match(real(one, world_root).partition("?")[0])[0]  # type: ignore[index]
        for one in COUNTED + FREE
    }
    there = {rule.endpoint for rule in urls.iter_rules() if "GET" in (rule.methods or ())}
    assert there == decided


def test_the_description_of_the_interfaces_names_429_where_it_can_come() -> None:
    for path, item in described()["paths"].items():
        pattern = re.compile(
            re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path)) if path != "/doc/{path}" else "/doc/graph/.+"
        )
        counted = any(pattern.fullmatch(one.partition("?")[0]) for one in COUNTED)
        if "get" in item:
            assert ("429" in item["get"]["responses"]) == counted, path
