"""What was published when, and going back to it: nothing is lost, and the next publication begins with what is in force."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.cli import zwfw
from app.releases.release import Releases

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "tests" / "world" / "370000"
DAYS = [f"202601{day:02}T000000Z-00000000" for day in range(1, 7)]


def run(root, *arguments):
    return CliRunner().invoke(zwfw, [*map(str, arguments), "--release", str(root)])


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    root = tmp_path_factory.mktemp("releases") / "root"
    for day in ("2026-11-24", "2026-11-25"):
        assert run(root, "publish", FOLDER, "--no-sample", "--on", day).exit_code in (0, 1)
    return root


@pytest.fixture
def root(published, tmp_path):
    return Path(shutil.copytree(published, tmp_path / "root", symlinks=True))


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


# Retention


@pytest.fixture
def six(tmp_path):
    """Six releases, each made from the one before, the last in force."""
    releases = Releases(tmp_path)
    for number, identity in enumerate(DAYS):
        folder = releases.folder / identity
        folder.mkdir(parents=True)
        (folder / "release.json").write_text(json.dumps({"basedOn": DAYS[number - 1] if number else None}))
    releases.point_to(releases.all()[-1])
    return releases


def kept(releases):
    assert not list(releases.folder.glob(".*"))
    return [DAYS.index(release.id) for release in releases.all()]


@pytest.mark.parametrize(
    ("keep", "current", "expected"),
    [
        (30, 5, [0, 1, 2, 3, 4, 5]),
        (6, 5, [0, 1, 2, 3, 4, 5]),
        (3, 5, [3, 4, 5]),
        (2, 5, [4, 5]),
        (1, 5, [4, 5]),  # to which `rollback` leads
        (1, 3, [2, 3, 5]),
        (2, 0, [0, 4, 5]),
    ],
)
def test_the_newest_are_kept_and_what_is_in_force_and_what_that_was_made_from(six, keep, current, expected):
    six.point_to(six.all()[current])
    six.retain(keep)
    assert kept(six) == expected
    six.retain(keep)
    assert kept(six) == expected


def test_a_release_in_use_is_spared_until_it_is_not(six):
    held = six.all()[1].hold()
    again = six.all()[1].hold()
    six.retain(2)
    assert kept(six) == [1, 4, 5]
    held.close()
    six.retain(2)
    assert kept(six) == [1, 4, 5]
    again.close()
    six.retain(2)
    assert kept(six) == [4, 5]


def test_a_release_in_use_by_a_process_that_dies_is_free(six):
    program = (
        "import sys, pathlib; from app.releases.release import Release; "
        "held = Release(pathlib.Path(sys.argv[1])).hold(); print(flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", program, six.all()[0].path]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        six.retain(2)
        assert kept(six) == [0, 4, 5]
        process.kill()
    six.retain(2)
    assert kept(six) == [4, 5]


def test_what_is_going_cannot_be_held(six):
    gone = six.all()[0]
    six.retain(1)
    with pytest.raises(FileNotFoundError):
        gone.hold()


def test_what_is_no_release_any_more_goes(six):
    (six.all()[0].path / "release.json").unlink()
    six.retain(2)
    assert kept(six) == [4, 5]


def test_how_many_are_kept_can_be_said_in_two_ways(root, monkeypatch):
    monkeypatch.setenv("ZWFW_KEEP", "1")
    run(root, "publish", FOLDER, "--no-sample", "--on", "2026-11-25")
    assert len(Releases(root).all()) == 2
    run(root, "publish", FOLDER, "--no-sample", "--on", "2026-11-25", "--keep", "3")
    assert len(Releases(root).all()) == 3
    assert run(root, "rollback").exit_code == 0
    assert run(root, "publish", "--keep", "0").exit_code == 2
