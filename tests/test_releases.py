"""What was published when, and going back to it: nothing is lost, and the next publication begins with what is in force."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.cli import zwfw
from app.release import Releases

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "tests" / "world" / "370000"


def run(root, *arguments):
    return CliRunner().invoke(zwfw, [*map(str, arguments), "--release", str(root)])


@pytest.fixture
def root(tmp_path):
    for day in ("2026-11-24", "2026-11-25"):
        assert run(tmp_path, "publish", FOLDER, "--no-sample", "--on", day).exit_code in (0, 1)
    return tmp_path


def test_releases_are_listed_newest_first_and_the_one_in_force_is_marked(root):
    listed = json.loads(run(root, "releases", "--json").stdout)
    assert [one["id"] for one in listed] == [release.id for release in reversed(Releases(root).all())]
    assert [one["current"] for one in listed] == [True, False]
    assert listed[0]["basedOn"] == listed[1]["id"]
    lines = run(root, "releases").stdout.splitlines()
    assert [line[0] for line in lines] == ["*", " "] and all("370000" in line for line in lines)


def test_rolled_back_nothing_is_lost_and_publishing_begins_there(root):
    first, second = (release.id for release in Releases(root).all())
    assert run(root, "rollback").exit_code == 0
    assert Releases(root).current().id == first
    assert run(root, "rollback", second).exit_code == 0
    assert Releases(root).current().id == second
    run(root, "rollback", first)
    run(root, "publish", FOLDER, "--no-sample", "--on", "2026-11-25")
    third = Releases(root).current()
    assert third.manifest["basedOn"] == first and third.id not in (first, second)
    assert [release.id for release in Releases(root).all()] == [first, second, third.id]


@pytest.mark.parametrize("wanted", ["20200101T000000Z-00000000", "../releases", "."])
def test_only_a_whole_release_can_be_put_in_force(root, wanted):
    before = Releases(root).current().id
    assert run(root, "rollback", wanted).exit_code == 2
    assert Releases(root).current().id == before


def test_before_the_first_there_is_nothing(root, tmp_path_factory):
    run(root, "rollback")
    assert run(root, "rollback").exit_code == 2
    empty = tmp_path_factory.mktemp("empty")
    assert run(empty, "rollback").exit_code == 2
    assert json.loads(run(empty, "releases", "--json").stdout) == []
