"""Reports for people (page, workbook) and for tools: SARIF as its specification wants it, JUnit as CI services read it."""

import io
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner
from python_calamine import CalamineWorkbook

from app.checking import rules
from app.checking.formats import page, prose
from app.cli import zwfw

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "data" / "370600"


def run(*arguments):
    command = [sys.executable, "-m", "app", "check", *map(str, arguments), "--on", "2026-11-24"]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False).stdout


@pytest.fixture(scope="module")
def findings():
    return json.loads(run(FOLDER, "--json"))["findings"]


def test_sarif_has_every_finding_with_its_rule_place_and_fingerprint(findings):
    """SARIF 2.1.0: sections 3.13 (log), 3.14 (run), 3.27 (result), 3.49 (reporting descriptor)."""
    log = json.loads(run(FOLDER, "--format", "sarif"))
    assert log["version"] == "2.1.0" and log["$schema"].endswith("sarif-2.1.0.json")
    (ran,) = log["runs"]
    described = ran["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in described}) == len(described)
    assert {one["partialFingerprints"]["finding/v1"] for one in ran["results"]} == {
        one["id"] for one in findings
    }
    for one in ran["results"]:
        assert described[one["ruleIndex"]]["id"] == one["ruleId"]
        assert one["level"] in ("error", "warning", "note") and one["message"]["text"]
    by_id = {one["partialFingerprints"]["finding/v1"]: one for one in ran["results"]}
    named = next(one for one in findings if one["rule_id"] == "R26")
    (location,) = by_id[named["id"]]["locations"]
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "ImplementedItem.csv"},
        "region": {"startLine": 5},
    }
    assert location["logicalLocations"] == [{"fullyQualifiedName": "事项类型"}]


def test_sarif_has_a_run_for_each_region():
    log = json.loads(run(FOLDER, ROOT / "data" / "000000" / "sample", "--format", "sarif", "--lang", "en"))
    assert [ran["properties"]["region"] for ran in log["runs"]] == ["370600", "000000-sample"]


def test_junit_has_a_case_for_each_rule_and_fails_on_violations_only(findings):
    suite = ElementTree.fromstring(run(FOLDER, "--format", "junit")).find("testsuite")
    cases = suite.findall("testcase")
    assert len(cases) == int(suite.get("tests")) == len(rules.load().all)
    broken = {one["rule_id"] for one in findings if one["severity"] == "Violation"}
    assert {case.get("name").split()[0] for case in cases if case.find("failure") is not None} == broken
    assert int(suite.get("failures")) == len(broken)
    told = {case.get("name").split()[0] for case in cases if case.find("system-out") is not None}
    assert told == {one["rule_id"] for one in findings} - broken


def test_junit_holds_what_xml_cannot(tmp_path):
    (tmp_path / "ImplementedItem.csv").write_text("实施编码,事项名称\n\x01\x0b]]>&<,x\n", "utf-8")
    assert ElementTree.fromstring(run(tmp_path / "ImplementedItem.csv", "--format", "junit"))


def test_only_rules_at_least_as_grave_as_asked():
    severities = {
        asked: {one["severity"] for one in json.loads(run(FOLDER, "--json", "--severity", asked))["findings"]}
        for asked in ("violation", "warning")
    }
    assert severities == {"violation": {"Violation"}, "warning": {"Violation", "Warning"}}


def write(path, *arguments):
    run(*arguments, "-o", path)
    return path.read_bytes()


def test_the_page_has_every_finding_under_its_rule_and_fetches_nothing(findings, tmp_path):
    page = write(tmp_path / "report.html", FOLDER).decode()
    assert re.findall(r'<tr id="(\w+)"', page) == [one["id"] for one in findings]
    assert not re.search(r'(?:src|href)="(?!#)|url\(|@import|<script', page)
    assert "合成数据" in page and "市场监督管理局（合成）" in page


def test_the_page_holds_what_html_must_not(tmp_path):
    (tmp_path / "ImplementedItem.csv").write_text(
        '实施编码,事项名称\n<script>alert(1)</script>,"&<b>"\n', "utf-8"
    )
    page = write(tmp_path / "report.html", tmp_path / "ImplementedItem.csv").decode()
    assert "<script" not in page and "&lt;script&gt;" in page


def test_a_capped_list_says_the_true_total(tmp_path, monkeypatch):
    monkeypatch.setattr(page, "LISTED_PER_RULE", 1)
    monkeypatch.setattr(prose, "LISTED_PER_RULE", 1)
    done = [
        CliRunner().invoke(zwfw, ["check", str(FOLDER), "--rules", "R46", "--format", form]).stdout
        for form in ("text", "html")
    ]
    assert all("另有 3 处" in said for said in done)


def test_a_file_that_cannot_be_written_is_said(tmp_path):
    done = CliRunner().invoke(zwfw, ["check", str(FOLDER), "-o", str(tmp_path / "no" / "report.html")])
    assert done.exit_code == 2 and "report.html" in done.stderr and "Traceback" not in done.stderr


def sheets(content):
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def test_the_workbook_has_a_summary_the_findings_and_the_rules(findings, tmp_path):
    book = sheets(write(tmp_path / "report.xlsx", FOLDER))
    assert list(book) == ["概要", "问题清单", "规则"]
    heading, *rows = book["问题清单"]
    assert [dict(zip(heading, row, strict=True))["问题编号"] for row in rows] == [
        one["id"] for one in findings
    ]
    (table,) = (number for number, row in enumerate(book["概要"]) if row[0] == "部门")
    totals = [row[-1] for row in book["概要"][table + 1 :] if row[0]]
    assert sum(totals) == sum(max(1, len(one["departments"])) for one in findings)
    assert {row[0] for row in book["规则"][1:]} == {one["rule_id"] for one in findings}


def test_no_cell_of_a_workbook_becomes_a_formula_or_a_link(tmp_path):
    (tmp_path / "ImplementedItem.csv").write_text('实施编码,事项名称\n=1+1,"=HYPERLINK(""x"")"\n', "utf-8")
    content = write(tmp_path / "report.xlsx", tmp_path / "ImplementedItem.csv")
    sheet = zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet2.xml").decode()
    assert "<f>" not in sheet and "<hyperlink" not in sheet
    assert any("=1+1" in row for row in sheets(content)["问题清单"])


def test_the_same_report_is_the_same_workbook(tmp_path):
    assert write(tmp_path / "one.xlsx", FOLDER) == write(tmp_path / "other.xlsx", FOLDER)


def test_every_finding_names_who_answers_for_it(findings):
    by_id = {one["rule_id"]: one for one in findings}
    assert [one["label"] for one in by_id["R10"]["departments"]] == [{"zh": "市场监督管理局（合成）"}]
    assert by_id["R61"]["departments"] == []


@pytest.mark.parametrize(
    "name", ["report.json", "report.csv", "report.ttl", "report.sarif", "report.xml", "report.txt"]
)
def test_the_format_is_that_of_the_file(name, tmp_path):
    form = {"xml": "junit", "txt": "text"}.get(name.partition(".")[2], name.partition(".")[2])
    written = write(tmp_path / name, FOLDER, "--rules", "R46").decode().replace("\r\n", "\n")
    assert written == run(FOLDER, "--rules", "R46", "--format", form)
