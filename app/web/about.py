"""What this service is and what it can bear: ``/about``; its interfaces for programs: ``/api`` and ``/openapi.json``."""

import json
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, request

from app.ontology import standards
from app.releases.release import NoRelease
from app.search import MOST, SECONDS
from app.store import ASIDE
from app.submissions.submission import MAX_BYTES
from app.web import asked, results
from app.web.language import language, say
from app.web.live import current_release, following
from app.web.page import confirmed, open_to_all, page

DESCRIPTION = Path(__file__).with_name("openapi.json")
METHODS = ("get", "post", "put", "delete")

pages = Blueprint("about", __name__)


@pages.get("/about")
def about() -> Response:
    """What is published here, and the limits one can meet."""
    try:
        regions = current_release().regions.values()
    except NoRelease:
        regions = {}.values()
    return page(
        "about.html",
        statuses=Counter(entry["status"] for entry in regions),
        triples=sum(entry["triples"] for entry in regions),
        limits=list(_limits()),
        version=standards.load().version,
        services=following().settings.services,
    )


def _limits() -> Iterator[tuple[str, str]]:
    """What a stranger can hit, and where it is."""
    chosen, megabyte = following().settings, 2**20
    yield say("一次请求的全部查询：排队、计算和传输合计"), say("{n} 秒", n=f"{chosen.timeout:g}")
    yield say("一次查询的内存"), f"{chosen.memory_mb:,} MB"
    yield say("同时计算的查询"), str(chosen.workers)
    yield say("耗时较长或结果较大的查询的附加并发数"), str(ASIDE)
    yield say("排队的查询"), str(chosen.queue)
    yield say("一次检索"), say("{n} 秒", n=f"{SECONDS:g}")
    yield say("检索列出的结果"), say("{n} 项", n=f"{MOST:,}")
    yield (
        say("每个地址每分钟的请求（查询、检索、须查询数据的网页、上传）"),
        str(chosen.rate) if chosen.rate else say("不限"),
    )
    yield say("查询语句"), f"{asked.QUERY_BYTES // 1024} KB"
    yield say("网页上显示的结果"), say("{n} 行", n=results.PAGE_ROWS)
    yield say("一次报送"), f"{MAX_BYTES // megabyte} MB"


@pages.get("/api")
def api() -> Response:
    """The interfaces as a page."""
    found = described()
    operations = [
        (path, method, operation)
        for path, item in found["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    ]
    return page("api.html", operations=operations, resolved=_resolved, half=_half)


@pages.get("/openapi.json")
def openapi() -> Response:
    """The interfaces as OpenAPI 3.1 (https://spec.openapis.org/oas/v3.1.0)."""
    told = {**described(), "servers": [{"url": request.host_url.rstrip("/")}]}
    told["info"] = {**told["info"], "version": standards.load().version}
    body = json.dumps(told, ensure_ascii=False, indent=1)
    return open_to_all(confirmed(Response(body, content_type="application/json; charset=utf-8")))


@cache
def described() -> dict[str, Any]:
    """The description as it is kept."""
    found: dict[str, Any] = json.loads(DESCRIPTION.read_bytes())
    return found


def _resolved(part: dict[str, Any]) -> dict[str, Any]:
    """A part of the description, or what it refers to."""
    while (reference := part.get("$ref")) is not None:
        part = described()
        for step in reference.removeprefix("#/").split("/"):
            part = part[step]
    return part


def _half(text: str) -> str:
    """Of a text in both languages the reader's: “中文 · English”."""
    chinese, _, english = text.partition(" · ")
    return english if language() == "en" and english else chinese
