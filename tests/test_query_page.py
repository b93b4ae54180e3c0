"""The page at ``/sparql`` over a published world: what stands beside the query, and its answer without any script."""

import html
import re

import pytest
from served import client_of

from app import names
from app.web import Settings, examples, results

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


def test_filtered_by_a_column(web):
    text = page(web, MANY, **{"filter.name": "济南"})
    assert re.search(r"筛选出 [1-9]\d* 行", text) and "济南市" in text and "青岛市" not in text
    assert '<details class="narrow" open>' in text
    assert "没有符合筛选条件的行" in page(web, MANY, **{"filter.name": "不存在"})


def test_two_columns_are_drawn(web):
    text = page(web, FEW)
    assert '<svg class="bars"' in text and 'class="number"' in text
    assert '<svg class="bars"' not in page(web, MANY)


def test_downloads_have_the_query_and_neither_page_nor_filter(web):
    downloads = [link for link in links(page(web, MANY, sort="name", page="2")) if "format=" in link]
    assert len(downloads) == 4
    assert all("sort=" not in link and "page=" not in link for link in downloads)
    rows = web.get(next(link for link in downloads if "format=csv" in link)).text.count("\r\n")
    assert rows > results.PAGE_ROWS + 1


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
