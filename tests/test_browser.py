"""Pages in a real browser: the script runs under the Content Security Policy, and the console has nothing to say.

Whatever a page tried to load from another host, or to run or style inline, would be refused by its policy and stand there.
"""

import re
import shutil
import subprocess
from urllib.parse import quote

import pytest
from served import server

from app import names
from app.web import Settings, assets

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
SECONDS = 90
"""A start of the browser takes two."""

QUERY = f"PREFIX zwfw: <{names.DEF}> SELECT ?kind (COUNT(?x) AS ?n) {{ ?x a ?kind }} GROUP BY ?kind"
PATHS = [
    "/",
    f"/sparql?query={quote(QUERY)}&sort=-n",
    f"/sparql?query={quote('SELECT * { ?a ?b ?c ')}",
]

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium")


@pytest.fixture(scope="module")
def base(world_root):
    with server(world_root, Settings(workers=2)) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def browse(tmp_path):
    """Opens a page and gives what it has become when its scripts have run, and the lines of its console."""

    def opened(address):
        flags = "--headless --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run --disable-extensions"
        flags += (
            " --disable-background-networking --disable-component-update --disable-sync --accept-lang=zh-CN"
        )
        flags += f" --enable-logging=stderr --user-data-dir={tmp_path} --virtual-time-budget=5000 --dump-dom"
        done = subprocess.run(
            [CHROMIUM, *flags.split(), address],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=SECONDS,
            check=True,
        )
        return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]

    return opened


def test_the_console_would_tell(browse, tmp_path):
    page = tmp_path / "page.html"
    policy = "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'\">"
    page.write_text(f"{policy}<p style='color:red'>x</p><img src=https://example.org/x.png>")
    _, console = browse(page.as_uri())
    assert any("inline style" in line for line in console)
    assert any("example.org" in line for line in console)


@pytest.mark.parametrize("path", PATHS)
def test_pages_break_no_policy_and_the_editor_stands_for_the_text_area(browse, base, path):
    shown, console = browse(base + path)
    assert "<main" in shown
    # The status of the page itself is told, too; a query with an error has one on purpose.
    assert [line for line in console if "status of 400" not in line] == []
    if "/sparql" in path and assets.bundled():
        assert '<div class="editor">' in shown
        assert re.search(r'<textarea id="query"[^>]* hidden', shown)
        assert re.search(r'<p class="actions drafts">.*?<button', shown)
