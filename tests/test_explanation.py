"""Why a finding is one: said for every finding of the synthetic region, on the command line and on its page."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from served import publish_regions

from app import names
from app.checking import explanation, rules
from app.cli import zwfw
from app.ontology import standards
from app.store import open_store
from app.store.terms import Iri

ROOT = Path(__file__).resolve().parent.parent


def run(*arguments):
    return CliRunner().invoke(zwfw, [*map(str, arguments)])


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("release")
    return publish_regions(root, "370600")


@pytest.fixture(scope="module")
def findings(root):
    return json.loads((root / "current" / "regions" / "370600" / "report.json").read_text("utf-8"))[
        "findings"
    ]


def explained(root, rule, findings):
    found = next(one for one in findings if one["rule_id"] == rule)
    done = run("explain", found["id"], "--release", root, "--json")
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def test_it_says_who_answers_what_a_conforming_neighbour_has_and_by_which_clause(root, findings):
    said = explained(root, "R26", findings)
    assert said["stated"] == "行政确认"
    assert [one["name"] for one in said["departments"]] == ["交通运输局（合成）"]
    assert said["neighbour"]["value"] and said["neighbour"]["iri"] != said["focus"]
    assert said["neighbour"]["iri"] not in {one["focus"] for one in findings if one["rule_id"] == "R26"}
    assert said["clause"]["citation"].startswith("GB/T 39046—2020") and said["clause"]["document"]
    assert said["dataStatus"] == "synthetic" and set(said["why"]) == {"zh", "en"}


def test_a_neighbour_shows_what_one_writes_and_not_what_is_derived_from_it(root, findings):
    """The code, and not that its check character is right."""
    said = explained(root, "R02", findings)
    assert re.fullmatch(r"[0-9A-Z]{18,31}", said["neighbour"]["value"])


def test_who_provides_an_item_answers_for_its_materials(root, findings):
    assert [one["name"] for one in explained(root, "R43", findings)["departments"]] == ["交通运输局（合成）"]


def test_the_query_shows_the_facts_of_every_finding_again(root, findings):
    """One store, all findings: each query runs and leads back to the thing the finding is about."""
    system, book = standards.load(), rules.load()
    store = open_store((root / "current" / "index").resolve(), workers=1)
    try:
        for one in findings:
            focus, path = Iri(one["focus"]), Iri(one["path"]) if one["path"] else None
            query = explanation.again("370600", focus, path, book.find(one["rule_id"]), system)
            rows = store.select(query)
            assert any(focus in row.values() for row in rows), one["rule_id"]
            if path is not None and path not in system.derived:
                assert any(row["property"] == path for row in rows), one["rule_id"]
    finally:
        store.close()


def test_as_text_in_both_languages(root, findings):
    identifier = findings[0]["id"]
    for lang, word in (("zh", "责任部门："), ("en", "Department in charge: ")):
        said = run("explain", names.FINDING + identifier, "--release", root, "--lang", lang).stdout
        assert word in said and "sh:message" in said


@pytest.mark.parametrize("unknown", ["0000000000000000", "x", "https://example.org/a b"])
def test_an_unknown_finding_is_a_usage_error_that_says_where_identifiers_stand(root, unknown):
    done = run("explain", unknown, "--release", root)
    assert done.exit_code == 2 and "zwfw check --json" in done.stderr and "Traceback" not in done.stderr


def test_a_finding_of_a_report_is_explained_without_a_release(tmp_path, findings):
    report = tmp_path / "report.json"
    run("check", ROOT / "data" / "370600", "-o", report, "--on", "2026-11-24")
    for finding in findings:
        done = run("explain", finding["id"], "--report", report, "--json", "--release", tmp_path / "none")
        said = json.loads(done.stdout)
        named = [one["label"]["zh"] for one in finding["departments"]]
        assert (said["rule_id"], [one["name"] for one in said["departments"]]) == (finding["rule_id"], named)
        assert said["neighbour"] is None and said["shape"] and said["query"]
    assert run("explain", "0" * 16, "--report", report).exit_code == 2
    assert run("explain", findings[0]["id"], "--report", ROOT / "README.md").exit_code == 3
