"""A region is checked again when what its report rests on changed, and not otherwise; however a release came about, it
is the same."""

import datetime
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app import names
from app.checking import rules
from app.ontology import standards
from app.processes.pool import ProcessLost
from app.publishing.publication import Publisher, Refused
from app.releases.release import Releases
from app.store.terms import Index

ROOT = Path(__file__).parent.parent
DATA = ROOT / "data"
ON, LATER = datetime.date(2026, 11, 24), datetime.date(2027, 3, 1)
SYSTEM, BOOK = standards.load(), rules.load()
YANTAI, JINAN = "370600", "370100"


def publisher(root, on=ON, system=SYSTEM, book=BOOK, lines=None, jobs=1):
    return Publisher(root, system, book, on, (lines if lines is not None else []).append, jobs=jobs)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """The nation with one province of its divisions, Yantai with all its tables, and Jinan with two items and their
    department: no resource, no material."""
    parent = tmp_path_factory.mktemp("folders")
    shutil.copytree(DATA / names.NATION, parent / names.NATION)
    divisions = parent / names.NATION / "divisions.ttl"
    head, *blocks = divisions.read_text("utf-8").split("\n\n")
    divisions.write_text("\n\n".join([head, *(one for one in blocks if one.startswith("id:37"))]), "utf-8")
    shutil.copytree(DATA / YANTAI, parent / YANTAI)
    (parent / JINAN).mkdir()
    for name, lines in (("region.ttl", None), ("Department.csv", 2), ("ImplementedItem.csv", 3)):
        text = (DATA / YANTAI / name).read_text("utf-8").replace(YANTAI, JINAN)
        (parent / JINAN / name).write_text("".join(text.splitlines(keepends=True)[:lines]), "utf-8")
    return parent


@pytest.fixture(scope="module")
def published(folders, tmp_path_factory):
    root = tmp_path_factory.mktemp("published")
    publisher(root).publish([folders / YANTAI, folders / JINAN, folders / names.NATION])
    return root


@pytest.fixture
def root(published, tmp_path):
    shutil.copytree(published, tmp_path / "root", symlinks=True)
    return tmp_path / "root"


@pytest.fixture
def own(folders, tmp_path):
    """Folders of one's own, to change."""
    shutil.copytree(folders, tmp_path / "own")
    return tmp_path / "own"


def changed(folder, name, *pairs):
    """A copy of one of the project's folders with a file changed."""
    shutil.copytree(names.resources(name), folder / name)
    for file, before, after in pairs:
        edit(folder / name / file, before, after)
    return folder / name


def edit(path, before, after):
    text = path.read_text("utf-8")
    assert before in text
    path.write_text(text.replace(before, after), "utf-8")


def said(root):
    """All a release says of regions but when it was made: graphs, what the manifest counts and dates, and files; and
    the dumps of the standard system, whose graphs have blank nodes."""
    release = Releases(root).current()
    graphs = {}
    for quad in Index.read_only(str(release.index)):
        graphs.setdefault(quad.graph_name.value, set()).add(quad.triple)
    regions = {f"{kind}/{code}" for kind in names.GRAPH_KINDS for code in release.regions} & {
        name.removeprefix(names.BASE) for name in graphs
    }
    graphs = {name: graphs[names.BASE + name] for name in regions if not name.startswith("provenance")}
    figures = ("counts", "digest", "dumps", "hasViolation", "referenceDate", "rules", "subjects", "triples")
    entries = {code: {one: entry[one] for one in figures} for code, entry in release.regions.items()}
    files = {
        path.relative_to(release.path): path.read_bytes()
        for folder in ("dumps", "regions")
        for path in (release.path / folder).rglob("*.*")
    }
    return graphs, entries, files


def from_scratch(folder, folders, system=SYSTEM, book=BOOK):
    given = [folders / code for code in (names.NATION, JINAN, YANTAI)]
    publisher(folder / "scratch", system=system, book=book).publish(given)
    return said(folder / "scratch")


def dates(root):
    return {code: entry["referenceDate"] for code, entry in Releases(root).current().regions.items()}


def test_the_data_of_one_region_concern_that_region(root, own, tmp_path):
    edit(own / YANTAI / "ImplementedItem.csv", "食品经营许可,", "食品经营许可证核发,")
    publication = publisher(root).publish([own / YANTAI])
    assert publication.rechecked == []
    assert [one.code for one in publication.outcomes] == [YANTAI]
    assert said(root) == from_scratch(tmp_path, own)


@pytest.mark.parametrize(
    ("item", "concerned"), [("取水许可", [YANTAI]), ("食品经营许可", [JINAN, YANTAI]), ("不存在", [])]
)
def test_a_change_of_the_catalogue_concerns_those_that_claim_the_item(root, own, tmp_path, item, concerned):
    if concerned:
        edit(own / names.NATION / "sample" / "CatalogueItem.csv", f"{item},", f"{item}（改）,")
    lines = []
    publication = publisher(root, lines=lines).publish([own / names.NATION])
    assert publication.rechecked == concerned
    assert any(
        "000000-sample 的数据有变化" in line and "、".join(concerned) in line for line in lines
    ) == bool(concerned)
    assert said(root) == from_scratch(tmp_path, own)


def test_a_change_of_the_divisions_concerns_those_that_refer_to_them(root, own, tmp_path):
    edit(own / names.NATION / "divisions.ttl", "济南市", "济南市（改）")
    assert publisher(root).publish([own / names.NATION]).rechecked == [JINAN]
    assert said(root) == from_scratch(tmp_path, own)


def test_a_change_of_a_code_list_concerns_those_that_use_the_entry(root, own, tmp_path):
    (entry,) = (iri for iri in SYSTEM.ground.referable if iri.value == names.concept("item-type", "05"))
    assert SYSTEM.label(entry, "zh") == "行政给付"
    system = standards.Standards(changed(tmp_path, "ontology", ("codes/item-type.ttl", "行政给付", "给付")))
    publication = publisher(root, system=system).publish([])
    assert publication.rechecked == ["000000-sample", YANTAI]
    assert said(root) == from_scratch(tmp_path, own, system=system)


def test_a_change_of_the_ontology_concerns_all(root, own, tmp_path):
    system = standards.Standards(changed(tmp_path, "ontology", ("item.ttl", "@zh", " @zh")))
    assert publisher(root, system=system).publish([]).rechecked == []  # another layout, no other word
    label = '"政务服务事项"@zh'
    system = standards.Standards(changed(tmp_path / "2", "ontology", ("item.ttl", label, '"服务事项"@zh')))
    publication = publisher(root, system=system).publish([])
    assert publication.rechecked == ["000000", "000000-sample", JINAN, YANTAI]
    assert list(publication.plan.rechecked) == ["本体变了"]
    assert said(root) == from_scratch(tmp_path, own, system=system)


def test_a_change_of_a_rule_concerns_those_with_targets_of_it(root, own, tmp_path):
    """Yantai has a resource; Jinan and the nation have none."""
    file = "exchange/sharing-attribute-explained.ttl"
    book = rules.Rules(changed(tmp_path, "shapes", (file, "sh:severity sh:", "sh:order 1 ; sh:severity sh:")))
    publication = publisher(root, book=book).publish([])
    assert publication.rechecked == [YANTAI]
    assert list(publication.plan.rechecked) == ["规则 R51.1 变了"]
    assert said(root) == from_scratch(tmp_path, own, book=book)


def test_a_rule_withdrawn_concerns_those_it_applied_to(root, own, tmp_path):
    entries = Releases(root).current().regions
    applied = {code for code, one in entries.items() if "R17" in one["conformance"]}
    assert {code for code, one in entries.items() if "R17" in one["rules"]} < applied < set(entries)
    shapes = changed(tmp_path, "shapes")
    next(shapes.glob(f"*/{BOOK.find('R17').name}.ttl")).unlink()
    publication = publisher(root, book=(book := rules.Rules(shapes))).publish([])
    assert set(publication.rechecked) == applied
    assert said(root) == from_scratch(tmp_path, own, book=book)


def test_a_comment_in_a_rule_concerns_nobody_but_is_dumped(root, tmp_path):
    before = Releases(root).current()
    shapes = changed(tmp_path, "shapes")
    with (shapes / "item" / "item-code-unique.ttl").open("a") as file:
        file.write("# 无 · nothing\n")
    publication = publisher(root, book=rules.Rules(shapes)).publish([])
    assert publication.outcomes == []
    assert publication.release.id != before.id


def test_the_date_alone_concerns_nobody_and_those_checked_take_it(root, folders):
    publisher(root, on=LATER).publish([folders / JINAN])
    assert dates(root) == {
        names.NATION: str(ON),
        "000000-sample": str(ON),
        YANTAI: str(ON),
        JINAN: str(LATER),
    }


def test_all_can_be_asked_for(root, folders):
    publication = publisher(root, on=LATER).publish([folders / JINAN], everything=True)
    assert publication.rechecked == ["000000", "000000-sample", YANTAI]
    assert set(dates(root).values()) == {str(LATER)}


def test_other_software_concerns_all(root, monkeypatch):
    monkeypatch.setattr("app.publishing.basis.version", lambda name: "9.9")
    publication = publisher(root).publish([])
    assert publication.rechecked == ["000000", "000000-sample", JINAN, YANTAI]
    assert any("9.9" in reason for reason in publication.plan.rechecked)


def test_a_release_from_before_this_was_kept_is_checked_as_a_whole(root, own, tmp_path):
    release = Releases(root).current()
    (release.path / "system.json").unlink()
    for path in release.path.glob("regions/*/refers.json.gz"):
        path.unlink()
    publication = publisher(root).publish([])
    assert publication.rechecked == ["000000", "000000-sample", JINAN, YANTAI]
    assert said(root) == from_scratch(tmp_path, own)


def test_where_nothing_is_to_be_done_nothing_is_published(root):
    before = Releases(root).current()
    publication = publisher(root).publish([])
    assert (publication.release.id, publication.outcomes) == (before.id, [])
    assert [release.id for release in Releases(root).all()] == [before.id]


def test_a_plan_says_what_would_be_done_and_does_nothing(root, own):
    before = Releases(root).current()
    edit(own / names.NATION / "sample" / "CatalogueItem.csv", "取水许可,", "取水许可（改）,")
    lines = []
    plan = publisher(root, lines=lines).plan([own / names.NATION])
    assert plan.codes == [YANTAI]
    assert plan.seconds > 0
    assert any("取" in line or "CatalogueItem/000103001000" in line for line in lines)
    assert [release.id for release in Releases(root).all()] == [before.id]
    assert [path.name for path in Releases(root).folder.iterdir()] == [before.id]


def test_a_new_level_concerns_those_below(root, own, tmp_path):
    province = tmp_path / "370000"
    shutil.copytree(ROOT / "tests" / "world" / "370000", province)
    publication = publisher(root).publish([province])
    assert publication.rechecked == [JINAN, YANTAI]
    assert all("新发布" in reason for reason in publication.plan.rechecked)
    given = [own / names.NATION, own / YANTAI, own / JINAN, province]
    publisher(tmp_path / "scratch").publish(given)
    assert said(root) == said(tmp_path / "scratch")


def test_the_gate_looks_at_what_is_given(root, own):
    """Yantai's faults are known; that the nation is published makes it answer for them as little as before."""
    edit(own / names.NATION / "divisions.ttl", "烟台市", "烟台市（改）")
    publication = publisher(root).publish([own / names.NATION], gate=True)
    assert publication.rechecked == [YANTAI]
    with pytest.raises(Refused) as refused:
        publisher(root).publish([own / names.NATION, own / YANTAI], gate=True)
    assert list(refused.value.reports) == [YANTAI]
    assert "检查报告" in refused.value.reports[YANTAI]


# No triple in two graphs, whoever states it first


@pytest.fixture
def shared(own):
    """Jinan and Yantai both know of the same thing of Qingdao's, the nation knows what Yantai says of itself."""
    thing = f"<{names.thing('370200', 'Department', 'x')}>"
    for code in (YANTAI, JINAN):
        link = f"<{names.region(code)}/Department/local> <{names.DEF}isEntrustedBy> {thing} ."
        (own / code / "more.ttl").write_text(link, "utf-8")
    return own


def stating(root, text):
    return sorted(
        quad.graph_name.value.removeprefix(names.BASE)
        for quad in Index.read_only(str(Releases(root).current().index))
        if text in str(quad.triple)
    )


def test_a_triple_withheld_comes_back_when_nobody_else_states_it(root, own, tmp_path):
    fact = f'<{names.region(YANTAI)}> <http://purl.org/dc/terms/extent> "7" .'
    (own / YANTAI / "more.ttl").write_text(fact, "utf-8")
    publisher(root).publish([own / YANTAI])
    assert stating(root, 'dc/terms/extent> "7"') == [f"graph/{YANTAI}"]
    (own / names.NATION / "more.ttl").write_text(fact, "utf-8")
    publisher(root).publish([own / names.NATION])
    assert stating(root, 'dc/terms/extent> "7"') == [f"graph/{names.NATION}"]
    assert said(root) == from_scratch(tmp_path, own)
    (own / names.NATION / "more.ttl").unlink()
    publication = publisher(root).publish([own / names.NATION])
    assert publication.rechecked == [YANTAI]
    assert stating(root, 'dc/terms/extent> "7"') == [f"graph/{YANTAI}"]
    assert said(root)[0] == from_scratch(tmp_path / "2", own)[0]


# In several processes


def test_in_several_processes_comes_the_same(folders, published, tmp_path):
    lines = []
    publisher(tmp_path, lines=lines, jobs=2).publish(
        [folders / JINAN, folders / YANTAI, folders / names.NATION]
    )
    assert multiprocessing.active_children() == []
    assert any("2 个进程" in line for line in lines)
    assert said(tmp_path) == said(published)


def kill_one(line):
    if "检查 " in line:
        for process in multiprocessing.active_children():
            os.kill(process.pid, signal.SIGKILL)


def test_a_process_killed_is_said_and_nothing_is_published(root, folders):
    before = Releases(root).current()
    killing = Publisher(root, SYSTEM, BOOK, ON, kill_one, jobs=2)
    with pytest.raises(ProcessLost):
        killing.publish([folders / JINAN, folders / YANTAI], everything=True)
    assert Releases(root).current().id == before.id
    assert [path.name for path in Releases(root).folder.iterdir()] == [before.id]


def is_gone(group):
    """Whether a process group ends within some seconds."""
    for _ in range(100):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


@pytest.mark.parametrize("whom", ["group", "parent"])
def test_interrupted_nothing_is_published_and_no_process_stays(root, folders, whom):
    before = Releases(root).current()
    command = [
        sys.executable,
        "-m",
        "app",
        "publish",
        folders / JINAN,
        folders / YANTAI,
        "--all",
        "--jobs",
        "2",
    ]
    process = subprocess.Popen(
        [*command, "--release", root], cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    for line in process.stderr:
        if "检查 " in line:
            break
    send = os.killpg if whom == "group" else os.kill
    send(process.pid, signal.SIGINT)
    rest = process.stderr.read()
    assert process.wait(20) != 0
    process.stderr.close()
    assert "Traceback" not in rest
    assert is_gone(process.pid)
    assert Releases(root).current().id == before.id
    assert [path.name for path in Releases(root).folder.iterdir()] == [before.id]
