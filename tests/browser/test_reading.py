"""Every page in a browser: nothing from elsewhere, no error, narrow windows, weight, headings, language, the keyboard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from reader import DESK, LOCALES, NARROW, PAGES, PHONE, Reader, Site, sparql
from werkzeug.routing import RequestRedirect

from app.web import Settings, create_app

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

HEAVIEST = 100_000
"""Bytes of a page compressed, with all it loads but the query editor, so that it opens on a county's line."""

STEPS = 14
"""How many steps of Tab are looked at on each page: the end of the header, and the first things of the page itself."""

SHOWN = (
    "home",
    "region",
    "finding",
    "scorecard",
    "compare-item",
    "question",
    "rule",
    "standards",
    "term",
    "sparql-rows",
    "search",
    "submit",
)
"""The main pages, of which pictures are kept."""

FILLED = {"sparql-rows", "question", "question-bars", "search", "region-rule", "compare-item"}
"""Pages that say how answers look, so that they must have one to show."""

NO_PAGE = {
    "static",
    "healthz",
    "readyz",
    "metrics",
    "about.openapi",
    "catalogue.catalogue",
    "catalogue.catalogue_file",
    "catalogue.well_known",
    "completion.terms",
    "discovery.robots",
    "discovery.security",
    "discovery.sitemap",
    "discovery.sitemap_of_pages",
    "discovery.sitemap_of_region",
    "dumps.change",
    "dumps.change_of_release",
    "dumps.dump",
    "dumps.dump_of_release",
    "dumps.latest",
    "dumps.releases",
    "graphs.indirect",
    "graphs_published.direct",
    "linked.definitions",
    "linked.named",
    "linked.part_of_graph",
    "linked.thing",
    "ontology.alignment",
    "ontology.context_of",
    "ontology.current_context",
    "ontology.ontology_version",
    "regions.rectification_file",
    "regions.report_file",
    "scorecard.table",
    "search.description",
    "search.found_json",
}
"""What answers GET with a file, with data, or with the way to a page."""

TOO_WIDE = """() => {
  const width = document.documentElement.clientWidth;
  const scrolls = one => one && (['auto', 'scroll', 'hidden'].includes(getComputedStyle(one).overflowX) || scrolls(one.parentElement));
  if (document.scrollingElement.scrollWidth <= width) return [];
  return [...document.querySelectorAll('body *')]
    .filter(one => one.getBoundingClientRect().right > width + 1 && !scrolls(one.parentElement))
    .map(one => `${one.tagName} ${one.className} ${one.textContent.trim().slice(0, 40)}`);
}"""

SQUEEZED = """() => [...document.querySelectorAll('table.stack td[data-label]')]
  .filter(one => one.offsetWidth > 0 && one.offsetWidth < innerWidth / 2)
  .map(one => `${one.dataset.label}: ${one.textContent.trim().slice(0, 40)}`)"""

CHARTS_FIRST = """() => {
  const table = document.querySelector('main table');
  const precedes = one => table && table.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING;
  return [...document.querySelectorAll('svg.bars, svg.trend, .tiles')].filter(one => !precedes(one)).map(one => one.className.baseVal ?? one.className);
}"""

UNCAPITALISED = """() => [
  ...[...document.querySelectorAll('main :is(h1, h2, h3, thead th, dt, label, legend, summary)')]
    .filter(one => !one.closest('.solutions, .narrow') && !one.querySelector('code:first-child'))
    .map(one => one.textContent.trim()),
  ...[...document.querySelectorAll('main [data-label]')].map(one => one.dataset.label),
].filter(text => /^[a-z]/.test(text))"""
"""Headings and labels that begin in lower case. Those of results are names of variables."""

FOREIGN = """() => {
  const found = [];
  const walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const one = walker.currentNode.parentElement;
    if (/\\p{Script=Han}/u.test(walker.currentNode.data) && !one.closest('[lang]').getAttribute('lang').startsWith('zh')
        && !one.closest('script, style, head, .cm-editor'))
      found.push(`${one.tagName} ${walker.currentNode.data.trim().slice(0, 40)}`);
  }
  return found;
}"""

POINTS = """() => [...document.querySelectorAll('.solutions tbody td:first-child span')].map(one => {
  const text = one.firstChild, range = document.createRange(), point = text.data.indexOf('.');
  range.setStart(text, point < 0 ? text.length - 1 : point - 1);
  range.setEnd(text, point < 0 ? text.length : point);
  return Math.round(range.getBoundingClientRect().right);
})"""
"""Where the last digit before the point of each number ends."""

FOCUSED = """() => {
  const one = document.activeElement;
  if (one === document.body) return null;
  const style = getComputedStyle(one.closest('.cm-editor') || one), box = one.getBoundingClientRect();
  const all = [...document.querySelectorAll('*')];
  return {
    what: `${all.indexOf(one)} ${one.tagName} ${one.id} ${(one.textContent || one.value || '').trim().slice(0, 30)}`,
    is_main: one.id === 'content',
    ring: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
    seen: box.width > 0 && box.right > 0 && box.bottom > 0 && box.left < innerWidth && box.top < innerHeight,
  };
}"""


def test_every_page_there_is_is_read_here(site: Site, tmp_path) -> None:
    """A page that is new is looked at by a browser, or this says so."""
    app = create_app(site.root, Settings(workers=1))
    app.extensions["live"].close()
    urls = app.url_map.bind("127.0.0.1")

    def endpoint(address: str) -> str:
        path = address.removeprefix(site.address).partition("?")[0]
        try:
            return urls.match(path)[0]
        except RequestRedirect as elsewhere:
            return endpoint("/" + elsewhere.new_url.split("/", 3)[3])

    read = {endpoint(site.at(path)) for name, path in PAGES.items() if name != "not-found"}
    there = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    assert there - NO_PAGE == read


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
@pytest.mark.parametrize("lang", LOCALES)
@pytest.mark.parametrize("name", PAGES)
def test_page(read: Callable[..., Reader], name: str, lang: str, scripts: bool) -> None:
    reader = read(lang, scripts)
    reader.see(DESK)
    answer = reader.open(PAGES[name])
    assert answer.status == {"not-found": 404, "sparql-error": 400, "question-wrong": 400}.get(name, 200)
    assert reader.ask("document.documentElement.lang") == ("zh-CN" if lang == "zh" else "en")
    assert reader.ask("document.querySelectorAll('h1').length") == 1
    assert reader.ask("document.title.length") > 5
    assert name not in FILLED or reader.ask("document.querySelectorAll('main tbody tr').length")
    assert reader.ask(FOREIGN) == []
    assert reader.ask(CHARTS_FIRST) == []
    assert reader.ask(UNCAPITALISED) == []
    assert sum(size for path, size in reader.weight().items() if "/dist/query-" not in path) < HEAVIEST
    for size in (PHONE, NARROW):
        reader.see(size)
        assert reader.ask(TOO_WIDE) == [], size
        assert reader.ask(SQUEEZED) == [], size


@pytest.mark.parametrize("name", PAGES)
def test_tab_shows_where_it_is_and_the_first_leads_to_the_content(
    read: Callable[..., Reader], name: str
) -> None:
    reader = read("zh")
    reader.see(DESK)
    reader.open(PAGES[name])
    keyboard = reader.page.keyboard
    keyboard.press("Tab")
    assert reader.ask("document.activeElement.className") == "skip"
    keyboard.press("Enter")
    assert reader.ask("document.activeElement.id") == "content"
    keyboard.press("Shift+Tab")
    assert reader.ask("!!document.activeElement.closest('header')")
    before = ""
    for _ in range(STEPS):
        focused = reader.ask(FOCUSED)
        if focused is None:  # Tab has left the page
            break
        assert focused["is_main"] or (focused["ring"] and focused["seen"]), focused
        assert focused["what"] != before, "Tab does not leave"
        before = focused["what"]
        keyboard.press("Tab")


def texts_of(tree: dict[str, Any], node: str) -> list[str]:
    """What is read of a node of the accessibility tree."""
    one = tree[node]
    if one["role"]["value"] == "StaticText":
        return [] if one["ignored"] else [one["name"]["value"]]
    return [text for child in one["childIds"] for text in texts_of(tree, child)]


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_points_stand_below_each_other_and_numbers_are_read_and_copied_as_they_are(
    read: Callable[..., Reader], scripts: bool
) -> None:
    numbers = ["1.5", "22", "0.333", "-4", "1000.25"]
    reader = read("zh", scripts)
    reader.see(DESK)
    reader.open(sparql(f"SELECT ?x ?y {{ VALUES (?x ?y) {{ {' '.join(f'({x} 0)' for x in numbers)} }} }}"))
    assert len(set(reader.ask(POINTS))) == 1
    tree = reader.page.context.new_cdp_session(reader.page).send("Accessibility.getFullAXTree")["nodes"]
    nodes = {one["nodeId"]: one for one in tree}
    cells = [one for one in nodes if nodes[one]["role"]["value"] == "cell"]
    read_out = ["".join(texts_of(nodes, cell)) for cell in cells]
    assert read_out == [text for number in numbers for text in (number, "0")]
    reader.page.locator("table.solutions tbody").select_text()
    copied = reader.ask("getSelection().toString()").split()
    assert copied == read_out


@pytest.mark.parametrize("name", SHOWN)
def test_pictures_are_kept_for_a_person_to_look_at(read: Callable[..., Reader], name: str) -> None:
    """What no test sees: whether it looks right. They lie in ``var/screenshots``."""
    for lang, size, scheme in (
        ("zh", DESK, "light"),
        ("en", DESK, "dark"),
        ("zh", PHONE, "dark"),
        ("en", PHONE, "light"),
    ):
        reader = read(lang)
        reader.see(size, scheme)
        reader.open(PAGES[name])
        assert reader.keep(f"{name}-{lang}-{size[0]}-{scheme}").stat().st_size > 5_000
    reader.see(DESK)
