"""Change files: the old dump without what was removed and with what was added is the new one, byte for byte."""

import datetime
import gzip
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from app.checking import rules
from app.cli import zwfw
from app.ontology import standards
from app.publishing.publication import Publisher
from app.releases import delta
from app.releases.release import CHECKSUMS, Releases
from app.store.terms import Iri, Literal, Triple, ntriples

DOCUMENT = Path(__file__).parent.parent / "docs" / "dumps.md"
FOLDER = Path(__file__).parent / "world" / "370000"
ON = datetime.date(2026, 11, 24)
EMPTY = b""

# Text that is hard on a line format: quotes, escapes, line ends of every kind, what sorts before a space, and beyond
# the basic plane, where the order of code units is not that of bytes.
texts = st.text(
    st.sampled_from('ab "\\\n\r\t\x01\x0b\x0c\x1c\x85\u2028\u2029.<>@^办\uffee\U0001f600'), max_size=4
)
iris = st.builds(lambda tail: Iri(f"http://example.org/{tail}"), st.text("ab-~", max_size=2))
literals = st.one_of(
    st.builds(Literal, texts),
    st.builds(
        lambda value, tag: Literal(value, language=tag), texts, st.sampled_from(["zh", "zh-hans", "en"])
    ),
    st.builds(lambda value: Literal(value, datatype=Iri("http://example.org/t")), texts),
)
graphs = st.sets(st.builds(Triple, iris, iris, st.one_of(iris, literals)), max_size=12)


def applied(before: bytes, removed: bytes, added: bytes) -> bytes:
    """What a consumer does, in sets instead of streams."""
    lines = set(before.splitlines(keepends=True))
    gone, come = (set(some.splitlines(keepends=True)) for some in (removed, added))
    assert gone <= lines and not come & lines
    return b"".join(sorted(lines - gone | come))


def changed(before, after, folder):
    folder.mkdir()
    dumps = []
    for number, graph in enumerate((before, after)):
        dumps.append(folder / f"{number}.nt.gz")
        dumps[-1].write_bytes(gzip.compress(ntriples(graph)))
    counts = delta.write("1", *dumps, folder, shutil.copyfile)
    added, removed = (
        gzip.decompress((folder / f"1{end}").read_bytes()) for end in (delta.ADDED, delta.REMOVED)
    )
    assert counts == {"added": added.count(b"\n"), "removed": removed.count(b"\n")}
    return added, removed


@given(graphs, graphs)
def test_applied_to_the_old_dump_a_change_gives_the_new_one(tmp_path_factory, before, after):
    added, removed = changed(before, after, tmp_path_factory.mktemp("change") / "it")
    assert applied(ntriples(before), removed, added) == ntriples(after)
    assert (added, removed) == (ntriples(after - before), ntriples(before - after))


@given(graphs, graphs)
def test_a_change_backwards_is_the_change_reversed(tmp_path_factory, before, after):
    folder = tmp_path_factory.mktemp("change")
    assert changed(before, after, folder / "there") == changed(after, before, folder / "back")[::-1]


@given(
    st.lists(st.sampled_from([b"a\n", b"b\n", b"c\n"]).map(bytes)),
    st.lists(st.sampled_from([b"a\n", b"c\n"])),
)
def test_lines_that_stand_twice_are_told_apart_by_number(before, after):
    """Dumps have no line twice; should one ever, nothing is lost."""
    before, after = sorted(before), sorted(after)
    found = list(delta.differences(before, after))
    gone = [line for ending, line in found if ending == delta.REMOVED]
    for line in gone:
        before.remove(line)
    assert sorted(before + [line for ending, line in found if ending == delta.ADDED]) == after


def test_no_dump_is_held_in_memory(tmp_path):
    """Two endless sequences can be compared as far as one likes."""

    def numbers(step):
        number = 0
        while True:
            yield b"%012d\n" % number
            number += step

    found = delta.differences(numbers(2), numbers(4))
    assert [next(found) for _ in range(3)] == [(delta.REMOVED, b"%012d\n" % n) for n in (2, 6, 10)]


# Publications


def publish(root, *folders):
    publisher = Publisher(root, standards.load(), rules.load(), ON, lambda _: None)
    return publisher.publish(list(folders), sample=False).release


@pytest.fixture(scope="module")
def steps(tmp_path_factory):
    """Three releases: the first, one with a name changed and an item gone, one with a second region."""
    root, work = tmp_path_factory.mktemp("steps"), tmp_path_factory.mktemp("work")
    publish(root, FOLDER)
    shutil.copytree(FOLDER, work / "370000")
    table = work / "370000" / "ImplementedItem.csv"
    lines = table.read_text("utf-8").splitlines(keepends=True)
    table.write_text("".join(lines[:-1]).replace("许可", "准许"), "utf-8")
    publish(root, work / "370000")
    publish(root, FOLDER.with_name("370100"))
    return root


def content(folder):
    return {path.name: gzip.decompress(path.read_bytes()) for path in folder.glob("*.gz")}


def dump(release, code):
    return next(
        gzip.decompress((release.dumps / name).read_bytes())
        for name in release.regions[code]["dumps"]
        if name.endswith(".nt.gz")
    )


def test_the_first_release_adds_everything(steps):
    first = Releases(steps).all()[0]
    found = content(first.changes)
    assert found["000000.added.nt.gz"] == dump(first, "000000")
    assert found["000000.removed.nt.gz"] == EMPTY
    assert first.manifest["changes"]["000000"] == {"added": first.regions["000000"]["triples"], "removed": 0}


def test_a_release_has_the_changes_of_the_regions_published_with_it(steps):
    first, second, third = Releases(steps).all()
    assert set(content(second.changes)) == {"370000-synthetic.added.nt.gz", "370000-synthetic.removed.nt.gz"}
    found = content(second.changes)
    added, removed = found["370000-synthetic.added.nt.gz"], found["370000-synthetic.removed.nt.gz"]
    assert "准许".encode() in added and "许可".encode() in removed
    assert len(removed) > len(added) > 0
    assert applied(dump(first, "370000"), removed, added) == dump(second, "370000")
    assert set(third.manifest["changes"]) == {"370100"}


def test_a_consumers_own_tools_apply_a_change(steps, tmp_path):
    """The command of docs/dumps.md."""
    first, second, _ = Releases(steps).all()
    folder = second.changes
    command = re.findall(r"```sh\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)[2].replace(
        "370600", "370000-synthetic"
    )
    shutil.copy(first.dumps / "370000-synthetic.nt.gz", tmp_path)
    for path in folder.glob("*.gz"):
        shutil.copy(path, tmp_path)
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], cwd=tmp_path, capture_output=True, check=True
    )
    assert (tmp_path / "370000-synthetic.nt").read_bytes() == dump(second, "370000") and not done.stderr


@pytest.mark.parametrize("folder", ["dumps", "changes"])
def test_checksums_are_as_sha256sum_reads_them(steps, folder):
    for release in Releases(steps).all():
        subprocess.run(
            ["sha256sum", "--check", "--strict", "--quiet", CHECKSUMS], cwd=release.path / folder, check=True
        )
        assert not list(release.faults())


def test_a_change_file_that_was_damaged_is_found(steps, tmp_path):
    shutil.copytree(steps, tmp_path / "root", symlinks=True)
    release = Releases(tmp_path / "root").all()[1]
    (release.changes / "370000-synthetic.added.nt.gz").write_bytes(b"")
    assert list(release.faults()) == ["370000-synthetic.added.nt.gz"]


# Between any two releases


def between(root, before, after, folder, *more):
    return CliRunner().invoke(
        zwfw,
        ["releases", "--changes", before, after, "-o", str(folder), *more, "--release", str(root)],
    )


def test_one_step_asked_for_is_the_step_published(steps, tmp_path):
    first, second, _ = Releases(steps).all()
    done = between(steps, first.id, second.id, tmp_path / "out", "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout) == {
        "from": first.id,
        "to": second.id,
        "changes": second.manifest["changes"],
    }
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == {
        path.name: path.read_bytes() for path in second.changes.iterdir()
    }


@pytest.mark.parametrize(("start", "stop"), [(0, 2), (2, 0), (1, 2), (2, 1), (1, 0)])
def test_any_release_leads_to_any_other(steps, tmp_path, start, stop):
    releases = Releases(steps).all()
    before, after = releases[start], releases[stop]
    assert between(steps, before.id, after.id, tmp_path / "out").exit_code == 0
    found = content(tmp_path / "out")
    for code in {*before.regions, *after.regions}:
        old, new = (dump(one, code) if code in one.regions else EMPTY for one in (before, after))
        files = {name.partition(".")[2]: data for name, data in found.items() if name.startswith(code)}
        assert bool(files) == (old != new)
        if files:
            assert applied(old, files["removed.nt.gz"], files["added.nt.gz"]) == new
            assert all("-synthetic" in name for name in found if name.startswith(code))
    subprocess.run(
        ["sha256sum", "--check", "--strict", "--quiet", CHECKSUMS], cwd=tmp_path / "out", check=True
    )


def test_from_a_release_to_itself_nothing_changes(steps, tmp_path):
    done = between(steps, "current", "current", tmp_path / "out")
    assert done.exit_code == 0 and "没有变化" in done.stdout
    assert [path.name for path in (tmp_path / "out").iterdir()] == [CHECKSUMS]


def test_what_cannot_be_compared_is_said(steps, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("mine")
    assert between(steps, "current", "current", tmp_path / "full").exit_code == 2
    assert between(steps, "current", "20200101T000000Z-00000000", tmp_path / "out").exit_code == 2
    assert between(steps, "current", "../..", tmp_path / "out").exit_code == 2
    lone = ["releases", "--changes", "current", "current", "--release", str(steps)]
    assert CliRunner().invoke(zwfw, lone).exit_code == 2
    assert (tmp_path / "full" / "mine").read_text() == "mine"


def test_the_files_of_a_release_cannot_be_written_through_what_was_asked_for(steps, tmp_path):
    first = Releases(steps).all()[0]
    between(steps, Releases(steps).all()[1].id, "current", tmp_path / "out")
    for path in (tmp_path / "out").iterdir():
        assert path.stat().st_nlink == 1
    assert not list(first.faults())


def test_a_region_that_turns_out_real_is_marked_while_either_side_is_not(tmp_path):
    old, new = tmp_path / "1-synthetic.nt.gz", tmp_path / "1.nt.gz"
    for path in (old, new):
        path.write_bytes(gzip.compress(b"<a:a> <a:a> <a:a> .\n"))
    for before, after in ((old, new), (new, old), (old, None), (None, old)):
        (tmp_path / "out").mkdir()
        delta.write("1", before, after, tmp_path / "out", shutil.copyfile)
        names = {path.name for path in (tmp_path / "out").iterdir()}
        assert names == {"1-synthetic.added.nt.gz", "1-synthetic.removed.nt.gz"}
        shutil.rmtree(tmp_path / "out")
