"""The SPARQL 1.1 Protocol at ``/sparql``: parameters in, frames of the store out; a page where a browser
asks."""

import hashlib
import json
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import Blueprint, Response, current_app, render_template, request
from werkzeug.exceptions import RequestEntityTooLarge

from app import names
from app.store import Answer, Query, StoreError, syntax
from app.store.terms import Iri, Literal, RdfFormat, Triple, serialize
from app.web import problem
from app.web.formats import (
    PAGE,
    SOLUTION_FORMATS,
    TRIPLE_FORMATS,
    Format,
    chosen,
    formats_of,
)
from app.web.language import language, say
from app.web.live import Settings, current_release
from app.web.problem import Problem

QUERY_BYTES = 128 * 1024
"""A query longer than this is data: ten thousand codes in a VALUES fit, and reading one takes well under a
second."""

BODY_BYTES = 4 * QUERY_BYTES
"""A form spells one byte of Chinese with three; room for that and for the graphs."""

PAGE_ROWS = 500
"""What a page shows; the rest is for downloads. A browser lays out a table of this size at once."""

PAGE_TRIPLES = 2000
"""What a page shows of a graph, some hundred kilobytes of Turtle."""

FORM, DIRECT, UPDATE = (
    "application/x-www-form-urlencoded",
    "application/sparql-query",
    "application/sparql-update",
)

EXAMPLE = f"""PREFIX zwfw: <{names.DEF}>
PREFIX skos: <{names.SKOS}>

SELECT ?class (COUNT(?thing) AS ?number) WHERE {{
  ?thing a ?class .
}}
GROUP BY ?class
ORDER BY DESC(?number)
"""

pages = Blueprint("sparql", __name__)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks: the query, None where it has none, and ``?format=``."""

    query: Query | None
    format: str | None


@pages.route("/sparql", methods=["GET", "POST"], provide_automatic_options=False)
@pages.route("/sparql/", methods=["GET", "POST"], provide_automatic_options=False)
def endpoint() -> Response:
    asked = _asked()
    if asked.query is None:
        return _description(asked.format)
    return _answer(asked.query, asked.format)


@pages.route("/sparql", methods=["OPTIONS"])
@pages.route("/sparql/", methods=["OPTIONS"])
def options() -> Response:
    return Response(status=204, headers={"Allow": "GET, HEAD, POST, OPTIONS"})


@pages.after_request
def open_to_all(response: Response) -> Response:
    """Any page on the web may ask (CORS): the data is public and no cookie counts here."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Expose-Headers"] = "ETag, Retry-After, Link"
    if request.method == "OPTIONS":
        response.headers["Access-Control-Allow-Methods"] = "GET, HEAD, POST, OPTIONS"
        response.headers["Access-Control-Allow-Headers"] = (
            "Accept, Accept-Language, Content-Type, If-None-Match"
        )
        response.headers["Access-Control-Max-Age"] = "86400"
    return response


def _asked() -> Asked:
    """The parameters of SPARQL 1.1 Protocol §2.1, by any of its three ways. Raises ``Problem``."""
    pairs = _pairs(request.query_string)
    text: str | None = None
    if request.method == "POST":
        kind = request.mimetype
        if kind == UPDATE:
            raise Problem("query-refused")
        if kind not in (FORM, DIRECT) or request.mimetype_params.get("charset", "utf-8").lower() != "utf-8":
            raise Problem("unsupported-media-type", headers={"Accept-Post": f"{FORM}, {DIRECT}"})
        body = _body()
        if kind == FORM:
            pairs += _pairs(body)
        else:
            try:
                text = body.decode()
            except UnicodeDecodeError as error:
                raise Problem("malformed-request", say("正文不是 UTF-8。")) from error
            if any(key == "query" for key, _ in pairs):
                raise Problem("malformed-request", say("查询只能有一个：或在正文，或在参数。"))
    if any(key == "update" for key, _ in pairs):
        raise Problem("query-refused")
    texts = [value for key, value in pairs if key == "query"] + ([] if text is None else [text])
    if len(texts) > 1:
        raise Problem("malformed-request", say("query 参数只能有一个。"))
    if not texts:
        if request.method == "POST":
            raise Problem("malformed-request", say("缺少 query 参数。"))
        return Asked(None, _last(pairs, "format"))
    if len(texts[0].encode(errors="replace")) > QUERY_BYTES:
        raise Problem("too-large", say("查询文本超过 {size} KB。", size=QUERY_BYTES // 1024))
    query = Query(texts[0], _graphs(pairs, "default-graph-uri"), _graphs(pairs, "named-graph-uri"))
    return Asked(query, _last(pairs, "format"))


def _body() -> bytes:
    request.max_content_length = BODY_BYTES
    try:
        return request.get_data(cache=False)
    except RequestEntityTooLarge as error:
        raise Problem("too-large") from error


def _pairs(encoded: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(encoded.decode(), keep_blank_values=True, encoding="utf-8", errors="strict")
    except UnicodeDecodeError as error:
        raise Problem("malformed-request", say("参数不是 UTF-8。")) from error


def _graphs(pairs: list[tuple[str, str]], name: str) -> tuple[str, ...]:
    graphs = tuple(dict.fromkeys(value for key, value in pairs if key == name))
    for graph in graphs:
        if not names.is_safe_iri(graph):
            raise Problem("malformed-request", say("{name} 不是绝对 IRI：{value}", name=name, value=graph))
    return graphs


def _last(pairs: list[tuple[str, str]], name: str) -> str | None:
    return next((value for key, value in reversed(pairs) if key == name), None)


def _answer(query: Query, format_name: str | None) -> Response:
    try:
        asked = syntax.read(query.text)
    except ValueError:
        asked = syntax.Syntax(query.text, "", False, False, False, -1)  # the store will say what is wrong
    choice = chosen([*formats_of(asked.form), PAGE], format_name)
    if choice is None:
        raise Problem("not-acceptable")
    form, media_type = choice
    if form is PAGE:
        return _page(query, asked.form)
    release = current_release()
    tag = _tag(release.id, query, media_type)
    if not asked.is_volatile and request.if_none_match.contains(tag):
        response = Response(status=304)
    else:
        try:
            answer = release.store.answer(query, form.media_type)
        except StoreError as error:
            raise problem.of_store(error, query.text, _settings().timeout) from error
        response = _sent(answer, media_type)
    if not asked.is_volatile:
        response.set_etag(tag)
    response.cache_control.no_cache = True  # ask again: a new release may be in force
    response.vary.add("Accept")
    return response


def _sent(answer: Answer, media_type: str) -> Response:
    """An answer whose beginning is certain. Where its end is too, it has a length and the connection lives
    on; otherwise it is streamed, and an ``AnswerBroken`` leaves the server without its last chunk."""
    body: Any = answer.frames if answer.length is None else b"".join(answer.frames)
    response = Response(body, content_type=f"{media_type}; charset=utf-8")
    response.call_on_close(answer.close)
    return response


def _tag(release: str, query: Query, media_type: str) -> str:
    """Of everything the bytes depend on."""
    seen = [release, query.text, query.default_graphs, query.named_graphs, media_type]
    return hashlib.sha256(json.dumps(seen).encode()).hexdigest()[:32]


def _settings() -> Settings:
    settings: Settings = current_app.extensions["live"].settings
    return settings


# The page


@dataclass(frozen=True, slots=True)
class Cell:
    """A term as a table shows it."""

    text: str
    href: str = ""
    lang: str = ""
    note: str = ""


def _page(query: Query | None, form: str = "") -> Response:
    shown: dict[str, Any] = {"text": query.text if query else EXAMPLE, "result": None, "problem": None}
    status, headers = 200, {}
    if query is not None:
        started = time.monotonic()
        try:
            shown["result"] = _result(query, form)
            shown["seconds"] = time.monotonic() - started
        except StoreError as error:
            told = problem.of_store(error, query.text, _settings().timeout)
            shown["problem"], status, headers = told.as_dict(), told.kind.status, told.headers
        shown["downloads"] = [(one.title, _download(query, one)) for one in formats_of(form)]
    body = render_template("sparql.html", timeout=_settings().timeout, **shown)
    response = Response(body, status=status, content_type="text/html; charset=utf-8", headers=headers)
    response.headers["Content-Language"] = language()
    response.cache_control.no_cache = True
    response.vary.update(["Accept", "Accept-Language", "Cookie"])
    return response


def _result(query: Query, form: str) -> dict[str, Any]:
    """What the template shows: a truth value, a graph as Turtle, or a table."""
    store = current_release().store
    limit = PAGE_TRIPLES if form in ("CONSTRUCT", "DESCRIBE") else PAGE_ROWS
    answer = store.answer(Query(query.text, query.default_graphs, query.named_graphs, limit))
    content = b"".join(answer.frames)
    if form in ("CONSTRUCT", "DESCRIBE"):
        return {"turtle": content.decode(), "limit": limit}
    found = json.loads(content)
    if "boolean" in found:
        return {"boolean": found["boolean"]}
    variables = found["head"]["vars"]
    rows = [[_cell(row.get(name)) for name in variables] for row in found["results"]["bindings"]]
    return {"variables": variables, "rows": rows, "more": found["more"], "limit": limit}


def _cell(value: dict[str, Any] | None) -> Cell:
    if value is None:
        return Cell("")
    written = value["value"]
    if value["type"] == "uri":
        return Cell(names.shorten(written), _address(written))
    if value["type"] == "triple":
        parts = [_cell(written[part]).text for part in ("subject", "predicate", "object")]
        return Cell(f"<< {' '.join(parts)} >>")
    datatype = names.shorten(value.get("datatype", ""))
    return Cell(written, lang=value.get("xml:lang", ""), note=datatype)


def _address(iri: str) -> str:
    """Where a reader may follow an IRI: our own lead to this very service, whatever host it runs on."""
    if iri.startswith(names.BASE):
        return "/" + iri.removeprefix(names.BASE)
    return iri if iri.startswith(("http://", "https://")) else ""


def _download(query: Query, form: Format) -> str:
    pairs = [("query", query.text), ("format", form.name)]
    pairs += [("default-graph-uri", graph) for graph in query.default_graphs]
    pairs += [("named-graph-uri", graph) for graph in query.named_graphs]
    return f"/sparql?{urlencode(pairs)}"


# The description


def _description(format_name: str | None) -> Response:
    """The page with an empty box, or a SPARQL 1.1 Service Description of what is really offered."""
    choice = chosen([*TRIPLE_FORMATS, PAGE], format_name)
    if choice is None:
        raise Problem("not-acceptable")
    form, media_type = choice
    if form is PAGE:
        return _page(None)
    rdf = RdfFormat.from_media_type(form.media_type)
    assert rdf is not None
    body = serialize(_service(), format=rdf, prefixes=names.PREFIXES)
    response = Response(body, content_type=f"{media_type}; charset=utf-8")
    response.vary.add("Accept")
    return response


def _service() -> list[Triple]:
    """https://www.w3.org/TR/sparql11-service-description/"""
    address = Iri(request.base_url)
    service, dataset, graph = (
        Iri(f"{request.base_url}#{part}") for part in ("service", "dataset", "default")
    )
    kind = Iri(names.RDF + "type")

    def sd(term: str) -> Iri:
        return Iri(names.SD + term)

    triples = [
        Triple(service, kind, sd("Service")),
        Triple(service, sd("endpoint"), address),
        Triple(service, sd("supportedLanguage"), sd("SPARQL11Query")),
        Triple(service, sd("feature"), sd("UnionDefaultGraph")),
        Triple(service, sd("defaultDataset"), dataset),
        Triple(service, Iri(names.DCT + "title"), Literal("政务服务标准体系查询服务", language="zh")),
        Triple(dataset, kind, sd("Dataset")),
        Triple(dataset, sd("defaultGraph"), graph),
        Triple(graph, kind, sd("Graph")),
    ]
    formats = dict.fromkeys(one.iri for one in (*SOLUTION_FORMATS, *TRIPLE_FORMATS))
    return triples + [Triple(service, sd("resultFormat"), Iri(one)) for one in formats]
