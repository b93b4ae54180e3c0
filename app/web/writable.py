"""The Graph Store Protocol, writing, over published data (``zwfw serve --writable``): the graphs of regions' data, by name or
by their own addresses.
"""

import tempfile
from pathlib import Path

from flask import Blueprint, Response, request

from app import names
from app.store.scratch import Body, Change
from app.web import graphs, links, writing
from app.web.live import following
from app.web.problem import Problem
from app.web.rewriting import allowed, published

pages = Blueprint("writable", __name__)


@pages.route("/graph", methods=graphs.WRITING, strict_slashes=False, provide_automatic_options=False)
def indirect() -> Response:
    """Write the graph the parameters name."""
    return _graph(graphs.named_by_parameter())


@pages.route(f"/{graphs.KINDS}/<path:path>", methods=graphs.WRITING, provide_automatic_options=False)
def direct(kind: str, path: str) -> Response:
    """Write the graph this address is the name of."""
    return _graph(names.BASE + links.raw_path().lstrip("/"))


def _graph(iri: str) -> Response:
    by = allowed([iri])
    if request.method == "DELETE":
        return published(Change("delete", "", iri, writes=(iri,)), by)
    if request.method not in ("PUT", "POST"):
        raise Problem("method-not-allowed", headers={"Allow": "GET, HEAD, PUT, POST, DELETE"})
    root = following().root
    with tempfile.TemporaryDirectory(dir=root, prefix=".writing-") as folder:
        bodies = []
        for number, document in enumerate(writing.documents()):
            path = Path(folder) / str(number)
            path.write_bytes(document.content)
            bodies.append(Body(str(path), writing.format_of(document)))
        return published(Change(request.method.lower(), "", iri, tuple(bodies), writes=(iri,)), by)
