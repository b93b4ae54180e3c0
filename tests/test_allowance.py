"""What one client may ask for in a minute."""

from pathlib import Path

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from served import client_of, publish

from app.web import Settings
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
