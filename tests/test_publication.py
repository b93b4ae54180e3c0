"""Releases: all or nothing, one region at a time, the same input the same bytes, and a kill changes nothing."""

import datetime
import gzip
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from app import names
from app.checking import rules
from app.files.source import Unreadable
from app.ontology import standards
from app.publishing.publication import Publisher, Refused
from app.releases.release import CHECKSUMS, Releases
from app.store import open_store
from app.store.terms import Index, RdfFormat, parse

ROOT = Path(__file__).parent.parent
DATA = ROOT / "data"
ON = datetime.date(2026, 11, 24)
SYSTEM, BOOK = standards.load(), rules.load()


def publisher(root, on=ON, lines=None):
    return Publisher(root, SYSTEM, BOOK, on, (lines if lines is not None else []).append)


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """A root with the nation, its sample catalogue and one synthetic region; copied by each test that adds to it."""
    root = tmp_path_factory.mktemp("published")
    publisher(root).publish([DATA / "370600"])
    return root


@pytest.fixture
def root(published, tmp_path):
    shutil.copytree(published, tmp_path / "root", symlinks=True)
    return tmp_path / "root"


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "370600"
    shutil.copytree(DATA / "370600", made)
    return made


def graphs(release):
    index = Index.read_only(str(release.index))
    found = {}
    for quad in index:
        found.setdefault(quad.graph_name.value, set()).add(quad.triple)
    return found


def files(release):
    return {path.name: path.read_bytes() for path in release.dumps.iterdir()}


def test_the_graphs_are_those_of_the_contract(published):
    found = set(graphs(Releases(published).current()))
    regions = {names.graph(c, kind) for c in ("000000", "370600") for kind in names.GRAPH_KINDS}
    assert regions | {names.graph(name) for name in names.SYSTEM_GRAPHS} <= found
    assert {names.graph(name, "inferred") for name in ("ontology", "standards")} <= found
    assert names.graph("000000-sample") in found


def test_no_triple_stands_in_two_graphs(published):
    seen = {}
    for graph, triples in graphs(Releases(published).current()).items():
        for triple in triples:
            assert seen.setdefault(triple, graph) == graph


def test_what_is_inferred_is_asked_for_or_left_out_by_naming_graphs(published):
    """``?x a zwfw:ServiceItem`` finds the items of all kinds, and that a national standard is a standard."""
    store = open_store(Releases(published).current().index, workers=1)
    query = f"SELECT (COUNT(DISTINCT ?x) AS ?n) {{}} WHERE {{{{ ?x a <{names.DEF}{{}}> }}}}"
    try:

        def number(kind, *graphs):
            (row,) = store.select(query.format("".join(f"FROM <{names.graph(g)}> " for g in graphs), kind))
            return int(row["n"].value)

        items = number("CatalogueItem") + number("ImplementedItem") + number("HandlingItem")
        assert number("ServiceItem") == items > 0
        assert number("ServiceItem", "370600", "000000-sample") == 0
        kinds = ("NationalStandard", "IndustryStandard", "LocalStandard", "EngineeringStandard")
        assert number("Standard") == sum(map(number, kinds)) > 50
        assert number("Standard", "standards") == 0
    finally:
        store.close()


def test_the_standard_system_is_dumped_as_it_was_written(published):
    written = files(Releases(published).current())
    for name in ("ontology", "standards", "questions"):
        if name != "questions":  # these are written as SPARQL
            parts = SYSTEM.part(name)
            assert gzip.decompress(written[f"{name}.ttl.gz"]) == b"\n".join(p.read_bytes() for p in parts)
        said = parse(gzip.decompress(written[f"{name}.ttl.gz"]), format=RdfFormat.TURTLE)
        lines = gzip.decompress(written[f"{name}.nt.gz"]).splitlines()
        assert len({quad.triple for quad in said}) == len(lines) and lines == sorted(lines)


def test_data_findings_provenance_and_summaries_have_no_blank_nodes(published):
    for graph, triples in graphs(Releases(published).current()).items():
        if "/graph/" not in graph or graph.rpartition("/")[2][:6].isdigit():
            assert not any(
                "_:" in str(term)
                for triple in triples
                for term in (triple.subject, triple.object)
                if str(term).startswith("_:")
            )


def test_conformance_is_stated_only_without_violation(published):
    found = graphs(Releases(published).current())
    states = {
        code: any(
            t.predicate.value == names.DCT + "conformsTo" for t in found[names.graph(code, "provenance")]
        )
        for code in ("000000", "000000-sample", "370600")
    }
    assert states == {"000000": True, "000000-sample": True, "370600": False}


def test_dumps_are_sorted_packed_checked_and_marked(published):
    release = Releases(published).current()
    assert {"370600-synthetic.nt.gz", "370600-synthetic.ttl.gz", "000000.nt.gz"} <= set(files(release))
    assert "370600.nt.gz" not in files(release)
    lines = gzip.decompress(files(release)["370600-synthetic.nt.gz"]).splitlines(keepends=True)
    assert lines == sorted(lines)
    assert set(b"".join(lines).decode().splitlines()) == {
        f"{triple} ." for triple in graphs(release)[names.graph("370600")]
    }
    sums = dict(reversed(line.split("  ")) for line in (release.dumps / CHECKSUMS).read_text().splitlines())
    assert sums == {
        name: hashlib.sha256(data).hexdigest() for name, data in files(release).items() if name != CHECKSUMS
    }
    assert not list(release.faults())


def test_publishing_again_replaces_that_region_alone_and_leaves_the_old_release_whole(root, folder):
    old = Releases(root).current()
    before, before_files = graphs(old), files(old)
    table = folder / "ImplementedItem.csv"
    table.write_text(table.read_text("utf-8").replace("食品经营许可", "食品经营许可（新）"), "utf-8")
    publisher(root).publish([folder])
    new = Releases(root).current()
    assert new.id != old.id
    assert (graphs(old), files(old)) == (before, before_files)
    changed = {name for name, triples in graphs(new).items() if triples != before.get(name)}
    assert changed and all(name.endswith("/370600") for name in changed)
    stems = ("370600-synthetic", "370600-synthetic-report")
    assert {n for n, data in files(new).items() if data != before_files.get(n)} <= {
        CHECKSUMS,
        *(f"{stem}.{form}.gz" for stem in stems for form in ("nt", "nq", "ttl")),
    }
    assert files(new).keys() == before_files.keys()


def test_unchanged_input_gives_the_same_bytes_and_an_empty_change(root, folder):
    old = Releases(root).current()
    publisher(root).publish([folder])
    new = Releases(root).current()
    assert new.id != old.id and files(new) == files(old)
    changes = {path.name: gzip.decompress(path.read_bytes()) for path in new.changes.glob("*.gz")}
    assert changes == {"370600-synthetic.added.nt.gz": b"", "370600-synthetic.removed.nt.gz": b""}
    assert new.manifest["changes"] == {"370600": {"added": 0, "removed": 0}}


def test_the_data_depend_on_the_source_alone(root, folder, tmp_path):
    """Neither on the day, nor on what else was published, nor on where the folder lay or how its files were dated."""
    old = Releases(root).current()
    elsewhere = tmp_path / "elsewhere" / "370600"
    shutil.copytree(folder, elsewhere)
    for path in elsewhere.iterdir():
        os.utime(path, (0, 0))
    publisher(root, datetime.date(2027, 1, 1)).publish([elsewhere])
    new = Releases(root).current()
    before, after = files(old), files(new)
    assert new.regions["370600"]["referenceDate"] == "2027-01-01"
    differing = {name for name in before if before[name] != after[name]}
    # The report says by which date it judged, and so do its dumps.
    assert differing == {CHECKSUMS, *(f"370600-synthetic-report.{form}.gz" for form in ("nt", "nq", "ttl"))}
    assert old.regions["370600"]["digest"] == new.regions["370600"]["digest"]
    assert all(not gzip.decompress(path.read_bytes()) for path in new.changes.glob("*.gz"))
    assert len(list(new.changes.glob("*.gz"))) == 2


def test_what_is_not_published_again_is_linked_and_not_written(root, folder):
    old = Releases(root).current()
    publisher(root).publish([folder])
    new = Releases(root).current()
    for path in old.dumps.iterdir():
        own = path.name == CHECKSUMS or path.name.startswith("370600")
        assert (path.stat().st_ino != (new.dumps / path.name).stat().st_ino) == own, path.name


def test_check_report_dump_and_index_use_one_form_of_a_literal(root, folder):
    """The store writes ``007`` as ``7``; what is published has one form everywhere."""
    subject = f"<{names.region('370600')}/Department/113706009990000564>"
    number = '"007"^^<http://www.w3.org/2001/XMLSchema#integer>'
    (folder / "more.ttl").write_text(f"{subject} <http://purl.org/dc/terms/extent> {number} .", "utf-8")
    publisher(root).publish([folder])
    release = Releases(root).current()
    dump = gzip.decompress(files(release)["370600-synthetic.nt.gz"]).decode()
    assert number not in dump
    assert number.replace("007", "7") in dump
    assert f"{subject} <http://purl.org/dc/terms/extent> {number.replace('007', '7')}" in {
        str(triple) for triple in graphs(release)[names.graph("370600")]
    }


def test_two_roots_made_apart_have_the_same_dumps(published, tmp_path):
    code = "import sys, datetime, pathlib; from app.checking import rules; from app.ontology import standards; from app.publishing import publication; publication.Publisher(pathlib.Path(sys.argv[1]), standards.load(), rules.load(), datetime.date(2026, 11, 24), print).publish([pathlib.Path(sys.argv[2])])"
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    subprocess.run(
        [sys.executable, "-c", code, tmp_path, DATA / "370600"],
        check=True,
        cwd=ROOT,
        env=environment,
        capture_output=True,
    )
    assert files(Releases(tmp_path).current()) == files(Releases(published).current())


def test_what_cannot_be_read_changes_nothing(root, folder):
    before = Releases(root).current()
    (folder / "ImplementedItem.csv").write_text("实施编码\n\n", "utf-8")
    (folder / "Department.csv").write_text("不知道\n1\n", "utf-8")
    with pytest.raises(Unreadable):
        publisher(root).publish([folder])
    assert Releases(root).current().id == before.id
    assert [release.id for release in Releases(root).all()] == [before.id]


def test_the_gate_refuses_what_has_a_violation(root):
    before = Releases(root).current()
    with pytest.raises(Refused):
        publisher(root).publish([DATA / "370600"], gate=True)
    assert Releases(root).current().id == before.id
    assert sorted(p.name for p in Releases(root).folder.iterdir()) == [before.id]


def test_a_sample_can_be_left_out(tmp_path):
    publisher(tmp_path).publish([DATA / "000000"], sample=False)
    assert list(Releases(tmp_path).current().regions) == ["000000"]


def test_a_change_above_checks_again_what_compares_with_it(root, tmp_path):
    nation = tmp_path / "000000"
    shutil.copytree(DATA / "000000", nation)
    divisions = nation / "divisions.ttl"
    divisions.write_text(divisions.read_text("utf-8").replace("烟台市", "烟台市（改）"), "utf-8")
    lines = []
    publication = publisher(root, lines=lines).publish([nation], sample=False)
    assert publication.rechecked == ["370600"]
    assert any("370600" in line and "数据有变化" in line for line in lines)
    rules_before = Releases(root).all()[0].regions["370600"]["rules"]
    assert Releases(root).current().regions["370600"]["rules"] == rules_before


def test_retention_takes_dumps_and_leaves_the_figures(root, folder):
    made = [Releases(root).current().id]
    entries = Releases(root).current().regions
    figures = {
        code: {name: entry[name] for name in ("counts", "since", "index")} for code, entry in entries.items()
    }
    for _ in range(3):
        made.append(replace(publisher(root), keep=2).publish([folder]).release.id)
    assert [release.id for release in Releases(root).all()] == made[-2:]
    assert not list(Releases(root).folder.glob(".*"))
    history = Releases(root).current().manifest["history"]
    assert [one["id"] for one in history] == made
    assert history[0]["regions"] == figures
    since = {"new": 0, "fixed": 0, "open": sum(figures["370600"]["counts"].values())}
    assert history[1]["regions"] == {"370600": figures["370600"] | {"since": since}}
    assert not list(Releases(root).current().faults())


def test_with_nothing_to_do_retention_is_still_carried_out(root, folder):
    for _ in range(2):
        publisher(root).publish([folder])
    assert not replace(publisher(root), keep=1).publish([]).is_new
    assert len(Releases(root).all()) == 2  # the one in force and the one it was made from


@pytest.mark.parametrize("after", [0.0, 0.2, 0.5, 0.8, 1.1, 1.5, 2.0, 3.0])
def test_killed_at_any_moment_the_old_release_stays_and_the_next_publisher_cleans_up(root, folder, after):
    old = Releases(root).current()
    before, before_files = graphs(old), files(old)
    table = folder / "ImplementedItem.csv"
    table.write_text(table.read_text("utf-8").replace("食品经营许可", "另一名称"), "utf-8")
    process = subprocess.Popen(
        [sys.executable, "-m", "app", "publish", folder, "--release", root],
        cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    process.stderr.readline()  # it has begun to read
    time.sleep(after)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stderr.close()
    now = Releases(root).current()
    assert now.path.is_dir()
    assert not list(now.faults())
    if now.id == old.id:
        assert (graphs(now), files(now)) == (before, before_files)
    assert (graphs(old), files(old)) == (before, before_files)
    publisher(root).publish([folder])
    assert not list(Releases(root).folder.glob(".*"))
    assert "另一名称" in gzip.decompress(files(Releases(root).current())["370600-synthetic.nt.gz"]).decode()


@pytest.mark.parametrize("after", [0.0, 0.3, 0.7, 1.2, 2.0])
def test_a_region_withdrawn_comes_back_the_same_and_a_kill_meanwhile_changes_nothing(root, folder, after):
    old = Releases(root).current()
    before = files(old)
    process = subprocess.Popen(
        [sys.executable, "-m", "app", "publish", "--withdraw", "370600", "--release", root],
        cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    time.sleep(after)
    process.send_signal(signal.SIGKILL)
    process.wait()
    now = Releases(root).current()
    assert not list(now.faults()) and ("370600" in now.regions) == (now.id == old.id)
    if now.id == old.id:
        publisher(root).publish([], withdrawn=["370600"])
    assert "370600" not in Releases(root).current().regions
    publisher(root).publish([DATA / "370600"])
    again = Releases(root).current()
    assert files(again) == before and not list(again.faults())
    assert not list(Releases(root).folder.glob(".*"))


def test_what_was_made_for_other_data_is_not_published(root, folder):
    first = Releases(root).current()
    publisher(root).publish([], everything=True)  # another release of the same data
    said = publish("--based-on", first.id, folder, "--release", root)
    assert said.returncode == 1, said.stderr
    table = folder / "Channel.csv"
    table.write_text(table.read_text("utf-8").replace("（合成）", "（合成、改名）"), "utf-8")
    publisher(root).publish([folder])
    latest = Releases(root).current().id
    for given in ([folder], ["--withdraw", "370600"], [DATA / "000000" / "sample", folder]):
        said = publish("--based-on", first.id, *given, "--release", root)
        assert said.returncode == 4 and said.stderr.splitlines()[-1].startswith(
            "370600 的数据已被另一次发布改变"
        )
        assert Releases(root).current().id == latest and not Releases(root).unfinished()
    assert publish("--based-on", "20200101T000000Z-00000000", folder, "--release", root).returncode == 2


def publish(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "app", "publish", "--on", str(ON), *arguments],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_a_second_publisher_waits_and_says_for_whom(root, folder, tmp_path):
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import fcntl, sys, time; f = open(sys.argv[1], 'w'); fcntl.flock(f, fcntl.LOCK_EX); f.write('somebody'); f.flush(); print(flush=True); time.sleep(1)",
            root / "publish.lock",
        ],
        stdout=subprocess.PIPE,
    )
    holder.stdout.readline()
    lines = []
    publisher(root, lines=lines).publish([folder])
    holder.wait()
    holder.stdout.close()
    assert any("somebody" in line for line in lines)
