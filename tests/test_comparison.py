"""What became of the findings between two reports."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def run(*arguments):
    command = [sys.executable, "-m", "app", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)


def report(folder, path, *options):
    done = run("check", folder, "--above", ROOT / "data", "--json", *options)
    path.write_text(done.stdout, "utf-8")
    return path


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """The synthetic region before and after a clerk put one fault right, made another and turned the rows round."""
    root = tmp_path_factory.mktemp("reports")
    shutil.copytree(ROOT / "data" / "370600", root / "370600")
    before = report(root / "370600", root / "before.json", "--on", "2026-11-24")
    table = root / "370600" / "ImplementedItem.csv"
    heading, *rows = table.read_text("utf-8").splitlines()
    rows[3] = rows[3].replace("行政确认,01", "行政许可,01")
    rows[0] = rows[0].replace("符合《食品经营许可管理规定（合成）》规定的条件。", "详见附件")
    table.write_text("\n".join([heading, *reversed(rows)]) + "\n", "utf-8")
    return before, report(root / "370600", root / "after.json", "--on", "2026-11-24")


def test_what_is_new_fixed_and_open_whatever_the_order_of_rows(reports):
    done = run("diff", *reports, "--json")
    found = json.loads(done.stdout)
    assert {one["rule_id"] for one in found["fixed"]} == {"R26", "R46"}
    assert [one["rule_id"] for one in found["new"]] == ["R22"]
    assert len(found["open"]) == len(json.loads(reports[0].read_text("utf-8"))["findings"]) - len(
        found["fixed"]
    )
    assert found["judged"] == [] and done.returncode == 0, "a new warning is no new violation"


def test_new_violations_are_the_exit_code(reports):
    assert run("diff", *reversed(reports)).returncode == 1


def test_a_report_against_itself_has_nothing_new(reports):
    done = run("diff", reports[0], reports[0], "--lang", "en")
    assert done.returncode == 0 and "0 new, 0 fixed" in done.stdout


def test_what_reports_were_judged_by_is_said_where_it_differs(reports, tmp_path):
    later = json.loads(reports[0].read_text("utf-8")) | {"referenceDate": "2027-01-01"}
    (tmp_path / "later.json").write_text(json.dumps(later), "utf-8")
    assert "基准日期不同：2026-11-24、2027-01-01" in run("diff", reports[0], tmp_path / "later.json").stdout


def test_reports_of_different_regions_are_not_compared(reports, tmp_path):
    other = json.loads(reports[0].read_text("utf-8")) | {"region": "370200"}
    (tmp_path / "other.json").write_text(json.dumps(other), "utf-8")
    done = run("diff", reports[0], tmp_path / "other.json")
    assert done.returncode == 2 and "没有共同的地区" in done.stderr


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"region": 1}', "[" * 100_000, "\udcff"])
def test_what_is_no_report_is_said_to_be_none(reports, tmp_path, content):
    (tmp_path / "x.json").write_bytes(content.encode("utf-8", "surrogateescape"))
    done = run("diff", reports[0], tmp_path / "x.json")
    assert done.returncode == 3 and "x.json" in done.stderr and "Traceback" not in done.stderr
