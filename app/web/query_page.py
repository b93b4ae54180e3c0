"""The page at ``/sparql``: a box for a query, and what it found as a person reads it."""

import hashlib
import json
import time
from itertools import takewhile
from typing import Any
from urllib.parse import urlencode

from flask import Response, current_app, request

from app.store import Query, StoreError
from app.web import allowance, completion, description, examples, problem, vocabulary
from app.web.answers import Answers
from app.web.formats import WORKBOOK, Format, formats_of
from app.web.language import language, rendered, say
from app.web.live import current_release, current_store, following
from app.web.page import Paging, page_number
from app.web.problem import Problem
from app.web.results import PAGE_ROWS, WHOLE_ROWS, Labels, Solutions, Wanted, address_of
from app.web.workbooks import WORKBOOK_ROWS

PAGE_TRIPLES = 2000
"""What a page shows of a graph, some hundred kilobytes of Turtle."""

WHOLE_BYTES = 16 * 1024 * 1024
"""Of an answer that is read to be sorted: ten thousand rows of some hundred bytes are a megabyte. Of a larger one the page
has the first rows only."""

KEPT_BYTES = 4 * 1024 * 1024
"""An answer no larger is kept, so that its other pages do not evaluate the query anew."""


def query_page(
    query: Query | None, form: str = "", seen: list[Any] | None = None, stopped: bool = False
) -> Response:
    """The page with a query and what it found; with an example where there is none, and only the query where it was
    ``stopped``: a browser that leaves a page for another gives up what it waited for, and the store ends that. ``seen`` is
    everything the answer depends on; None where it differs each time."""
    shown: dict[str, Any] = {"text": query.text if query else _example(), "result": None, "problem": None}
    shown["stopped"] = stopped
    status, headers = 200, {}
    if query is not None and not stopped:
        started = time.monotonic()
        try:
            shown["result"] = _result(query, form, seen)
            shown["seconds"] = time.monotonic() - started
        except (StoreError, Problem) as error:
            limit = following().settings.timeout
            told = error if isinstance(error, Problem) else problem.of_store(error, query.text, limit)
            shown["problem"], status, headers = told.as_dict(), told.kind.status, told.headers
        shown["downloads"] = [
            (_title(one, shown["result"]), _download(query, one)) for one in formats_of(form)
        ]
    classes, properties = completion.used()
    body = rendered(
        "sparql.html",
        timeout=following().settings.timeout,
        examples=examples.all_examples(),
        questions=list(examples.questions()),
        classes=classes,
        properties=properties,
        **shown,
    )
    response = Response(body, status=status, content_type="text/html; charset=utf-8", headers=headers)
    response.headers["Content-Language"] = language()
    response.cache_control.no_cache = True
    response.vary.update(["Accept", "Accept-Language", "Cookie"])
    return response


def _example() -> str:
    """What stands in the box before anything is asked. Raises ``Problem`` for an example there is not."""
    text = examples.example(request.args.get("example", examples.FIRST), language())
    if text is None:
        raise Problem("not-found")
    return text


def _result(query: Query, form: str, seen: list[Any] | None) -> dict[str, Any]:
    """What the template shows: a truth value, a graph as Turtle, or a table."""
    if form in ("CONSTRUCT", "DESCRIBE"):
        allowance.spend()
        answer = current_release().store.answer(_limited(query, PAGE_TRIPLES))
        return {"turtle": _without_idle_prefixes(b"".join(answer.frames).decode()), "limit": PAGE_TRIPLES}
    found = json.loads(_answer(query, seen))
    if "boolean" in found:
        return {"boolean": found["boolean"]}
    names = _Names()
    solutions = Solutions(found, Wanted.of(request.args), names, language())
    paging = Paging(page_number(), PAGE_ROWS, len(solutions.rows))
    if not 1 <= paging.number <= paging.last:
        raise Problem("not-found")
    asked, wanted = _asked(query), solutions.wanted
    return {
        "columns": solutions.columns(query.text),
        "rows": solutions.shown(paging.start, paging.stop),
        "marks": solutions.marks(),
        "by_iri": solutions.by_iri,
        "unnamed": names.are_missing,
        "paging": paging,
        "total": len(solutions.all),
        "more": solutions.more,
        "asked": asked,
        "wanted": wanted,
        "sorted_by": lambda sort: address_of(asked, wanted, sort=sort),
        "page": lambda number: address_of(asked, wanted, page=str(number)),
        "as_it_came": address_of(asked, Wanted()),
    }


def _answer(query: Query, seen: list[Any] | None) -> bytes:
    """The answer to a SELECT or ASK as JSON, as far as a page goes: all of it or its first rows; given before, if it is
    kept."""
    kept: Answers = current_app.extensions["answers"]
    tag = None if seen is None else hashlib.sha256(json.dumps(["page", *seen]).encode()).hexdigest()
    body = kept.get(tag) if tag else None
    if body is None:
        allowance.spend()
        body = _read(query, WHOLE_ROWS, WHOLE_BYTES) or _read(query, PAGE_ROWS)
        if tag and len(body) <= KEPT_BYTES:
            kept.keep(tag, body)
    return body


def _read(query: Query, rows: int, most: int | None = None) -> bytes:
    """The answer with so many rows; nothing where it has more than ``most`` bytes."""
    answer = current_release().store.answer(_limited(query, rows))
    read = bytearray()
    for frame in answer.frames:
        read += frame
        if most is not None and len(read) > most:
            answer.close()
            return b""
    return bytes(read)


def _without_idle_prefixes(turtle: str) -> str:
    """Turtle as the store writes it, which declares every prefix it knows, with those alone that occur."""
    lines = turtle.splitlines(keepends=True)
    head = list(takewhile(lambda line: line.startswith("@prefix "), lines))
    rest = "".join(lines[len(head) :])
    return "".join(line for line in head if line.split(" ")[1] in rest) + rest


def _limited(query: Query, rows: int) -> Query:
    return Query(query.text, query.default_graphs, query.named_graphs, rows)


class _Names:
    """The names of things, for one page. A page without them, which says so, is better than none where the time of the request
    is over, its client has used up its minute, or nobody can be asked at the moment."""

    def __init__(self) -> None:
        self.are_missing = False

    def __call__(self, iris: list[str]) -> Labels:
        try:
            return description.labels(current_store(), iris)
        except (StoreError, Problem):
            self.are_missing = True
            return {iri: said for iri in iris if (said := vocabulary.labels(iri))}


def _asked(query: Query) -> list[tuple[str, str]]:
    """A query as parameters of the protocol."""
    pairs = [("query", query.text)]
    pairs += [("default-graph-uri", graph) for graph in query.default_graphs]
    return pairs + [("named-graph-uri", graph) for graph in query.named_graphs]


def _title(form: Format, result: dict[str, Any] | None) -> str:
    """What a download is called; of one that may not have all, how much it has."""
    if form is WORKBOOK and result is not None and result.get("more"):
        return say("XLSX（至多 {count} 行）", count=f"{WORKBOOK_ROWS:,}")
    return form.title


def _download(query: Query, form: Format) -> str:
    return f"/sparql?{urlencode([*_asked(query), ('format', form.name)])}"
