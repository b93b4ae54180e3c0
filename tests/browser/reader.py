"""Who reads the pages: a window that notes what went wrong in it, and the pages there are to read."""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import Request, urlopen

from app import names
from app.releases.release import Releases

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Response
    from playwright.sync_api import Request as Asked

SCREENSHOTS = Path(__file__).parents[2] / "var" / "screenshots"
"""Where pictures lie; each run writes them anew."""

LOCALES = {"zh": "zh-CN", "en": "en-GB"}
DESK, PHONE, NARROW = (1280, 900), (360, 780), (320, 640)
"""Windows, in CSS pixels; 320 is what WCAG 1.4.10 asks for, a desk's window enlarged four times."""

GIVEN_UP = "net::ERR_ABORTED"
"""What Chromium says of a request that it ended itself. What a server does wrong has other names."""

PREFIXES = f"PREFIX zwfw: <{names.DEF}>\n"
NAMED = "?item a zwfw:ImplementedItem ; zwfw:name ?name"
SELECT = PREFIXES + f"SELECT ?item ?name WHERE {{ {NAMED} }} ORDER BY ?item LIMIT 5"
CONSTRUCT = PREFIXES + f"CONSTRUCT {{ ?item zwfw:name ?name }} WHERE {{ {NAMED} }} LIMIT 5"


def sparql(query: str) -> str:
    return "/sparql?" + urlencode({"query": query})


PAGES = {
    "home": "/",
    "regions": "/regions",
    "region": "/regions/370600",
    "region-nation": "/regions/000000",
    "region-rule": "/regions/370600?rule={rule}",
    "region-department": "/regions/370600?department={department}",
    "trend": "/regions/370600/trend",
    "finding": "/findings/{finding}",
    "scorecard": "/scorecard",
    "scorecard-region": "/scorecard?region=370600",
    "index": "/scorecard/index",
    "index-region": "/scorecard/index?region=370600",
    "compare": "/compare",
    "compare-regions": "/compare?r=370100&r=370600",
    "compare-item": "/compare?r=370100&r=370600&item={common}",
    "rules": "/rules",
    "rule": "/rules/organisation-code-check-character",
    "standards": "/standards",
    "standard": "/standards/GBT39046-2020",
    "clause": "/clauses/GBT39046-2020/table4",
    "ontology": "/ontology",
    "ontology-search": "/ontology?q=" + quote("编码"),
    "module": "/ontology/item",
    "term": "/ontology/term/ImplementedItem",
    "doc": "{item}",
    "doc-region": "/doc/370600",
    "doc-graph": "/doc/graph/370600",
    "doc-code": "/doc/code/item-type",
    "dumps": "/dumps/",
    "dumps-release": "/dumps/{release}/",
    "map": "/map",
    "submit": "/submit",
    "sparql": "/sparql",
    "sparql-rows": sparql(SELECT),
    "sparql-graph": sparql(CONSTRUCT),
    "sparql-truth": sparql("ASK {}"),
    "sparql-error": sparql("SELECT ?x\nWHERE { ?x ?y "),
    "questions": "/questions",
    "question": "/questions/guide-elements-filled?region=370600",
    "question-bars": "/questions/contradicting-clauses",
    "question-wrong": "/questions/guide-elements-filled?region=nowhere",
    "queries": "/queries",
    "search": "/search?q=" + quote("企业设立"),
    "search-empty": "/search",
    "search-nothing": "/search?q=" + quote("没有的东西"),
    "about": "/about",
    "api": "/api",
    "problems": "/problems/",
    "problem": "/problems/not-found",
    "not-found": "/nothing/here",
}
"""One address at least for each page there is; what stands in braces is looked up in the release."""


@dataclass(frozen=True)
class Site:
    """The service as it is served to the tests of one file."""

    root: Path
    address: str

    @cached_property
    def known(self) -> dict[str, str]:
        """What pages need names of, from the release."""
        release = Releases(self.root).current()
        assert release is not None
        report = json.loads(release.region_file("370600", "report.json").read_text("utf-8"))
        one = next(one for one in report["findings"] if one["departments"] and one["path"])
        department = one["departments"][0]["iri"]
        return {
            "release": release.path.name,
            "finding": one["id"],
            "rule": one["rule_id"],
            "department": quote(department, safe=""),
            "item": "/doc/" + one["focus"].partition("/id/")[2],
            "common": self.first(r"&amp;item=([^\"&]+)", "/compare?r=370100&r=370600"),
        }

    def first(self, pattern: str, path: str) -> str:
        """What a page says at the first place that fits."""
        request = Request(self.address + path, headers={"Accept": "text/html"})
        with urlopen(request) as answer:
            found = re.search(pattern, answer.read().decode())
        assert found is not None, (path, pattern)
        return found[1]

    def at(self, path: str) -> str:
        """The whole address of a page of ours."""
        return self.address + (path.format_map(self.known) if "{" in path else path)


class Reader:
    """A window in one language. ``troubles`` are requests elsewhere, failures and what the console calls an error."""

    def __init__(self, browser: Browser, site: Site, lang: str, scripts: bool = True) -> None:
        self.site, self.lang, self.scripts = site, lang, scripts
        self.troubles: list[str] = []
        self.received: list[Response] = []
        context = browser.new_context(
            locale=LOCALES[lang],
            viewport={"width": DESK[0], "height": DESK[1]},
            java_script_enabled=scripts,
            reduced_motion="reduce",
        )
        context.set_default_timeout(20_000)
        self.page = context.new_page()
        self.page.on("request", self._asked)
        self.page.on("requestfailed", self._failed)
        self.page.on("response", lambda one: self.received.append(one))
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.troubles.append(f"script: {error}"))

    def _asked(self, request: Asked) -> None:
        whole = urlsplit(request.url)
        if whole.scheme != "data" and f"{whole.scheme}://{whole.netloc}" != self.site.address:
            self.troubles.append(f"asked elsewhere: {request.url}")

    def _failed(self, request: Asked) -> None:
        # What a page still loads when the reader leaves it is given up by the browser itself.
        if request.failure != GIVEN_UP:
            self.troubles.append(f"failed: {request.url} {request.failure}")

    def _said(self, message: ConsoleMessage) -> None:
        # The browser calls it an error when a page is answered with 404, which some of ours are on purpose.
        if message.type == "error" and message.location.get("url") != self.page.url:
            self.troubles.append(f"console: {message.text}")

    def open(self, path: str) -> Response:
        """Goes to a page of ours."""
        self.received.clear()
        answer = self.page.goto(self.site.at(path))
        assert answer is not None
        return answer

    def see(self, size: tuple[int, int], scheme: str = "light") -> None:
        """Makes the window another size, in another light."""
        self.page.set_viewport_size({"width": size[0], "height": size[1]})
        self.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]

    def ask(self, script: str, argument: Any = None) -> Any:
        return self.page.evaluate(script, argument)

    def weight(self) -> dict[str, int]:
        """Bytes of each thing the page was made of, compressed as a server in front would."""
        return {
            one.url.removeprefix(self.site.address): len(gzip.compress(one.body()))
            for one in self.received
            if one.url.startswith(self.site.address) and one.status != 304
        }

    def keep(self, name: str) -> Path:
        """A picture of the whole page."""
        path = SCREENSHOTS / f"{name}.png"
        self.page.screenshot(path=path, full_page=True)
        return path
