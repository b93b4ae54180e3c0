"""The pages of the question catalogue: what the form asks is what the answer, its downloads and its citation say."""

import csv
import datetime
import io
import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
import python_calamine
from flask.testing import FlaskClient
from served import client_of, publish_regions

from app import names
from app.questions import question
from app.web import Settings, questions, results

BROWSER = {"Accept": "text/html"}
CATALOGUE = question.load()
GUIDES = "/questions/guide-elements-filled"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    root = publish_regions(tmp_path_factory.mktemp("questions") / "root", "370000", "370600", "370602")
    with client_of(root, Settings(workers=1, operator="某大数据局")) as client:
        yield client


def shown(client: FlaskClient, address: str, lang: str = "zh", status: int = 200) -> str:
    answer = client.get(address, headers={**BROWSER, "Accept-Language": lang})
    assert answer.status_code == status
    return unescape(answer.get_data(as_text=True))


def test_the_catalogue_shows_every_question_under_its_layer(client: FlaskClient) -> None:
    page = shown(client, "/questions")
    for one in CATALOGUE.all:
        section = page.partition(f'<h2 id="{one.layer}">')[2].partition("<h2")[0]
        assert f'href="/questions/{one.name}"' in section and one.titles["zh"] in section


def test_an_aspect_narrows_the_catalogue(client: FlaskClient) -> None:
    page = shown(client, "/questions?aspect=cross-level", "en")
    listed = set(re.findall(r'href="/questions/([\w-]+)"', page))
    assert listed == {one.name for one in CATALOGUE.all if "cross-level" in one.aspects}
    assert shown(client, "/questions?aspect=none", status=404)


@pytest.mark.parametrize("one", CATALOGUE.all, ids=lambda one: one.name)
def test_each_question_has_its_form_and_answer(client: FlaskClient, one: question.Question) -> None:
    page = shown(client, f"/questions/{one.name}")
    assert one.titles["zh"] in page and one.explanations["zh"] in page
    for parameter in one.parameters:
        assert f'<label for="{parameter.name}">{parameter.labels["zh"]}</label>' in page
        assert re.search(rf'<(select|input) id="{parameter.name}" name="{parameter.name}"', page)
    assert "所执行的 SPARQL" in page and "[DB/OL]" in page


def test_a_chosen_region_is_kept_and_narrows_the_answer(client: FlaskClient) -> None:
    page = shown(client, f"{GUIDES}?region=370602")
    assert re.search(r'<option value="370602" selected>', page)
    assert set(re.findall(r"/doc/(\d{6})/ServiceGuide/", page)) == {"370602"}
    assert "370602 是为演示而编造的数据" in page


def test_names_lead_to_what_they_name(client: FlaskClient) -> None:
    assert '<a href="/doc/370602/ServiceGuide/ZF-1">食品经营许可</a>' in shown(
        client, f"{GUIDES}?region=370602"
    )


def test_the_chart_has_the_numbers_of_the_table(client: FlaskClient) -> None:
    page = shown(client, f"{GUIDES}?region=370602")
    drawing = page.partition('<svg class="bars"')[2].partition("</svg>")[0]
    drawn = re.findall(r"<rect[^>]*/><text[^>]*>(\d+)</text>", drawing)
    with_numbers = re.findall(r'<td class="number">(\d+)</td>', page)
    assert sorted(drawn) == sorted(with_numbers) and len(drawn) == 4
    assert "芝罘区 食品经营许可" in drawing
    assert page.index("<table") < page.index('<svg class="bars" id="bars"') and 'href="#bars"' in page
    assert '<svg class="bars"' not in shown(client, "/questions/contradicting-clauses")


def test_numbers_are_in_line_and_long_fractions_short(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = shown(client, "/questions/who-evaluates")
    assert '<td class="number">84.5</td>' in page and '<td class="number" data-rest=".0">' in page
    monkeypatch.setattr(results, "DECIMALS", 0)
    assert '<td class="number" title="84.5">84</td>' in shown(client, "/questions/who-evaluates")


def test_every_download_holds_the_same_answer(client: FlaskClient) -> None:
    there = f"{GUIDES}%s?region=370602"
    plain = list(csv.reader(io.StringIO(client.get(there % ".csv").get_data(as_text=True))))
    excel = client.get(there % ".excel.csv")
    assert excel.data.startswith(b"\xef\xbb\xbf") and "-synthetic.csv" in excel.headers["Content-Disposition"]
    labelled = list(csv.reader(io.StringIO(excel.data.decode("utf-8-sig"))))
    assert labelled[1:] == plain[1:] and labelled[0][1] == "地区" and plain[0][1] == "whereName"
    workbook = client.get(there % ".xlsx")
    assert "-synthetic.xlsx" in workbook.headers["Content-Disposition"]
    sheet = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(workbook.data)).get_sheet_by_index(0)
    rows = sheet.to_python()
    assert [row[1] for row in rows[-4:]] == ["芝罘区"] * 4 and rows[-1][4] == float(plain[-1][4])
    found = client.get(there % ".json").get_json()
    assert len(found["results"]["bindings"]) == len(plain) - 1 == 4


def test_the_query_itself_gives_the_answer_at_the_endpoint(client: FlaskClient) -> None:
    text = client.get(f"{GUIDES}.rq?region=370602")
    assert text.content_type == "application/sparql-query; charset=utf-8"
    asked = client.get("/sparql", query_string={"query": text.get_data(as_text=True), "format": "csv"})
    assert asked.data == client.get(f"{GUIDES}.csv?region=370602").data
    page = shown(client, f"{GUIDES}?region=370602")
    (editor,) = re.findall(r'href="(/sparql\?[^"]+)"', page)
    assert parse_qs(urlsplit(editor).query)["query"] == [text.get_data(as_text=True)]


def test_answers_are_revalidated(client: FlaskClient) -> None:
    for suffix in (".csv", ".json", ".xlsx", ".rq", ".excel.csv"):
        first = client.get(f"{GUIDES}{suffix}?region=370602")
        again = client.get(
            f"{GUIDES}{suffix}?region=370602", headers={"If-None-Match": first.headers["ETag"]}
        )
        assert again.status_code == 304


def test_copies_fetch_the_same_address(client: FlaskClient) -> None:
    page = shown(client, f"{GUIDES}?region=370602&few=3")
    for tool in ("Python", "curl", "Excel"):
        assert f"用 {tool} 取得" in page
    base = names.BASE.rstrip("/")  # a test's host means something on this machine only
    assert f'urlopen("{base}{GUIDES}.csv?region=370602&few=3")' in page
    assert f"'{base}{GUIDES}.csv?region=370602&few=3'" in page
    assert f'Web.Contents("{base}{GUIDES}.excel.csv?region=370602&few=3")' in page


def test_a_citation_says_who_what_which_release_and_when(client: FlaskClient) -> None:
    release = client.get("/readyz").get_data(as_text=True).split()[1]
    made = f"{release[:4]}-{release[4:6]}-{release[6:8]}"
    page = shown(client, f"{GUIDES}?region=370602")
    (said,) = re.findall(r'<span class="citation">([^<]+)</span>', page)
    assert said.startswith("某大数据局. 各地区每份办事指南") and "[DB/OL]" in said
    assert release in said and f"({made})[{datetime.date.today()}]" in said
    assert said.endswith(f"{GUIDES}?region=370602.")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("region=37", "参数 region 不能是“37”"),
        ("region=999999", "没有代码为 999999 的行政区划"),
        ("few=-1", "参数 few 不能是“-1”"),
        ("colour=red", "没有参数 colour"),
    ],
)
def test_what_does_not_fit_is_said_beside_the_form(client: FlaskClient, asked: str, said: str) -> None:
    page = shown(client, f"{GUIDES}?{asked}", status=400)
    assert said in page and 'id="region"' in page
    if "999999" not in asked:
        answer = client.get(f"{GUIDES}.csv?{asked}")
        assert answer.status_code == 400 and answer.mimetype == "application/problem+json"


def test_markup_in_a_value_stays_text(client: FlaskClient) -> None:
    answer = client.get(f"{GUIDES}?region=%3Cscript%3E", headers=BROWSER)
    assert b"<script>" not in answer.data and b"&lt;script&gt;" in answer.data


@pytest.mark.parametrize(
    ("address", "there"),
    [
        ("/questions/Q03?region=370602", f"{GUIDES}?region=370602"),
        ("/questions/Q03.csv", f"{GUIDES}.csv"),
        ("/question/guide-elements-filled", GUIDES),
    ],
)
def test_other_names_lead_to_the_question(client: FlaskClient, address: str, there: str) -> None:
    answer = client.get(address, headers=BROWSER)
    assert answer.status_code == 303 and answer.headers["Location"] == there


def test_unknown_questions_are_not_found(client: FlaskClient) -> None:
    for path in ("/questions/none", "/questions/none.csv", "/questions/.csv"):
        assert client.get(path, headers=BROWSER).status_code == 404


def test_a_page_and_a_workbook_say_when_there_is_more(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(questions, "PAGE_ROWS", 2)
    monkeypatch.setattr(questions, "WORKBOOK_ROWS", 2)
    assert "多于 2 行" in shown(client, f"{GUIDES}?region=370602")
    workbook = client.get(f"{GUIDES}.xlsx?region=370602").data
    sheet = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(workbook)).get_sheet_by_index(0)
    assert any("多于 2 行" in str(row[0]) for row in sheet.to_python())


def test_a_list_of_regions_too_long_becomes_a_field(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(questions, "MOST_OPTIONS", 1)
    assert re.search(
        r'<input id="region" name="region" type="text" value="370602"',
        shown(client, f"{GUIDES}?region=370602"),
    )
