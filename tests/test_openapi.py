"""The description of the interfaces is true: schemathesis asks what it says may be asked, and much that it does not."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from served import publish_regions

from app.web import Settings, create_app
from app.web.about import METHODS, described
from app.web.formats import PAGE, formats_of

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    root = publish_regions(tmp_path_factory.mktemp("root"), "370600")
    app = create_app(root, Settings(workers=1, memory_mb=1024, rate=0))
    yield app
    app.extensions["live"].close()


@pytest.fixture(scope="module")
def api(app: Flask) -> schemathesis.BaseSchema:
    def whole(environ: Any, start_response: Any) -> list[bytes]:
        """The application, its answers read to the end and closed: this client closes none."""
        answer = app.wsgi_app(environ, start_response)
        try:
            return list(answer)
        finally:
            if hasattr(answer, "close"):
                answer.close()

    return schemathesis.openapi.from_wsgi("/openapi.json", whole)


OPERATIONS = [
    (path, method) for path, item in described()["paths"].items() for method in item if method in METHODS
]


@pytest.mark.parametrize(("path", "method"), OPERATIONS, ids=lambda part: part)
def test_every_operation_answers_as_described(api: schemathesis.BaseSchema, path: str, method: str) -> None:
    @settings(
        max_examples=12,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=api[path][method.upper()].as_strategy())
    def answers_as_described(case: schemathesis.Case) -> None:
        case.call_and_validate(checks=CHECKS)

    answers_as_described()


def test_the_formats_of_the_endpoint_are_described() -> None:
    offered = [*formats_of("SELECT"), *formats_of("CONSTRUCT"), PAGE]
    for method, operation in described()["paths"]["/sparql"].items():
        assert list(operation["responses"]["200"]["content"]) == [one.media_type for one in offered], method
    (named,) = [
        one for one in described()["paths"]["/sparql"]["get"]["parameters"] if one.get("name") == "format"
    ]
    assert named["schema"]["enum"] == [one.name for one in offered]


def test_what_is_described_is_there(app: Flask) -> None:
    adapter = app.url_map.bind("localhost")
    for path, item in described()["paths"].items():
        for method in set(item) & set(METHODS):
            filled = path.format(code="370600", path="370600/Department/1", name="SHA256SUMS", id="1")
            adapter.match(filled, method=method.upper())


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_pages_tell_of_limits_and_operations(app: Flask, lang: str) -> None:
    client = app.test_client()
    about = client.get(f"/about?lang={lang}").get_data(as_text=True)
    assert "30 秒" in about if lang == "zh" else "30 seconds" in about
    api = client.get(f"/api?lang={lang}").get_data(as_text=True)
    assert "/regions/{code}/report.csv" in api and ("报告，每行一个问题" in api) == (lang == "zh")


def test_any_page_on_the_web_may_read_the_description(app: Flask) -> None:
    answer = app.test_client().get("/openapi.json")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.get_json()["servers"] == [{"url": "http://localhost"}]
