"""Writing published data by the SPARQL protocols: what is written is checked and is the next release, or nothing changed."""

import contextlib
import gzip
import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from served import client_of, publish_regions, until

from app import names
from app.regions import history
from app.releases import audit
from app.releases.release import Releases, lines_of
from app.submissions.tokens import Tokens
from app.web import Settings

ROOT = Path(__file__).parent.parent
CODE = "370602"
GRAPH = names.graph(CODE)
ITEM = names.thing(CODE, "Channel", "新渠道")
ADDED = f'<{ITEM}> a <{names.DEF}Channel> ; <{names.DEF}name> "新渠道（合成）"@zh .'
INSERT = f"INSERT DATA {{ GRAPH <{GRAPH}> {{ {ADDED} }} }}"


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    return publish_regions(tmp_path_factory.mktemp("writable") / "root", "370000", CODE)


@pytest.fixture
def root(published, tmp_path):
    return Path(shutil.copytree(published, tmp_path / "root", symlinks=True))


@pytest.fixture
def client(root):
    with client_of(root, Settings(workers=1, timeout=20, writable=True)) as client:
        yield client


def bearer(root, region="370000", scopes=("write",)):
    return {
        "Authorization": f"Bearer {Tokens(root).create('数据局（合成）', region, scopes=scopes)}",
        "Accept": "application/json",
    }


def update(client, text, headers):
    return client.post(
        "/sparql", data=text.encode(), content_type="application/sparql-update", headers=headers
    )


def stated(root, code=CODE):
    release = Releases(root).current()
    return gzip.decompress((release.dumps / lines_of(release.regions[code])).read_bytes()).decode()


def is_publishing(root):
    """Whether a process has been started that publishes under a root."""
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if {b"publish", bytes(root.resolve())} <= {*(process / "cmdline").read_bytes().split(b"\0")}:
                return True
    return False


def put(client, content, headers, graph=GRAPH, method="PUT"):
    return client.open(
        "/graph", method=method, query_string={"graph": graph}, data=content.encode(), content_type="text/turtle",
        headers=headers,
    )  # fmt: skip


# who, and where


def test_it_needs_a_token_for_writing_that_covers_the_region(client, root):
    for headers, status in (
        ({"Accept": "application/json"}, 401),
        (bearer(root, scopes=("submit",)), 403),
        (bearer(root, "370600", ("write",)), 204),
        (bearer(root, "370611", ("write",)), 403),
    ):
        answer = update(client, INSERT, headers)
        assert answer.status_code == status, [e["said"] for e in (answer.get_json() or {}).get("errors", ())]


@pytest.mark.parametrize(
    "graph",
    [
        names.graph(CODE, "report"),
        names.graph(CODE, "inferred"),
        names.graph(CODE, "provenance"),
        names.graph("ontology"),
        names.graph("000000-sample"),
        "http://example.org/g",
    ],
)
def test_only_the_data_of_regions_may_be_written(client, root, graph):
    headers, before = bearer(root, "000000"), Releases(root).current().id
    assert put(client, ADDED, headers, graph).status_code == 403
    assert update(client, INSERT.replace(GRAPH, graph), headers).status_code == 403
    assert Releases(root).current().id == before


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("INSERT DATA { <http://example.org/a> a <http://example.org/b> }", 400),  # no graph
        ("INSERT { GRAPH ?g { ?s a 1 } } WHERE { GRAPH ?g { ?s ?p ?o } }", 403),
        ("PREFIX g: <https://w3id.org/zwfw/graph/> CLEAR GRAPH g:370602", 403),
        ("CLEAR ALL", 403),
        ("DROP NAMED", 403),
        (f"LOAD <http://127.0.0.1/> INTO GRAPH <{GRAPH}>", 403),
        (f"INSERT DATA {{ GRAPH <{GRAPH}> {{ nonsense", 400),
        (
            f"INSERT DATA {{ GRAPH <{GRAPH}> {{ {ADDED} }} <http://example.org/a> a <http://example.org/b> }}",
            400,
        ),
    ],
)
def test_an_update_says_whole_what_it_writes_to(client, root, text, status):
    before = Releases(root).current().id
    assert update(client, text, bearer(root, "000000")).status_code == status
    assert Releases(root).current().id == before


# what comes of it


def test_an_update_is_the_next_release(client, root):
    before, headers = Releases(root).current(), bearer(root)
    assert update(client, INSERT, headers).status_code == 204
    after = Releases(root).current()
    assert after.id != before.id and after.manifest["basedOn"] == before.id
    assert set(stated(root).splitlines()) - set(gzip.decompress(
        (before.dumps / lines_of(before.regions[CODE])).read_bytes()).decode().splitlines()
    ) == {
        f"<{ITEM}> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <{names.DEF}Channel> .",
        f'<{ITEM}> <{names.DEF}name> "新渠道（合成）"@zh .',
    }  # fmt: skip
    ask = f"ASK {{ GRAPH <{GRAPH}> {{ <{ITEM}> ?p ?o }} }}"
    assert client.get("/sparql", query_string={"query": ask, "format": "json"}).get_json()["boolean"]
    last = json.loads((root / audit.FILE).read_text("utf-8").splitlines()[-1])
    assert last["by"].startswith("数据局（合成）（") and set(last["regions"][CODE]["files"]) == {
        "region.ttl",
        "data.nt",
    }
    assert after.regions[CODE]["title"] == before.regions[CODE]["title"]
    # And back again: what is stated is what it was.
    assert update(client, INSERT.replace("INSERT", "DELETE"), headers).status_code == 204
    assert Releases(root).current().regions[CODE]["digest"] == before.regions[CODE]["digest"]


def test_a_graph_put_is_what_its_region_states_and_a_post_is_added(client, root):
    headers, before = bearer(root), Releases(root).current().regions[CODE]
    answer = client.get("/graph", query_string={"graph": GRAPH}, headers={"Accept": "text/turtle"})
    assert put(client, answer.get_data(as_text=True), headers).status_code == 204
    assert Releases(root).current().regions[CODE]["digest"] == before["digest"]
    assert put(client, ADDED, headers, method="POST").status_code == 204
    assert ITEM in stated(root) and Releases(root).current().regions[CODE]["triples"] == before["triples"] + 2
    # A graph that says nothing of its dataset keeps what is said of it.
    assert put(client, ADDED, headers).status_code == 204
    release = Releases(root).current()
    assert release.regions[CODE]["title"] == before["title"] and release.regions[CODE]["triples"] < 30


def test_what_changes_nothing_publishes_nothing(client, root):
    before = Releases(root).current().id
    assert update(client, INSERT.replace("INSERT", "DELETE"), bearer(root)).status_code == 204
    assert Releases(root).current().id == before


@pytest.mark.parametrize(
    "triple",
    [
        f"<{names.thing('370600', 'Channel', 'x')}> <{names.DEF}name> 'x'@zh",  # another region's
        f"<{ITEM}> <{names.DEF}misspelt> 'x'",
        f"<{names.DEF}Channel> <{names.RDFS}subClassOf> <{names.DEF}Department>",
    ],
)
def test_what_a_region_may_not_say_changes_nothing(client, root, triple):
    before = Releases(root).current().id
    answer = update(client, f"INSERT DATA {{ GRAPH <{GRAPH}> {{ {triple} }} }}", bearer(root, "000000"))
    assert answer.status_code == 422 and answer.get_json()["errors"]
    assert Releases(root).current().id == before and not (root / "sources").exists()


def test_two_regions_in_one_update_are_one_release(client, root):
    other = names.graph("370000")
    thing = names.thing("370000", "Channel", "x")
    text = f'{INSERT} ; INSERT DATA {{ GRAPH <{other}> {{ <{thing}> a <{names.DEF}Channel> ; <{names.DEF}name> "甲"@zh }} }}'
    before = len(Releases(root).all())
    assert update(client, text, bearer(root)).status_code == 204
    assert (
        len(Releases(root).all()) == before + 1 and ITEM in stated(root) and thing in stated(root, "370000")
    )


def test_of_two_who_write_at_once_neither_undoes_what_the_other_wrote(client, root):
    headers, app = bearer(root), client.application
    texts = [INSERT.replace("新渠道", f"渠道{number}") for number in range(6)]
    with ThreadPoolExecutor(2) as both:
        answers = list(both.map(lambda text: update(app.test_client(), text, headers).status_code, texts))
    assert answers == [204] * len(texts)
    assert [number for number in range(len(texts)) if f"渠道{number}（合成）" not in stated(root)] == []


@pytest.mark.parametrize("way", ["update", "delete"])
def test_what_another_publishes_while_it_waits_is_not_undone(client, root, way):
    """An operator's ``zwfw publish`` waits for nobody who writes, and who writes waits for it."""
    releases, headers = Releases(root), bearer(root)
    folder, before = root / "sources" / CODE, releases.current()
    assert update(client, INSERT, headers).status_code == 204
    after, data = releases.current(), (folder / "data.nt").read_bytes()
    with ThreadPoolExecutor(1) as other, releases.locked(print):
        releases.point_to(before)
        if way == "update":
            answer = other.submit(update, client, INSERT.replace("新渠道", "乙"), headers)
        else:
            answer = other.submit(put, client, "", headers, method="DELETE")
        until(lambda: is_publishing(root))
        releases.point_to(after)
    assert answer.result().status_code == 409 and "请重新提交" in answer.result().get_json()["detail"]
    assert releases.current().id == after.id and ITEM in stated(root)
    assert not any(root.glob("submissions/*"))
    # Nothing of it comes into force later, with what is submitted next.
    assert (folder / "data.nt").read_bytes() == data
    taken_back = {"update": ["submission", "takenBack"], "delete": []}
    assert [change.kind for change in history.read(folder)] == ["submission", *taken_back[way]]
    assert update(client, INSERT.replace("新渠道", "乙"), headers).status_code == 204
    assert ITEM in stated(root) and "乙（合成）" in stated(root)


def test_what_a_killed_server_left_is_removed_and_nothing_else(root):
    left, needed = root / ".writing-left", root / ".writing-needed"
    for folder in (left, needed):
        (folder / "index").mkdir(parents=True)
    os.utime(left, (0, 0))
    with client_of(root, Settings(workers=1, writable=True)):
        assert needed.is_dir() and not left.exists()


def test_a_runaway_update_is_stopped_and_changes_nothing(root):
    before = Releases(root).current().id
    endless = "?x ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l"
    text = f"INSERT {{ GRAPH <{GRAPH}> {{ <{ITEM}> a ?x }} }} WHERE {{ GRAPH <{GRAPH}> {{ {endless} }} }}"
    with client_of(root, Settings(workers=1, timeout=2, writable=True)) as client:
        assert update(client, text, bearer(root)).status_code in (503, 504)
    assert Releases(root).current().id == before and not list(root.glob(".writing-*"))


def test_a_graph_deleted_takes_its_region_out_and_an_earlier_release_still_has_it(client, root):
    before = Releases(root).current()
    assert put(client, "", bearer(root), method="DELETE").status_code == 204
    current = Releases(root).current()
    assert CODE in before.regions and CODE not in current.regions
    assert current.manifest["withdrawn"] == [CODE] and not list(current.faults())
    asked = f"ASK {{ GRAPH ?g {{ ?s ?p ?o }} FILTER STRENDS(STR(?g), '/{CODE}') }}"
    assert not client.get("/sparql", query_string={"query": asked}).get_json(force=True)["boolean"]
    assert client.get(f"/regions/{CODE}").status_code == 404
    assert put(client, "", bearer(root), method="DELETE").status_code == 404
    assert json.loads((root / audit.FILE).read_text("utf-8").splitlines()[-1])["withdrawn"] == [CODE]
    removed = current.changes / next(
        path.name for path in current.changes.iterdir() if "removed" in path.name
    )
    gone = gzip.decompress((before.dumps / lines_of(before.regions[CODE])).read_bytes())
    assert gzip.decompress(removed.read_bytes()) == gone


def test_the_nation_stays(client, root):
    headers = bearer(root, region="000000")
    assert put(client, "", headers, names.graph("000000"), "DELETE").status_code == 403
    assert "000000" in Releases(root).current().regions


def test_without_the_switch_nothing_is_written(root):
    with client_of(root, Settings(workers=1)) as client:
        assert update(client, INSERT, bearer(root)).status_code == 403
        assert put(client, ADDED, bearer(root)).status_code == 403
