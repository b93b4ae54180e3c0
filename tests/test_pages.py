"""The pages: there in both languages, linked without a gap, honest about synthetic and unconfirmed data, safe."""

import csv
import datetime
import io
import json
import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote, urlencode, urljoin, urlsplit

import openpyxl
import pytest
from flask.testing import FlaskClient
from served import publish_regions

from app import names
from app.checking import rules
from app.releases.release import Releases
from app.web import Settings, create_app, regions

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
DEPARTMENT = names.thing("370000", "Department", "a b+c?d#e")
ITEM = "/doc/370000/ImplementedItem/X0001"
MAIN = [
    "/",
    "/regions",
    "/regions/370000",
    "/regions/370000?rule=R12",
    "/regions/370000?rule=R12&page=2",
    f"/regions/370000?{urlencode({'department': DEPARTMENT})}",
    "/regions/000000",
    "/regions/000000-sample",
    "/regions/370000/trend",
    "/compare",
    "/questions",
    "/questions/guide-elements-filled?region=370000",
    "/questions/contradicting-clauses",
    "/compare?r=370000&r=000000-sample",
    "/scorecard",
    "/scorecard?region=370000",
    "/scorecard/index?region=370000",
    "/rules",
    "/rules/organisation-code-check-character",
    "/rules/region-code-current",
    "/ontology",
    "/ontology?q=编码",
    "/ontology/term/ImplementedItem",
    "/ontology/term/SupportLayer",
    "/ontology/term/isProvidedBy",
    "/ontology/term/hasMaterial",
    "/ontology/term/ItemType",
    "/ontology/item",
    "/ontology/governance",
    "/ontology/dataset",
    "/standards",
    "/standards/GBT39046-2020",
    "/standards/GB32100-2015",
    "/standards/yantai-article",
    "/clauses/yantai-article/guide-elements",
    "/clauses/GBT39046-2020/table4",
    "/dumps/",
    "/search",
    "/search?q=编码",
    "/search?q=编码&kind=item&page=1",
    "/map",
    "/submit",
    ITEM,
    "/doc/370000",
    "/doc/000000",
    "/doc/graph/370000",
    "/doc/code/item-type/01",
    "/doc/code/item-type",
    "/doc/rule/organisation-code-check-character",
    "/doc/standard/GB32100-2015",
]


class Page(HTMLParser):
    """The links, identifiers and loaded things of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.ids: list[str] = []
        self.loaded: list[str] = []
        self.styled = False
        self.tags: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        self.tags.append(tag)
        self.styled |= "style" in said or tag == "style" or any(name.startswith("on") for name in said)
        if said.get("id"):
            self.ids.append(str(said["id"]))
        if tag == "a" and said.get("href"):
            self.links.add(str(said["href"]))
        for name in ("src", "action", "srcset", "data"):
            if said.get(name):
                self.loaded.append(str(said[name]))
        if tag == "link":
            self.loaded.append(str(said["href"]))


def get(web: FlaskClient, path: str, lang: str = "zh") -> str:
    answer = web.get(path, headers={**BROWSER, "Accept-Language": lang})
    assert answer.status_code == 200, (path, answer.status_code)
    assert answer.content_type == "text/html; charset=utf-8"
    assert answer.headers["Content-Language"] == lang
    return answer.get_data(as_text=True)


def some_finding(world_root: Path) -> dict:
    release = Releases(world_root).current()
    assert release is not None
    return json.loads(release.region_file("370000", "report.json").read_text("utf-8"))["findings"][0]


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("path", MAIN)
def test_page(web: FlaskClient, path: str, lang: str) -> None:
    text = get(web, path, lang)
    page = Page(text)
    assert f'<html lang="{"zh-CN" if lang == "zh" else "en"}">' in text
    assert not page.styled and "script" not in page.tags and "iframe" not in page.tags
    assert all(one.startswith(("/", "data:,")) and not one.startswith("//") for one in page.loaded)
    assert len(page.ids) == len(set(page.ids))
    assert page.tags.count("h1") == 1
    assert "{{" not in text and "None" not in re.sub(r"<[^>]*>", "", text)


def test_no_link_within_the_service_is_broken(web: FlaskClient, world_root: Path) -> None:
    pages: dict[str, Page] = {}
    for path in [*MAIN, f"/findings/{some_finding(world_root)['id']}"]:
        pages[path] = Page(get(web, path))
    seen: dict[str, int] = {}
    for path, page in pages.items():
        for href in page.links:
            whole = urlsplit(urljoin(f"http://x{path}", href))
            if whole.netloc != "x":
                assert whole.scheme in ("http", "https")
                continue
            target = whole._replace(scheme="", netloc="", fragment="").geturl()
            if target not in seen:
                answer = web.get(target, headers=BROWSER)
                seen[target] = answer.status_code
                if whole.fragment and answer.status_code == 200:
                    pages_ids = Page(answer.get_data(as_text=True)).ids
                    assert whole.fragment in pages_ids, (path, href)
                answer.close()
            assert seen[target] in (200, 303), (path, href, seen[target])
    assert len(seen) > 400


@pytest.mark.parametrize("path", ["/regions/999999", "/rules/none", "/ontology/term/None", "/standards/none",
                                  "/findings/0123456789abcdef", "/findings/..", "/regions/370000?rule=R99",
                                  "/regions/370000?page=7&rule=R12", "/regions/370000?rule=R12&page=x",
                                  "/regions/370000?department=no", "/regions/370000/report.xml",
                                  "/doc/370000/Department/none", "/dumps/none", "/graph/999999"])  # fmt: skip
def test_what_is_not_there_is_a_problem(web: FlaskClient, path: str) -> None:
    answer = web.get(path, headers={"Accept": "application/json"})
    assert answer.status_code == 404
    assert answer.content_type.startswith("application/problem+json")
    assert answer.get_json(force=True)["type"].endswith("/problems/not-found")
    assert web.get(path, headers=BROWSER).content_type.startswith("text/html")


@pytest.mark.parametrize("path", ["/regions/370000", "/regions/370000?rule=R12", "/regions/000000-sample", ITEM,
                                  "/doc/000000/CatalogueItem/000101001000", "/doc/graph/370000"])  # fmt: skip
def test_synthetic_data_say_so(web: FlaskClient, path: str) -> None:
    assert "本页数据为演示而编造" in get(web, path)
    assert "合成数据" in get(web, path)


def test_real_data_do_not(web: FlaskClient) -> None:
    for path in ("/regions/000000", "/doc/110000", "/rules/region-code-current"):
        text = get(web, path)
        assert "为演示而编造" not in text and 'class="tag synthetic"' not in text


def test_a_real_thing_that_synthetic_data_refer_to_marks_them(web: FlaskClient) -> None:
    text = get(web, "/doc/code/item-type/01")
    assert "本页部分内容来自为演示而编造的数据" in text and 'class="tag synthetic"' in text


def test_hostile_names_are_text(web: FlaskClient) -> None:
    release_text = get(web, f"/doc/370000/ImplementedItem/{hostile_key()}")
    assert "&lt;script&gt;alert(" in release_text and "<script" not in release_text
    for path in (f"/ontology?q={quote('<script>')}", f"/doc/{quote('370000/<script>alert(1)</script>')}"):
        assert "<script" not in web.get(path, headers=BROWSER).get_data(as_text=True)


def hostile_key() -> str:
    table = Path(__file__).parent / "world" / "370000" / "ImplementedItem.csv"
    with table.open(encoding="utf-8", newline="") as file:
        return next(row["实施编码"] for row in csv.DictReader(file) if "<script>" in row["事项名称"])


def test_findings_are_capped_with_the_true_total(web: FlaskClient) -> None:
    text = get(web, "/regions/370000")
    group = text[text.index('<section class="group" id="R12"') :]
    assert f"共 130 处，此处列出 {regions.FINDINGS_SHOWN} 处" in group
    assert group[: group.index("共 130 处")].count('href="/findings/') == regions.FINDINGS_SHOWN
    assert group.count("实施编码须为 31 位") == 1  # said once a group


def test_all_findings_of_a_rule_are_on_its_pages(web: FlaskClient) -> None:
    ids: list[str] = []
    for number in (1, 2):
        ids += re.findall(r'href="/findings/(\w+)"', get(web, f"/regions/370000?rule=R12&page={number}"))
    assert len(ids) == len(set(ids)) == 130
    assert web.get("/regions/370000?rule=R12&page=3").status_code == 404


def test_departments_count_what_they_answer_for(web: FlaskClient) -> None:
    text = get(web, f"/regions/370000?{urlencode({'department': DEPARTMENT})}")
    assert "a b+c?d#e" in text and "共 136 处" in text  # 130 malformed codes and six wrong check characters
    both = get(web, f"/regions/370000?{urlencode({'rule': 'R02', 'department': DEPARTMENT})}")
    assert "共 6 处" in both


def test_who_provides_an_item_answers_for_its_materials_and_publications(tmp_path: Path) -> None:
    """Yantai's sample: a photocopy demanded by one department, an item published in an old version by another."""
    publish_regions(tmp_path, "370600", on=datetime.date(2026, 11, 24))
    app = create_app(tmp_path, Settings(timeout=20, memory_mb=1024, workers=1))
    try:
        client = app.test_client(use_cookies=False)
        for rule, code, number in (("R43", "11370600999000021H", 1), ("R49", "11370600999000013N", 2)):
            query = urlencode({"rule": rule, "department": names.thing("370600", "Department", code)})
            assert f"共 {number} 处" in get(client, f"/regions/370600?{query}")
        department = names.thing("370600", "Department", "11370600999000013N")
        page = get(client, f"/regions/370600?{urlencode({'department': department})}")
        (address,) = set(re.findall(r'href="(/regions/370600/rectification.xlsx[^"]*)"', page))
        answer = client.get(unescape(address))
        assert answer.status_code == 200 and "%E6%95%B4%E6%94%B9" in answer.headers["Content-Disposition"]
        listed = openpyxl.load_workbook(io.BytesIO(answer.get_data()))["整改清单"]
        assert f"共 {listed.max_row - 1} 处" in page
        assert client.get(f"{address}x").status_code == 404
    finally:
        app.extensions["live"].close()


def test_a_finding_says_what_where_and_by_which_clause(web: FlaskClient, world_root: Path) -> None:
    found = some_finding(world_root)
    text = unescape(get(web, f"/findings/{found['id']}"))
    for part in (found["message"]["zh"], found["stated"], "ImplementedItem.csv", "实施编码", found["rule_id"],
                 "GB 32100—2015", "未核实", "本页数据为演示而编造"):  # fmt: skip
        assert part in text, part
    assert f">{found['place']['row']}<" in text


def test_rules_and_standards_show_what_is_unconfirmed(web: FlaskClient) -> None:
    assert "未核实" in get(web, "/rules") and "由实例推断" in get(web, "/rules")
    assert "unconfirmed" in get(web, "/standards/GB32100-2015", "en") or "未核实" in get(
        web, "/standards/GB32100-2015"
    )
    text = get(web, "/rules/organisation-code-check-character")
    assert "sh:severity sh:Violation" in text and "/regions/370000?rule=R02" in text
    answer = web.get("/rules/R02")
    assert (answer.status_code, answer.location) == (303, "/rules/organisation-code-check-character")


def test_every_rule_standard_and_term_has_its_page(web: FlaskClient) -> None:
    for rule in rules.load().all:
        assert rule.identifier in get(web, f"/rules/{rule.name}")
    links = Page(get(web, "/ontology")).links | Page(get(web, "/standards")).links
    for link in links:
        if link.startswith(("/ontology/term/", "/standards/")):
            get(web, link)


def test_searching_the_ontology(web: FlaskClient) -> None:
    found = Page(get(web, f"/ontology?q={quote('校验码')}")).links
    assert "/ontology/term/checkCharacterIsRight" in found
    assert "/ontology/term/Layer" not in found
    assert not [link for link in Page(get(web, "/ontology?q=zzzz")).links if "/term/" in link]


@pytest.mark.parametrize(
    "kind, media_type", [("csv", "text/csv"), ("json", "application/json"), ("ttl", "text/turtle")]
)
def test_report_files(web: FlaskClient, kind: str, media_type: str) -> None:
    answer = web.get(f"/regions/370000/report.{kind}")
    assert answer.status_code == 200
    assert answer.content_type.startswith(media_type) and "charset=utf-8" in answer.content_type
    assert "filename*=UTF-8''370000-synthetic-" in answer.headers["Content-Disposition"]
    tag = answer.headers["ETag"]
    assert answer.data
    again = web.get(f"/regions/370000/report.{kind}", headers={"If-None-Match": tag})
    assert again.status_code == 304
    answer.close()
    again.close()


def test_the_csv_report_is_in_the_language_asked_for(web: FlaskClient) -> None:
    messages = {}
    for lang in ("zh", "en"):
        with web.get(f"/regions/370000/report.csv?lang={lang}") as answer:
            assert answer.headers["Content-Language"] == lang
            messages[lang] = next(csv.DictReader(io.StringIO(answer.get_data(as_text=True))))["message"]
    assert re.search("[一-鿿]", messages["zh"]) and not re.search("[一-鿿]", messages["en"])


def test_pages_are_confirmed_by_their_content(web: FlaskClient) -> None:
    first = web.get("/rules", headers=BROWSER)
    assert web.get("/rules", headers={**BROWSER, "If-None-Match": first.headers["ETag"]}).status_code == 304
    assert {"Accept-Language", "Cookie"} <= set(first.vary)
    english = web.get("/rules", headers={**BROWSER, "Accept-Language": "en"})
    assert english.headers["ETag"] != first.headers["ETag"]


def test_before_the_first_publication_there_is_a_home_page(tmp_path: Path) -> None:
    app = create_app(tmp_path, Settings(workers=1))
    web = app.test_client()
    for path in ("/", "/rules", "/rules/region-code-current", "/ontology", "/standards"):
        assert web.get(path).status_code == 200, path
    assert web.get("/regions").status_code == 503
    app.extensions["live"].close()
