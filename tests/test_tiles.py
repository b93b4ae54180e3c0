"""The national tile grid: all 34 provincial divisions, each in a place of its own; what it says of them adds up."""

import re

import pytest
from served import client_of, publish_regions

from app import names
from app.checking import rules, standardisation
from app.checking.conformance import Conformance
from app.ontology import standards
from app.regions import region
from app.store.terms import Iri, Literal, def_
from app.web import Settings
from app.web.scorecard import percent, shade
from app.web.tiles import _layout


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    root = publish_regions(tmp_path_factory.mktemp("root"), "370000", "370600", "330100")
    with client_of(root, Settings(workers=1, memory_mb=1024)) as client:
        yield client


def test_every_provincial_division_in_force_has_a_tile_of_its_own():
    nation = region.read_folder(names.resources("data") / names.NATION, standards.load()).graph
    level = Iri(names.concept("region-level", "province"))
    provincial = {t.subject for t in nation if t.predicate == def_("hasRegionLevel") and t.object == level}
    current = {t.subject for t in nation if t.object == def_("CurrentRegion")}
    name = {
        t.subject: t.object.value
        for t in nation
        if t.predicate == def_("name") and isinstance(t.object, Literal)
    }
    expected = {one.value[-6:]: name[one] for one in provincial & current}
    tiles = {place["code"]: place for place in _layout()}
    assert len(tiles) == 34 and set(tiles) == set(expected)
    assert all(expected[code].startswith(place["zh"]) for code, place in tiles.items())
    assert len({(place["row"], place["column"]) for place in tiles.values()}) == 34


def tile(client, name, **query):
    page = client.get("/scorecard", query_string=query).get_data(as_text=True)
    found = re.search(
        rf'<li class="(row-\d[^"]*)">(?:<a[^>]*>)?<span class="name">{name}</span>(.*?)</li>', page
    )
    return found[1], re.sub(r"(<[^>]+>|\s)+", " ", found[2]).strip()


def test_a_tile_adds_up_its_regions_and_says_that_they_are_made_up(client):
    release = client.application.extensions["live"].take()
    entries = {code: entry for code, entry in release.regions.items() if code.startswith("37")}
    client.application.extensions["live"].let_go(release)
    summed = {}
    for entry in entries.values():
        for rule, (applies, breaking) in entry["conformance"].items():
            before = summed.get(rule, Conformance(0, 0))
            summed[rule] = Conformance(before.applies + applies, before.breaking + breaking)
    weights = standardisation.weights(standards.load())
    index = standardisation.index(summed, rules.load().all, weights)
    place, said = tile(client, "山东")
    assert place == f"row-4 column-7 shade-{shade(index.value)}"
    assert len(entries) == 2 and said == f"{percent(index.value)} 2 个地区（合成）"
    assert tile(client, "浙江")[1].endswith("1 个地区（合成）")
    assert tile(client, "台湾") == ("row-7 column-8", "")


def test_a_tile_leads_to_the_regions_in_it(client):
    page = client.get("/scorecard?within=370000").get_data(as_text=True)
    assert (
        "370600" in page and "330100" not in page and 'class="tiles"' not in page and "山东的记分卡" in page
    )
    assert client.get("/scorecard?within=371").status_code == 400
    csv = client.get("/scorecard.csv?within=330000").get_data(as_text=True).splitlines()[1:]
    assert csv and all(line.startswith("330100,") for line in csv)
