"""The real list of Guang'an district, whole: read, checked, published and asked about.

Each count was worked out by hand from the file; the reason stands beside it. The list is not part of the project.
"""

import csv
import datetime
import io
import os
import shutil
from collections import Counter
from pathlib import Path

import pytest

from app import names
from app.checking import check, report, rules
from app.checking.formats import rows as table_of
from app.checking.responsibility import Responsible
from app.ontology import facts, standards
from app.publishing.publication import Publisher
from app.regions import above, region
from app.store import Query, open_store

ROOT = Path(__file__).parent.parent
LIST = Path(os.environ.get("ZWFW_SHARED", ROOT.parent / "shared")) / "data" / "guangan" / "items.csv"
ON = datetime.date(2026, 11, 24)

pytestmark = pytest.mark.skipif(not LIST.is_file(), reason=f"the real list is not at {LIST}")

EXPECTED = {
    # Rows whose code holds something else than 18 signs: a 17-character code with a dropped digit (63 + 28), old
    # nine-character codes with and without hyphen (13 + 12 + 2 + 1 + 1 + 1 + 1), ten digits (12), the placeholder
    # 2222222222222 (8), seven digits (1), a lower-case check character (1).
    "R01": 144,
    # TE5116020105116050, the tobacco monopoly: the last sign computes to another.
    "R02": 7,
    # The same seven: T is no registration authority of a government body.
    "R04": 7,
    # Letter A (行政许可) at character 4, typed 10 (19 rows), 20 (12) or 07 (2); letter Z (其他) typed 09 (1).
    "R10": 34,
    # 求职创业补贴申领 and 城市建筑物、设施上张挂、张贴宣传品审批, each twice in one department.
    "R17": 4,
    # Three codes without the 12-digit region, so that nothing can be split off; 18 whose basic code is in an older
    # style: six Z-000000-000, five 1J-0000-00000, three G-, one each of A-, E-, F-, H-.
    "R57": 21,
}

SYSTEM, BOOK = standards.load(), rules.load()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("regions") / "511602"
    made.mkdir()
    shutil.copy(ROOT / "examples" / "511602" / "region.ttl", made)
    shutil.copy(LIST, made)
    return made


@pytest.fixture(scope="module")
def reading(folder):
    return region.read_folder(folder, SYSTEM)


@pytest.fixture(scope="module")
def beside(reading):
    nation = above.Folders(names.resources("data"), SYSTEM)
    found, missing = above.gather(reading.graph, reading.code, [nation])
    assert missing == ["511600", "510000"]  # reported, not guessed
    return found | SYSTEM.terms


@pytest.fixture(scope="module")
def found(reading, beside):
    results = check.check(reading.graph, beside, BOOK.all, BOOK.prefixes, ON)
    return report.report(results, reading, BOOK, SYSTEM, ON, Responsible(reading.graph, SYSTEM))


def rows():
    with LIST.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_the_list_is_read_whole(reading):
    kinds = Counter(
        t.object.value.removeprefix(names.DEF) for t in reading.graph if t.predicate == facts.TYPE
    )
    assert kinds["ImplementedItem"] == len(rows()) == 1135
    assert kinds["Department"] == len({row["部门"] for row in rows()}) == 34
    item_names = {t.object.value for t in reading.graph if t.predicate.value == names.DEF + "name"}
    assert {row["事项名称"] for row in rows()} <= item_names


def test_the_report_finds_its_defects_and_nothing_else(found):
    assert {rule.identifier: len(findings) for rule, findings in found.by_rule()} == EXPECTED


def test_each_finding_is_on_the_row_that_has_the_fault(found):
    table = list(csv.DictReader(io.StringIO(table_of.write([found], SYSTEM, "zh").decode(), newline="")))
    assert len(table) == sum(EXPECTED.values())
    source = rows()
    for line in table:
        row = source[int(line["row"]) - 2]
        assert line["file"] == "items.csv"
        assert line["label"] == row["事项名称"]
        assert line["column"] in row
    by_hand = {n for n, row in enumerate(source, 2) if "TE5116020105116050" in row["事项编码"]}
    assert {int(line["row"]) for line in table if line["rule_id"] == "R02"} == by_hand


def test_the_reference_engine_says_the_same(reading, beside, found):
    # pyshacl takes some 16 ms a node and query, so it is given every flawed row of a rare kind and some of each other.
    rows_of = {rule.identifier: [f.place.row for f in findings] for rule, findings in found.by_rule()}
    chosen = {row for rows in rows_of.values() for row in rows[:8]} | set(range(2, 30))
    subjects = {thing for thing, place in reading.places.rows.items() if place.row in chosen}
    part = {t for t in reading.graph if t.subject.value in subjects or "/Department/" in t.subject.value}
    fast, slow = (check.check(part, beside, BOOK.all, BOOK.prefixes, ON, engine) for engine in check.ENGINES)
    assert set(fast) == set(slow)
    assert {BOOK.of_shape(result.shape).identifier for result in fast} == set(EXPECTED)


def test_published_it_answers_by_department_and_by_rule(folder, tmp_path):
    publication = Publisher(tmp_path, SYSTEM, BOOK, ON, lambda line: None).publish([folder])
    store = open_store(publication.release.index, workers=1)
    try:
        departments = store.select(
            f"""PREFIX zwfw: <{names.DEF}> SELECT ?name (COUNT(?item) AS ?n) WHERE {{
                ?item zwfw:isProvidedBy ?department . ?department zwfw:name ?name }} GROUP BY ?name"""
        )
        assert {row["name"].value: int(row["n"].value) for row in departments} == Counter(
            r["部门"] for r in rows()
        )
        by_rule = store.select(
            f"""PREFIX zwfw: <{names.DEF}> PREFIX dct: <{names.DCT}> SELECT ?id (COUNT(?finding) AS ?n) WHERE {{
                ?finding zwfw:breaksRule ?rule . ?rule dct:identifier ?id }} GROUP BY ?id"""
        )
        assert {row["id"].value: int(row["n"].value) for row in by_rule} == EXPECTED
        conforms = Query(f"ASK {{ <{names.graph('511602')}> <{names.DCT}conformsTo> ?x }}")
        assert b"false" in b"".join(store.answer(conforms).frames)
    finally:
        store.close()
