"""Dumps over HTTP: exactly the listed files, whole or in part, and the whole as the regions' members in order."""

import gzip
import hashlib
import itertools
import json
import random
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from served import exchange, make_index, point, server

from app import names
from app.releases.release import MANIFEST, Release, Releases, write_checksums
from app.store.terms import BlankNode, Index, RdfFormat, parse
from app.web import Settings, create_app, dumps, offer
from app.web.formats import HTML
from app.web.members import Members

ENDINGS = {".nt.gz": RdfFormat.N_TRIPLES, ".ttl.gz": RdfFormat.TURTLE, ".nq.gz": RdfFormat.N_QUADS}
DOCUMENT = Path(__file__).parent.parent / "docs" / "dumps.md"
SETTINGS = Settings(timeout=10, memory_mb=512, workers=1)


@pytest.fixture
def release(world_root: Path) -> Release:
    found = Releases(world_root).current()
    assert found is not None
    return found


def members(release: Release, ending: str, kind: str = "dumps") -> list[Path]:
    """The files of all regions in order of codes, and with the N-Quads of data those of the standard system."""
    listed = [name for entry in release.regions.values() for name in entry[kind] if name.endswith(ending)]
    if (ending, kind) == (".nq.gz", "dumps"):
        listed += [f"{name}.nq.gz" for name in names.SYSTEM_GRAPHS]
    return [release.dumps / name for name in listed]


def whole(release: Release, ending: str, kind: str = "dumps") -> bytes:
    return b"".join(path.read_bytes() for path in members(release, ending, kind))


def test_every_listed_file_is_what_its_checksum_says(web: FlaskClient, release: Release) -> None:
    with web.get("/dumps/SHA256SUMS") as sums:
        assert sums.content_type == "text/plain; charset=utf-8"
        lines = sums.get_data(as_text=True).splitlines()
    page = web.get("/dumps/", headers={"Accept": HTML}).get_data(as_text=True)
    regions, graphs, formats = len(release.regions), len(names.SYSTEM_GRAPHS), len(ENDINGS)
    assert len(lines) == (2 * regions + graphs) * formats
    for line in lines:
        digest, name = line.split("  ")
        with web.get(f"/dumps/{name}") as answer:
            assert answer.status_code == 200
            assert hashlib.sha256(answer.data).hexdigest() == digest
            assert answer.content_type == "application/gzip"
            assert "Content-Encoding" not in answer.headers
            assert answer.headers["ETag"] == f'"{digest}"'
            assert answer.last_modified is not None
            assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert f'href="/dumps/{name}"' in page and digest in page


def test_names_say_what_is_synthetic(web: FlaskClient) -> None:
    page = web.get("/dumps/", headers={"Accept": HTML}).get_data(as_text=True)
    assert "名称中有 synthetic 的文件" in page
    offered = set(re.findall(r'href="/dumps/(?:changes/)?([^"/]+)"', page))
    made_up = {name for name in offered if name.startswith(("all", "370000", "000000-sample"))}
    assert len(made_up) == 6 * 3 + 2 * 2 and all("-synthetic" in name for name in made_up)
    assert "000000.nt.gz" in offered
    assert web.get("/dumps/all.nt.gz").status_code == 404


@pytest.mark.parametrize("kind", ["dumps", "reports"])
@pytest.mark.parametrize("ending", ENDINGS)
def test_the_whole_is_the_regions_in_order_of_codes(
    web: FlaskClient, release: Release, ending: str, kind: str
) -> None:
    name = f"all-synthetic{'-report' if kind == 'reports' else ''}{ending}"
    expected = whole(release, ending, kind)
    with web.get(f"/dumps/{name}") as answer:
        assert answer.data == expected
        assert answer.headers["Content-Length"] == str(len(expected))
        assert answer.headers["Accept-Ranges"] == "bytes"
        assert answer.headers["Content-Disposition"] == f"attachment; filename={name}"
        tag = answer.headers["ETag"]
        assert not tag.startswith("W/")
    with web.get(f"/dumps/{name}", headers={"If-None-Match": tag}) as again:
        assert again.status_code == 304 and not again.data


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_whole_read_as_one_file_is_what_the_index_holds(release: Release, ending: str) -> None:
    index = Index.read_only(str(release.index))
    kinds = {"dumps": "graph", "reports": "report"}
    for kind, graph in kinds.items():
        wanted = {names.graph(code, graph) for code in release.regions}
        if (ending, kind) == (".nq.gz", "dumps"):
            wanted |= {names.graph(name) for name in names.SYSTEM_GRAPHS}
        expected = [quad for quad in index if getattr(quad.graph_name, "value", "") in wanted]
        found = list(parse(gzip.decompress(whole(release, ending, kind)), format=ENDINGS[ending]))
        assert len(found) == len(expected)
        plain = [q for q in found if not any(isinstance(t, BlankNode) for t in (q.subject, q.object))]
        if ending == ".nq.gz":
            assert {str(quad.graph_name) for quad in found} == {f"<{name}>" for name in wanted}
            assert set(plain) <= set(expected)
        else:
            assert {quad.triple for quad in plain} == {quad.triple for quad in expected}


def test_no_blank_node_of_the_whole_is_two(release: Release) -> None:
    """In one file equal labels are one node, whatever graph they stand in."""
    found: dict[str, set[str]] = {}
    for quad in parse(gzip.decompress(whole(release, ".nq.gz")), format=RdfFormat.N_QUADS):
        for term in (quad.subject, quad.object):
            if isinstance(term, BlankNode):
                found.setdefault(term.value, set()).add(str(quad.graph_name))
    assert len(set().union(*found.values())) > 1
    assert all(len(graphs) == 1 for graphs in found.values())


def test_a_whole_that_would_lack_a_region_is_not_offered(release: Release, tmp_path: Path) -> None:
    """As in a release of which a region was last published by software that wrote fewer formats."""
    shutil.copytree(release.path, tmp_path / release.id)
    manifest = json.loads((tmp_path / release.id / MANIFEST).read_text("utf-8"))
    entry = manifest["regions"]["370000"]
    entry["dumps"] = [name for name in entry["dumps"] if not name.endswith(".nq.gz")]
    del entry["reports"], manifest["changes"]
    (tmp_path / release.id / MANIFEST).write_text(json.dumps(manifest), "utf-8")
    found = offer.offer(tmp_path / release.id)
    assert {name for name in found.dumps if name.startswith("all")} == {
        "all-synthetic.nt.gz",
        "all-synthetic.ttl.gz",
    }
    assert not found.changes


# Parts


@pytest.fixture(scope="module")
def plain(world_root: Path) -> dict[str, bytes]:
    found = Releases(world_root).current()
    assert found is not None
    return {
        "all-synthetic.nq.gz": whole(found, ".nq.gz"),
        "000000.nt.gz": (found.dumps / "000000.nt.gz").read_bytes(),
    }


def checked_part(web: FlaskClient, name: str, content: bytes, asked: str, start: int, stop: int) -> None:
    with web.get(f"/dumps/{name}", headers={"Range": f"bytes={asked}"}) as part:
        assert part.status_code == 206
        assert part.data == content[start:stop]
        assert part.headers["Content-Length"] == str(stop - start)
        assert part.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{len(content)}"


def test_parts_about_the_seams_of_members(
    web: FlaskClient, release: Release, plain: dict[str, bytes]
) -> None:
    name = "all-synthetic.nq.gz"
    content = plain[name]
    sizes = [path.stat().st_size for path in members(release, ".nq.gz")]
    seams = list(itertools.accumulate(sizes, initial=0))
    assert seams[-1] == len(content) and len(seams) > 5
    for seam in seams[1:-1]:
        for start, stop in ((seam - 1, seam), (seam, seam + 1), (seam - 1, seam + 1), (seam - 5, seam + 5)):
            checked_part(web, name, content, f"{start}-{stop - 1}", start, stop)
    for first, last in itertools.combinations(seams, 2):
        checked_part(web, name, content, f"{first}-{last - 1}", first, last)


@pytest.mark.parametrize("name", ["all-synthetic.nq.gz", "000000.nt.gz"])
def test_parts_from_the_end_to_the_end_and_beyond(
    web: FlaskClient, plain: dict[str, bytes], name: str
) -> None:
    content = plain[name]
    size = len(content)
    checked_part(web, name, content, "0-0", 0, 1)
    checked_part(web, name, content, "0-", 0, size)
    checked_part(web, name, content, "-7", size - 7, size)
    checked_part(web, name, content, f"-{size + 7}", 0, size)
    checked_part(web, name, content, f"{size - 1}-", size - 1, size)
    checked_part(web, name, content, f"5-{size + 100}", 5, size)


@given(data=st.data())
def test_any_part(world_app, plain: dict[str, bytes], data: st.DataObject) -> None:  # type: ignore[no-untyped-def]
    name = data.draw(st.sampled_from(sorted(plain)))
    content = plain[name]
    start = data.draw(st.integers(0, len(content) - 1))
    stop = data.draw(st.integers(start + 1, len(content)))
    web = world_app.test_client(use_cookies=False)
    checked_part(web, name, content, f"{start}-{stop - 1}", start, stop)


@pytest.mark.parametrize("name", ["all-synthetic.nq.gz", "000000.nt.gz"])
def test_a_part_that_is_not_there(web: FlaskClient, plain: dict[str, bytes], name: str) -> None:
    size = len(plain[name])
    for asked in (f"{size}-", f"{size + 5}-{size + 9}", "-0"):
        with web.get(f"/dumps/{name}", headers={"Range": f"bytes={asked}"}) as part:
            assert part.status_code == 416
            assert part.headers["Content-Range"] == f"bytes */{size}"
            assert part.get_json(force=True)["type"].endswith("/problems/range-not-satisfiable")


@pytest.mark.parametrize(
    "asked", ["bytes=0-1,5-6", "bytes=9-3", "items=0-1", "bytes=", "bytes=-", "bytes=a-b", "0-1"]
)
def test_what_is_no_single_range_is_answered_with_the_whole(
    web: FlaskClient, plain: dict[str, bytes], asked: str
) -> None:
    for name, content in plain.items():
        with web.get(f"/dumps/{name}", headers={"Range": asked}) as answer:
            assert answer.status_code == 200
            assert answer.data == content


@pytest.mark.parametrize("name", ["all-synthetic.nq.gz", "000000.nt.gz"])
def test_a_download_is_resumed_only_if_the_file_is_the_same(
    web: FlaskClient, plain: dict[str, bytes], name: str
) -> None:
    content = plain[name]
    with web.head(f"/dumps/{name}") as head:
        tag, date = head.headers["ETag"], head.headers["Last-Modified"]
    for condition, same in (
        (tag, True),
        (date, True),
        ('"old"', False),
        (f"W/{tag}", False),
        ("Mon, 01 Jan 2024 00:00:00 GMT", False),
        ("Fri, 01 Jan 2100 00:00:00 GMT", False),
    ):
        with web.get(f"/dumps/{name}", headers={"Range": "bytes=5-9", "If-Range": condition}) as part:
            assert part.status_code == (206 if same else 200), condition
            assert part.data == (content[5:10] if same else content)
    with web.get(f"/dumps/{name}", headers={"Range": "bytes=5-9", "If-None-Match": tag}) as same_file:
        assert same_file.status_code == 304


def test_head(web: FlaskClient) -> None:
    for name in ("all-synthetic.nq.gz", "000000.nt.gz"):
        with web.head(f"/dumps/{name}") as head, web.get(f"/dumps/{name}") as answer:
            assert head.status_code == 200 and not head.data
            for header in ("Content-Length", "ETag", "Last-Modified", "Content-Type", "Accept-Ranges"):
                assert head.headers[header] == answer.headers[header]
        with web.head(f"/dumps/{name}", headers={"Range": "bytes=0-1"}) as head:
            assert head.status_code == 200  # RFC 9110 defines ranges for GET alone


def test_the_real_server_sends_the_same(world_root: Path, plain: dict[str, bytes]) -> None:
    """By its file wrapper, which the test client does not have."""
    with server(world_root, SETTINGS) as port:
        for name, content in plain.items():
            size = len(content)
            for asked, start, stop in (
                ("", 0, size),
                ("bytes=-1000", size - 1000, size),
                ("bytes=9-99999", 9, 100000),
            ):
                header = f"Range: {asked}\r\n" if asked else ""
                answer = exchange(port, f"GET /dumps/{name} HTTP/1.0\r\n{header}\r\n")
                head, _, body = answer.partition(b"\r\n\r\n")
                assert head.startswith(b"HTTP/1.0 206" if asked else b"HTTP/1.0 200")
                assert f"Content-Length: {stop - start}".encode() in head
                assert body == content[start:stop]
            assert exchange(port, f"HEAD /dumps/{name} HTTP/1.0\r\n\r\n").endswith(b"\r\n\r\n")


def test_the_commands_of_the_documentation_work(
    world_root: Path, plain: dict[str, bytes], tmp_path: Path
) -> None:
    blocks = re.findall(r"```sh\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)
    with server(world_root, SETTINGS) as port:
        address = f"127.0.0.1:{port}"
        first, again = (block.replace("127.0.0.1:8000", address) for block in blocks[:2])
        torn = "head -c 1000 000000.nt.gz > torn; mv torn 000000.nt.gz\n"
        once_more = again.splitlines()[-1].replace("-sSO", "-sS -w %{http_code} -o same")
        script = f"set -e\n{first}{torn}{again}{once_more}\n"
        done = subprocess.run(
            ["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
        )
    assert (tmp_path / "000000.nt.gz").read_bytes() == plain["000000.nt.gz"]
    assert done.stdout.splitlines()[0] == "000000.nt.gz: OK"
    assert done.stdout.endswith("304")


# By release


def test_the_latest_leads_to_an_address_that_stays(web: FlaskClient, release: Release) -> None:
    for rest in ("", "SHA256SUMS", "000000.nt.gz", "changes/SHA256SUMS", "changes/000000.added.nt.gz"):
        with web.get(f"/dumps/latest/{rest}") as answer:
            assert answer.status_code == 302
            assert answer.headers["Location"] == f"/dumps/{release.id}/{rest}"
            assert answer.headers["Cache-Control"] == "no-cache"
        with (
            web.get(f"/dumps/{release.id}/{rest}") as named,
            web.get(f"/dumps/{rest}") as current,
        ):
            assert named.status_code == 200
            if rest:
                assert named.data == current.data
                assert named.headers["ETag"] == current.headers["ETag"]
                assert "immutable" in named.headers["Cache-Control"]
                assert current.headers["Cache-Control"] == "no-cache"


def test_changes_are_listed_and_served(web: FlaskClient, release: Release) -> None:
    page = web.get("/dumps/", headers={"Accept": HTML}).get_data(as_text=True)
    lines = web.get("/dumps/changes/SHA256SUMS").get_data(as_text=True).splitlines()
    assert len(lines) == 2 * len(release.regions)
    for line in lines:
        digest, name = line.split("  ")
        assert f'href="/dumps/changes/{name}"' in page and digest in page
        with web.get(f"/dumps/changes/{name}") as answer:
            assert hashlib.sha256(answer.data).hexdigest() == digest


def test_programs_learn_which_releases_there_are(web: FlaskClient, release: Release) -> None:
    (one,) = web.get("/dumps/releases.json").get_json()
    assert one == {
        "id": release.id,
        "made": release.manifest["made"],
        "basedOn": None,
        "current": True,
        "regions": len(release.regions),
        "changes": release.manifest["changes"],
    }


def test_many_regions_are_paged(web: FlaskClient, release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dumps, "REGIONS_A_PAGE", 2)
    first, second = (web.get(f"/dumps/?page={n}").get_data(as_text=True) for n in (1, 2))
    assert "/dumps/000000.nt.gz" in first and "/dumps/370000-synthetic.nt.gz" not in first
    assert "/dumps/370000-synthetic.nt.gz" in second and "/dumps/all" not in second
    assert "名称中有 synthetic 的文件" in first and "名称中有 synthetic 的文件" in second
    assert web.get("/dumps/?page=3").status_code == 404


def big_release(root: Path, identity: str) -> tuple[Release, bytes]:
    """A release with dumps that no buffer on the way holds whole."""
    folder = root / "releases" / identity
    (folder / "dumps").mkdir(parents=True)
    make_index(folder / "index", things=3)
    regions, content = {}, b""
    for code in ("110000", "120000"):
        member = random.Random(code).randbytes(24 * 1024 * 1024)
        (folder / "dumps" / f"{code}.nt.gz").write_bytes(member)
        content += member
        regions[code] = {"title": {}, "status": "real", "dumps": [f"{code}.nt.gz"]}
    write_checksums(folder / "dumps", [f"{code}.nt.gz" for code in regions])
    manifest = {"regions": regions, "made": "2026-11-25T00:00:00+00:00", "basedOn": None}
    (folder / MANIFEST).write_text(json.dumps(manifest))
    return Release(folder), content


@pytest.fixture
def slow_download(tmp_path: Path) -> Iterator[tuple[Path, Release, bytes, socket.socket]]:
    """The first bytes of the whole of a release, which a newer one has replaced by then; the reader then pauses."""
    old, content = big_release(tmp_path, "20260101T000000Z-00000000")
    point(tmp_path, f"releases/{old.id}")
    with (
        server(tmp_path, SETTINGS) as port,
        socket.create_connection(("127.0.0.1", port), timeout=20) as reader,
    ):
        reader.sendall(b"GET /dumps/all.nt.gz HTTP/1.0\r\n\r\n")
        received = b""
        while b"\r\n\r\n" not in received:
            received += reader.recv(1024)
        for number in (1, 2):
            new, _ = big_release(tmp_path, f"2026010{number + 1}T000000Z-00000000")
            point(tmp_path, f"releases/{new.id}")
        # The server follows, and lets go of the old release but for the download.
        assert b" 200 OK" in exchange(port, "GET /readyz HTTP/1.0\r\n\r\n")
        yield tmp_path, old, content, reader


@pytest.mark.parametrize(
    "path",
    ["/dumps/../release.json", "/dumps/%2e%2e/release.json", "/dumps/..%2frelease.json", "/dumps/..", "/dumps/.",
     "/dumps/release.json", "/dumps//etc/passwd", "/dumps/000000.nt.gz/..", "/dumps/000000.nt.gz%00",
     "/dumps/20200101T000000Z-00000000/000000.nt.gz", "/dumps/20200101T000000Z-00000000/", "/dumps/../dumps/",
     "/dumps/changes/000000.nt.gz", "/dumps/changes/../000000.nt.gz", "/dumps/changes/", "/dumps/latest",
     "/dumps/current/000000.nt.gz", "/dumps/.%2e/000000.nt.gz"],
)  # fmt: skip
def test_nothing_else_is_served(web: FlaskClient, path: str) -> None:
    with web.get(path) as answer:
        assert answer.status_code in (308, 404)


# Releases that go while somebody downloads


def test_a_release_is_kept_while_somebody_downloads_of_it(
    slow_download: tuple[Path, Release, bytes, socket.socket],
) -> None:
    root, old, content, reader = slow_download
    for _ in range(40):  # by then the server itself has let go of it
        Releases(root).retain(1)
        assert old.path.is_dir()
        time.sleep(0.05)
    received = b""
    while piece := reader.recv(1 << 20):
        received += piece
    assert content.endswith(received) and len(received) > len(content) - 2048
    for _ in range(100):
        Releases(root).retain(1)
        if not old.path.exists():
            break
        time.sleep(0.05)
    assert [release.path.is_dir() for release in (old, *Releases(root).all())] == [False, True]


def test_what_was_deleted_by_hand_breaks_the_download_rather_than_end_it(
    slow_download: tuple[Path, Release, bytes, socket.socket],
) -> None:
    _, old, content, reader = slow_download
    shutil.rmtree(old.path)
    received = b""
    try:
        while piece := reader.recv(1 << 20):
            received += piece
    except ConnectionError:
        pass
    # The file that was open is read to its end, the next is not there.
    assert 0 < len(received) < len(content) * 0.6


def test_a_release_that_is_gone_is_not_found(tmp_path: Path) -> None:
    old, _ = big_release(tmp_path, "20260101T000000Z-00000000")
    new, _ = big_release(tmp_path, "20260102T000000Z-00000000")
    point(tmp_path, f"releases/{new.id}")
    app = create_app(tmp_path, SETTINGS)
    client = app.test_client(use_cookies=False)
    with client.get(f"/dumps/{old.id}/110000.nt.gz", headers={"Range": "bytes=0-9"}) as part:
        assert part.status_code == 206
    with client.get(f"/dumps/{old.id}/") as page:
        assert page.status_code == 200 and "这不是当前的发布" in page.get_data(as_text=True)
    with client.get(f"/dumps/{new.id}/") as page:
        assert "这是当前的发布" in page.get_data(as_text=True)
    Releases(tmp_path).retain(1)
    for path in ("", "110000.nt.gz", "SHA256SUMS"):
        with client.get(f"/dumps/{old.id}/{path}") as answer:
            assert answer.status_code == 404
    assert [one["id"] for one in client.get("/dumps/releases.json").get_json()] == [new.id]
    app.extensions["live"].close()


def test_members_are_one_file(tmp_path: Path) -> None:
    paths = []
    for number, content in enumerate([b"abc", b"", b"defgh", b"i"]):
        paths.append(tmp_path / str(number))
        paths[-1].write_bytes(content)
    sizes = [path.stat().st_size for path in paths]
    with Members(paths, sizes) as members:
        assert members.seekable() and members.readable()
        assert members.read() == b"abcdefghi"
        assert members.seek(-3, 2) == 6
        assert members.read(2) == b"gh"
        assert members.seek(1) == 1
        assert members.read(100) + members.read(100) == b"bc" + b"defgh"
        members.seek(100)
        assert members.read(1) == b""
    for start, stop in itertools.combinations(range(10), 2):
        with Members(paths, sizes, start, stop) as part:
            assert part.read() == b"abcdefghi"[start:stop]
            assert part.seek(0, 2) == stop - start


@pytest.mark.parametrize("loss", ["gone", "shorter"])
def test_members_that_are_not_whole_do_not_look_whole(tmp_path: Path, loss: str) -> None:
    for name in "ab":
        (tmp_path / name).write_bytes(name.encode() * 5)
    members = Members([tmp_path / "a", tmp_path / "b"], [5, 5])
    if loss == "gone":
        (tmp_path / "b").unlink()
    else:
        (tmp_path / "b").write_bytes(b"b")
    with members, pytest.raises(OSError):
        assert members.read(5) == b"aaaaa"
        while members.read(5):
            pass
