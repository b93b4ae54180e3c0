"""The SPARQL 1.1 Graph Store HTTP Protocol, writing: in the dataset of ``zwfw serve --open-writing`` only.

A graph is named by a parameter, or directly by the URL of the request with its Host, whatever that is.
"""

import tempfile
import uuid
from pathlib import Path
from typing import NamedTuple

from flask import Blueprint, Response, request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response as BaseResponse

from app.store import GraphUnknown, QueryMalformed
from app.store.scratch import Body, Change
from app.web import graphs, links, problem, scratch
from app.web.asked import is_iri
from app.web.formats import GRAPH_FORMATS
from app.web.language import say
from app.web.page import allowing, open_to_all
from app.web.problem import Problem

BODY_BYTES = 32 * 1024 * 1024
"""Two hundred thousand triples: a lesson, or any W3C suite. The writer holds a document whole, some ten times its bytes."""

PARTS = 1000
"""Documents in one form."""

FORM = "multipart/form-data"
WRITING = ("PUT", "POST", "DELETE")
RDF = {one: form for form in reversed(GRAPH_FORMATS) for one in (*form.others, form.media_type)}
"""The formats a document may be in, by every name of theirs."""

UNNAMED = "application/rdf+xml"
"""What a document without a type is taken for (Graph Store Protocol §5.1)."""

pages = Blueprint("writing", __name__)
direct_pages = Blueprint("writing_direct", __name__)
direct_pages.after_request(open_to_all)


class Document(NamedTuple):
    """An RDF document of a request."""

    content: bytes
    media_type: str
    charset: str


@direct_pages.get("/graph/<path:path>", provide_automatic_options=False)
def read(path: str) -> BaseResponse:
    """The graph whose name is this request's URL."""
    return graphs.graph(_address())


@direct_pages.route("/graph/<path:path>", methods=["OPTIONS"])
@direct_pages.route("/graph", methods=["OPTIONS"], strict_slashes=False)
def options(path: str = "") -> Response:
    """What may be done; pages of other sites may read only."""
    response = allowing("GET", "HEAD", *WRITING, "OPTIONS")
    response.headers["Access-Control-Allow-Methods"] = ", ".join(graphs.READING)
    return response


@pages.route("/graph", methods=WRITING, strict_slashes=False, provide_automatic_options=False)
def write_indirect() -> Response:
    """Write the graph the parameters name; a POST without them makes a new one (§5.5)."""
    if request.method == "POST" and not ({"graph", "default"} & request.args.keys()):
        return _written(f"{request.host_url}graph/{uuid.uuid4().hex}")
    return _written(graphs.named_by_parameter())


@pages.route("/graph/<path:path>", methods=WRITING, provide_automatic_options=False)
def write_direct(path: str) -> Response:
    """Write the graph whose name is this request's URL."""
    return _written(_address())


def _address() -> str:
    return request.host_url.rstrip("/") + links.raw_path()


def _written(graph: str) -> Response:
    dataset = scratch.current_scratch()
    assert dataset is not None
    if graph and not is_iri(graph):
        raise Problem("malformed-request", say("{name} 不是绝对 IRI：{value}", name="graph", value=graph))
    with tempfile.TemporaryDirectory(dir=dataset.root) as folder:
        bodies = []
        for number, document in enumerate(documents() if request.method != "DELETE" else ()):
            path = Path(folder) / str(number)
            path.write_bytes(document.content)
            bodies.append(Body(str(path), format_of(document)))
        try:
            existed = scratch.write(dataset, Change(request.method.lower(), "", graph, tuple(bodies)))
        except QueryMalformed as error:
            raise Problem("malformed-request", problem.of_store(error).detail) from error
        except GraphUnknown as error:
            raise Problem("not-found", say("没有这个图。")) from error
    if existed:
        return Response(status=204)
    return Response(status=201, headers={"Location": graph})


def documents() -> list[Document]:
    """The documents of this request: its body, or the files of a form."""
    request.max_content_length = BODY_BYTES
    request.max_form_parts = PARTS
    try:
        if request.mimetype != FORM:
            kind, charset = request.mimetype or UNNAMED, request.mimetype_params.get("charset", "utf-8")
            return [Document(request.get_data(cache=False), kind, charset)]
        files = [file for _, file in request.files.items(multi=True)]
        if not files:
            raise Problem("malformed-request", say("表单中没有文件。"))
        return [
            Document(file.read(), file.mimetype or UNNAMED, file.mimetype_params.get("charset", "utf-8"))
            for file in files
        ]
    except RequestEntityTooLarge as error:
        raise Problem("too-large") from error


def format_of(document: Document) -> str:
    """The media type of a document as the store knows it. Raises ``Problem``."""
    form = RDF.get(document.media_type)
    if form is None or document.charset.lower() != "utf-8":
        raise Problem("unsupported-media-type", say("请以 UTF-8 的 RDF 发送，如 text/turtle。"))
    return form.media_type
