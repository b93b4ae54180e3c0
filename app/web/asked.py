"""What a request asks of ``/sparql``: the parameters of the SPARQL 1.1 Protocol, in whichever of its ways they come."""

from dataclasses import dataclass
from urllib.parse import parse_qsl

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from app import names
from app.store import Query, QueryMalformed, QueryRefused
from app.store.scratch import Change, update, update_of
from app.store.terms import Iri
from app.web import problem, rewriting
from app.web.language import say
from app.web.problem import Problem
from app.web.scratch import current_scratch

QUERY_BYTES = 128 * 1024
"""A query longer than this is data: ten thousand codes in a VALUES fit, and reading one takes well under a
second."""

UPDATE_BYTES = 1024 * 1024
"""An update is read token by token before it is carried out, a second for a megabyte. More data than that are sent as a
graph."""

SPELLED = 4
"""A form spells one byte of Chinese with three; room for that and for the graphs."""

BODY_BYTES = SPELLED * QUERY_BYTES

FORM, DIRECT, UPDATE = (
    "application/x-www-form-urlencoded",
    "application/sparql-query",
    "application/sparql-update",
)
UTF_8 = ("utf-8", "utf8")
"""How clients spell it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks: the query, None where it has none, and ``?format=``; or an update."""

    query: Query | None
    format: str | None
    update: Change | None = None
    is_stopped: bool = False
    """Whether the button beside the query was Stop."""


def asked() -> Asked:
    """The parameters of SPARQL 1.1 Protocol §2.1 and §2.2, by any of their ways. Raises ``Problem``."""
    pairs = pairs_of(request.query_string)
    if request.method == "POST":
        pairs += _posted()
    operations = [(key, value) for key, value in pairs if key in ("query", "update")]
    if any(key == "update" for key, _ in operations):
        if not may_be_written():
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
    return Asked(query, _last(pairs, "format"), is_stopped=_last(pairs, "stop") is not None)


def _posted() -> list[tuple[str, str]]:
    """The parameters in the body of a POST; a query or an update sent directly is one, too."""
    kind, is_read_only = request.mimetype, not may_be_written()
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


def may_be_written() -> bool:
    return current_scratch() is not None or rewriting.current_rewriter() is not None


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
