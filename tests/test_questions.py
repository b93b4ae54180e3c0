"""The question catalogue: what each question answers over a small world is worked out by hand in ``questions/<name>.csv``.

``questions/world`` is four regions in the form of ``data/``; for each question they hold something to be found and something that
must not be. ``questions/given.csv`` says which values the questions are given there; ``*`` are all that have the parameter.
"""

import csv
import datetime
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from app import names
from app.checking import rules
from app.cli import zwfw
from app.cli.ask import ask
from app.language import LANGUAGES
from app.ontology import standards
from app.ontology.facts import SOURCE, Facts
from app.publishing import system
from app.publishing.publication import Publisher
from app.questions import answered, question
from app.questions.head import QuestionFault
from app.questions.parameter import KINDS, Misasked, Parameter
from app.questions.question import Questions
from app.releases.release import Release, Releases
from app.store import Query, Store, open_store
from app.store.terms import Iri, Literal, RdfFormat, def_, parse

HERE = Path(__file__).parent / "questions"
ON = datetime.date(2026, 11, 24)
CATALOGUE = question.load()
SAMPLES = ("370000", "370100", "370200", "370600", "370602", "370611", "330100")
SYSTEM = standards.load()


def given(one: question.Question) -> dict[str, str]:
    """What a question is given in the tests."""
    with (HERE / "given.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["question"] in ("*", one.name)]
    known = {parameter.name for parameter in one.parameters}
    return {
        row["parameter"]: row["value"] for row in rows if row["question"] != "*" or row["parameter"] in known
    }


def published(root: Path, folders: list[Path]) -> Release:
    Publisher(root, SYSTEM, rules.load(), ON, lambda _: None).publish(folders)
    release = Releases(root).current()
    assert release is not None
    return release


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return published(tmp_path_factory.mktemp("world"), sorted((HERE / "world").iterdir()))


@pytest.fixture(scope="module")
def store(world: Release) -> Iterator[Store]:
    opened = open_store(world.index, workers=1)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Release, Store]]:
    release = published(
        tmp_path_factory.mktemp("samples"), [names.resources("data") / code for code in SAMPLES]
    )
    opened = open_store(release.index, workers=1)
    yield release, opened
    opened.close()


# The answers


@pytest.mark.parametrize("one", CATALOGUE.all, ids=lambda one: one.name)
def test_the_answer_is_what_was_worked_out_by_hand(
    one: question.Question, world: Release, store: Store
) -> None:
    found = answered.ask(one, given(one), "zh", store, world.regions)
    with (HERE / f"{one.name}.csv").open(encoding="utf-8", newline="") as file:
        head, *expected = list(csv.reader(file))
    assert head == [column.name for column in one.columns]
    rows = [[found.value(row, at).removeprefix(names.BASE) for at in range(len(row))] for row in found.rows]
    assert rows == expected


@pytest.mark.parametrize("one", CATALOGUE.all, ids=lambda one: one.name)
def test_the_samples_have_an_answer_in_both_languages(
    one: question.Question, samples: tuple[Release, Store]
) -> None:
    release, opened = samples
    values = {name: value for name, value in given(one).items() if name in ("on", "period")}
    sizes = {lang: len(answered.ask(one, values, lang, opened, release.regions).rows) for lang in LANGUAGES}
    assert sizes["zh"] == sizes["en"] > 0


def test_a_region_narrows_the_answer_to_it_and_what_lies_below(samples: tuple[Release, Store]) -> None:
    release, opened = samples
    one = CATALOGUE.find("guide-elements-filled")
    assert one is not None
    where = {
        code: {
            str(row[0]["value"]).rpartition("/")[2]
            for row in answered.ask(one, {"region": code}, "zh", opened, release.regions).rows
            if row[0]
        }
        for code in ("370602", "370600", "370000", "000000")
    }
    assert where["370602"] == {"370602"}
    assert where["370600"] == {"370600", "370602", "370611"}
    assert where["370000"] == {"370100", "370200", "370600", "370602", "370611"}
    assert where["000000"] == where["370000"] | {"330100"}


# The catalogue


def test_there_are_the_28_questions_each_with_its_case() -> None:
    assert [one.number for one in CATALOGUE.all] == [f"Q{number:02}" for number in range(1, 29)]
    cases = {path.stem for path in HERE.glob("*.csv")} - {"given"}
    assert cases == {one.name for one in CATALOGUE.all}
    assert all(len((HERE / f"{name}.csv").read_text("utf-8").splitlines()) > 1 for name in cases)


@pytest.mark.parametrize("one", CATALOGUE.all, ids=lambda one: one.name)
def test_a_question_speaks_both_languages(one: question.Question) -> None:
    for said in (one.titles, one.explanations, *(each.labels for each in (*one.parameters, *one.columns))):
        assert set(said) == set(LANGUAGES)
        assert re.search(r"[\u4e00-\u9fff]", said["zh"]) or said["zh"].isascii()
        assert not re.search(r"[\u4e00-\u9fff]", said["en"])
    assert one.titles["zh"].endswith("？") and one.titles["en"].endswith("?")
    assert len(one.explanations["zh"]) > 50 and len(one.explanations["en"]) > 100


def test_every_layer_and_aspect_has_a_question() -> None:
    assert {one.layer for one in CATALOGUE.all} == {"support", "exchange", "item", "platform", "user"}
    assert {aspect for one in CATALOGUE.all for aspect in one.aspects} == set(
        question.aspects(standards.load())
    )


def test_each_complaint_of_the_article_has_a_question() -> None:
    asked = {one.source.value for one in CATALOGUE.all}
    complaints = ["guide-elements", "items-differ", "portals-multiply", "nobody-coordinates"]
    mechanisms = ["supervision", "leadership", "participation"]
    for name in [*complaints, *mechanisms, "five-layers"]:
        assert f"{names.CLAUSE}yantai-article/{name}" in asked, name


def test_no_parameter_has_the_name_of_an_option_of_the_command() -> None:
    options = {flag.removeprefix("--") for option in ask.params for flag in option.opts}
    assert not options & {parameter.name for one in CATALOGUE.all for parameter in one.parameters}


# The catalogue as data


def test_the_catalogue_is_a_graph_of_the_release(store: Store) -> None:
    found = store.select(
        f"""PREFIX sh: <{names.SH}> SELECT ?question ?select WHERE {{ GRAPH <{names.graph("questions")}> {{
        ?question a sh:SPARQLExecutable , sh:SPARQLSelectExecutable ; sh:select ?select ; sh:prefixes <{names.BASE}def> }} }}"""
    )
    texts = {row["question"].value: row["select"].value for row in found}  # type: ignore[union-attr]
    assert texts == {one.iri.value: one.text for one in CATALOGUE.all}


def test_a_question_as_data_names_its_parameters_terms_and_groups() -> None:
    facts = Facts(CATALOGUE.graph)
    node = Iri(names.QUESTION + "findings-open-too-long")
    assert facts.text(node, Iri(names.DCT + "identifier")) == "Q18"
    assert facts.value(node, SOURCE) == Iri(names.CLAUSE + "yantai-article/supervision")
    assert def_("SelfCheckFinding") in facts.values(node, def_("isAbout"))
    keywords = {
        term.value for term in facts.values(node, Iri(names.SCHEMA + "keywords")) if isinstance(term, Literal)
    }
    assert {"支撑保障层", "跨部门协同", "标准治理"} <= keywords
    days = Iri(node.value + "#days")
    assert days in facts.values(node, Iri(names.SH + "parameter"))
    assert facts.value(days, Iri(names.SH + "datatype")) == Iri(names.XSD + "integer")
    assert facts.text(days, Iri(names.SH + "defaultValue")) == "90"
    assert (
        facts.value(Iri(node.value + "#on"), Iri(names.SH + "defaultValue")) is None
    )  # the day on which one asks


def test_the_dump_of_the_questions_is_the_graph() -> None:
    text = system.authored(SYSTEM, rules.load(), CATALOGUE)["questions"]
    assert {quad.triple for quad in parse(text, format=RdfFormat.TURTLE)} == CATALOGUE.graph


# What may be given


ACCEPTED = {
    "region": ["370600", "000000"],
    "layer": ["item", "服务事项层", "service item layer"],
    "department": ["11370600999000013N", "11370600999000013n"],
    "item": ["000101001000"],
    "document": ["GB/T 39046—2020", "GBT39046-2020"],
    "code": ["370000-R-1"],
    "period": ["2026", "2026-H2", "2026-Q3", "2026-09"],
    "date": ["2026-01-31", "2024-02-29"],
    "integer": ["0", "999999999"],
}
REFUSED = {
    "region": ["37060", "3706000", "烟台", "３７０６００", "370600> <x:y"],
    "layer": ["core", "Item"],
    "department": ["1137060099900001", "11370600 99900013N"],
    "item": ["0001 01"],
    "code": ["a b", "x" * 201],
    "period": ["2026-13", "2026-Q5", "2026-H3", "26", "0000"],
    "date": ["2026-02-30", "20260131", "2026-1-1", "tomorrow"],
    "integer": ["-1", "1.5", "1e3", "", "1000000000"],
}


def test_the_kinds_of_parameters_are_all_tried() -> None:
    assert set(ACCEPTED) == set(KINDS) and set(REFUSED) == set(KINDS) - {"document"}


@pytest.mark.parametrize(("kind", "value"), [(kind, one) for kind, some in ACCEPTED.items() for one in some])
def test_what_fits_is_read_into_terms(kind: str, value: str) -> None:
    terms = Parameter("x", KINDS[kind], {}, "", True).read(value, SYSTEM)
    assert list(terms) == KINDS[kind].variables("x")
    assert all(isinstance(term, Iri | Literal) for term in terms.values())


@pytest.mark.parametrize(("kind", "value"), [(kind, one) for kind, some in REFUSED.items() for one in some])
def test_what_does_not_fit_is_refused_with_what_would(kind: str, value: str) -> None:
    with pytest.raises(Misasked) as caught:
        Parameter("x", KINDS[kind], {}, "", True).read(value, SYSTEM)
    assert KINDS[kind].allowed in caught.value.said("zh")
    assert not re.search(r"[\u4e00-\u9fff]", caught.value.said("en").replace(value[:200] or "–", ""))


@pytest.mark.parametrize(
    ("value", "days"),
    [
        ("2026", ("2026-01-01", "2026-12-31")),
        ("2024-02", ("2024-02-01", "2024-02-29")),
        ("2026-Q3", ("2026-07-01", "2026-09-30")),
        ("2026-H1", ("2026-01-01", "2026-06-30")),
    ],
)
def test_a_period_is_its_first_and_last_day(value: str, days: tuple[str, str]) -> None:
    terms = Parameter("period", KINDS["period"], {}, "", True).read(value, SYSTEM)
    assert {name: term.value for name, term in terms.items() if isinstance(term, Literal)} == dict(
        zip(("periodStart", "periodEnd"), days, strict=True)
    )


def test_values_become_terms_and_never_text_of_the_query(store: Store, world: Release) -> None:
    one = CATALOGUE.find("Q13")
    assert one is not None
    hostile = '130100-S-1"}#{"'
    assert answered.ask(one, {"service": hostile}, "zh", store, world.regions).rows == []
    assert "VALUES" in one.bind({"service": hostile}, "zh")


def test_everything_wrong_is_said_at_once() -> None:
    one = CATALOGUE.find("findings-open-too-long")
    assert one is not None
    with pytest.raises(Misasked) as caught:
        one.bind({"region": "x", "days": "many", "colour": "red"}, "zh")
    said = caught.value.said("zh").splitlines()
    assert len(said) == 3 and "colour" in said[0] and "region、days、on" in said[0]


# Files that must not be asked

GOOD = (
    (CATALOGUE.files[0].parent / "who-evaluates.rq")
    .read_text("utf-8")
    .replace("# number: Q19", "# number: Q98")
)
FAULTS = [
    ("# group:", "# groups:", ":9: no such key: groups"),
    ("# number: Q98", "# number: 98", ":1: a number is Q and two digits"),
    ("# title en:", "# title fr:", "the head has lines"),
    ("support governance", "nation governance", "expected a layer first"),
    ("support governance", "support", "expected after the layer"),
    ("clause:yantai-article/supervision", "clause:yantai-article/none", "expected a clause or a standard"),
    ("region region = 000000", "region place = 000000", "expected NAME KIND"),
    ("| 地区（含下级） |", "|", "expected … | Chinese | English"),
    ("# column: score | 平均得分（分） | mean score\n", "", "the query gives"),
    ("zwfw:hasEvaluatorKind ?kind", "zwfw:hasEvaluatorSort ?kind", "no such term: zwfw:hasEvaluatorSort"),
    ("skos:notation", "sko:notation", "no such term: sko:notation"),
    ("ORDER BY ?kinds ?where ?code", "", "expected a SELECT with ORDER BY"),
    ("zwfw:isPartOf? ?region ;", "", "the query does not use ?region"),
    ("GROUP BY ?where\n", "GROUP ?where\n", "error at"),
    ("kind of evaluator\n", "kind of evaluator\n# chart: pie kindName evaluations\n", "expected one of bar"),
    ("# number: Q98\n", "", ":1: number is missing"),
    ("# number: Q98\n", "# number: Q98\n# number: Q98\n", ":2: number is given twice"),
]


@pytest.mark.parametrize(("old", "new", "why"), FAULTS, ids=[why for *_, why in FAULTS])
def test_a_file_that_is_wrong_is_refused_with_its_line(tmp_path: Path, old: str, new: str, why: str) -> None:
    assert old in GOOD
    (tmp_path / "wrong.rq").write_text(GOOD.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(QuestionFault, match=r"^wrong\.rq:\d+: ") as caught:
        Questions(tmp_path, SYSTEM)
    assert why in str(caught.value)


def test_adding_a_question_needs_no_python(tmp_path: Path, store: Store, world: Release) -> None:
    (tmp_path / "my-question.rq").write_text(GOOD, encoding="utf-8")
    (mine,) = Questions(tmp_path, SYSTEM).all
    assert mine.iri.value == f"{names.QUESTION}my-question"
    assert answered.ask(mine, {}, "en", store, world.regions).rows


def test_the_example_of_the_documentation_is_a_question(tmp_path: Path, store: Store, world: Release) -> None:
    text = (names.resources("docs") / "questions.md").read_text("utf-8")
    (example,) = re.findall(r"```sparql\n(.*?)```", text, re.DOTALL)
    (tmp_path / "items-published.rq").write_text(example, encoding="utf-8")
    (mine,) = Questions(tmp_path, SYSTEM).all
    rows = answered.ask(mine, {"few": "2"}, "zh", store, world.regions).rows
    assert [[term["value"] for term in row if term][1:] for row in rows] == [["石家庄市", "3"]]


def test_two_questions_of_one_number_are_refused(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.rq").write_text(GOOD, encoding="utf-8")
    with pytest.raises(QuestionFault, match="another question has the number Q98"):
        Questions(tmp_path, SYSTEM)


# The command


def asked(world: Release, *options: str) -> tuple[int, bytes, str]:
    root = str(world.path.parent.parent)
    result = CliRunner().invoke(zwfw, ["ask", *options, "--release", root])
    return result.exit_code, result.stdout_bytes, result.stderr


def test_ask_writes_a_table_for_people(world: Release) -> None:
    code, out, err = asked(world, "q18", "--region=130100", "--on", "2026-11-24")
    assert code == 0 and "合成" in err
    head, row = out.decode().splitlines()
    assert head.split() == ["地区", "自查问题", "责任部门", "发现日期", "整改期限", "未整改（天）"]
    assert row.split() == ["石家庄市", "久未整改（测试）", "乙局（测试）", "2026-08-01", "2026-09-30", "115"]


def test_ask_writes_csv_and_json_as_the_endpoint_does(world: Release, store: Store) -> None:
    one = CATALOGUE.find("Q26")
    assert one is not None
    for option, media_type in (("csv", "text/csv"), ("json", "application/sparql-results+json")):
        code, out, _ = asked(world, one.name, "--format", option)
        assert code == 0 and out == b"".join(store.answer(Query(one.bind({}, "zh")), media_type).frames)
    assert json.loads(asked(world, one.name, "--json")[1])["head"]["vars"] == [c.name for c in one.columns]


def test_ask_writes_a_workbook_that_says_what_it_is(world: Release, tmp_path: Path) -> None:
    import python_calamine

    path = tmp_path / "answer.xlsx"
    code, out, _ = asked(world, "Q20", "--format", "xlsx", "-o", str(path))
    assert code == 0 and out == b""
    rows = python_calamine.CalamineWorkbook.from_path(path).get_sheet_by_name("Q20").to_python()
    said = "\n".join(str(row[0]) for row in rows)
    assert "含合成数据" in said and world.id in said
    assert rows[-1][4:] == [90.0, 3.0, 25.0, 65.0]


def test_csv_for_spreadsheets_has_labels_and_no_formula(world: Release, store: Store) -> None:
    one = CATALOGUE.find("Q28")
    assert one is not None
    found = answered.ask(one, given(one), "en", store, world.regions)
    found.rows[0][6] = {"type": "literal", "value": "=1+1"}
    content = found.csv()
    assert content.startswith(b"\xef\xbb\xbf")
    head, row = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert head[1:4] == ["region", "item IRI", "item"] and row[6] == "'=1+1"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["none"], "没有名为 none 的问题"),
        ([], "请给出问题的名称"),
        (["Q26", "--colour=red"], "没有参数 colour；它的参数是：region、department"),
        (["Q26", "red"], "看不懂“red”"),
        (["Q26", "--region"], "看不懂“--region”"),
        (["Q26", "--region=13"], "参数 region 不能是“13”：六位行政区划代码"),
        (["Q26", "--region=999999"], "没有代码为 999999 的行政区划"),
    ],
)
def test_what_cannot_be_asked_is_a_mistake_of_usage(world: Release, options: list[str], said: str) -> None:
    code, out, err = asked(world, *options)
    assert code == 2 and out == b"" and said in err


def test_the_list_names_every_question_and_what_it_takes() -> None:
    listed = CliRunner().invoke(zwfw, ["ask", "--list"]).output
    as_json = json.loads(CliRunner().invoke(zwfw, ["ask", "--list", "--json"]).output)
    assert [one["identifier"] for one in as_json] == [one.number for one in CATALOGUE.all]
    for one in CATALOGUE.all:
        assert f"{one.number} {one.name}  {one.titles['zh']}" in listed
        assert all(f"--{parameter.name}" in listed for parameter in one.parameters)


@pytest.mark.parametrize(
    "written, kind, expected",
    [
        ("12", "integer", 12),
        ("1.50", "decimal", 1.5),
        ("7", "long", 7),
        ("NaN", "double", "NaN"),
        ("-INF", "double", "-INF"),
        ("twelve", "integer", "twelve"),
        ("007", "string", "007"),
        ("999999999999999", "integer", 999999999999999),
        ("-1000000000000000", "integer", "-1000000000000000"),
    ],
)
def test_a_cell_of_a_workbook_is_a_number_only_where_it_can_be(written, kind, expected):
    term = {"type": "literal", "value": written, "datatype": f"{names.XSD}{kind}"}
    cell = answered.cell(term)
    assert cell == expected and type(cell) is type(expected)
