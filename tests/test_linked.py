"""Linked data: every IRI leads to a page and to RDF, whatever stands in its key."""

from urllib.parse import quote, unquote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from test_pages import BROWSER
from werkzeug.test import EnvironBuilder

from app import names
from app.store.terms import Iri, RdfFormat, parse
from app.web import links

KEYS = ["a b+c?d#e", "厅 (一)~甲/乙%7E", "市场监管局（合成）"]
"""Names of departments in ``world/370000``: space, plus, question mark, hash, parentheses, tilde, slash, per cent."""

TYPES = {
    ".ttl": "text/turtle",
    ".nt": "application/n-triples",
    ".jsonld": "application/ld+json",
    ".rdf": "application/rdf+xml",
}
ITEM = "/doc/370000/ImplementedItem/X0001"
ITEM_IRI = names.thing("370000", "ImplementedItem", "X0001")


def triples(content: bytes, media_type: str) -> set:
    form = RdfFormat.from_media_type(media_type)
    assert form is not None
    return {quad.triple for quad in parse(content, format=form)}


@pytest.mark.parametrize("key", KEYS)
def test_hard_keys_round_trip(web: FlaskClient, key: str) -> None:
    iri = names.thing("370000", "Department", key)
    path = "/" + iri.removeprefix(names.BASE)
    answer = web.get(path, headers=BROWSER)
    assert answer.status_code == 303
    assert answer.location == path.replace("/id/", "/doc/")
    page = web.get(answer.location, headers=BROWSER)
    assert page.status_code == 200 and iri in page.get_data(as_text=True)
    rdf = web.get(f"{answer.location}.nt")
    assert {t.subject for t in triples(rdf.data, TYPES[".nt"]) if "isDerived" not in str(t)} >= {Iri(iri)}
    assert Iri(iri) in {t.subject for t in triples(rdf.data, TYPES[".nt"])}


@pytest.mark.parametrize("key", KEYS)
def test_hard_keys_are_found_where_the_server_keeps_only_the_decoded_path(world_app: Flask, key: str) -> None:
    iri = names.thing("370000", "Department", key)
    environ = EnvironBuilder(path=unquote("/doc/" + iri.removeprefix(names.BASE + "id/"))).get_environ()
    environ["PATH_INFO"] = unquote("/doc/" + iri.removeprefix(names.BASE + "id/")).encode().decode("latin-1")
    for name in ("REQUEST_URI", "RAW_URI"):
        environ.pop(name, None)
    said: list[str] = []
    body = b"".join(world_app(environ, lambda status, headers, _=None: said.append(status)))
    assert said == ["200 OK"]
    assert iri.encode() in body


@pytest.mark.parametrize("key", [["甲~乙", "丙/丁"], ["a b", "~"], ["%41", "é"], ["x"]])
def test_spellings_contain_what_names_makes(key: list[str]) -> None:
    iri = names.thing("370000", "Department", *key)
    encoded = iri.removeprefix(names.BASE + "id/")
    assert next(links.spellings(encoded)) == iri
    assert iri in set(links.spellings(quote(unquote(encoded), safe="/~")))


@pytest.mark.parametrize("suffix, media_type", TYPES.items())
def test_suffix_and_accept_give_the_same(web: FlaskClient, suffix: str, media_type: str) -> None:
    by_suffix = web.get(ITEM + suffix)
    by_accept = web.get(ITEM, headers={"Accept": f"{media_type}, text/html;q=0.5"})
    assert by_suffix.status_code == by_accept.status_code == 200
    assert by_suffix.data == by_accept.data
    assert by_suffix.content_type == f"{media_type}; charset=utf-8"
    assert by_accept.headers["Content-Location"] == ITEM + suffix
    assert "Content-Location" not in by_suffix.headers
    assert {"Accept", "Accept-Language"} <= set(by_accept.vary)
    link = ", ".join(by_accept.headers.get_all("Link"))
    assert f'<{ITEM}>; rel="canonical"' in link
    assert f'<{ITEM}.html>; rel="alternate"; type="text/html"' in link
    assert by_accept.headers["Access-Control-Allow-Origin"] == "*"
    found = triples(by_suffix.data, media_type)
    assert {t.predicate.value for t in found if t.subject == Iri(ITEM_IRI)} >= {
        names.RDF + "type",
        names.DEF + "name",
        names.DEF + "implementationCode",
    }
    tag = by_suffix.headers["ETag"]
    assert web.get(ITEM + suffix, headers={"If-None-Match": tag}).status_code == 304


def test_all_formats_say_the_same(web: FlaskClient) -> None:
    said = [triples(web.get(ITEM + suffix).data, media_type) for suffix, media_type in TYPES.items()]
    assert all(one == said[0] for one in said)


def test_a_description_holds_all_graphs_and_the_names_of_what_it_refers_to(web: FlaskClient) -> None:
    found = triples(web.get(ITEM + ".nt").data, TYPES[".nt"])
    assert any(t.object == Iri(names.DEF + "ServiceItem") for t in found)  # inferred
    department = Iri(names.thing("370000", "Department", "a b+c?d#e"))
    assert any(t.subject == department and t.predicate.value == names.RDFS + "label" for t in found)


def test_the_page_of_a_thing(web: FlaskClient) -> None:
    text = web.get(ITEM, headers=BROWSER).get_data(as_text=True)
    for part in (
        "编码错误的事项001",
        "实施清单事项",
        "由其办理",
        "检查发现的问题 1 处",
        "/findings/",
        "推断",
    ):
        assert part in text, part
    english = web.get(ITEM, headers={**BROWSER, "Accept-Language": "en"}).get_data(as_text=True)
    assert "implemented item" in english and "is provided by" in english


def test_references_are_counted_and_paged(web: FlaskClient) -> None:
    path = "/doc/" + names.thing("370000", "Department", "a b+c?d#e").removeprefix(names.BASE + "id/")
    text = web.get(path, headers=BROWSER).get_data(as_text=True)
    assert "共 137 处" in text and "由其办理 136" in text and "第 1 页，共 3 页" in text
    assert web.get(f"{path}?page=3", headers=BROWSER).status_code == 200
    assert web.get(f"{path}?page=4", headers=BROWSER).status_code == 404


@pytest.mark.parametrize(
    "path, human",
    [
        ("/def", "/ontology"),
        ("/rule/region-code-current", "/rules/region-code-current"),
        ("/rule/region-code-current.form", "/rules/region-code-current"),
        ("/standard/GB32100-2015", "/standards/GB32100-2015"),
        ("/clause/GBT39046-2020/A.1", "/clauses/GBT39046-2020/A.1"),
        ("/question/contradicting-clauses", "/ontology#contradicting-clauses"),
        ("/code/item-type", "/doc/code/item-type"),
        ("/code/item-type/01", "/doc/code/item-type/01"),
        ("/provenance/370000/publication", "/doc/provenance/370000/publication"),
    ],
)
def test_names_lead_to_their_page_and_to_rdf(web: FlaskClient, path: str, human: str) -> None:
    answer = web.get(path, headers=BROWSER)
    assert (answer.status_code, answer.location) == (303, human)
    assert "Accept" in answer.vary
    assert web.get(human.partition("#")[0], headers=BROWSER).status_code == 200
    rdf = web.get(path, headers={"Accept": "text/turtle"})
    assert rdf.status_code == 303
    document = web.get(rdf.location)
    assert document.status_code == 200
    iri = names.BASE + path.lstrip("/")
    assert Iri(iri) in {t.subject for t in triples(document.data, "text/turtle")}


@pytest.mark.parametrize("kind", names.GRAPH_KINDS)
def test_a_graph_leads_to_its_region_or_to_its_triples(web: FlaskClient, kind: str) -> None:
    human = web.get(f"/{kind}/370000", headers=BROWSER)
    assert human.status_code == 303 and human.location.startswith("/regions/370000")
    with web.get(f"/{kind}/370000", headers={"Accept": "application/n-triples"}) as document:
        assert document.status_code == 200
        assert document.content_type.startswith("application/n-triples")
        assert len(triples(document.data, "application/n-triples")) > 5


def test_terms_have_suffixes(web: FlaskClient) -> None:
    for suffix, media_type in TYPES.items():
        answer = web.get("/ontology/term/ImplementedItem" + suffix)
        assert answer.content_type == f"{media_type}; charset=utf-8"
        found = triples(answer.data, media_type)
        assert Iri(names.DEF + "ImplementedItem") in {t.subject for t in found}
    # Its key is a list, which hangs on blank nodes.
    assert any(t.predicate.value == names.RDF + "first" for t in found)
    assert web.get("/ontology/term/ImplementedItem.html").content_type.startswith("text/html")
    negotiated = web.get("/ontology/term/ImplementedItem", headers={"Accept": "application/ld+json"})
    assert negotiated.headers["Content-Location"] == "/ontology/term/ImplementedItem.jsonld"


def test_the_whole_ontology(web: FlaskClient) -> None:
    found = triples(web.get("/doc/def.ttl").data, "text/turtle")
    assert Iri(names.BASE + "def") in {t.subject for t in found}
    assert len(found) > 1000
    version = next(t.object for t in found if t.predicate.value == names.OWL + "versionIRI")
    assert web.get("/" + version.value.removeprefix(names.BASE)).location == "/ontology"
    assert web.get("/ontology/v/9.9.9").status_code == 404


def test_what_cannot_be_given_or_is_unknown(web: FlaskClient) -> None:
    assert web.get(ITEM, headers={"Accept": "image/png"}).status_code == 406
    for path in ("/doc/370000/ImplementedItem/none.ttl", "/doc/x", "/doc/none/none", "/doc/370000/<>"):
        answer = web.get(path)
        assert answer.status_code == 404
        assert answer.content_type.startswith("application/problem+json")


def test_a_value_nobody_describes_is_known_by_who_refers_to_it(web: FlaskClient) -> None:
    assert web.get("/doc/graph/ontology", headers=BROWSER).status_code in (200, 404)
    answer = web.head(ITEM)
    assert answer.status_code == 200 and not answer.data
