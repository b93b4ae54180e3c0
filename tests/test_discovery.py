"""robots.txt, the site map and security.txt: what is at addresses that are the same on every site."""

import datetime
import gzip
import json
import os
import re
import shutil
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path
from urllib.robotparser import RobotFileParser

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from test_pages import BROWSER

from app import names
from app.cli import zwfw
from app.releases.release import MANIFEST, Release, Releases
from app.web import Settings, create_app, discovery

HOME = "https://data.example.org"
SPACE = f"{{{discovery.NAMESPACE}}}"
REGIONS = 3000


def entries(content: bytes) -> dict[str, str]:
    """The addresses of a site map with their dates."""
    found = ElementTree.fromstring(content)
    assert found.tag in (f"{SPACE}urlset", f"{SPACE}sitemapindex")
    return {one.findtext(f"{SPACE}loc", ""): one.findtext(f"{SPACE}lastmod", "") for one in found}


@pytest.fixture(scope="module")
def release(world_root: Path) -> Release:
    found = Releases(world_root).current()
    assert found is not None
    return found


@pytest.fixture(scope="module")
def app(world_root: Path) -> Iterator[Flask]:
    app = create_app(world_root, Settings(workers=1, public=HOME, contact="mailto:security@example.org"))
    yield app
    app.extensions["live"].close()


@pytest.fixture
def asked(app: Flask) -> FlaskClient:
    return app.test_client(use_cookies=False)


# Robots


@pytest.mark.parametrize(
    "path, allowed",
    [
        ("/", True),
        ("/doc/370000/ImplementedItem/X0001", True),
        ("/doc/370000/ImplementedItem/X0001.ttl", True),
        ("/regions/370000", True),
        ("/sparql?query=ASK%7B%7D", False),
    ],
)
def test_robots_may_read_documents_and_not_ask(asked: FlaskClient, path: str, allowed: bool) -> None:
    answer = asked.get("/robots.txt")
    assert answer.content_type == "text/plain; charset=utf-8"
    robots = RobotFileParser()
    robots.parse(answer.get_data(as_text=True).splitlines())
    assert robots.can_fetch("somebody", path) is allowed
    assert robots.site_maps() == [f"{HOME}/sitemap.xml"]


# Security


def test_the_contact_is_the_operators_and_has_an_end(asked: FlaskClient) -> None:
    answer = asked.get("/.well-known/security.txt")
    assert answer.content_type == "text/plain; charset=utf-8"
    said = dict(line.split(": ", 1) for line in answer.get_data(as_text=True).splitlines())
    assert said["Contact"] == "mailto:security@example.org"
    assert said["Canonical"] == f"{HOME}/.well-known/security.txt"
    left = datetime.datetime.fromisoformat(said["Expires"]) - datetime.datetime.now(datetime.UTC)
    assert datetime.timedelta(days=179) < left < datetime.timedelta(days=365)  # RFC 9116 §2.5.5
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", said["Expires"])  # RFC 3339


def test_without_a_contact_there_is_none(web: FlaskClient) -> None:
    assert web.get("/.well-known/security.txt").status_code == 404


@pytest.mark.parametrize(
    "option, value",
    [
        ("--contact", "security@example.org"),
        ("--contact", "mailto:"),
        ("--contact", "mailto:a\nContact: mailto:b"),
        ("--contact", "http://example.org"),
        ("--public", "data.example.org"),
        ("--public", "https://"),
        ("--public", "https://a b"),
        ("--public", 'https://a"><b'),
        ("--public", "ftp://example.org"),
    ],
)
def test_what_would_be_published_wrong_is_refused(tmp_path: Path, option: str, value: str) -> None:
    for given in ([option, value], []):
        name = f"ZWFW_{option.strip('-').upper()}"
        env = {} if given else {name: value}
        answer = CliRunner().invoke(zwfw, ["serve", "--release", str(tmp_path), *given], env=env)
        assert answer.exit_code == 2 and option in answer.output


# The site map


def test_the_site_map_has_every_document_once(asked: FlaskClient, release: Release) -> None:
    index = entries(asked.get("/sitemap.xml").data)
    assert set(index) == {f"{HOME}/sitemap/pages.xml"} | {
        f"{HOME}/sitemap/{code}.1.xml" for code in release.regions
    }
    for code, entry in release.regions.items():
        assert index[f"{HOME}/sitemap/{code}.1.xml"] == entry["published"]
        answer = asked.get(f"/sitemap/{code}.1.xml")
        assert answer.content_type == "application/xml; charset=utf-8"
        listed = re.findall(rb"<loc>(.*?)</loc>", answer.data)
        assert len(listed) == len(set(listed))
        dump = next(name for name in entry["dumps"] if name.endswith(".nt.gz"))
        lines = gzip.decompress((release.dumps / dump).read_bytes())
        things = set(re.findall(rb"^<%sid/([^>]*)>" % names.BASE.encode(), lines, re.MULTILINE))
        assert set(listed) == {f"{HOME}/doc/".encode() + thing for thing in things}
        assert set(entries(answer.data).values()) == {entry["published"]}


def test_what_is_listed_is_there(asked: FlaskClient) -> None:
    listed = list(entries(asked.get("/sitemap/pages.xml").data))
    assert len(listed) == len(set(listed)) > 1000
    kinds = {re.sub(r"^(/[a-z]*(/term|/code)?).*", r"\1", one.removeprefix(HOME)) for one in listed}
    assert kinds >= {
        "/",
        "/regions",
        "/rules",
        "/standards",
        "/clauses",
        "/ontology",
        "/ontology/term",
        "/doc/code",
    }
    hard = [one for one in entries(asked.get("/sitemap/370000.1.xml").data) if "%" in one]
    assert len(hard) >= 3
    for address in [*listed[:20], *listed[20::97], *hard]:
        assert address.startswith(HOME)
        answer = asked.get(address.removeprefix(HOME), headers=BROWSER)
        assert answer.status_code in (200, 308), address


@pytest.mark.parametrize("path", ["/sitemap.xml", "/sitemap/pages.xml", "/sitemap/370000.1.xml"])
def test_a_site_map_is_sent_again_only_when_it_changed(asked: FlaskClient, path: str) -> None:
    tag = asked.get(path).headers["ETag"]
    assert asked.get(path, headers={"If-None-Match": tag}).status_code == 304
    head = asked.head(path)
    assert head.status_code == 200 and not head.data and head.headers["ETag"] == tag


@pytest.mark.parametrize(
    "path",
    ["/sitemap/370000.2.xml", "/sitemap/370000.0.xml", "/sitemap/999999.1.xml", "/sitemap/..%2F370000.1.xml"],
)
def test_a_part_there_is_not(asked: FlaskClient, path: str) -> None:
    assert asked.get(path).status_code == 404


@pytest.fixture(scope="module")
def nation(release: Release, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three thousand regions, the first of them with more things than a file of a site map may list."""
    root = tmp_path_factory.mktemp("nation")
    folder = root / "releases" / release.id
    shutil.copytree(release.path, folder, copy_function=os.link)
    manifest = json.loads((release.path / MANIFEST).read_bytes())
    entry = manifest["regions"]["370000"]
    manifest["regions"] = {f"{200000 + n}": entry for n in range(REGIONS)}
    large = 2 * discovery.URLS_A_PART + 1
    manifest["regions"]["200000"] = entry | {"subjects": large, "dumps": ["200000.nt.gz"], "digest": "large"}
    lines = (f'<{names.BASE}id/200000/ImplementedItem/{n:07}> <x:p> "{n}" .\n' for n in range(large))
    (folder / "dumps" / "200000.nt.gz").write_bytes(gzip.compress("".join(lines).encode(), 1))
    (folder / MANIFEST).unlink()
    (folder / MANIFEST).write_text(json.dumps(manifest), "utf-8")
    (root / "current").symlink_to(Path("releases") / release.id)
    return root


def test_no_part_is_longer_than_allowed(nation: Path) -> None:
    app = create_app(nation, Settings(workers=1, public=HOME))
    web = app.test_client(use_cookies=False)
    index = entries(web.get("/sitemap.xml").data)
    assert len(index) == 1 + REGIONS + 2
    seen: set[str] = set()
    for number, expected in ((1, 50_000), (2, 50_000), (3, 1)):
        address = f"{HOME}/sitemap/200000.{number}.xml"
        assert address in index
        listed = set(entries(web.get(address.removeprefix(HOME)).data))
        assert len(listed) == expected and not listed & seen
        seen |= listed
    assert web.get("/sitemap/200000.4.xml").status_code == 404
    app.extensions["live"].close()
