"""The page at ``/sparql`` over a published world: what stands beside the query, and its answer without any script."""

import html
import io
import re
from urllib.parse import parse_qs, urlsplit

import openpyxl
import pytest
import rdflib
from served import client_of

from app import names
from app.web import Settings, examples, query_page, results, workbooks
from app.web.formats import WORKBOOK
from app.web.turns import Turns

BROWSER = {"Accept": "text/html"}
PREFIXES = f"PREFIX zwfw: <{names.DEF}>"
FEW = f"{PREFIXES} SELECT ?kind (COUNT(?x) AS ?n) {{ ?x a ?kind }} GROUP BY ?kind"
MANY = f"{PREFIXES} SELECT ?region ?name {{ ?region a zwfw:Region ; zwfw:name ?name }} ORDER BY ?region"


def page(web, query, **more):
    answer = web.get("/sparql", query_string={"query": query, **more}, headers=BROWSER)
    assert answer.status_code == 200
    return answer.text


def links(text):
    return [html.unescape(one) for one in re.findall(r'href="(/sparql\?[^"]*)"', text)]


def test_an_answer_is_paged_and_all_of_it_is_counted(web):
    first = page(web, MANY)
    total = int(re.search(r"共 ([\d,]+) 行", first)[1].replace(",", ""))
    assert total > results.PAGE_ROWS and first.count("<tr>") == results.PAGE_ROWS + 1
    (after,) = [link for link in links(first) if "page=2" in link]
    second = web.get(after, headers=BROWSER).text
    assert f"此处是第 {results.PAGE_ROWS + 1} 至" in second
    assert web.get("/sparql", query_string={"query": MANY, "page": "99"}, headers=BROWSER).status_code == 404


def test_a_graph_is_shown_with_the_prefixes_it_uses(web):
    asked = f"{PREFIXES} CONSTRUCT {{ ?x a zwfw:Region ; zwfw:name ?name }} WHERE {{ ?x a zwfw:Region ; zwfw:name ?name }} LIMIT 3"
    (shown,) = re.findall(r"<pre[^>]*>(.*?)</pre>", page(web, asked), re.DOTALL)
    turtle = html.unescape(re.sub(r"<[^>]+>", "", shown))
    assert re.findall(r"@prefix (\w+):", turtle) == ["zwfw"]
    graph = rdflib.Graph().parse(data=turtle, format="turtle")
    whole = web.get("/sparql", query_string={"query": asked, "format": "ttl"}).text
    assert len(graph) == 6 and set(graph) == set(rdflib.Graph().parse(data=whole, format="turtle"))


def test_other_pages_of_an_answer_do_not_ask_again(web, world_app):
    asked = MANY + " # again"
    page(web, asked)
    before = world_app.extensions["answers"].hits
    for more in ({"sort": "-name"}, {"page": "2"}, {"filter.name": "济南"}):
        page(web, asked, **more)
    assert world_app.extensions["answers"].hits == before + 3


def test_sorted_by_a_heading_the_answer_is_sorted_as_a_whole(web):
    found = web.get("/sparql", query_string={"query": MANY, "format": "json"}).get_json(force=True)
    names_ = [row["name"]["value"] for row in found["results"]["bindings"]]
    text = page(web, MANY, sort="-name")
    assert 'aria-sort="descending"' in text
    assert re.search(r"<tr><td>.*?</td><td><span[^>]*>(.*?)</span>", text)[1] == max(names_)


def test_where_no_names_can_be_had_the_answer_is_shown_without_them_and_says_so(world_root):
    region = f"{PREFIXES} SELECT ?kind ?region {{ ?region a zwfw:Region, ?kind ; zwfw:regionCode '370000' }}"
    missing = "暂时无法取得事物的名称"
    with client_of(world_root, Settings(workers=1, memory_mb=512)) as client:
        whole = page(client, region)
        assert ">山东省</a>" in whole and missing not in whole
        with client.application.app_context():
            client.application.extensions["live"].take().store.close()
        text = page(client, region, sort="region")  # the answer itself is kept
        assert missing in text and ">山东省</a>" not in text and "/370000</a>" in text
        assert ">行政区划</a>" in text  # what the standard system calls its own is known all the same


def test_who_wants_a_workbook_while_too_many_wait_for_theirs_is_told_so(web, monkeypatch):
    monkeypatch.setattr(workbooks, "making", Turns(1, 0, 20, "请稍后再试"))
    asked = {"query": "SELECT * { ?s ?p ?o } LIMIT 1", "format": "xlsx"}
    with workbooks.making.one():
        answer = web.get("/sparql", query_string=asked)
        assert answer.status_code == 503 and answer.headers["Retry-After"] == "20"
    assert web.get("/sparql", query_string=asked).status_code == 200


def test_filtered_by_a_column(web):
    text = page(web, MANY, **{"filter.name": "济南"})
    assert re.search(r"筛选出 [1-9]\d* 行", text) and "济南市" in text and "青岛市" not in text
    assert '<details class="narrow" open>' in text
    assert "没有符合筛选条件的行" in page(web, MANY, **{"filter.name": "不存在"})


def test_two_columns_are_drawn(web):
    text = page(web, FEW)
    assert text.index("<table") < text.index('<svg class="bars" id="bars"') and 'class="number"' in text
    assert 'href="#bars"' in text
    assert "#bars" not in page(web, MANY) and '<svg class="bars"' not in page(web, MANY)


def test_downloads_have_the_query_and_neither_page_nor_filter(web):
    downloads = [link for link in links(page(web, MANY, sort="name", page="2")) if "format=" in link]
    assert [parse_qs(urlsplit(link).query)["format"] for link in downloads] == [
        ["json"],
        ["xml"],
        ["csv"],
        ["tsv"],
        ["xlsx"],
    ]
    assert all("sort=" not in link and "page=" not in link for link in downloads)
    rows = web.get(next(link for link in downloads if "format=csv" in link)).text.count("\r\n")
    assert rows > results.PAGE_ROWS + 1


# As a workbook


def workbook(web, query, lang="zh", **more):
    answer = web.get(
        "/sparql",
        query_string={"query": query, "format": "xlsx", **more},
        headers={"Accept-Language": lang},
    )
    assert (answer.status_code, answer.mimetype) == (200, WORKBOOK.media_type)
    return answer, openpyxl.load_workbook(io.BytesIO(answer.data))


def table(book):
    """The rows of the answer, below what is said above them."""
    rows = list(book.worksheets[0].iter_rows())
    return rows[[row[0].font.bold and bool(row[0].border.bottom.style) for row in rows].index(True) :]


TERMS = [
    # how a query writes it, what stands in the cell, whether that is a number
    ("12", 12, True),
    ("2026", 2026, True),
    ("0.25", 0.25, True),
    ("1.5e3", 1500, True),
    ("999999999999999", 999999999999999, True),
    ("1000000000000000", "1000000000000000", False),
    ("370600199901011234", "370600199901011234", False),
    ('"NaN"^^xsd:double', "NaN", False),
    ('"INF"^^xsd:double', "INF", False),
    ('"007"', "007", False),
    ('"12"', "12", False),
    ("true", "true", False),
    ('"2026-11-24"^^xsd:date', "2026-11-24", False),
    ("zwfw:Region", names.DEF + "Region", False),
    ('"=1+1"', "=1+1", False),
    ('"-2+3"', "-2+3", False),
    ('"@SUM(A1)"', "@SUM(A1)", False),
    ('"企业"@zh', "企业", False),
    ("UNDEF", None, True),
]


def test_a_workbook_has_numbers_as_numbers_and_all_else_as_text(web):
    values = " ".join(f"({number} {term})" for number, (term, _, _) in enumerate(TERMS))
    prefixes = f"{PREFIXES} PREFIX xsd: <{names.XSD}>"
    asked = f"{prefixes} SELECT ?n ?x {{ VALUES (?n ?x) {{ {values} }} }} ORDER BY ?n"
    head, *rows = table(workbook(web, asked)[1])
    assert [cell.value for cell in head] == ["n", "x"]
    assert [(row[1].value, row[1].data_type == "n") for row in rows] == [one[1:] for one in TERMS]
    assert {cell.number_format for row in rows for cell in row} == {"General"}  # a year has no comma
    assert all(cell.hyperlink is None for row in rows for cell in row)


def test_a_workbook_says_of_which_release_whether_data_are_made_up_and_what_was_asked(web):
    release = web.get("/readyz").text.split()[1]
    asked = "# =1\nSELECT ?x\nWHERE { VALUES ?x { 1 } }"
    for lang, said, sheets in (
        ("zh", "为演示而编造", ["结果", "查询语句"]),
        ("en", "made up", ["Result", "Query"]),
    ):
        answer, book = workbook(web, asked, lang, **{"default-graph-uri": "http://example.org/g"})
        assert book.sheetnames == sheets
        above = [str(row[0].value) for row in book.worksheets[0].iter_rows(max_row=2)]
        assert release in above[0] and said in above[1]
        assert "-synthetic.xlsx" in answer.headers["Content-Disposition"]
        lines = [row[0].value for row in book.worksheets[1].iter_rows()]
        assert lines == [*asked.splitlines(), "default-graph-uri=http://example.org/g"]


def test_a_workbook_has_so_many_rows_and_says_when_there_are_more(web, monkeypatch):
    whole = workbook(web, MANY)[1]
    assert len(table(whole)) > results.PAGE_ROWS + 1
    for module in (workbooks, query_page):
        monkeypatch.setattr(module, "WORKBOOK_ROWS", 2)
    book = workbook(web, MANY)[1]
    assert len(table(book)) == 3
    assert any("此处只有前 2 行" in str(row[0].value) for row in book.worksheets[0].iter_rows(max_row=4))
    monkeypatch.setattr(query_page, "WHOLE_ROWS", 1)
    assert ">XLSX（至多 2 行）</a>" in page(web, MANY + " # cut")
    monkeypatch.undo()
    assert ">XLSX</a>" in page(web, MANY)


def test_a_workbook_is_asked_for_by_its_media_type_too_and_revalidated(web):
    asked = {"query": FEW}
    first = web.get("/sparql", query_string=asked, headers={"Accept": WORKBOOK.media_type})
    assert first.mimetype == WORKBOOK.media_type and "Accept" in first.vary
    again = web.get(
        "/sparql",
        query_string=asked,
        headers={"Accept": WORKBOOK.media_type, "If-None-Match": first.headers["ETag"]},
    )
    assert again.status_code == 304
    assert web.get("/sparql", query_string=asked, headers={"Accept": "application/*"}).is_json


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("ASK {}", 406),
        ("CONSTRUCT WHERE { ?s ?p ?o }", 406),
        ("SELECT ?x {", 400),
        ("SELECT * { SERVICE <http://x/> {} }", 403),
        (f"SELECT {' '.join(f'?a{n}' for n in range(16_385))} {{}}", 406),
    ],
    ids=["truth", "triples", "malformed", "refused", "too wide"],
)
def test_what_makes_no_workbook(web, query, status):
    answer = web.post("/sparql", data={"query": query, "format": "xlsx"})
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")


# Beside the query


def test_terms_that_data_use_stand_beside_the_query_with_counts(web):
    text = web.get("/sparql", headers=BROWSER).text
    assert re.search(r"zwfw:Region</code> <span class=\"number\">[\d,]+</span>", text)
    assert 'href="/ontology/term/Region"' in text


@pytest.mark.parametrize("name", examples.all_examples())
def test_an_example_can_be_opened_and_runs(web, name):
    text = web.get(f"/sparql?example={name}", headers=BROWSER).text
    shown = html.unescape(re.search(r"<textarea[^>]*>\n(.*?)</textarea>", text, re.DOTALL)[1])
    assert shown == examples.all_examples()[name].text
    assert "共 " in page(web, shown)
    for lang in ("zh", "en"):
        assert (
            examples.all_examples()[name].titles[lang]
            in web.get(f"/sparql?lang={lang}", headers=BROWSER).text
        )


def test_a_question_of_the_catalogue_is_an_example(web):
    name = next(examples.questions()).name
    assert "VALUES" in web.get(f"/sparql?example={name}", headers=BROWSER).text
    assert web.get("/sparql?example=nothing", headers=BROWSER).status_code == 404


def terms(web):
    return web.get("/sparql/terms.json")


def test_completion_knows_terms_by_both_languages_other_names_and_pinyin(web):
    (item,) = [one for one in terms(web).get_json()["terms"] if one["insert"] == "zwfw:ServiceItem"]
    assert item["kind"] == "class" and (item["zh"], item["en"]) == ("政务服务事项", "service item")
    assert {"zwfwsx", "sx", "zhengwufuwushixiang"} <= set(item["pinyin"].split())


def test_completion_knows_codes_regions_counts_and_prefixes(web):
    told = terms(web).get_json()
    assert told["prefixes"] == names.PREFIXES
    by_kind = {
        kind: [one for one in told["terms"] if one["kind"] == kind]
        for kind in ("class", "property", "code", "graph")
    }
    assert all(by_kind.values())
    assert f"<{names.graph('370000')}>" in {one["insert"] for one in by_kind["graph"]}
    assert next(one for one in by_kind["class"] if one["insert"] == "zwfw:Region")["count"] > 3000
    assert all(one.get("zh") and one.get("en") for one in by_kind["class"] + by_kind["property"])


def test_completion_is_sent_once(web):
    first = terms(web)
    again = web.get("/sparql/terms.json", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
