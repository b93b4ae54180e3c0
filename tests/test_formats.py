"""Reports for tools: SARIF as its specification wants it, JUnit as CI services read it."""

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from app import rules

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
