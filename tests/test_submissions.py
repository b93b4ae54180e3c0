"""Submitting a region over HTTP: a report at once, what would change, and publication only when one says so."""

import base64
import io
import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import openpyxl
import pytest
from served import client_of, publish_regions

from app import names
from app.files.source import Source
from app.ontology import standards
from app.regions import history
from app.releases import audit
from app.releases.release import Releases
from app.store.terms import def_
from app.submissions import submission
from app.submissions.tokens import Tokens
from app.web import Settings, submissions

ROOT = Path(__file__).parent.parent
CODE = "370600"
FOLDER = ROOT / "data" / CODE
CHANNEL = standards.load().label(def_("Channel"), "zh")
ADDRESS = f"/regions/{CODE}/submissions"


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """A release with the nation and Yantai; made once, and copied for each test that publishes."""
    return publish_regions(tmp_path_factory.mktemp("submissions") / "root", CODE)


@pytest.fixture
def root(published, tmp_path):
    return Path(shutil.copytree(published, tmp_path / "root", symlinks=True))


@pytest.fixture
def client(root):
    with client_of(root, Settings(workers=1)) as client:
        yield client


def bearer(root, region=CODE):
    return {"Authorization": f"Bearer {Tokens(root).create('数据局（合成）', region)}"}


def packed(folder, top="370600/", **changed):
    """A folder as an archive, with some files changed or added."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path in sorted(folder.iterdir()):
            if path.is_file():
                archive.writestr(top + path.name, changed.pop(path.stem, None) or path.read_bytes())
        for name, content in changed.items():
            archive.writestr(top + name, content)
    return out.getvalue()


def send(client, content, name="烟台.zip", headers=None, query="", address=ADDRESS):
    return client.post(
        address + query,
        data={"file": (io.BytesIO(content), name)},
        headers={"Accept": "application/json"} | (headers or {}),
    )


def table(name="ImplementedItem"):
    return (FOLDER / f"{name}.csv").read_text("utf-8")


# who


@pytest.mark.parametrize(
    "header",
    [
        {},
        {"Authorization": "Bearer zwfw_00000000_x"},
        {"Authorization": "Basic " + base64.b64encode(b"a:b").decode()},
    ],
)
def test_without_a_token_nothing_is_taken(client, header):
    answer = send(client, packed(FOLDER), headers=header)
    assert answer.status_code == 401 and answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.content_type.startswith("application/problem+json")


@pytest.mark.parametrize(
    ("region", "status"), [("370602", 403), ("370100", 403), ("370000", 200), ("000000", 200)]
)
def test_a_token_counts_for_its_region_and_below(client, root, region, status):
    assert send(client, packed(FOLDER), headers=bearer(root, region)).status_code == status


# what would change


def test_the_answer_is_the_report_and_the_difference_and_nothing_is_published(client, root):
    before = Releases(root).current().id
    better = table().replace("取水许可,行政确认,01", "取水许可,行政许可,01")
    answer = send(client, packed(FOLDER, ImplementedItem=better), headers=bearer(root))
    said = answer.get_json()
    assert answer.status_code == 200 and said["published"] is False
    assert {one["rule_id"] for one in said["difference"]["fixed"]} == {"R26", "R46"}
    assert said["difference"]["new"] == [] and said["difference"]["things"] == {
        "added": 0,
        "removed": 0,
        "changed": 1,
    }
    assert said["report"]["counts"]["Violation"] == 13
    assert Releases(root).current().id == before and not (root / "sources").exists()


def test_a_region_nobody_has_published_yet_is_new(client, root):
    folder = ROOT / "data" / "370602"
    answer = send(client, packed(folder, top=""), headers=bearer(root), address="/regions/370602/submissions")
    said = answer.get_json()
    assert answer.status_code == 200, said
    assert said["difference"]["things"]["removed"] == 0 < said["difference"]["things"]["added"]
    assert said["report"]["counts"]["Violation"] == 0


# publishing


def test_published_at_once_it_is_in_the_release_the_folder_the_log_and_provenance(client, root):
    first = send(client, packed(FOLDER), headers=bearer(root), query="?publish=true")
    assert first.status_code == 201 and first.headers["Location"].endswith(f"/regions/{CODE}"), (
        first.get_json()
    )
    better = table().replace("取水许可,行政确认,01", "取水许可,行政许可,01").encode()
    answer = send(client, better, "事项.csv", bearer(root), "?publish=true&table=ImplementedItem")
    said = answer.get_json()
    assert answer.status_code == 201 and said["published"] and said["counts"]["Violation"] == 13
    current = Releases(root).current()
    assert said["release"] == current.id
    folder = root / "sources" / CODE
    assert (folder / "ImplementedItem.csv").read_bytes() == better
    (original,) = folder.glob("originals/*/ImplementedItem.csv")
    assert original.read_text("utf-8") == table()
    last = json.loads((root / audit.FILE).read_text("utf-8").splitlines()[-1])
    assert last["release"] == current.id and last["by"].startswith("数据局（合成）（")
    assert last["regions"][CODE]["findings"]["Violation"] == 13
    assert last["regions"][CODE]["files"]["ImplementedItem.csv"] == Source.of_content("", better).sha256
    query = f"""PREFIX zwfw: <{names.DEF}> PREFIX prov: <{names.PROV}>
        SELECT ?who ?release ?sha WHERE {{ GRAPH <{names.graph(CODE, "provenance")}> {{
            ?publication zwfw:releaseIdentifier ?release ; prov:wasAssociatedWith/zwfw:name ?who ;
                prov:wasInformedBy/prov:used/zwfw:sha256 ?sha FILTER (STRSTARTS(?who, "数据局")) }} }}"""
    rows = client.get("/sparql", query_string={"query": query, "format": "json"}).get_json()["results"][
        "bindings"
    ]
    assert {row["release"]["value"] for row in rows} == {current.id}
    assert Source.of_content("", better).sha256 in {row["sha"]["value"] for row in rows}


def test_looked_at_first_and_published_then(client, root):
    headers = bearer(root)
    identity = send(client, packed(FOLDER), headers=headers).get_json()["submission"]
    done = client.post(f"{ADDRESS}/{identity}/publication", headers=headers)
    assert done.status_code == 201 and done.get_json()["release"] == Releases(root).current().id
    again = client.post(f"{ADDRESS}/{identity}/publication", headers=headers)
    assert again.status_code == 404


def test_what_was_looked_at_before_another_version_came_is_not_published(client, root):
    headers = bearer(root)
    waiting = send(client, packed(FOLDER), headers=headers).get_json()["submission"]
    assert send(client, packed(FOLDER), headers=headers, query="?publish=true").status_code == 201
    assert client.post(f"{ADDRESS}/{waiting}/publication", headers=headers).status_code == 409


def test_submissions_that_wait_too_long_or_are_too_many_are_forgotten(client, root):
    headers = bearer(root)
    sent = [send(client, packed(FOLDER), headers=headers).get_json()["submission"] for _ in range(4)]
    waiting = {path.name for path in (root / submission.WAITING).iterdir()}
    assert waiting == set(sent[1:])


# what is sent


def test_one_workbook_is_a_whole_region(client, root, tmp_path):
    headers = bearer(root)
    assert send(client, packed(FOLDER), headers=headers, query="?publish=true").status_code == 201
    book = openpyxl.Workbook()
    book.remove(book.active)
    for path in sorted(FOLDER.glob("*.csv")):
        sheet = book.create_sheet(path.stem)
        for line in path.read_text("utf-8").splitlines():
            sheet.append(line.split(","))
    out = io.BytesIO()
    book.save(out)
    answer = send(client, out.getvalue(), "烟台市.xlsx", headers)
    said = answer.get_json()
    assert answer.status_code == 200, said
    assert said["difference"]["things"] == {"added": 0, "removed": 0, "changed": 0}
    refused = send(client, table().encode(), "事项.csv", headers)
    assert refused.status_code == 422 and "table" in refused.get_json()["errors"][0]["said"]


def test_a_body_alone_says_its_type_or_name(client, root):
    headers = bearer(root)
    assert (
        client.post(ADDRESS, data=packed(FOLDER), content_type="application/zip", headers=headers).status_code
        == 200
    )
    unnamed = client.post(ADDRESS, data=b"x", content_type="application/msword", headers=headers)
    assert unnamed.status_code == 415
    named = client.post(
        f"{ADDRESS}?name=a.doc", data=b"x", content_type="application/msword", headers=headers
    )
    assert named.status_code == 422


def legacy():
    """An archive whose names are GBK and do not say so, as archivers in China made them."""
    out, held = io.BytesIO(), "Q" * len(CHANNEL.encode("gbk"))
    with zipfile.ZipFile(out, "w") as archive:
        for path in sorted(FOLDER.iterdir()):
            archive.writestr({"Channel.csv": f"{held}.csv"}.get(path.name, path.name), path.read_bytes())
    return out.getvalue().replace(held.encode(), CHANNEL.encode("gbk"))


@pytest.mark.parametrize(
    ("name", "content", "place", "message"),
    [
        ("a.zip", b"PK nonsense", "a.zip", "不是可以打开的压缩包"),
        ("a.zip", packed(FOLDER, **{"../../x.csv": "a"}), "a.zip", "下一层目录"),
        ("a.zip", packed(FOLDER, **{"more/x.csv": "a"}), "a.zip", "下一层目录"),
        ("a.txt", b"x", "a.txt", "没有可以读取的文件"),
        ("a.zip", packed(FOLDER, ImplementedItem=table().replace("工作日,10,工作日", "工作日,十,工作日", 1)), "ImplementedItem.csv", "“十”不是整数"),
        ("a.zip", packed(ROOT / "data" / "370602", top=""), "region.ttl", "370602"),
        ("a.xlsx", b"x", "region.ttl", "首次报送"),
        ("a.zip", packed(FOLDER, **{"字" * 80 + ".csv": "a"}), "字" * 80 + ".csv", "文件名太长"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said_with_its_place_and_leaves_nothing(
    client, root, name, content, place, message
):
    answer = send(client, content, name, bearer(root))
    said = answer.get_json()
    assert answer.status_code == 422, said
    assert any(error["file"] == place and message in error["said"] for error in said["errors"]), said[
        "errors"
    ]
    assert not list((root / submission.WAITING).glob("*"))


def test_a_bomb_is_not_unpacked(client, root, monkeypatch):
    monkeypatch.setattr(submission, "MAX_UNPACKED_BYTES", 100_000)
    answer = send(client, packed(FOLDER, **{"x.csv": "甲\n" * 100_000}), headers=bearer(root))
    assert answer.status_code == 422 and "100000" in answer.get_json()["errors"][0]["said"]


def test_a_file_that_ends_its_reader_ends_no_more(client, root):
    """A workbook of some kilobytes that asks for more memory than there is: the look is in a process of its own."""
    book = openpyxl.Workbook()
    book.active.title = "实施清单事项"
    book.active["A1"], book.active["IV1048576"] = "实施编码", "x"
    out = io.BytesIO()
    book.save(out)
    out.seek(0)
    shrunk = out.getvalue()
    answer = send(client, packed(FOLDER, **{"大.xlsx": shrunk}), headers=bearer(root))
    assert answer.status_code == 422
    assert client.get("/healthz").status_code == 200


def test_more_than_may_be_sent_is_too_large(client, root, monkeypatch):
    monkeypatch.setattr(submissions, "MAX_BYTES", 1000)
    assert send(client, packed(FOLDER), headers=bearer(root)).status_code == 413


def test_names_in_gbk_are_read(client, root):
    answer = send(client, legacy(), headers=bearer(root))
    assert answer.status_code == 200, answer.get_json()
    assert f"{CHANNEL}.csv" in [one["file"] for one in answer.get_json()["report"]["sources"]]


# the page


def test_the_page_shows_what_would_change_and_publishes_then(client, root):
    token = Tokens(root).create("数据局（合成）", CODE)
    form = client.get("/submit").get_data(as_text=True)
    assert 'name="token"' in form and "实施清单事项" in form
    fields = {"region": CODE, "token": token, "file": (io.BytesIO(packed(FOLDER)), "烟台.zip")}
    shown = client.post("/submit", data=fields).get_data(as_text=True)
    assert "会改变什么" in shown and "合成数据" in shown and token not in shown
    identity = shown.partition('name="submission" value="')[2].partition('"')[0]
    done = client.post("/submit", data={"region": CODE, "token": token, "submission": identity})
    assert "已发布" not in shown and "已作为" in done.get_data(as_text=True)
    assert done.headers["Cache-Control"] == "no-store"


def test_the_page_lists_what_cannot_be_read(client, root):
    token = Tokens(root).create("甲", CODE)
    broken = packed(FOLDER, ImplementedItem="实施编码,<script>\n甲,乙\n")
    fields = {"region": CODE, "token": token, "file": (io.BytesIO(broken), "a.zip")}
    answer = client.post("/submit", data=fields, headers={"Accept": "text/html"})
    text = answer.get_data(as_text=True)
    assert answer.status_code == 422 and "ImplementedItem.csv" in text and "<script>" not in text


def test_of_several_accepted_together_none_stays_where_one_is_outdated(root):
    kept = submission.Submissions(root)
    other, nearby = "370602", root / "sources" / "370602"
    first, second = (receive(kept, code) for code in (CODE, other))
    kept.accept(receive(kept, other))
    before = {path.name: path.read_bytes() for path in nearby.iterdir() if path.is_file()}
    with pytest.raises(history.Outdated), kept.accepted([first, second]):
        pytest.fail("one of them was outdated")
    assert {path.name: path.read_bytes() for path in nearby.iterdir() if path.is_file()} == before
    folder = root / "sources" / CODE
    assert [change.kind for change in history.read(folder)] == [history.SUBMISSION, history.TAKEN_BACK]
    assert not (folder / "region.ttl").exists()  # there was none before


def receive(kept, code):
    return kept.receive(code, "甲", {"a.zip": packed(ROOT / "data" / code)}, "", standards.load())


def test_of_two_at_once_one_is_outdated(root):
    """Two versions made for the same one, put in force in the same moment: one counts, and the other is told."""
    code = f"""
import sys, pathlib
from app.ontology import standards
from app.regions import history
from app.submissions import submission
kept = submission.Submissions(pathlib.Path({str(root)!r}))
found = kept.receive({CODE!r}, "甲", {{"烟台.zip": pathlib.Path(sys.argv[1]).read_bytes()}}, "", standards.load())
print("ready", flush=True)
sys.stdin.readline()
try:
    kept.accept(found)
except history.Outdated:
    sys.exit(7)
"""
    archive = root.parent / "a.zip"
    archive.write_bytes(packed(FOLDER))
    command = [sys.executable, "-c", code, str(archive)]
    both = [
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for process in both:
        assert process.stdout.readline() == "ready\n"
    for process in both:
        process.stdin.write("\n")
        process.stdin.flush()
    for process in both:
        process.communicate()
    assert sorted(process.returncode for process in both) == [0, 7]
    assert len(history.read(root / "sources" / CODE)) == 1
