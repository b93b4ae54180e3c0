"""The page at ``/sparql``: a box for a query, and what it found as a person reads it."""

import json
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import Response

from app import names
from app.store import Query, StoreError
from app.web import allowance, problem
from app.web.formats import Format, formats_of
from app.web.language import language, rendered
from app.web.links import address
from app.web.live import current_release, following
from app.web.problem import Problem

PAGE_ROWS = 500
"""What a page shows; the rest is for downloads. A browser lays out a table of this size at once."""

PAGE_TRIPLES = 2000
"""What a page shows of a graph, some hundred kilobytes of Turtle."""

EXAMPLE = f"""PREFIX zwfw: <{names.DEF}>
PREFIX skos: <{names.SKOS}>

SELECT ?class (COUNT(?thing) AS ?number) WHERE {{
  ?thing a ?class .
}}
GROUP BY ?class
ORDER BY DESC(?number)
"""


@dataclass(frozen=True, slots=True)
class Cell:
    """A term as a table shows it."""

    text: str
    href: str = ""
    lang: str = ""
    note: str = ""


def query_page(query: Query | None, form: str = "", stopped: bool = False) -> Response:
    """The page with a query and what it found; with an example where there is none, and only the query where it was
    ``stopped``: a browser that leaves a page for another gives up what it waited for, and the store ends that."""
    shown: dict[str, Any] = {"text": query.text if query else EXAMPLE, "result": None, "problem": None}
    shown["stopped"] = stopped
    status, headers = 200, {}
    if query is not None and not stopped:
        started = time.monotonic()
        try:
            allowance.spend()
            shown["result"] = _result(query, form)
            shown["seconds"] = time.monotonic() - started
        except (StoreError, Problem) as error:
            limit = following().settings.timeout
            told = error if isinstance(error, Problem) else problem.of_store(error, query.text, limit)
            shown["problem"], status, headers = told.as_dict(), told.kind.status, told.headers
        shown["downloads"] = [(one.title, _download(query, one)) for one in formats_of(form)]
    body = rendered("sparql.html", timeout=following().settings.timeout, **shown)
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
        return Cell(names.shorten(written), address(written))
    if value["type"] == "triple":
        parts = [_cell(written[part]).text for part in ("subject", "predicate", "object")]
        return Cell(f"<< {' '.join(parts)} >>")
    datatype = names.shorten(value.get("datatype", ""))
    return Cell(written, lang=value.get("xml:lang", ""), note=datatype)


def _download(query: Query, form: Format) -> str:
    pairs = [("query", query.text), ("format", form.name)]
    pairs += [("default-graph-uri", graph) for graph in query.default_graphs]
    pairs += [("named-graph-uri", graph) for graph in query.named_graphs]
    return f"/sparql?{urlencode(pairs)}"
