"""The editor's own reading of a query, run by Node: punctuation, prefixes, and which terms are meant."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

FRONTEND = Path(__file__).parent.parent / "app" / "frontend"

pytestmark = pytest.mark.skipif(not shutil.which("node"), reason="no node on PATH")


@pytest.fixture(scope="module")
def run():
    """Calls a function of a module with arguments and gives what it returns."""

    def call(module, function, *arguments):
        code = (
            f"import {{ {function} }} from {json.dumps((FRONTEND / module).as_uri())};"
            f"console.log(JSON.stringify({function}(...{json.dumps(arguments)})))"
        )
        done = subprocess.run(
            ["node", "--input-type=module", "-e", code],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        return json.loads(done.stdout)

    return call


FULL_WIDTH = [
    ("SELECT ？x｛ ?x a zwfw:A；}", "？｛；"),
    ("# 注释，不管。\nASK {}", ""),
    ('SELECT * { ?x ?p "全角，在文字中；" }', ""),
    ("SELECT * { ?x ?p '''多行，\n文字；''' }", ""),
    ("SELECT * { <http://例子/（一）> ?p ?o。 }", "。"),
    ("SELECT * { ?x ?p “引号”@zh }", "“”"),
    ('SELECT * { ?名称 ?p "没有结束， }', "，"),
    ("SELECT ?x WHERE { ?x a zwfw:ServiceItem . FILTER(?a < 3 ， ?b > 2) }", "，"),
]


def test_full_width_punctuation_is_found_where_it_is_no_text(run):
    found = [run("punctuation.js", "fullWidth", text) for text, _ in FULL_WIDTH[:1]]
    assert found[0][0] == {"from": 7, "to": 8, "found": "？", "meant": "?"}
    assert [
        "".join(one["found"] for one in run("punctuation.js", "fullWidth", text)) for text, _ in FULL_WIDTH
    ] == [wanted for _, wanted in FULL_WIDTH]


KNOWN = {"zwfw": "https://w3id.org/zwfw/def#", "skos": "http://www.w3.org/2004/02/skos/core#"}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("SELECT * { ?x a zwfw:A }", ["zwfw"]),
        ("PREFIX zwfw: <x:y#>\nSELECT * { ?x a zwfw:A ; skos:prefLabel ?l }", ["skos"]),
        ("prefix zwfw: <x:y#> SELECT * { ?x a zwfw:A }", []),
        ('SELECT * { <zwfw:A> ?p "skos:x" } # zwfw:B', []),
        ("SELECT * { ?x a other:A }", []),
        ("SELECT * { _:zwfw ?p ?zwfw }", []),
    ],
)
def test_prefixes_that_are_used_and_not_declared(run, text, wanted):
    assert run("prefixes.js", "undeclared", text, KNOWN) == wanted


def test_declarations_are_lines(run):
    assert (
        run("prefixes.js", "declarations", ["zwfw"], KNOWN) == "PREFIX zwfw: <https://w3id.org/zwfw/def#>\n"
    )


def term(insert, zh, en, pinyin, **more):
    return {"insert": insert, "zh": zh, "en": en, "pinyin": pinyin, **more}


TERMS = [
    term(
        "zwfw:ServiceItem",
        "政务服务事项",
        "service item",
        "zhengwufuwushixiang zwfwsx shixiang sx",
        others=["事项"],
    ),
    term("zwfw:itemVersion", "事项版本", "item version", "shixiangbanben sxbb", count=121),
    term("zwfw:itemTypeName", "事项类型", "item type", "shixiangleixing sxlx", count=185),
    term("<https://x/3>", "三星", "three stars", "sanxing sx", kind="code"),
    term("skos:prefLabel", "首选名称", "preferred label", "shouxuanmingcheng sxmc"),
]


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        (
            "sx",
            ["zwfw:ServiceItem", "<https://x/3>", "zwfw:itemTypeName", "zwfw:itemVersion", "skos:prefLabel"],
        ),
        ("事项", ["zwfw:ServiceItem", "zwfw:itemTypeName", "zwfw:itemVersion"]),
        ("政务", ["zwfw:ServiceItem"]),
        ("zwfw:item", ["zwfw:itemTypeName", "zwfw:itemVersion", "zwfw:ServiceItem"]),
        ("zwfw:sxlx", ["zwfw:itemTypeName"]),
        ("zwfw:事项版", ["zwfw:itemVersion"]),
        ("ITEMV", ["zwfw:itemVersion"]),
        ("preferred", ["skos:prefLabel"]),
        ("version", ["zwfw:itemVersion"]),
        ("nothing", []),
    ],
)
def test_the_likeliest_term_comes_first(run, typed, wanted):
    assert [one["insert"] for one in run("terms.js", "fitting", TERMS, typed)] == wanted
