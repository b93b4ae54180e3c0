"""What people come for, done in a browser from the first page to the last, with scripts and without, axe clean on the way."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import urlopen

import openpyxl
import pytest
from reader import DESK, PHONE, Reader, Site
from served import until
from test_axe import findings

from app import names
from app.submissions.tokens import Tokens

if TYPE_CHECKING:
    from playwright.sync_api import Download, Page

FOLDER = names.resources("data") / "370600"
RIGHT, WRONG = "11370600999000013N", "113706009990000130"
"""A body's code of the sample, and the same with another check character."""

COMPOSED = ["z", "zh", "zhe", "zheng", "zheng w", "政务"]
"""What an input method shows while one types 政务, the last being what is chosen."""

BOTH = pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])


@pytest.fixture
def reader(read: Callable[..., Reader], scripts: bool) -> Reader:
    reader = read("zh", scripts)
    reader.see(DESK)
    return reader


def composed(page: Page) -> None:
    """Types 政务 at the cursor as an input method does."""
    keys = page.context.new_cdp_session(page)
    for text in COMPOSED[:-1]:
        keys.send(
            "Input.imeSetComposition", {"text": text, "selectionStart": len(text), "selectionEnd": len(text)}
        )
    keys.send("Input.insertText", {"text": COMPOSED[-1]})
    keys.detach()


def workbook(download: Download) -> openpyxl.Workbook:
    """What was downloaded, under whatever name the browser keeps it."""
    return openpyxl.load_workbook(io.BytesIO(Path(download.path()).read_bytes()))


@BOTH
def test_a_question_is_asked_by_its_form(reader: Reader) -> None:
    reader.open("/")
    page = reader.page
    page.get_by_role("navigation", name="主导航").get_by_role("link", name="提问").click()
    page.locator('main a[href="/questions/guide-elements-filled"]').click()
    page.get_by_label("地区（含下级）").select_option("370600")
    page.get_by_role("main").get_by_role("button", name="查询").click()
    answer = page.get_by_role("region", name="答案")
    answer.get_by_role("row").nth(1).wait_for()
    assert "region=370600" in page.url
    assert findings(reader) == []
    with page.expect_download() as download:
        answer.get_by_role("link", name="XLSX").click()
    book = workbook(download.value)
    assert book.active.max_row >= answer.get_by_role("row").count()


@BOTH
def test_a_query_is_written_with_an_input_method_and_run_by_keyboard(reader: Reader) -> None:
    reader.open("/sparql")
    page, keys = reader.page, reader.page.keyboard
    editor = page.locator(".cm-editor").count() > 0
    page.locator(".cm-content" if editor else "#query").focus()
    keys.press("Control+a")
    keys.insert_text('SELECT ("')
    composed(page)
    keys.insert_text('" AS ?名称) {}')
    if editor:
        keys.press("Escape")  # in an editor Tab may indent; Escape gives it back (WCAG 2.1.2)
    keys.press("Tab")
    assert reader.ask("document.activeElement.textContent.trim()") == "执行"
    keys.press("Enter")
    result = page.get_by_role("region", name="结果")
    # A new page without scripts, the answer in its place with them.
    result.get_by_role("cell", name="政务").wait_for()
    assert result.get_by_role("columnheader").inner_text() == "名称"
    assert result.get_by_role("cell").inner_text() == "政务"
    assert findings(reader) == []


def test_the_editor_runs_a_query_without_leaving_it(read: Callable[..., Reader]) -> None:
    reader = read("zh")
    reader.open("/sparql")
    page, keys = reader.page, reader.page.keyboard
    if page.locator(".cm-editor").count() == 0:
        pytest.skip("the editor's bundle is not built")
    page.locator(".cm-content").focus()
    keys.press("Control+a")
    keys.insert_text('SELECT ?x { VALUES ?x { "')
    composed(page)
    written = page.locator(".cm-content").inner_text()
    assert "政务" in written and "zheng" not in written
    keys.press("End")
    keys.insert_text('" } }')
    keys.press("Control+Enter")
    page.get_by_role("cell", name="政务").wait_for()
    assert findings(reader) == []


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_terms_are_offered_and_chosen_by_keyboard(read: Callable[..., Reader], lang: str) -> None:
    reader = read(lang)
    reader.see(DESK)
    reader.open("/sparql")
    page, keys = reader.page, reader.page.keyboard
    if page.locator(".cm-editor").count() == 0:
        pytest.skip("the editor's bundle is not built")
    editor, offered = page.locator(".cm-content"), page.get_by_role("listbox")
    editor.focus()
    keys.press("Control+a")
    keys.type("SELECT * { ?x a sx")
    offered.wait_for()
    assert offered.evaluate("list => list.scrollHeight > list.clientHeight")
    assert findings(reader) == []
    reader.see(PHONE, "dark")
    assert findings(reader) == []
    reader.see(DESK)
    offered.focus()
    chosen = editor.get_attribute("aria-activedescendant")
    assert editor.evaluate("one => one.getRootNode().activeElement === one"), "the focus is not given back"
    keys.press("ArrowDown")
    assert editor.get_attribute("aria-activedescendant") not in (None, chosen)
    keys.press("ArrowUp")
    keys.press("Enter")
    offered.wait_for(state="detached")
    assert "?x a zwfw:ServiceItem" in editor.inner_text()


@BOTH
def test_stop_ends_the_work_and_not_only_the_waiting(reader: Reader, site: Site) -> None:
    """Clicked as a hand does: the driver's own click would wait for the page that never comes."""
    reader.open("/sparql")
    page, keys = reader.page, reader.page.keyboard
    page.locator(".cm-content" if page.locator(".cm-editor").count() else "#query").focus()
    keys.press("Control+a")
    keys.insert_text("SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . FILTER(STR(?a) < STR(?f)) }")
    middle = {}
    for name in ("执行", "停止"):
        box = page.get_by_role("button", name=name).bounding_box()
        assert box is not None
        middle[name] = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    before = told(site, 'zwfw_queries_total{outcome="left"}')
    page.mouse.click(*middle["执行"])
    until(lambda: told(site, 'zwfw_queries_under_way{state="evaluating"}') == 1)
    page.mouse.click(*middle["停止"])
    until(lambda: told(site, 'zwfw_queries_total{outcome="left"}') == before + 1)
    page.get_by_text("已停止，没有结果。").wait_for()
    assert told(site, 'zwfw_queries_under_way{state="evaluating"}') == 0
    # The browser calls what was cut off a failure, which here is what was asked for.
    reader.troubles[:] = [one for one in reader.troubles if not re.search("console: htmx:", one)]


def told(site: Site, figure: str) -> int:
    """What the service tells of itself."""
    with urlopen(f"{site.address}/metrics") as answer:
        lines = answer.read().decode().splitlines()
    return int(float(next(line for line in lines if line.startswith(figure)).split()[-1]))


@BOTH
def test_a_bad_file_is_sent_and_leads_to_the_explanation_of_a_finding(
    reader: Reader, site: Site, tmp_path: Path
) -> None:
    bad = tmp_path / "烟台.zip"
    with zipfile.ZipFile(bad, "w") as archive:
        for path in FOLDER.iterdir():
            text = path.read_text("utf-8")
            archive.writestr(path.name, text.replace(RIGHT, WRONG) if path.suffix == ".csv" else text)
    token = Tokens(site.root).create("数据局（合成）", "370600")
    page = reader.page
    reader.open("/")
    page.get_by_role("contentinfo").get_by_role("link", name="报送数据").click()
    page.get_by_label("地区代码").fill("370600")
    page.get_by_label("令牌").fill(token)
    page.get_by_label("文件", exact=True).set_input_files(bad)
    page.get_by_role("button", name="检查").click()
    result = page.get_by_role("region", name="会改变什么")
    result.get_by_role("link", name="R02").first.wait_for()
    assert findings(reader) == []
    page.get_by_label("令牌").fill(token)
    page.get_by_role("button", name="发布").click()
    page.get_by_role("link", name="查看检查报告").click()
    row = page.get_by_role("row").filter(has_text=WRONG).first
    row.get_by_role("link", name="问题详情").click()
    page.get_by_role("heading", name="判定依据").wait_for()
    assert "/findings/" in page.url
    assert "统一社会信用代码第 18 位须与按前 17 位算出的校验码一致" in page.get_by_role("main").inner_text()


@BOTH
def test_a_file_that_cannot_be_read_says_where(reader: Reader, tmp_path: Path) -> None:
    bad = tmp_path / "事项.csv"
    bad.write_bytes(b"\xff\xfe\x00\x00" + "事项名称,实施编码\n".encode())
    reader.open("/map")
    reader.page.get_by_label("表格文件").set_input_files(bad)
    reader.page.get_by_role("button", name="对照").click()
    assert "事项.csv" in reader.page.get_by_role("alert").inner_text()
    assert findings(reader) == []


@BOTH
def test_the_workbook_for_a_department_is_downloaded(reader: Reader) -> None:
    page = reader.page
    reader.open("/regions/370600")
    page.get_by_role("region", name="按部门").get_by_role("rowheader").get_by_role("link").first.click()
    with page.expect_download() as download:
        page.get_by_role("link", name="整改清单（Excel）").click()
    assert download.value.suggested_filename.endswith(".xlsx")
    assert "synthetic" in download.value.suggested_filename
    book = workbook(download.value)
    assert book.active.max_row > 1


@BOTH
def test_regions_are_compared(reader: Reader) -> None:
    page = reader.page
    reader.open("/compare")
    page.get_by_label("地区 1").select_option("370100")
    page.get_by_label("地区 2").select_option("370600")
    page.get_by_role("button", name="比较").click()
    common = page.get_by_role("region", name="共有的事项")
    common.get_by_role("rowheader").get_by_role("link").first.click()
    page.get_by_role("columnheader", name="济南市").first.wait_for()
    page.get_by_role("columnheader", name="烟台市").first.wait_for()


@BOTH
def test_the_language_is_switched_and_stays(reader: Reader) -> None:
    page = reader.page
    reader.open("/regions/370600?rule=R02")
    page.get_by_role("link", name="English").click()
    page.locator("html[lang=en]").wait_for()
    assert "rule=R02" in page.url
    page.get_by_role("link", name="Home").click()
    page.get_by_role("link", name="中文").click()  # so the page after it is in English, too
    page.locator("html[lang=zh-CN]").wait_for()
