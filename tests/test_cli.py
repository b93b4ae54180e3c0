"""The installed command: exit codes, formats, what goes to stdout and what to stderr."""

import csv
import io
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app import names
from app.checking.formats.rows import COLUMNS
from app.store.terms import RdfFormat, parse

ROOT = Path(__file__).parent.parent
DATA = ROOT / "data"


def run(*arguments, stdin="", cwd=ROOT):
    return subprocess.run(
        [sys.executable, "-m", "app", *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        input=stdin,
    )


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    root = tmp_path_factory.mktemp("release")
    done = run("publish", DATA / "370600", "--release", root, "--json")
    assert done.returncode == 1, (
        done.stderr
    )  # it has violations, on purpose, and is published with its report
    outcome = json.loads(done.stdout)
    assert outcome["regions"]["370600"]["Violation"] == 15
    assert outcome["release"] == (root / "current").readlink().name
    return root


@pytest.mark.parametrize(
    "arguments,code",
    [
        (["check", DATA / "000000" / "sample"], 0),
        (["check", DATA / "370600"], 1),
        (["check", DATA / "370600", "--rules", "R17"], 0),  # warnings alone
        (["check", DATA / "370600", "--rules", "R17", "--strict"], 1),
        (["check", DATA / "370600", "--layer", "core"], 1),
        (["check", DATA / "370600", "--rules", "R99"], 2),
        (["check", DATA / "370600", "--layer", "no-layer"], 2),
        (["check", DATA / "370600", "--on", "tomorrow"], 2),
        (["check", "nowhere"], 2),
        (["no-command"], 2),
        (["check", ROOT / "README.md"], 3),
    ],
    ids=lambda value: (
        " ".join(str(v).removeprefix(str(ROOT)) for v in value) if isinstance(value, list) else None
    ),
)
def test_exit_codes(arguments, code):
    done = run(*arguments)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr


def test_csv_has_the_columns_of_the_contract():
    done = run("check", DATA / "370600", "--format", "csv")
    table = list(csv.DictReader(io.StringIO(done.stdout, newline="")))
    assert tuple(table[0]) == COLUMNS
    assert {row["severity"] for row in table} == {"Violation", "Warning"}
    (found,) = [row for row in table if row["rule_id"] == "R26"]
    assert (found["file"], found["sheet"], found["row"], found["column"]) == (
        "ImplementedItem.csv",
        "",
        "5",
        "事项类型",
    )
    assert (found["layer"], found["value"], found["label"]) == ("item", "行政确认", "取水许可")
    assert found["rule"].startswith(names.RULE) and found["path"] == names.DEF + "itemTypeName"
    assert found["clause"].startswith("GB/T 39046—2020")


def test_json_and_turtle_say_the_same_as_csv():
    as_json = json.loads(run("check", DATA / "370600", "--json").stdout)
    assert as_json["counts"] == {"Violation": 15, "Warning": 3, "Info": 0}
    graph = {
        q.triple
        for q in parse(run("check", DATA / "370600", "--format", "ttl").stdout, format=RdfFormat.TURTLE)
    }
    results = {t.subject.value for t in graph if t.object == parse_iri(names.SH + "ValidationResult")}
    assert results == {names.FINDING + finding["id"] for finding in as_json["findings"]}


def parse_iri(iri):
    return next(iter(parse(f"<x:a> <x:b> <{iri}> .", format=RdfFormat.TURTLE))).object


def test_several_folders_give_one_table_and_one_list():
    paths = (DATA / "000000" / "sample", DATA / "370600", DATA / "370600")
    table = list(csv.DictReader(io.StringIO(run("check", *paths, "--format", "csv").stdout, newline="")))
    assert len(table) == 36 and all(row["severity"] in ("Violation", "Warning") for row in table)
    assert [one["region"] for one in json.loads(run("check", *paths, "--json").stdout)] == [
        "000000-sample",
        "370600",
        "370600",
    ]


def test_the_reference_engine_gives_the_same_report():
    fast, slow = (
        json.loads(run("check", DATA / "370600", "--json", "--engine", engine).stdout)
        for engine in ("fast", "pyshacl")
    )
    for ours, its in zip(fast["findings"], slow["findings"], strict=True):
        # What a query of ours says beside its results is nothing pyshacl passes on; what shapes say, both have.
        its["expected"] = its["expected"] or ours["expected"]
    assert fast == slow


def test_an_unreadable_table_says_where_in_the_language_asked(tmp_path):
    folder = tmp_path / "370600"
    shutil.copytree(DATA / "370600", folder)
    (folder / "Department.csv").write_text("部门名称,统一社会信用代码,部门名\n甲,,丙\n", "utf-8")
    done = run("publish", folder, "--release", tmp_path / "root", "--lang", "en")
    assert done.returncode == 3
    assert 'Department.csv, row 2, column "统一社会信用代码"' in done.stderr
    assert 'Department.csv, row 1, column "部门名"' in done.stderr
    assert not (tmp_path / "root" / "current").exists()


def test_a_question_asked_of_the_release(release):
    query = f"SELECT (COUNT(*) AS ?n) {{ ?item a <{names.DEF}ImplementedItem> }}"
    assert run("query", query, "--release", release).stdout.split() == ["n", "21"]
    assert json.loads(run("query", "-", "--release", release, "--json", stdin=query).stdout)["head"][
        "vars"
    ] == ["n"]
    assert run("query", "ASK {}", "--release", release, "--format", "json").stdout.count("true") == 1
    assert run("query", "SELECT nonsense", "--release", release).returncode == 1
    assert (
        run("query", "SELECT * { SERVICE <http://127.0.0.1/> { ?s ?p ?o } }", "--release", release).returncode
        == 1
    )
    runaway = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
    assert "DeadlineExceeded" in run("query", runaway, "--timeout", "1", "--release", release).stderr


def test_no_release_yet_says_what_to_do(tmp_path):
    done = run("query", "ASK {}", "--release", tmp_path)
    assert done.returncode == 2
    assert "zwfw publish" in done.stderr


def test_rules_are_listed_with_their_clauses():
    listed = json.loads(run("rules", "--json").stdout)
    assert {"identifier", "name", "layer", "severity", "clause", "labels"} == set(listed[0])
    assert len(run("rules", "--lang", "en").stdout.splitlines()) == len(listed)


def test_converted_data_checks_alike(tmp_path):
    turtle = tmp_path / "370600.ttl"
    turtle.write_text(run("convert", DATA / "370600").stdout, "utf-8")
    folder, file = (json.loads(run("check", path, "--json").stdout) for path in (DATA / "370600", turtle))
    assert file["rules"] == folder["rules"]


def test_doctor_finds_a_damaged_dump(release, tmp_path):
    assert run("doctor", "--release", release).returncode == 0
    copy = tmp_path / "root"
    shutil.copytree(release, copy, symlinks=True)
    (copy / "current" / "dumps" / "000000.nt.gz").write_bytes(b"")
    done = run("doctor", "--release", copy, "--json")
    assert done.returncode == 1
    assert any(
        "000000.nt.gz" in finding["said"] for finding in json.loads(done.stdout) if not finding["is_well"]
    )


@pytest.mark.parametrize("command", ["check", "publish", "serve", "query", "rules", "convert", "doctor"])
def test_help_is_there_for_every_command(command):
    assert run(command, "--help").returncode == 0


def test_a_full_disk_or_a_lost_release_is_said_and_changes_nothing(tmp_path):
    root = tmp_path / "root"
    limited = f"ulimit -f 200; exec {sys.executable} -m app publish {DATA / '370600'} --release {root}"
    done = subprocess.run(["bash", "-c", limited], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 3
    assert "Traceback" not in done.stderr and "没有发布任何内容" in done.stderr
    assert not (root / "current").exists()
    assert not list((root / "releases").iterdir())
    (root / "current").symlink_to("releases/lost")
    done = run("publish", DATA / "370600", "--release", root)
    assert done.returncode == 3
    assert "lost" in done.stderr and "Traceback" not in done.stderr
