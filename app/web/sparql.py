"""The SPARQL 1.1 Protocol at ``/sparql``: parameters in, frames of the store out; a page where a browser
asks."""

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import Blueprint, Response, current_app, render_template, request
from werkzeug.exceptions import RequestEntityTooLarge

from app import names
from app.store import Answer, Query, QueryMalformed, QueryRefused, StoreError, dataset, syntax
from app.store.scratch import Change, update, update_of
from app.store.terms import Iri, Literal, Triple
from app.web import problem, rewriting
from app.web.answers import Answers
from app.web.description import written_as
from app.web.formats import (
    GRAPH_FORMATS,
    PAGE,
    SOLUTION_FORMATS,
    Format,
    chosen,
    formats_of,
)
from app.web.language import language, say
from app.web.live import NoRelease, current_release, following
from app.web.page import allowing, confirmed, open_to_all
from app.web.problem import Problem
from app.web.scratch import current_scratch, write

QUERY_BYTES = 128 * 1024
"""A query longer than this is data: ten thousand codes in a VALUES fit, and reading one takes well under a
second."""

UPDATE_BYTES = 1024 * 1024
"""An update is read token by token before it is carried out, a second for a megabyte. More data than that are sent as a
graph."""

SPELLED = 4
"""A form spells one byte of Chinese with three; room for that and for the graphs."""

BODY_BYTES = SPELLED * QUERY_BYTES

PAGE_ROWS = 500
"""What a page shows; the rest is for downloads. A browser lays out a table of this size at once."""

PAGE_TRIPLES = 2000
"""What a page shows of a graph, some hundred kilobytes of Turtle."""

DESCRIBED_GRAPHS = 2000
"""Named graphs in the service description: all of a province with its counties. The nation has some sixteen thousand, and
their names are four megabytes; ``SELECT ?g { GRAPH ?g {} }`` gives them all."""

FORM, DIRECT, UPDATE = (
    "application/x-www-form-urlencoded",
    "application/sparql-query",
    "application/sparql-update",
)
UTF_8 = ("utf-8", "utf8")
"""How clients spell it."""

EXAMPLE = f"""PREFIX zwfw: <{names.DEF}>
PREFIX skos: <{names.SKOS}>

SELECT ?class (COUNT(?thing) AS ?number) WHERE {{
  ?thing a ?class .
}}
GROUP BY ?class
ORDER BY DESC(?number)
"""

pages = Blueprint("sparql", __name__)
pages.after_request(open_to_all)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks: the query, None where it has none, and ``?format=``; or an update."""

    query: Query | None
    format: str | None
    update: Change | None = None


@pages.route("/sparql", methods=["GET", "POST"], provide_automatic_options=False)
@pages.route("/sparql/", methods=["GET", "POST"], provide_automatic_options=False)
def endpoint() -> Response:
    asked = _asked()
    if asked.update is not None:
        return _updated(asked.update)
    if asked.query is None:
        return _description(asked.format)
    return _answer(asked.query, asked.format)


@pages.route("/sparql", methods=["OPTIONS"])
@pages.route("/sparql/", methods=["OPTIONS"])
def options() -> Response:
    return allowing("GET", "HEAD", "POST", "OPTIONS")


def _asked() -> Asked:
    """The parameters of SPARQL 1.1 Protocol §2.1 and §2.2, by any of their ways. Raises ``Problem``."""
    pairs = pairs_of(request.query_string)
    if request.method == "POST":
        pairs += _posted()
    operations = [(key, value) for key, value in pairs if key in ("query", "update")]
    if any(key == "update" for key, _ in operations):
        if not _may_be_written():
            raise Problem("query-refused")
        if request.method != "POST":
            raise Problem("malformed-request", say("更新须用 POST 发送。"))
    if len(operations) > 1:
        raise Problem("malformed-request", say("查询或更新只能有一个，或在正文，或在参数。"))
    if not operations:
        if request.method == "POST":
            raise Problem("malformed-request", say("缺少 query 参数。"))
        return Asked(None, _last(pairs, "format"))
    ((operation, text),) = operations
    limit = QUERY_BYTES if operation == "query" else UPDATE_BYTES
    if len(text.encode(errors="replace")) > limit:
        raise Problem("too-large", say("查询文本超过 {size} KB。", size=limit // 1024))
    if operation == "update":
        return Asked(None, None, _change(text, pairs))
    query = Query(text, _graphs(pairs, "default-graph-uri"), _graphs(pairs, "named-graph-uri"))
    return Asked(query, _last(pairs, "format"))


def _posted() -> list[tuple[str, str]]:
    """The parameters in the body of a POST; a query or an update sent directly is one, too."""
    kind, is_read_only = request.mimetype, not _may_be_written()
    if kind == UPDATE and is_read_only:
        raise Problem("query-refused")
    if (
        kind not in (FORM, DIRECT, UPDATE)
        or request.mimetype_params.get("charset", "utf-8").lower() not in UTF_8
    ):
        raise Problem("unsupported-media-type", headers={"Accept-Post": f"{FORM}, {DIRECT}"})
    request.max_content_length = BODY_BYTES if is_read_only else SPELLED * UPDATE_BYTES
    try:
        body = request.get_data(cache=False)
    except RequestEntityTooLarge as error:
        raise Problem("too-large") from error
    if kind == FORM:
        return pairs_of(body)
    try:
        return [("query" if kind == DIRECT else "update", body.decode())]
    except UnicodeDecodeError as error:
        raise Problem("malformed-request", say("正文不是 UTF-8。")) from error


def _change(text: str, pairs: list[tuple[str, str]]) -> Change:
    graphs, named = _graphs(pairs, "using-graph-uri"), _graphs(pairs, "using-named-graph-uri")
    try:
        if current_scratch() is None:
            if graphs or named:
                raise Problem("malformed-request", say("此处的更新不用 using-graph-uri；请在更新中写明图。"))
            return update_of(text)
        return update(text, graphs, named)
    except QueryMalformed as error:
        raise problem.of_store(error, text) from error
    except QueryRefused as error:
        message = "不执行 LOAD 和 SERVICE；写入已发布的数据时，图须以完整的 IRI 写出。"
        raise Problem("query-refused", say(message)) from error


def _may_be_written() -> bool:
    return current_scratch() is not None or rewriting.current_rewriter() is not None


def _updated(change: Change) -> Response:
    dataset = current_scratch()
    if dataset is None:
        return rewriting.update(change)
    try:
        write(dataset, change)
    except StoreError as error:
        raise problem.of_store(error, change.text, following().settings.timeout) from error
    return Response(status=204)


def pairs_of(encoded: bytes) -> list[tuple[str, str]]:
    """The parameters in a query string or a form, in order. Raises ``Problem``."""
    try:
        return parse_qsl(encoded.decode(), keep_blank_values=True, encoding="utf-8", errors="strict")
    except UnicodeDecodeError as error:
        raise Problem("malformed-request", say("参数不是 UTF-8。")) from error


def _graphs(pairs: list[tuple[str, str]], name: str) -> tuple[str, ...]:
    graphs = tuple(dict.fromkeys(value for key, value in pairs if key == name))
    for graph in graphs:
        if not is_iri(graph):
            raise Problem("malformed-request", say("{name} 不是绝对 IRI：{value}", name=name, value=graph))
    return graphs


def is_iri(text: str) -> bool:
    """Whether the store takes ``text`` for an absolute IRI."""
    try:
        return names.is_safe_iri(text) and bool(Iri(text))
    except ValueError:
        return False


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
    graphs = dataset.seen(query, asked)
    state = release.id if graphs is None else sorted((graph, release.state_of(graph)) for graph in graphs)
    seen = [state, query.text, query.default_graphs, query.named_graphs, media_type]

    def answer() -> Answer:
        try:
            return release.store.answer(query, form.media_type)
        except StoreError as error:
            raise problem.of_store(error, query.text, following().settings.timeout) from error

    return sent(answer, media_type, None if asked.is_volatile else seen)


def sent(answer: Callable[[], Answer], media_type: str, seen: list[Any] | None) -> Response:
    """What ``answer`` gives, as the response to a client that may have it already. ``seen`` is everything its bytes depend
    on; None where they differ each time.

    The beginning of an answer is certain. Where its end is too, it has a length and the connection lives on; otherwise it
    is streamed, and an ``AnswerBroken`` leaves the server without its last chunk.
    """
    tag = None if seen is None else hashlib.sha256(json.dumps(seen).encode()).hexdigest()[:32]
    if tag is not None and request.if_none_match.contains(tag):
        response = Response(status=304)
    elif tag is not None and (kept := _answers().get(tag)) is not None:
        response = Response(kept, content_type=f"{media_type}; charset=utf-8")
    else:
        under_way = answer()
        body: Any = under_way.frames
        if under_way.length is not None:
            body = b"".join(under_way.frames)
            if tag is not None:
                _answers().keep(tag, body)
        response = Response(body, content_type=f"{media_type}; charset=utf-8")
        response.call_on_close(under_way.close)
    if tag is not None:
        response.set_etag(tag)
    response.cache_control.no_cache = True  # ask again: a new release may be in force
    response.vary.add("Accept")
    return response


def _answers() -> Answers:
    answers: Answers = current_app.extensions["answers"]
    return answers


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
            told = problem.of_store(error, query.text, following().settings.timeout)
            shown["problem"], status, headers = told.as_dict(), told.kind.status, told.headers
        shown["downloads"] = [(one.title, _download(query, one)) for one in formats_of(form)]
    body = render_template("sparql.html", timeout=following().settings.timeout, **shown)
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
    choice = chosen([*GRAPH_FORMATS, PAGE], format_name)
    if choice is None:
        raise Problem("not-acceptable")
    form, media_type = choice
    if form is PAGE:
        return _page(None)
    body = written_as(set(_service()), form)
    response = confirmed(Response(body, content_type=f"{media_type}; charset=utf-8"))
    response.vary.add("Accept")
    return response


def _service() -> list[Triple]:
    """https://www.w3.org/TR/sparql11-service-description/"""
    service, dataset, graph = (
        Iri(f"{request.base_url}#{part}") for part in ("service", "dataset", "default")
    )
    kind, title = Iri(names.RDF + "type"), Iri(names.DCT + "title")

    def sd(term: str) -> Iri:
        return Iri(names.SD + term)

    languages = ["SPARQL11Query"] + (["SPARQL11Update"] if current_scratch() else [])
    triples = [
        Triple(service, kind, sd("Service")),
        Triple(service, sd("endpoint"), Iri(request.base_url)),
        *(Triple(service, sd("supportedLanguage"), sd(language_)) for language_ in languages),
        Triple(service, sd("defaultDataset"), dataset),
        Triple(service, title, Literal("政务服务标准体系查询服务", language="zh")),
        Triple(
            service, title, Literal("Query service of the government service standard system", language="en")
        ),
        Triple(dataset, kind, sd("Dataset")),
        Triple(dataset, sd("defaultGraph"), graph),
        Triple(graph, kind, sd("Graph")),
    ]
    if following().settings.union:
        triples.append(Triple(service, sd("feature"), sd("UnionDefaultGraph")))
    formats = dict.fromkeys(one.iri for one in (*SOLUTION_FORMATS, *GRAPH_FORMATS))
    triples += [Triple(service, sd("resultFormat"), Iri(one)) for one in formats]
    for number, name in enumerate(_graph_names(), 1):
        named = Iri(f"{request.base_url}#graph-{number}")
        triples += [
            Triple(dataset, sd("namedGraph"), named),
            Triple(named, kind, sd("NamedGraph")),
            Triple(named, sd("name"), name),
        ]
    return triples


def _graph_names() -> list[Iri]:
    """The names of the dataset's graphs, as many as are described; none where nothing has been published."""
    try:
        found = current_release().store.select(f"SELECT ?g {{ GRAPH ?g {{}} }} LIMIT {DESCRIBED_GRAPHS}")
    except NoRelease:
        return []
    return sorted((Iri(str(row["g"])[1:-1]) for row in found), key=str)
