"""What the service tells of itself to whoever watches it."""

import re

import pytest
from prometheus_client.parser import text_string_to_metric_families
from served import NEVER_ENDS, publish

from app.store import STATES
from app.web import Settings, create_app


@pytest.fixture
def client(tmp_path):
    publish(tmp_path, "20261101T000000Z-00000001")
    app = create_app(tmp_path, Settings(workers=1, timeout=1, memory_mb=1024))
    yield app.test_client()
    app.extensions["live"].close()


def told(client):
    """Every sample by name and labels."""
    text = client.get("/metrics").get_data(as_text=True)
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def requests(samples, endpoint, status):
    return samples.get(("zwfw_requests_total", (("endpoint", endpoint), ("status", status))), 0)


def test_requests_are_counted_by_what_answered_them(client):
    client.get("/sparql?query=ASK{}")
    client.get("/sparql?query=ASK{")
    client.get("/nowhere")
    client.get("/nowhere/else")
    samples = told(client)
    assert (
        requests(samples, "sparql.endpoint", "200") == 1 and requests(samples, "sparql.endpoint", "400") == 1
    )
    assert requests(samples, "none", "404") == 2
    assert samples["zwfw_problems_total", (("kind", "malformed-query"),)] == 1
    assert samples["zwfw_request_seconds_count", (("endpoint", "sparql.endpoint"),)] == 2


def test_queries_that_were_given_up_are_counted_over_releases(client, tmp_path):
    before = told(client)
    assert before["zwfw_release", ()] == 1 and before["zwfw_queries_total", (("outcome", "deadline"),)] == 0
    assert client.get("/sparql", query_string={"query": NEVER_ENDS}).status_code == 504
    after = told(client)
    assert after["zwfw_queries_total", (("outcome", "deadline"),)] == 1
    assert all(after["zwfw_queries_under_way", (("state", state),)] == 0 for state in STATES)
    publish(tmp_path, "20261102T000000Z-00000002")
    assert client.get("/readyz").get_data(as_text=True) == "ok 20261102T000000Z-00000002\n"
    again = told(client)
    assert again["zwfw_queries_total", (("outcome", "deadline"),)] == 1
    assert again["zwfw_queries_total", (("outcome", "answered"),)] == 1  # that of /readyz


def test_strangers_cannot_make_it_grow_and_it_tells_nothing_of_them(client):
    before = len(told(client))
    for number in range(50):
        client.get(f"/doc/{number}/secret-{number}", headers={"Authorization": "Bearer secret"})
    text = client.get("/metrics").get_data(as_text=True)
    assert len(told(client)) < before + 30 and not re.search("secret", text)


def test_before_anything_is_published(tmp_path):
    app = create_app(tmp_path, Settings(workers=1))
    assert told(app.test_client())["zwfw_release", ()] == 0
