"""``/metrics``: what the service does and what it serves, in the text format of Prometheus.

Requests are counted by what answered them and not by address, so that strangers cannot make the answer grow; nothing of a
query, a token or a client is in it.
"""

import datetime
import time
from collections import Counter as Counted
from collections.abc import Iterator

from flask import Flask, Response, current_app, g, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from app.checking.rules import SEVERITIES
from app.releases.release import NoRelease
from app.store import STATES
from app.web.answers import Answers
from app.web.live import current_release, following

SECONDS = (0.005, 0.02, 0.1, 0.5, 2, 10, 30)
"""Where requests are told apart by how long they took: a page takes some milliseconds, a query at most its deadline."""

NOWHERE = "none"
"""Stands for what answered where nothing did: an address that is not there."""


class Requests:
    """What was answered, by what, how and in what time."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._answered = Counter(
            "zwfw_requests",
            "Requests answered, by what answered them.",
            ["endpoint", "status"],
            registry=registry,
        )
        self._problems = Counter(
            "zwfw_problems", "Problems answered with, by kind.", ["kind"], registry=registry
        )
        self._took = Histogram(
            "zwfw_request_seconds",
            "Seconds until the head of an answer was sent.",
            ["endpoint"],
            buckets=SECONDS,
            registry=registry,
        )

    def count(self, endpoint: str | None, status: int, seconds: float, problem: str | None = None) -> None:
        """Count a request that has been answered."""
        endpoint = endpoint or NOWHERE
        self._answered.labels(endpoint, status).inc()
        self._took.labels(endpoint).observe(seconds)
        if problem is not None:
            self._problems.labels(problem).inc()


def attach(app: Flask) -> Requests:
    """Count the requests of an application and have it say so."""
    registry = CollectorRegistry()
    requests = Requests(registry)
    registry.register(_Served())

    @app.after_request
    def count(response: Response) -> Response:
        seconds = time.perf_counter() - g.request_begun
        requests.count(request.endpoint, response.status_code, seconds, g.get("problem"))
        return response

    @app.get("/metrics")
    def metrics() -> Response:
        """For Prometheus."""
        response = Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
        response.headers["Cache-Control"] = "no-store"
        return response

    return requests


class _Served(Collector):
    """What is served, read when somebody asks."""

    def describe(self) -> list[Metric]:
        """Nothing beforehand: there may be no release yet."""
        return []

    def collect(self) -> Iterator[Metric]:
        """The queries, the release and its findings."""
        ledger = following().ledger
        now = Counted(evaluation.state for evaluation in ledger.under_way())
        under_way = GaugeMetricFamily("zwfw_queries_under_way", "Queries of the moment.", labels=["state"])
        for state in STATES:
            under_way.add_metric([state], now[state])
        yield under_way
        ended = CounterMetricFamily(
            "zwfw_queries", "Queries that ended, by how, since the service began.", labels=["outcome"]
        )
        for outcome, number in ledger.ended().items():
            ended.add_metric([outcome], number)
        yield ended
        try:
            release = current_release()
        except NoRelease:
            yield GaugeMetricFamily("zwfw_release", "Whether a release is served.", value=0)
            return
        yield GaugeMetricFamily("zwfw_release", "Whether a release is served.", value=1)
        if "made" in release.manifest:
            made = datetime.datetime.fromisoformat(release.manifest["made"]).timestamp()
            yield GaugeMetricFamily(
                "zwfw_release_made_seconds", "When it was made, in seconds since 1970.", value=made
            )
        answers: Answers = current_app.extensions["answers"]
        asked = CounterMetricFamily("zwfw_answers", "Answers to questions asked before.", labels=["kept"])
        asked.add_metric(["yes"], answers.hits)
        asked.add_metric(["no"], answers.misses)
        yield asked
        yield GaugeMetricFamily("zwfw_answers_bytes", "Bytes of answers kept.", value=answers.bytes)
        findings = GaugeMetricFamily("zwfw_findings", "Findings of a region.", labels=["region", "severity"])
        for code, entry in release.regions.items():
            for severity in SEVERITIES:
                findings.add_metric([code, severity], entry["counts"][severity])
        yield findings
