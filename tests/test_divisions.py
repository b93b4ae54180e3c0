"""The nation's divisions are what the script makes of its sources, and say what is known of some places."""

import os
import runpy
from pathlib import Path

import pytest

from app import names
from app.store.terms import Graph, Literal, NamedNode, def_, read_turtle

FOLDER = names.resources("data") / names.NATION
SHARED = Path(os.environ.get("ZWFW_SHARED", Path(__file__).resolve().parents[2] / "shared"))
SOURCES = [
    SHARED / "data" / "divisions" / name
    for name in ("mca2026_divisions.json", "gb2260_all_codes_1980_2019.csv")
]

TYPE = NamedNode(names.RDF + "type")


@pytest.fixture(scope="module")
def divisions() -> Graph:
    return read_turtle(FOLDER / "divisions.ttl")


def of_class(graph: Graph, name: str) -> set[str]:
    return {t.subject.value for t in graph if t.predicate == TYPE and t.object == def_(name)}


def codes_at(graph: Graph, level: str) -> set[str]:
    concept = NamedNode(names.concept("region-level", level))
    return {t.subject.value for t in graph if t.predicate == def_("hasRegionLevel") and t.object == concept}


@pytest.mark.skipif(
    not all(source.exists() for source in SOURCES),
    reason="the sources of the divisions are not here: ZWFW_SHARED names the folder that holds data/",
)
def test_the_script_makes_the_same_bytes_again(tmp_path: Path) -> None:
    again = tmp_path / "divisions.ttl"
    runpy.run_path(str(FOLDER / "divisions.py"))["write"](*SOURCES, again)
    assert again.read_bytes() == (FOLDER / "divisions.ttl").read_bytes()


def test_counts(divisions: Graph) -> None:
    current, former = of_class(divisions, "CurrentRegion"), of_class(divisions, "FormerRegion")
    assert (len(current), len(current | former)) == (3214, 7110)
    assert not current & former
    assert of_class(divisions, "Region") == current | former
    assert len(current & codes_at(divisions, "province")) == 34
    assert len(current & codes_at(divisions, "prefecture")) == 333
    assert len(current & codes_at(divisions, "county")) == 2847


def test_every_region_says_what_it_is(divisions: Graph) -> None:
    every, current = of_class(divisions, "Region"), of_class(divisions, "CurrentRegion")
    for name, expected in {
        "regionCode": every,
        "name": every,
        "hasRegionLevel": every,
        "isPartOf": current,
    }.items():
        having = [t.subject.value for t in divisions if t.predicate == def_(name)]
        assert len(having) == len(set(having)), f"{name} is said twice of a region"
        assert set(having) == expected, name
    for triple in divisions:
        if triple.predicate == def_("regionCode"):
            assert triple.subject.value == names.region(triple.object.value)
        if triple.predicate == def_("isPartOf"):
            assert triple.object.value in current | {names.region(names.NATION)}


@pytest.mark.parametrize(
    ("code", "kind", "name", "above"),
    [
        ("110000", "CurrentRegion", "北京市", "000000"),
        ("110101", "CurrentRegion", "东城区", "110000"),
        ("370000", "CurrentRegion", "山东省", "000000"),
        ("370600", "CurrentRegion", "烟台市", "370000"),
        ("370602", "CurrentRegion", "芝罘区", "370600"),
        ("429004", "CurrentRegion", "仙桃市", "420000"),
        ("441900", "CurrentRegion", "东莞市", "440000"),
        ("710000", "CurrentRegion", "台湾省", "000000"),
        ("810000", "CurrentRegion", "香港特别行政区", "000000"),
        ("820000", "CurrentRegion", "澳门特别行政区", "000000"),
        ("110100", "FormerRegion", "市辖区", None),
        ("372900", "FormerRegion", "菏泽地区", None),
        ("511301", "FormerRegion", "市辖区", None),
    ],
)
def test_places_we_know(divisions: Graph, code: str, kind: str, name: str, above: str | None) -> None:
    region = names.region(code)
    said = {(t.predicate.value, t.object) for t in divisions if t.subject.value == region}
    assert (names.RDF + "type", def_(kind)) in said
    assert (names.DEF + "name", Literal(name, language="zh")) in said
    parents = {o.value for p, o in said if p == names.DEF + "isPartOf"}
    assert parents == ({names.region(above)} if above else set())


def test_the_nation_stands_apart(divisions: Graph) -> None:
    """``region.ttl`` describes the nation, ``divisions.ttl`` the divisions, and no triple is in both."""
    nation = read_turtle(FOLDER / "region.ttl")
    assert of_class(nation, "CurrentRegion") == {names.region(names.NATION)}
    assert names.region(names.NATION) not in of_class(divisions, "Region")
    assert not nation & divisions
