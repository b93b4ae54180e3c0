"""The SPARQL 1.1 Graph Store HTTP Protocol, reading: a graph named by a parameter, ``/graph?graph=IRI`` and
``/graph?default``, or by its own address, ``/graph/<code>``.

A browser is led to the page about the graph. Everybody else gets its triples, streamed as they lie in the index.
"""

from urllib.parse import urlencode

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from app import names
from app.web import links
from app.web.answers import sent
from app.web.asked import is_iri, pairs_of
from app.web.formats import GRAPH_FORMATS, PAGE, chosen
from app.web.language import say
from app.web.live import Opened, current_release
from app.web.page import allowing, open_to_all
from app.web.problem import Problem
from app.web.scratch import current_scratch

KINDS = f"<any({', '.join(names.GRAPH_KINDS)}):kind>"
READING = ("GET", "HEAD", "OPTIONS")
WRITING = ("PUT", "POST", "DELETE", "PATCH")

SEEN = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"
"""What shows a graph on the query page that has no page of its own."""

pages = Blueprint("graphs", __name__)
published = Blueprint("graphs_published", __name__)
read_only = Blueprint("graphs_read_only", __name__)
for one in (pages, published):
    one.after_request(open_to_all)


@pages.get("/graph", strict_slashes=False, provide_automatic_options=False)
def indirect() -> BaseResponse:
    """The graph the parameters name (§4.2)."""
    return graph(named_by_parameter())


@published.get(f"/{KINDS}/<code>", provide_automatic_options=False)
def direct(kind: str, code: str) -> BaseResponse:
    """The graph this address is the name of (§4.1)."""
    return graph(names.BASE + links.raw_path().lstrip("/"))


@published.route("/graph", methods=["OPTIONS"], strict_slashes=False, endpoint="options")
@published.route(f"/{KINDS}/<code>", methods=["OPTIONS"], endpoint="options_direct")
def options(**_: str) -> Response:
    return allowing(*READING)


@read_only.route(
    "/graph", methods=WRITING, strict_slashes=False, provide_automatic_options=False, endpoint="indirect"
)
@read_only.route(f"/{KINDS}/<path:path>", methods=WRITING, provide_automatic_options=False, endpoint="direct")
def refuse(**_: str) -> Response:
    """Writing is off. Said by a refusal and not by 405, for the method is understood and nobody may use it here."""
    raise Problem("forbidden", say("未开启写入：此处的图只供读取。"), headers={"Allow": ", ".join(READING)})


def named_by_parameter() -> str:
    """The name of the graph asked for, ``""`` for the default graph. Raises ``Problem``."""
    pairs = pairs_of(request.query_string)
    graphs = [value for key, value in pairs if key == "graph"]
    default = any(key == "default" for key, _ in pairs)
    if len(graphs) + default != 1:
        raise Problem("malformed-request", say("请用 graph=<IRI> 或 default 指明一个图。"))
    if default:
        return ""
    if not is_iri(graphs[0]):
        raise Problem("malformed-request", say("{name} 不是绝对 IRI：{value}", name="graph", value=graphs[0]))
    return graphs[0]


def graph(iri: str) -> BaseResponse:
    """The graph of that name, ``""`` for the default graph, as the client likes it."""
    if iri and not is_iri(iri):  # an address need not be one
        raise Problem("not-found")
    release = current_release()
    choice = chosen([*GRAPH_FORMATS, PAGE], request.args.get("format"))
    if choice is None:
        raise Problem("not-acceptable")
    form, media_type = choice
    published = _is_published(release, iri)
    if form is PAGE:
        response = redirect(_page(iri, published), 303)
        response.vary.add("Accept")
        return response
    # A region of whom nothing is inferred has that graph all the same; it is empty.
    return sent(
        lambda: release.store.graph(iri, form.media_type, may_be_empty=published),
        media_type,
        [release.state_of(iri), iri, media_type],
    )


def _is_published(release: Opened, iri: str) -> bool:
    """Whether it is a graph every release with that region, or every release, has."""
    if current_scratch() is not None:
        return False
    kind, _, code = iri.removeprefix(names.BASE).partition("/")
    if not iri.startswith(names.BASE) or kind not in names.GRAPH_KINDS:
        return False
    return code in release.regions or (code in names.SYSTEM_GRAPHS and kind in ("graph", "inferred"))


def _page(iri: str, published: bool) -> str:
    """Where a person reads about a graph: on its page, on that of the dumps, or as a query shows it."""
    if published:
        return links.address(iri)
    if current_scratch() is None:
        if not iri:
            return "/dumps/"
        if iri.startswith(names.BASE):
            raise Problem("not-found")
    return f"/sparql?{urlencode({'query': SEEN, **({'default-graph-uri': iri} if iri else {})})}"
