"""The pages of ``zwfw serve --open-writing`` in a browser: a site of its own, without most pages of the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.request import Request, urlopen

import pytest
from reader import DESK, LOCALES, NARROW, Reader, Site, sparql
from served import serving
from test_axe import findings
from test_reading import FOREIGN, TOO_WIDE, UNCAPITALISED

from app import names
from app.web import Settings, create_open_app
from app.web.scratch import Scratch

GRAPH = "http://example.org/g"
TURTLE = f'<{names.DEF}Region> <{names.RDFS}label> "地区"@zh, "region"@en ; <{names.RDFS}seeAlso> <http://example.org/a> .'

PAGES = {
    "home": ("/", 200),
    "rows": (sparql("SELECT * { ?s ?p ?o }"), 200),
    "numbers": (sparql("SELECT ?name ?n { VALUES (?name ?n) { ('a' 1.5) ('b' 2) } }"), 200),
    "truth": (sparql("ASK {}"), 200),
    "error": (sparql("SELECT ?x\nWHERE { ?x ?y "), 400),
    "graph": (f"/graph?graph={GRAPH}", 200),
    "graph-empty": ("/graph/nothing", 200),
    "default-graph": ("/graph?default", 200),
    "problems": ("/problems/", 200),
    "problem": ("/problems/not-found", 200),
    "not-found": ("/nothing/here", 404),
}


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """The dataset, with a graph in it and the same triples by themselves."""
    settings = Settings(workers=1, rate=0)
    scratch = Scratch(settings)
    with serving(create_open_app(scratch, settings), settings) as port:
        there = Site(scratch.root, f"http://127.0.0.1:{port}")
        for graph in ("default", f"graph={GRAPH}"):
            put = Request(f"{there.address}/graph?{graph}", TURTLE.encode(), {"Content-Type": "text/turtle"})
            put.method = "PUT"
            urlopen(put).close()
        yield there
    scratch.close()


@pytest.mark.parametrize("lang", LOCALES)
@pytest.mark.parametrize("name", PAGES)
def test_page(read: Callable[..., Reader], name: str, lang: str) -> None:
    path, status = PAGES[name]
    reader = read(lang)
    reader.see(DESK)
    assert reader.open(path).status == status
    assert reader.ask("document.documentElement.lang") == ("zh-CN" if lang == "zh" else "en")
    assert reader.ask(FOREIGN) == []
    assert reader.ask(UNCAPITALISED) == []
    assert findings(reader) == []
    reader.see(NARROW, "dark")
    assert findings(reader) == []
    assert reader.ask(TOO_WIDE) == []


def test_a_change_is_seen_at_once(read: Callable[..., Reader], site: Site) -> None:
    reader = read("zh")
    reader.open(sparql("ASK { <a:new> ?p ?o }"))
    assert reader.page.locator(".truth").inner_text() == "否"
    urlopen(f"{site.address}/sparql", b"update=INSERT DATA { <a:new> <a:p> 1 }").close()
    reader.page.reload()
    assert reader.page.locator(".truth").inner_text() == "是"
