"""The catalogue: VoID and DCAT-AP of what is published, bounded for a nation, and nothing in it that nobody said."""

import datetime
import gzip
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from served import WORLD
from test_pages import BROWSER

from app import names
from app.checking import rules
from app.ontology import standards
from app.ontology.facts import Facts
from app.publishing.publication import Publisher
from app.releases.release import MANIFEST, Release, Releases, checksums
from app.store.terms import Iri, Literal, RdfFormat, Term, parse
from app.web import Settings, catalogue, catalogued, create_app, dcat

HOME = "https://data.example.org"
TYPES = {"ttl": "text/turtle", "nt": "application/n-triples", "jsonld": "application/ld+json"} | {
    "rdf": "application/rdf+xml"
}
DCT, DCAT, FOAF, XSD, VOID = names.DCT, names.DCAT, names.FOAF, names.XSD, names.VOID
SPDX, HYDRA = dcat.SPDX, catalogued.HYDRA
TYPE = Iri(names.RDF + "type")
MANY = 10**6

# class, property, at least, at most, what a value is: a class, a datatype, a text with language (@) or any IRI (<>).
# After https://semiceu.github.io/DCAT-AP/releases/3.0.0/: all that is mandatory, and of the rest what we say.
DCAT_AP = [
    (DCAT + "Catalog", DCT + "title", 1, MANY, "@"),
    (DCAT + "Catalog", DCT + "description", 1, MANY, "@"),
    (DCAT + "Catalog", DCT + "publisher", 1, 1, FOAF + "Agent"),
    (DCAT + "Catalog", DCT + "license", 0, 1, DCT + "LicenseDocument"),
    (DCAT + "Catalog", DCT + "modified", 1, 1, XSD + "dateTime"),
    (DCAT + "Catalog", DCT + "language", 1, MANY, DCT + "LinguisticSystem"),
    (DCAT + "Catalog", FOAF + "homepage", 1, 1, FOAF + "Document"),
    (DCAT + "Catalog", DCAT + "dataset", 1, MANY, DCAT + "Dataset"),
    (DCAT + "Catalog", DCAT + "service", 1, MANY, DCAT + "DataService"),
    (DCAT + "Dataset", DCT + "title", 1, MANY, "@"),
    (DCAT + "Dataset", DCT + "description", 1, MANY, "@"),
    (DCAT + "Dataset", DCT + "publisher", 0, 1, FOAF + "Agent"),
    (DCAT + "Dataset", DCT + "issued", 0, 1, XSD + "date"),
    (DCAT + "Dataset", DCT + "modified", 0, 1, XSD + "dateTime"),
    (DCAT + "Dataset", DCT + "spatial", 0, MANY, DCT + "Location"),
    (DCAT + "Dataset", DCT + "temporal", 0, MANY, DCT + "PeriodOfTime"),
    (DCAT + "Dataset", DCT + "conformsTo", 0, MANY, DCT + "Standard"),
    (DCAT + "Dataset", DCT + "provenance", 0, MANY, DCT + "ProvenanceStatement"),
    (DCAT + "Dataset", DCT + "accessRights", 0, 1, DCT + "RightsStatement"),
    (DCAT + "Dataset", DCAT + "landingPage", 0, MANY, FOAF + "Document"),
    (DCAT + "Dataset", DCAT + "distribution", 1, MANY, DCAT + "Distribution"),
    (DCAT + "Distribution", DCAT + "accessURL", 1, MANY, "<>"),
    (DCAT + "Distribution", DCAT + "downloadURL", 1, MANY, "<>"),
    (DCAT + "Distribution", DCAT + "byteSize", 1, 1, XSD + "nonNegativeInteger"),
    (DCAT + "Distribution", DCAT + "mediaType", 1, 1, DCT + "MediaType"),
    (DCAT + "Distribution", DCAT + "compressFormat", 1, 1, DCT + "MediaType"),
    (DCAT + "Distribution", DCT + "format", 1, 1, DCT + "MediaTypeOrExtent"),
    (DCAT + "Distribution", DCT + "license", 0, 1, DCT + "LicenseDocument"),
    (DCAT + "Distribution", DCT + "conformsTo", 0, MANY, DCT + "Standard"),
    (DCAT + "Distribution", SPDX + "checksum", 0, 1, SPDX + "Checksum"),
    (SPDX + "Checksum", SPDX + "algorithm", 1, 1, SPDX + "ChecksumAlgorithm"),
    (SPDX + "Checksum", SPDX + "checksumValue", 1, 1, XSD + "hexBinary"),
    (DCAT + "DataService", DCT + "title", 1, MANY, "@"),
    (DCAT + "DataService", DCAT + "endpointURL", 1, MANY, "<>"),
    (DCAT + "DataService", DCAT + "servesDataset", 0, MANY, DCAT + "Dataset"),
    (FOAF + "Agent", FOAF + "name", 1, MANY, ""),
    (DCT + "PeriodOfTime", DCAT + "startDate", 0, 1, XSD + "date"),
    (DCT + "PeriodOfTime", DCAT + "endDate", 0, 1, XSD + "date"),
    (DCT + "ProvenanceStatement", names.RDFS + "label", 1, MANY, "@"),
]

SPEAKING = """dct:description "说得很全的数据集。"@zh , "A dataset that says much."@en ;
    dct:publisher "济南市某局（合成）"@zh ;
    dct:temporal "2025-01-01/2025-12-31" ;
    zwfw:dataStatus "synthetic" ."""


def facts(content: bytes, media_type: str = "text/turtle") -> Facts:
    form = RdfFormat.from_media_type(media_type)
    assert form is not None
    return Facts({quad.triple for quad in parse(content, format=form)})


def of_class(found: Facts, kind: str) -> set[Term]:
    return set(found.subjects(TYPE, Iri(kind)))


@pytest.fixture(scope="module")
def root(world_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The world, and a region whose ``region.ttl`` says more than it has to."""
    root = tmp_path_factory.mktemp("catalogue") / "root"
    shutil.copytree(world_root, root, symlinks=True)
    folder = root.parent / "370100"
    shutil.copytree(WORLD / "370100", folder)
    plain = (folder / "region.ttl").read_text("utf-8")
    (folder / "region.ttl").write_text(plain.replace('zwfw:dataStatus "synthetic" .', SPEAKING), "utf-8")
    on = datetime.date(2026, 11, 24)
    Publisher(root, standards.load(), rules.load(), on, lambda _: None).publish([folder])
    return root


@pytest.fixture(scope="module")
def release(root: Path) -> Release:
    found = Releases(root).current()
    assert found is not None
    return found


def served(root: Path, **settings: str) -> Iterator[Flask]:
    app = create_app(root, Settings(timeout=20, memory_mb=1024, workers=1, **settings))  # type: ignore[arg-type]
    yield app
    app.extensions["live"].close()


@pytest.fixture(scope="module")
def app(root: Path) -> Iterator[Flask]:
    yield from served(root, operator="某市大数据局", public=HOME)


@pytest.fixture
def web(app: Flask) -> FlaskClient:
    return app.test_client(use_cookies=False)


@pytest.fixture
def dcat(web: FlaskClient) -> Facts:
    return facts(web.get("/dcat.ttl").data)


@pytest.fixture
def void(web: FlaskClient) -> Facts:
    return facts(web.get("/void.ttl").data)


# How it is asked for


@pytest.mark.parametrize("kind", ["void", "dcat"])
@pytest.mark.parametrize("suffix, media_type", TYPES.items())
def test_every_format_says_the_same(web: FlaskClient, kind: str, suffix: str, media_type: str) -> None:
    answer = web.get(f"/{kind}.{suffix}")
    assert answer.content_type == f"{media_type}; charset=utf-8"
    expected = facts(web.get(f"/{kind}.nt").data, "application/n-triples").graph
    assert facts(answer.data, media_type).graph == expected
    negotiated = web.get(f"/{kind}", headers={"Accept": media_type})
    assert facts(negotiated.data, media_type).graph == expected
    assert negotiated.headers["Content-Location"] == f"/{kind}.{suffix}"
    assert "Accept" in negotiated.vary
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    link = ", ".join(answer.headers.get_all("Link"))
    assert f'</{kind}>; rel="canonical"' in link and link.count('rel="alternate"') == 3
    assert not web.head(f"/{kind}.{suffix}").data


@pytest.mark.parametrize("kind", ["void", "dcat"])
def test_who_has_it_already_is_told_so(web: FlaskClient, app: Flask, root: Path, kind: str) -> None:
    tag = web.get(f"/{kind}.ttl").headers["ETag"]
    again = web.get(f"/{kind}.ttl", headers={"If-None-Match": tag})
    assert again.status_code == 304 and not again.data and again.headers["ETag"] == tag
    assert web.get(f"/{kind}.nt").headers["ETag"] != tag
    # Another operator or address is another catalogue.
    other = create_app(root, Settings(workers=1, public="https://elsewhere.example"))
    assert other.test_client().get(f"/{kind}.ttl").headers["ETag"] != tag
    other.extensions["live"].close()


@pytest.mark.parametrize(
    "path, headers, status, location",
    [
        ("/.well-known/void", {}, 303, "/void.ttl"),
        ("/.well-known/void", {"Accept": "application/ld+json"}, 303, "/void.jsonld"),
        ("/.well-known/void", {"Accept": "image/png"}, 406, None),
        ("/void", BROWSER, 303, "/dumps"),
        ("/dcat", BROWSER, 303, "/dumps"),
        ("/dcat", {"Accept": "image/png"}, 406, None),
        ("/dcat.pdf", {}, 404, None),
        ("/dcat.ttl?page=2", {}, 404, None),
        ("/dcat.ttl?page=0", {}, 404, None),
        ("/dcat.ttl?page=٣", {}, 404, None),
    ],
)
def test_where_it_is(
    web: FlaskClient, path: str, headers: dict[str, str], status: int, location: str | None
) -> None:
    answer = web.get(path, headers=headers)
    assert (answer.status_code, answer.headers.get("Location")) == (status, location)


# DCAT-AP


@pytest.mark.parametrize("kind, prop, least, most, value", DCAT_AP)
def test_dcat_ap_is_kept(dcat: Facts, kind: str, prop: str, least: int, most: int, value: str) -> None:
    nodes = of_class(dcat, kind)
    assert nodes
    for node in nodes:
        said = dcat.values(node, Iri(prop))  # type: ignore[arg-type]
        assert least <= len(said) <= most, (node, said)
        for one in said:
            if value == "@":
                assert isinstance(one, Literal) and one.language, (node, one)
            elif value == "<>":
                assert isinstance(one, Iri)
            elif value.startswith(XSD):
                assert isinstance(one, Literal) and one.datatype.value == value
            elif value:
                assert Iri(value) in dcat.values(one, TYPE), (node, one)  # type: ignore[arg-type]


def test_the_catalogue_has_every_dataset_of_the_release(dcat: Facts, release: Release) -> None:
    codes = [*release.regions, *names.SYSTEM_GRAPHS]
    listed = set(dcat.values(Iri(names.BASE + "dcat"), Iri(DCAT + "dataset")))
    assert listed == {Iri(catalogued.WHOLE), *(Iri(names.graph(code)) for code in codes)}
    assert listed == of_class(dcat, DCAT + "Dataset")


def test_what_is_said_of_a_file_is_true(web: FlaskClient, dcat: Facts, release: Release) -> None:
    files = of_class(dcat, DCAT + "Distribution")
    named = {str(file).strip("<>").removeprefix(f"{names.BASE}dumps/") for file in files}
    listed = {name for entry in release.regions.values() for name in entry["dumps"]}
    system = {name for name in checksums(release.dumps) if name.startswith(names.SYSTEM_GRAPHS)}
    assert system and named == {*listed, *system, "all-synthetic.nt.gz", "all-synthetic.ttl.gz"}
    for file in files:
        address = dcat.text(file, Iri(DCAT + "downloadURL"))  # type: ignore[arg-type]
        with web.get(address.removeprefix(HOME)) as answer:
            assert answer.status_code == 200
            assert len(answer.data) == int(dcat.text(file, Iri(DCAT + "byteSize")))  # type: ignore[arg-type]
            digest = hashlib.sha256(answer.data).hexdigest()
        checksum = dcat.value(file, Iri(SPDX + "checksum"))  # type: ignore[arg-type]
        name = address.rpartition("/")[2]
        assert (checksum is None) == name.startswith("all")
        if isinstance(checksum, Iri):
            assert dcat.text(checksum, Iri(SPDX + "checksumValue")) == digest


def test_only_what_somebody_said_is_said(dcat: Facts, release: Release) -> None:
    told, untold = Iri(names.graph("370100")), Iri(names.graph("370000"))
    agent = dcat.value(told, Iri(DCT + "publisher"))
    assert isinstance(agent, Iri) and dcat.text(agent, Iri(FOAF + "name")) == "济南市某局（合成）"
    assert not dcat.values(untold, Iri(DCT + "publisher"))
    period = dcat.value(told, Iri(DCT + "temporal"))
    assert isinstance(period, Iri)
    assert dcat.text(period, Iri(DCAT + "startDate")) == "2025-01-01"
    assert dcat.text(period, Iri(DCAT + "endDate")) == "2025-12-31"
    assert not dcat.values(untold, Iri(DCT + "temporal"))
    # A description is made only where there is none.
    descriptions = {v.value for v in dcat.values(told, Iri(DCT + "description")) if isinstance(v, Literal)}
    assert "说得很全的数据集。" in descriptions and not any("条三元组" in one for one in descriptions)
    made = [v.value for v in dcat.values(untold, Iri(DCT + "description")) if isinstance(v, Literal)]
    assert any(f"{release.regions['370000']['triples']} 条三元组" in one for one in made)
    # Conformity is what the report found and provenance states.
    for code, entry in release.regions.items():
        conforms = dcat.values(Iri(names.graph(code)), Iri(DCT + "conformsTo"))
        expected = (
            [] if entry["hasViolation"] else [Iri(f"{names.BASE}ontology/v/{standards.load().version}")]
        )
        assert conforms == expected, code


def test_without_an_operator_there_is_no_publisher(root: Path) -> None:
    for app in served(root):
        found = facts(app.test_client().get("/dcat.ttl", base_url=HOME).data)
        assert not found.values(Iri(names.BASE + "dcat"), Iri(DCT + "publisher"))


@pytest.mark.parametrize("kind", ["void", "dcat"])
def test_made_up_data_are_said_to_be(web: FlaskClient, release: Release, kind: str) -> None:
    found = facts(web.get(f"/{kind}.ttl").data)
    for code, entry in release.regions.items():
        assert found.text(Iri(names.graph(code)), Iri(names.DEF + "dataStatus")) == entry["status"]
    whole = found.values(Iri(catalogued.WHOLE), Iri(DCT + "description"))
    assert any("合成" in str(one) for one in whole) and any("synthetic" in str(one) for one in whole)


# VoID


def test_figures_are_those_of_the_files(void: Facts, release: Release) -> None:
    total = 0
    for code, entry in release.regions.items():
        dataset = Iri(names.graph(code))
        dump = next(name for name in entry["dumps"] if name.endswith(".nt.gz"))
        lines = gzip.decompress((release.dumps / dump).read_bytes()).splitlines()
        said = facts(b"\n".join(lines), "application/n-triples").graph
        assert int(void.text(dataset, Iri(VOID + "triples"))) == len(lines)
        total += len(lines)
        figures = {"distinctSubjects": {t.subject for t in said}, "properties": {t.predicate for t in said}}
        for name, expected in (figures | {"distinctObjects": {t.object for t in said}}).items():
            assert int(void.text(dataset, Iri(VOID + name))) == len(expected), (code, name)
        for partition, what, number in (
            ("classPartition", "class", "entities"),
            ("propertyPartition", "property", "triples"),
        ):
            counted = {}
            for part in void.values(dataset, Iri(VOID + partition)):
                assert isinstance(part, Iri)
                counted[void.text(part, Iri(VOID + what))] = int(void.text(part, Iri(VOID + number)))
            keys = [t.object if what == "class" else t.predicate for t in said]
            keys = [k for k, t in zip(keys, said, strict=True) if what == "property" or t.predicate == TYPE]
            assert counted == {key.value: keys.count(key) for key in set(keys)}, code  # type: ignore[union-attr]
    whole = Iri(catalogued.WHOLE)
    assert int(void.text(whole, Iri(VOID + "triples"))) == total
    assert set(void.values(whole, Iri(VOID + "subset"))) == {Iri(names.graph(c)) for c in release.regions}


def test_the_standard_system_is_counted_too(web: FlaskClient, void: Facts) -> None:
    for name in names.SYSTEM_GRAPHS:
        query = f"SELECT (COUNT(*) AS ?n) FROM <{names.graph(name)}> {{ ?s ?p ?o }}"
        with web.get("/sparql", query_string={"query": query, "format": "json"}) as answer:
            expected = answer.get_json(force=True)["results"]["bindings"][0]["n"]["value"]
        assert void.text(Iri(names.graph(name)), Iri(VOID + "triples")) == expected


def test_where_to_ask_and_what_to_begin_with(web: FlaskClient, void: Facts, release: Release) -> None:
    assert void.text(Iri(names.BASE + "void"), Iri(FOAF + "primaryTopic")) == catalogued.WHOLE
    for code in release.regions:
        dataset = Iri(names.graph(code))
        assert void.values(dataset, Iri(VOID + "sparqlEndpoint")) == [Iri(f"{HOME}/sparql")]
        assert Iri(names.DEF) in void.values(dataset, Iri(VOID + "vocabulary"))
        dumps = void.values(dataset, Iri(VOID + "dataDump"))
        assert dumps == [Iri(f"{HOME}/dumps/{name}") for name in sorted(release.regions[code]["dumps"])]
        examples = void.values(dataset, Iri(VOID + "exampleResource"))
        assert examples
        for one in examples:
            assert isinstance(one, Iri)
            answer = web.get(one.value.removeprefix(names.BASE.rstrip("/")), headers=BROWSER)
            assert answer.status_code == 303
            assert web.get(answer.location, headers=BROWSER).status_code == 200


# Addresses


@pytest.mark.parametrize("path", ["/void.ttl", "/dcat.ttl", "/robots.txt", "/sitemap.xml"])
@pytest.mark.parametrize(
    "base, public, expected",
    [
        ("http://localhost:8000", "", "https://w3id.org/zwfw/"),
        ("http://127.0.0.1:8000", "", "https://w3id.org/zwfw/"),
        ("http://[::1]:8000", "", "https://w3id.org/zwfw/"),
        ("http://0.0.0.0", "", "https://w3id.org/zwfw/"),
        ("https://zwfw.example.org", "", "https://zwfw.example.org/"),
        ("http://10.1.2.3:8080", "", "http://10.1.2.3:8080/"),
        ("http://localhost:8000", HOME, HOME + "/"),
        ("http://inner.example", HOME, HOME + "/"),
    ],
)
def test_addresses_are_those_others_can_use(
    root: Path, app: Flask, path: str, base: str, public: str, expected: str
) -> None:
    asked = app if public else _without_address(root)
    said = asked.test_client().get(path, base_url=base).get_data(as_text=True)
    assert expected in said
    for wrong in ("localhost", "127.0.0.1", "[::1]", "0.0.0.0", "inner.example"):
        assert wrong not in said


_apps: dict[Path, Flask] = {}


def _without_address(root: Path) -> Flask:
    if root not in _apps:
        _apps[root] = create_app(root, Settings(workers=1))
    return _apps[root]


@pytest.fixture(scope="module", autouse=True)
def shut() -> Iterator[None]:
    yield
    while _apps:
        _apps.popitem()[1].extensions["live"].close()


@pytest.mark.parametrize("host", ['a"><b', "a b", "a>", "a/../b", "\u00fc", "a@b"])
def test_a_hostile_host_is_not_repeated(root: Path, host: str) -> None:
    asked = _without_address(root)
    answer = asked.test_client().get("/void.ttl", headers={"Host": host})
    assert answer.status_code in (200, 400)
    if answer.status_code == 200:
        assert f"{names.BASE}sparql".encode() in answer.data


# A nation


REGIONS = 3000


@pytest.fixture(scope="module")
def nation(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release that lists three thousand regions, all with the files of one."""
    found = Releases(root).current()
    assert found is not None
    nation = tmp_path_factory.mktemp("nation")
    folder = nation / "releases" / found.id
    shutil.copytree(found.path, folder, copy_function=os.link)
    manifest = json.loads((found.path / MANIFEST).read_bytes())
    manifest["regions"] = {f"{200000 + n}": manifest["regions"]["370000"] for n in range(REGIONS)}
    (folder / MANIFEST).unlink()
    (folder / MANIFEST).write_text(json.dumps(manifest), "utf-8")
    (nation / "current").symlink_to(Path("releases") / found.id)
    return nation


@pytest.mark.parametrize("kind", ["void", "dcat"])
def test_a_nation_comes_in_pages_that_lead_to_each_other(nation: Path, kind: str) -> None:
    for app in served(nation, public=HOME):
        web = app.test_client(use_cookies=False)
        seen: set[Term] = set()
        address, pages = f"/{kind}.ttl", 0
        while address:
            answer = web.get(address)
            found = facts(answer.data)
            shown = of_class(found, VOID + "Dataset" if kind == "void" else DCAT + "Dataset")
            assert len(shown) <= catalogue.DATASETS_A_PAGE + 1  # the whole is on every page
            assert not (shown - {Iri(catalogued.WHOLE)}) & seen
            seen |= shown
            pages += 1
            if pages == 3:  # three are as good as sixty-one
                address = f"/{kind}.ttl?page=61"
                continue
            here = of_class(found, HYDRA + "PartialCollectionView")
            assert len(here) == 1
            following = found.values(here.pop(), Iri(HYDRA + "next"))  # type: ignore[arg-type]
            link = ", ".join(answer.headers.get_all("Link"))
            assert bool(following) == ('rel="next"' in link)
            address = following[0].value.removeprefix(HOME) if following else ""  # type: ignore[union-attr]
        assert pages == 4
        assert web.get(f"/{kind}.ttl?page=62").status_code == 404
        total = found.text(Iri(names.BASE + kind), Iri(HYDRA + "totalItems"))
        assert int(total) == REGIONS + len(names.SYSTEM_GRAPHS)
