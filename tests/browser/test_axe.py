"""axe finds nothing on any page: in Chinese and English, by day and by night, at a desk and on a telephone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from reader import DESK, PAGES, PHONE, Reader

axe = pytest.importorskip("axe_playwright_python.base", reason="axe-playwright-python is not installed")

LOOKS = {"zh": [(DESK, "light"), (PHONE, "dark")], "en": [(DESK, "dark"), (PHONE, "light")]}
"""Every two of language, window and light meet on every page; the three of them in half the time."""


def findings(reader: Reader) -> list[str]:
    """What axe calls a violation, and where. axe is a script: where none runs it has nothing to say."""
    if not reader.scripts:
        return []
    if not reader.ask("'axe' in window"):
        reader.ask(axe.AXE_SCRIPT)
    found = reader.ask("axe.run({resultTypes: ['violations']})")
    return [
        f"{one['id']} ({one['impact']}): {node['target']} {node['failureSummary']}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(read: Callable[..., Reader], name: str, lang: str) -> None:
    reader = read(lang)
    reader.open(PAGES[name])
    found: dict[object, list[str]] = {}
    for size, scheme in LOOKS[lang]:
        reader.see(size, scheme)
        found[size, scheme] = findings(reader)
    if reader.page.locator("script[src]").count() > 0:  # as one sees it without them, but for axe
        reader.page.route("**/*.js", lambda route: route.fulfill(body="", content_type="text/javascript"))
        reader.open(PAGES[name])
        found["without scripts"] = findings(reader)
        reader.page.unroute("**/*.js")
    assert not any(found.values()), found
