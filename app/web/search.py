"""Search: one box for all that the release in force names, as a page, as JSON, and described for browsers (OpenSearch)."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from flask import Blueprint, Response, jsonify, request
from werkzeug.wrappers import Response as BaseResponse

from app import names, search
from app.language import pick
from app.ontology.codes import region_chain
from app.search import LONGEST_QUERY, MOST, Answer, Hit, Search, TookTooLong, Unsearchable
from app.search.findable import KINDS
from app.web import links
from app.web.allowance import spend
from app.web.language import language, say
from app.web.live import Opened, current_release, following
from app.web.page import Paging, confirmed, open_to_all, page, paging
from app.web.problem import Problem

A_PAGE = 20
"""Things on a page of what was found."""

DESCRIPTION = "application/opensearchdescription+xml"

CALLED = {
    "item": "事项",
    "department": "部门",
    "region": "行政区划",
    "standard": "标准与文件",
    "clause": "条款",
    "rule": "规则",
    "question": "可查询的问题",
    "term": "术语",
    "code": "代码表与代码",
}
"""What the kinds of ``findable.KINDS`` are called, as message ids."""

pages = Blueprint("search", __name__)
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Shown:
    """A thing that was found, with where it is: the names of the regions above, or of its own."""

    hit: Hit
    where: tuple[str, ...]
    status: str
    """Whether the data it stands in are real, synthetic or a sample; nothing for the standard system."""

    @property
    def address(self) -> str:
        """Its page."""
        return links.address(self.hit.iri)

    @property
    def label(self) -> str:
        """Its name in the reader's language."""
        return pick(self.hit.labels, language())

    def as_dict(self) -> dict[str, Any]:
        """It as JSON."""
        return {
            "iri": self.hit.iri,
            "page": self.address,
            "kind": self.hit.kind,
            "label": self.hit.labels,
            "code": self.hit.code,
            "graph": names.graph(self.hit.graph),
            "where": self.where,
            "dataStatus": self.status or None,
            "isPast": self.hit.is_past,
        }


@dataclass(frozen=True)
class Found:
    """What was asked for and what there is of it."""

    query: str
    kind: str
    answer: Answer
    shown: list[Shown]
    paging: Paging
    is_searchable: bool = True

    @property
    def number(self) -> int:
        """How much was found of the kind asked for."""
        return self.answer.counts.get(self.kind, 0) if self.kind else self.answer.total

    def as_dict(self) -> dict[str, Any]:
        """All of it as JSON."""
        return {
            "query": self.query,
            "kind": self.kind or None,
            "searchable": self.is_searchable,
            "partial": self.answer.is_loose,
            "total": self.number,
            "counts": self.answer.counts,
            "page": self.paging.number,
            "pages": self.paging.last,
            "results": [one.as_dict() for one in self.shown],
        }


@pages.get("/search")
def found_page() -> Response:
    return page("search.html", found=_found(), called=CALLED, longest=LONGEST_QUERY, most=MOST)


@pages.get("/search.json")
def found_json() -> Response:
    response = jsonify(_found().as_dict())
    response.headers["Content-Language"] = language()
    response.vary.update(["Accept-Language", "Cookie"])
    return open_to_all(confirmed(response))


@pages.get("/opensearch.xml")
def description() -> BaseResponse:
    """How a browser asks here. It is read by the very browser that will ask, so its addresses are those it came by."""
    home = following().settings.public or (
        f"{request.scheme}://{request.host}" if links.HOST.fullmatch(request.host) else links.home()
    )
    lang = "zh-CN" if language() == "zh" else "en"
    content = f"""<?xml version="1.0" encoding="UTF-8"?>
<OpenSearchDescription xmlns="http://a9.com/-/spec/opensearch/1.1/">
  <ShortName>{escape(say("政务服务标准"))}</ShortName>
  <Description>{escape(say("检索政务服务的事项、标准、条款、规则、部门、行政区划和术语"))}</Description>
  <InputEncoding>UTF-8</InputEncoding>
  <Language>{lang}</Language>
  <Url type="text/html" template={quoteattr(f"{home}/search?q={{searchTerms}}")}/>
  <Url type="application/json" template={quoteattr(f"{home}/search.json?q={{searchTerms}}&page={{startPage?}}")}/>
  <Url type="{DESCRIPTION}" rel="self" template={quoteattr(f"{home}/opensearch.xml")}/>
</OpenSearchDescription>
"""
    response = Response(content, content_type=f"{DESCRIPTION}; charset=utf-8")
    response.headers["Content-Language"] = language()
    response.vary.update(["Accept-Language", "Cookie", "Host"])
    return confirmed(response)


def _found() -> Found:
    """What this request asks for. A release without a search file is answered with nothing, and the answer says so."""
    query, kind = request.args.get("q", "").strip()[:LONGEST_QUERY], request.args.get("kind", "")
    if kind and kind not in KINDS:
        said = say("kind 应为 {kinds} 之一。", kinds=list(KINDS))
        raise Problem("malformed-request", said)
    release = current_release()
    if query:
        spend()
    try:
        with Search(release.path / search.FILE) as opened:
            return _asked(opened, release, query, kind)
    except Unsearchable as reason:
        logger.warning("release %s cannot be searched: %s", release.id, reason)
        return Found(query, kind, Answer({}, [], False), [], Paging(1, A_PAGE, 0), is_searchable=False)
    except TookTooLong as error:
        raise Problem("deadline-exceeded", say("检索超过时限。请多写几个字。")) from error


def _asked(opened: Search, release: Opened, query: str, kind: str) -> Found:
    start = A_PAGE * (_page_asked() - 1)
    answer = opened.ask(query, kind, start, A_PAGE)
    number = answer.counts.get(kind, 0) if kind else answer.total
    return Found(query, kind, answer, _shown(opened, release, answer.hits), paging(A_PAGE, min(number, MOST)))


def _page_asked() -> int:
    """The page to look up; whether there is such a page is known when it has been."""
    asked = request.args.get("page", "1")
    return (
        min(int(asked), MOST) if asked.isascii() and asked.isdigit() and len(asked) < 10 and int(asked) else 1
    )


def _shown(opened: Search, release: Opened, hits: Iterable[Hit]) -> list[Shown]:
    hits = list(hits)
    above = {hit.iri: _regions_of(hit) for hit in hits}
    named = opened.regions(code for chain in above.values() for code in chain)
    regions = release.regions
    return [
        Shown(
            hit,
            tuple(pick(named[code], language()) for code in above[hit.iri] if code in named),
            str(regions.get(hit.graph, {}).get("status", "")),
        )
        for hit in hits
    ]


def _regions_of(hit: Hit) -> list[str]:
    """The codes of the regions that tell where a thing is: of a region those above it but the nation, the highest first."""
    if hit.kind == "region":
        return [code for code in reversed(region_chain(hit.code)) if code != names.NATION]
    return [] if hit.graph in names.SYSTEM_GRAPHS else [hit.graph[:6]]
