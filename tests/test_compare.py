"""Regions side by side: what must be uniform and differs is marked, and who is the odd one out."""

import re
from html import unescape

import pytest
from served import client_of, publish_regions

from app import names
from app.store.terms import Iri
from app.web import Settings, compare

BROWSER = {"Accept": "text/html"}
FOOD = "item=000000/000101001000"
ROW = re.compile(r"<tr>(.*?)</tr>", re.DOTALL)
CELL = re.compile(r"<td([^>]*)>(.*?)</td>", re.DOTALL)


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    root = publish_regions(tmp_path_factory.mktemp("compare") / "root", "370600", "370100", "370611")
    with client_of(root, Settings(workers=1)) as client:
        yield client


def shown(client, asked, lang="zh"):
    answer = client.get(f"/compare?{asked}", headers={**BROWSER, "Accept-Language": lang})
    assert answer.status_code == 200
    return unescape(answer.get_data(as_text=True))


def rows(page):
    """By the heading of a row: whether each cell is marked, and its words."""
    found = {}
    for row in ROW.findall(page):
        heading = re.search(r'<th scope="row">([^<]*)', row)
        if heading:
            found[heading[1]] = [
                ("differs" in kind, re.sub(r"<[^>]+>", " ", text).split()) for kind, text in CELL.findall(row)
            ]
    return found


def test_one_item_in_three_regions_with_the_odd_one_out_marked(client):
    found = rows(shown(client, f"r=370600&r=370100&r=370611&{FOOD}"))
    # The catalogue, Jinan, Yantai, Fushan: the district has given the item another name.
    assert [marked for marked, _ in found["事项名称"]] == [False, False, False, True]
    assert [words[0] for _, words in found["事项名称"]] == ["食品经营许可"] * 3 + ["食品经营许可证核发"]
    # Three lists of materials, of which the catalogue says nothing and no two agree.
    assert [marked for marked, _ in found["申请材料"]] == [False, True, True, True]
    # A telephone number differs and is no fault.
    assert not any(marked for marked, _ in found["咨询电话"])
    # Hubei wants the promised time limit to be uniform; Shandong is not Hubei.
    assert not any(marked for marked, _ in found["承诺办结时限"])
    # A number comes with what it is counted in.
    assert [words for _, words in found["承诺办结时限"][1:]] == [
        ["7", "工作日"],
        ["10", "工作日"],
        ["10", "工作日"],
    ]
    # A code and its name are one element.
    page = shown(client, f"r=370600&r=370100&r=370611&{FOOD}")
    assert page.count('<th scope="row">行使层级') == 1


def test_who_agrees_is_not_marked(client):
    found = rows(shown(client, f"r=370600&r=370100&{FOOD}"))
    assert not any(marked for marked, _ in found["事项名称"])


def test_without_regions_all_that_implement_it_are_compared(client):
    page = shown(client, FOOD)
    assert all(f"/doc/{code}/ImplementedItem/" in page for code in ("370600", "370100", "370611"))


def test_regions_as_a_whole(client):
    page = shown(client, "r=370600&r=370611")
    line = next(row for row in ROW.findall(page) if "食品经营许可" in row)
    assert "事项名称" in line and "申请材料" in line and "承诺办结时限" not in line
    assert "r=370600&r=370611&item=000000/000101001000" in line.replace("%2F", "/")
    assert "/regions/370600?rule=R02" in page  # kept by the one and not by the other


@pytest.mark.parametrize("asked", ["", "r=370600", "r=370600&r=", "r=370600&r=370600"])
def test_fewer_than_two_regions_is_a_question_and_no_error(client, asked):
    assert "<select" in shown(client, asked)


@pytest.mark.parametrize(
    "asked, status",
    [
        ("r=999999", 404),
        ("r=370600&r=370100&r=370611&r=000000&r=000000-sample", 400),
        ("r=370600&item=nonsense", 400),
        ("r=370600&item=000000/%3E%20%7B", 404),
        ("r=370600&item=%22%3E/x", 400),
        ("r=370600&item=000000/999", 404),
    ],
)
def test_what_there_is_not_is_said(client, asked, status):
    assert client.get(f"/compare?{asked}", headers=BROWSER).status_code == status


@pytest.mark.parametrize("asked", ["r=370600&r=370100", f"r=370600&r=370100&{FOOD}"])
@pytest.mark.parametrize("lang, notice", [("zh", "合成数据"), ("en", "ynthetic data")])
def test_synthetic_data_say_so(client, asked, lang, notice):
    assert notice in shown(client, asked, lang)


@pytest.mark.parametrize(
    "codes, binds",
    [
        (("420100", "420200"), True),
        (("420100", "370600"), False),
        (("370100", "370600"), False),
        (("420100", "420200", "370600"), True),
    ],
)
def test_a_policy_of_a_province_binds_its_regions(codes, binds):
    policy = Iri(names.concept("uniformity-policy", "three-levels-eight-same"))
    element = next(
        one for one in compare.elements() if one.iri == Iri(names.concept("element", "promised-time-limit"))
    )
    assert (policy in compare._binding(element, codes).policies) == binds
