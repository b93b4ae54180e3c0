"""Dumps over HTTP: exactly the listed files, whole or in part, and the whole as the regions' members in order."""

import gzip
import hashlib
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app.release import Release, Releases
from app.store.terms import RdfFormat, parse
from app.web.dumps import Members
from app.web.formats import HTML


@pytest.fixture
def release(world_root: Path) -> Release:
    found = Releases(world_root).current()
    assert found is not None
    return found


def whole(release: Release, ending: str) -> bytes:
    return b"".join(
        (release.dumps / name).read_bytes()
        for entry in release.regions.values()
        for name in entry["dumps"]
        if name.endswith(ending)
    )


def test_every_listed_file_is_what_its_checksum_says(web: FlaskClient, release: Release) -> None:
    with web.get("/dumps/SHA256SUMS") as sums:
        assert sums.content_type == "text/plain; charset=utf-8"
        lines = sums.get_data(as_text=True).splitlines()
    page = web.get("/dumps/", headers={"Accept": HTML}).get_data(as_text=True)
    assert len(lines) == 14
    for line in lines:
        digest, name = line.split("  ")
        with web.get(f"/dumps/{name}") as answer:
            assert answer.status_code == 200
            assert hashlib.sha256(answer.data).hexdigest() == digest
            assert answer.content_type == "application/gzip"
            assert "Content-Encoding" not in answer.headers
            assert answer.headers["ETag"].strip('"') == digest
            assert answer.last_modified is not None
            assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert f'href="/dumps/{name}"' in page and digest in page


def test_names_say_what_is_synthetic(web: FlaskClient) -> None:
    page = web.get("/dumps/", headers={"Accept": HTML}).get_data(as_text=True)
    assert "名称中有 synthetic 的文件" in page
    assert "/dumps/all-synthetic.nt.gz" in page and "/dumps/370000-synthetic.ttl.gz" in page
    assert web.get("/dumps/all.nt.gz").status_code == 404


@pytest.mark.parametrize("ending", [".nt.gz", ".ttl.gz"])
def test_the_whole_is_the_regions_in_order_of_codes(web: FlaskClient, release: Release, ending: str) -> None:
    expected = whole(release, ending)
    with web.get(f"/dumps/all-synthetic{ending}") as answer:
        assert answer.data == expected
        assert answer.headers["Content-Length"] == str(len(expected))
        assert answer.headers["Accept-Ranges"] == "bytes"
        tag = answer.headers["ETag"]
    form = RdfFormat.TURTLE if ending == ".ttl.gz" else RdfFormat.N_TRIPLES
    number = sum(entry["triples"] for entry in release.regions.values())
    assert len(list(parse(gzip.decompress(expected), format=form))) == number
    with web.get(f"/dumps/all-synthetic{ending}", headers={"If-None-Match": tag}) as again:
        assert again.status_code == 304 and not again.data


@pytest.mark.parametrize("name", ["all-synthetic.nt.gz", "000000.nt.gz"])
@pytest.mark.parametrize("asked", ["0-0", "5-1000", "-7", "1000-", "270000-271500"])
def test_parts(web: FlaskClient, name: str, asked: str) -> None:
    with web.get(f"/dumps/{name}") as answer:
        content, tag = answer.data, answer.headers["ETag"]
    first, _, last = asked.partition("-")
    start = int(first) if first else len(content) - int(last)
    stop = int(last) + 1 if first and last else len(content)
    with web.get(f"/dumps/{name}", headers={"Range": f"bytes={asked}"}) as part:
        if start >= len(content):
            assert part.status_code == 416
            return
        assert part.status_code == 206
        assert part.data == content[start:stop]
        assert part.headers["Content-Range"] == f"bytes {start}-{min(stop, len(content)) - 1}/{len(content)}"
    with web.get(f"/dumps/{name}", headers={"Range": f"bytes={asked}", "If-Range": tag}) as part:
        assert part.status_code == 206
    with web.get(f"/dumps/{name}", headers={"Range": f"bytes={asked}", "If-Range": '"old"'}) as all_of_it:
        assert all_of_it.status_code == 200


def test_head(web: FlaskClient) -> None:
    for name in ("all-synthetic.nt.gz", "000000.nt.gz"):
        with web.head(f"/dumps/{name}") as head, web.get(f"/dumps/{name}") as answer:
            assert head.status_code == 200 and not head.data
            for header in ("Content-Length", "ETag", "Last-Modified", "Content-Type"):
                assert head.headers[header] == answer.headers[header]


@pytest.mark.parametrize(
    "path",
    ["/dumps/../release.json", "/dumps/%2e%2e/release.json", "/dumps/..%2frelease.json", "/dumps/..", "/dumps/.",
     "/dumps/release.json", "/dumps//etc/passwd", "/dumps/000000.nt.gz/..", "/dumps/000000.nt.gz%00"],
)  # fmt: skip
def test_nothing_else_is_served(web: FlaskClient, path: str) -> None:
    with web.get(path) as answer:
        assert answer.status_code in (308, 404)


def test_members_are_one_file(tmp_path: Path) -> None:
    paths = []
    for number, content in enumerate([b"abc", b"", b"defgh", b"i"]):
        paths.append(tmp_path / str(number))
        paths[-1].write_bytes(content)
    with Members(paths) as members:
        assert members.seekable() and members.readable()
        assert members.read() == b"abcdefghi"
        assert members.seek(-3, 2) == 6
        assert members.read(2) == b"gh"
        assert members.seek(1) == 1
        assert members.read(100) + members.read(100) == b"bc" + b"defgh"
        members.seek(100)
        assert members.read(1) == b""
