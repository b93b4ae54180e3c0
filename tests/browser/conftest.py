"""Debian's Chromium, driven by Playwright, over the real server and a release of three regions."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from reader import Reader, Site
from served import publish_regions, server

from app.web import Settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser

REGIONS = ("370000", "370100", "370600")
NOWHERE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
"""A browser that cannot ask anybody else, so that a test cannot depend on it either."""


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The release, made once for all workers of the run: who comes second waits for it."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    root = shared / "browser-release"
    with (shared / "browser-release.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (root / "current").exists():
            publish_regions(root, *REGIONS)
    return root


@pytest.fixture(scope="module")
def site(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The server over a copy of its own, so that a test may publish."""
    root = Path(shutil.copytree(published, tmp_path_factory.mktemp("site") / "root", symlinks=True))
    with server(root, Settings(workers=1, rate=0)) as port:
        yield Site(root, f"http://127.0.0.1:{port}")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for each file. Not for the session: while it is there no other test of the worker may run a loop."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("chromium is not installed")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-gpu", NOWHERE]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def reader_in(browser: Browser, site: Site) -> Iterator[Callable[..., Reader]]:
    """Readers of a language, with scripts or without; each is made once and keeps its window."""
    readers: dict[tuple[str, bool], Reader] = {}

    def reader(lang: str, scripts: bool = True) -> Reader:
        if (lang, scripts) not in readers:
            readers[lang, scripts] = Reader(browser, site, lang, scripts)
        return readers[lang, scripts]

    yield reader
    for one in readers.values():
        one.page.context.close()


@pytest.fixture
def read(reader_in: Callable[..., Reader]) -> Iterator[Callable[..., Reader]]:
    """As ``reader_in``; in the end nothing may have gone wrong in any window the test used."""
    used: list[Reader] = []

    def reader(lang: str, scripts: bool = True) -> Reader:
        one = reader_in(lang, scripts)
        one.troubles.clear()
        one.page.context.clear_cookies()  # a language chosen by another test
        used.append(one)
        return one

    yield reader
    assert [trouble for one in used for trouble in one.troubles] == []
