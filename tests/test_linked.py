"""Linked data: every IRI leads to a page and to RDF, whatever stands in its key."""

import re
import shlex
from urllib.parse import quote, unquote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from served import WORLD
from test_pages import BROWSER
from werkzeug.test import EnvironBuilder

from app import names
from app.ontology import standards
from app.store import Store
from app.store.terms import Iri, Literal, RdfFormat, Term, parse
from app.web import description, links
from app.web.term import terms

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
    assert "implemented item" in english and "Is provided by" in english


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
        ("/question/contradicting-clauses", "/questions/contradicting-clauses"),
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


# What every representation says of itself

DESCRIBED = '</void.ttl>; rel="describedby"; type="text/turtle"'
LICENCE = '<https://creativecommons.org/licenses/by/4.0/>; rel="license"'
PROFILE = f'<{names.BASE}def>; rel="profile"'
FINDING = "/finding/{finding}"

RESOURCES = {
    "a thing": ("/id/370000/ImplementedItem/X0001", "/doc/370000/ImplementedItem/X0001"),
    "a thing with a hard name": (
        "/" + names.thing("370000", "Department", KEYS[1]).removeprefix(names.BASE),
        "/doc/" + names.thing("370000", "Department", KEYS[1]).removeprefix(names.BASE + "id/"),
    ),
    "a region": ("/id/370000", "/doc/370000"),
    "a rule": ("/rule/region-code-current", "/doc/rule/region-code-current"),
    "a standard": ("/standard/GB32100-2015", "/doc/standard/GB32100-2015"),
    "a clause": ("/clause/GBT39046-2020/A.1", "/doc/clause/GBT39046-2020/A.1"),
    "a question": ("/question/contradicting-clauses", "/doc/question/contradicting-clauses"),
    "a code list": ("/code/item-type", "/doc/code/item-type"),
    "a code": ("/code/item-type/01", "/doc/code/item-type/01"),
    "a publication": ("/provenance/370000/publication", "/doc/provenance/370000/publication"),
    "a finding": (FINDING, "/doc" + FINDING),
    "a class": ("", "/ontology/term/ImplementedItem"),
    "a property": ("", "/ontology/term/isProvidedBy"),
    "a layer": ("", "/ontology/term/SupportLayer"),
    "a module": ("", "/ontology/item"),
}
"""What there are names for: the path of the name, and of its document."""


@pytest.fixture
def finding(web: FlaskClient) -> str:
    text = web.get(ITEM, headers=BROWSER).get_data(as_text=True)
    return re.findall(r'href="/findings/([0-9a-f]+)"', text)[0]


@pytest.mark.parametrize("name, document", RESOURCES.values(), ids=RESOURCES)
def test_every_name_leads_to_a_document_in_every_format(
    web: FlaskClient, finding: str, name: str, document: str
) -> None:
    path = document.format(finding=finding)
    iri = names.BASE.rstrip("/") + name.format(finding=finding)
    if not name:
        iri = names.DEF + path.split("/")[-1] if "/term/" in path else names.BASE.rstrip("/") + path
    if name:
        for accept in ("text/html", *TYPES.values()):
            answer = web.get(name.format(finding=finding), headers={"Accept": accept})
            assert answer.status_code == 303 and "Accept" in answer.vary
            followed = web.get(answer.location.partition("#")[0], headers={"Accept": accept})
            assert followed.status_code == 200 and followed.content_type.startswith(accept)
    for suffix, media_type in {".html": "text/html", **TYPES}.items():
        answer = web.get(path + suffix)
        assert answer.status_code == 200, path + suffix
        assert answer.content_type == f"{media_type}; charset=utf-8"
        assert {"Accept", "Accept-Language"} <= set(answer.vary)
        assert answer.headers["Content-Language"] == ("zh" if suffix == ".html" else "zh, en")
        links_ = answer.headers.get_all("Link")
        assert f'<{path}>; rel="canonical"' in links_
        assert {DESCRIBED, LICENCE, PROFILE} <= set(links_), path + suffix
        others = {".html": "text/html", **TYPES}
        del others[suffix]
        for ending, kind in others.items():
            assert f'<{path}{ending}>; rel="alternate"; type="{kind}"' in links_
        head = web.head(path + suffix)
        assert not head.data and head.headers["ETag"] == answer.headers["ETag"]
        assert head.headers["Content-Length"] == str(len(answer.data))
        same = web.get(path + suffix, headers={"If-None-Match": answer.headers["ETag"]})
        assert same.status_code == 304 and not same.data
        assert web.get(path, headers={"Accept": media_type}).headers["Content-Location"] == path + suffix
    found = triples(web.get(path + ".nt").data, TYPES[".nt"])
    assert Iri(iri) in {t.subject for t in found}
    if path != "/ontology/item":  # a file is sent as it was written
        about = {t.object.value for t in found if t.subject == Iri(names.BASE.rstrip("/") + path)}
        assert names.FOAF + "Document" in about


@pytest.mark.parametrize(
    "path, document",
    [
        ("/rules/region-code-current", "/doc/rule/region-code-current"),
        ("/standards/GB32100-2015", "/doc/standard/GB32100-2015"),
        ("/clauses/GBT39046-2020/A.1", "/doc/clause/GBT39046-2020/A.1"),
        ("/findings/{finding}", "/doc/finding/{finding}"),
        ("/regions/370000", "/doc/graph/370000"),
        ("/ontology", "/doc/def"),
    ],
)
def test_pages_made_for_a_kind_tell_where_the_data_are(
    web: FlaskClient, finding: str, path: str, document: str
) -> None:
    path, document = path.format(finding=finding), document.format(finding=finding)
    said = web.get(path, headers=BROWSER).headers.get_all("Link")
    assert {f'<{path}>; rel="canonical"', DESCRIBED, LICENCE} <= set(said)
    for suffix, media_type in TYPES.items():
        assert f'<{document}{suffix}>; rel="alternate"; type="{media_type}"' in said
        assert web.get(document + suffix).status_code == 200
    assert not web.get("/rules/none", headers=BROWSER).headers.get_all("Link")


@pytest.mark.parametrize("kind", names.GRAPH_KINDS)
def test_a_graph_tells_its_licence(web: FlaskClient, kind: str) -> None:
    with web.get(f"/{kind}/370000", headers={"Accept": "text/turtle"}) as answer:
        said = answer.headers.get_all("Link")
    assert {f'</{kind}/370000>; rel="canonical"', DESCRIBED, LICENCE, PROFILE} <= set(said)


def test_data_say_which_dataset_they_are_from_and_that_they_are_made_up(web: FlaskClient) -> None:
    found = triples(web.get(ITEM + ".nt").data, TYPES[".nt"])
    said = {(t.subject, t.predicate, t.object) for t in found}
    document, dataset = Iri(f"{names.BASE}{ITEM.lstrip('/')}"), Iri(names.graph("370000"))
    assert (Iri(ITEM_IRI), Iri(names.FOAF + "isPrimaryTopicOf"), document) in said
    assert (document, Iri(names.VOID + "inDataset"), dataset) in said
    assert (dataset, Iri(names.DEF + "dataStatus"), Literal("synthetic")) in said
    assert any(t.subject == dataset and t.predicate.value == names.DCT + "license" for t in found)
    # What is not made up does not say that it is.
    real = triples(web.get("/doc/110000.nt").data, TYPES[".nt"])
    assert [t.object.value for t in real if t.predicate.value == names.DEF + "dataStatus"] == ["real"]


def test_conformity_is_a_profile_only_where_it_was_found(web: FlaskClient) -> None:
    version = f'<{names.BASE}ontology/v/{standards.load().version}>; rel="profile"'
    assert version in web.get("/doc/110000").headers.get_all("Link")
    assert version not in web.get(ITEM).headers.get_all("Link")


@pytest.mark.parametrize("suffix, media_type", TYPES.items())
def test_who_refers_to_a_thing_comes_in_pages_in_every_format(
    web: FlaskClient, suffix: str, media_type: str
) -> None:
    thing = Iri(names.thing("370000", "Department", "a b+c?d#e"))
    path = "/doc/" + thing.value.removeprefix(names.BASE + "id/") + suffix
    seen: set[object] = set()
    for number, expected in ((1, 50), (2, 50), (3, 37)):
        answer = web.get(f"{path}?page={number}")
        found = triples(answer.data, media_type)
        refers = {(t.subject, t.predicate) for t in found if t.object == thing}
        refers -= {one for one in refers if one[1].value == names.FOAF + "primaryTopic"}
        assert len(refers) == expected and not refers & seen
        seen |= refers
        comments = {t.object.value for t in found if t.predicate.value == names.RDFS + "comment"}
        assert any("共 137 处" in one and f"第 {number} 页" in one for one in comments)
        assert any("137 triples" in one and f"page {number} of 3" in one for one in comments)
        links_ = answer.headers.get_all("Link")
        assert (f'<{path}?page={number + 1}>; rel="next"' in links_) == (number < 3)
        assert (f'<{path}?page={number - 1}>; rel="prev"' in links_) == (number > 1)
        # Whoever refers is named.
        named = {t.subject for t in found if t.predicate.value == names.RDFS + "label"}
        assert len({one[0] for one in refers} - named) <= 1
    assert web.get(f"{path}?page=4").status_code == 404


def test_no_more_is_looked_at_than_a_named_limit(web: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """What has more says so, on the page and in RDF, and has no pages beyond."""
    thing = names.thing("370000", "Department", "a b+c?d#e")
    path = "/doc/" + thing.removeprefix(names.BASE + "id/")
    assert "不止" not in web.get(path, headers=BROWSER).get_data(as_text=True)
    monkeypatch.setattr(description, "REFERENCES_COUNTED", 100)
    assert "不止 100 处" in web.get(path, headers=BROWSER).get_data(as_text=True)
    found = triples(web.get(f"{path}.nt?page=2").data, TYPES[".nt"])
    comments = {t.object.value for t in found if t.predicate.value == names.RDFS + "comment"}
    assert any("不止 100 处" in one and "SPARQL" in one for one in comments)
    assert any("More than 100" in one for one in comments)
    assert len({t for t in found if t.object == Iri(thing)}) == 50 + 1
    assert web.get(f"{path}?page=3").status_code == 404


class Counting:
    """A store that counts what it is asked."""

    def __init__(self, store: Store) -> None:
        self.store, self.asked = store, 0

    def select(self, text: str, **terms: Term) -> list[dict[str, Term]]:
        self.asked += 1
        return self.store.select(text, **terms)


@pytest.mark.parametrize("suffix", [".html", ".ttl"])
def test_a_document_takes_a_fixed_number_of_queries(web: FlaskClient, suffix: str) -> None:
    release = web.application.extensions["live"]._release
    few = "/doc/370000/ImplementedItem/X0001"
    many = "/doc/" + names.thing("370000", "Department", "a b+c?d#e").removeprefix(names.BASE + "id/")
    asked = []
    for path in (few, many, "/doc/code/item-type/01", "/doc/110000"):
        release.store = counting = Counting(release.store)
        assert web.get(path + suffix).status_code == 200
        release.store = counting.store
        asked.append(counting.asked)
    assert max(asked) <= 6, asked


DOCUMENTED = re.findall(
    r"^curl (.*?) *(?:#.*)?$",
    (WORLD.parent.parent / "docs" / "linked-data.md").read_text("utf-8"),
    re.MULTILINE,
)


@pytest.mark.parametrize("command", DOCUMENTED)
def test_the_documented_commands_work(web: FlaskClient, command: str) -> None:
    words = shlex.split(command.replace("$S", ""))
    path = next(word for word in words if word.startswith("/") and word != "/dev/null")
    headers = dict([words[words.index("-H") + 1].split(": ")]) if "-H" in words else {}
    answer = web.get(path, headers=headers, follow_redirects="L" in words[0])
    expected = 404 if "security" in path else 303 if "I" in words[0] else 200
    assert answer.status_code == expected
    answer.close()


def test_labels_are_in_the_readers_language(web: FlaskClient) -> None:
    for lang, said, unsaid in (
        ("zh", ["由其办理", "实施清单事项", "自然人"], ["Is provided by"]),
        ("en", ["Is provided by", "implemented item"], ["由其办理", "实施清单事项"]),
    ):
        answer = web.get(f"{ITEM}?lang={lang}", headers=BROWSER)
        assert answer.headers["Content-Language"] == lang
        main = answer.get_data(as_text=True).partition("<main")[2].partition("</main>")[0]
        for one in said[:2]:
            assert one in main
        for one in unsaid:
            assert one not in main


# The ontology


@pytest.mark.parametrize("suffix, media_type", TYPES.items())
def test_the_ontology_its_versions_and_modules_in_every_format(
    web: FlaskClient, suffix: str, media_type: str
) -> None:
    version = standards.load().version
    whole = web.get("/def", headers={"Accept": media_type})
    assert (whole.status_code, whole.location) == (303, f"/doc/def{suffix}")
    assert web.get(f"/ontology/v/{version}", headers={"Accept": media_type}).location == f"/doc/def{suffix}"
    assert web.get(f"/ontology/v/{version}{suffix}").location == f"/doc/def{suffix}"
    document = web.get(f"/doc/def{suffix}")
    said = triples(document.data, media_type)
    assert {DESCRIBED, LICENCE} <= set(document.headers.get_all("Link"))
    module = web.get(f"/ontology/item{suffix}")
    assert module.content_type == f"{media_type}; charset=utf-8"
    assert Iri(names.BASE + "ontology/item") in {t.subject for t in triples(module.data, media_type)}
    negotiated = web.get("/ontology/item", headers={"Accept": media_type})
    assert negotiated.data == module.data
    assert negotiated.headers["Content-Location"] == f"/ontology/item{suffix}"
    assert len(said) > 1000


def test_a_browser_that_follows_a_term_finds_it(web: FlaskClient) -> None:
    """``…/def#isProvidedBy`` leads to ``/ontology``, and the browser carries the fragment over (RFC 9110 §10.2.2)."""
    answer = web.get("/def", headers=BROWSER)
    page = web.get(answer.location, headers=BROWSER).get_data(as_text=True)
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(terms()) <= set(ids)


@pytest.mark.parametrize(
    "path", ["/def", "/ontology/item", "/ontology/v/{version}", "/ontology/term/Layer", ITEM]
)
def test_what_cannot_be_given_is_not_acceptable(web: FlaskClient, path: str) -> None:
    path = path.format(version=standards.load().version)
    assert web.get(path, headers={"Accept": "image/png"}).status_code == 406


# Strangers


@pytest.mark.parametrize(
    "path",
    [
        "/doc/../../etc/passwd",
        "/doc/%2e%2e/%2e%2e/etc/passwd",
        "/doc/..%2F..%2Fetc%2Fpasswd",
        "/doc/370000/ImplementedItem/..%5C..%5Cx",
        "/id/370000/ImplementedItem/%00",
        "/doc/370000/ImplementedItem/%00",
        "/doc/370000/ImplementedItem/%0D%0ASet-Cookie:%20a=b",
        "/doc/370000/ImplementedItem/%FF%FE",
        "/doc/370000/ImplementedItem/%",
        "/doc/370000/ImplementedItem/%zz",
        "/doc/370000/ImplementedItem/%3E%20%7B%20%3Fs%20%3Fp%20%3Fo%20%7D%20%23",
        "/doc/370000/ImplementedItem/" + "~".join("abcdefgh"),
        "/doc/370000/ImplementedItem/" + "x" * 100_000,
        "/id/" + "%E5%B8%82" * 10_000,
        "/doc//",
        "/doc/.ttl",
        "/doc/id/id/id/370000",
        "/ontology/term/..%2Fitem",
        "/ontology/term/%3E",
        "/ontology/%2E%2E/item.ttl",
        "/ontology/alignments/..%2Fitem.ttl",
        "/id//evil.example/x",
        "/id/https://evil.example/x",
    ],
)
@pytest.mark.parametrize("accept", ["text/html", "text/turtle"])
def test_hostile_paths_lead_nowhere(web: FlaskClient, path: str, accept: str) -> None:
    """At most to one another document of ours, that is not there; and never out of this service."""
    for _ in range(3):
        answer = web.get(path, headers={"Accept": accept})
        if answer.status_code not in (303, 308):
            break
        assert "\n" not in answer.location and "Set-Cookie" not in answer.headers
        path = answer.location.removeprefix("http://localhost")
        assert path.startswith("/") and not path.startswith("//")
    assert answer.status_code == 404, (path, answer.status_code)
    assert len(answer.data) < 300_000


@pytest.mark.parametrize(
    "path",
    [
        "/id/370000/ImplementedItem/none",
        "/rule/none",
        "/standard/none",
        "/clause/none/1",
        "/finding/00000000",
    ],
)
@pytest.mark.parametrize("accept", ["text/html", "text/turtle"])
def test_an_unknown_name_ends_in_not_found(web: FlaskClient, path: str, accept: str) -> None:
    answer = web.get(path, headers={"Accept": accept}, follow_redirects=True)
    assert answer.status_code == 404


def test_no_name_leads_round_in_a_circle(web: FlaskClient, finding: str) -> None:
    for name, document in RESOURCES.values():
        for path in (name, document, "/doc" + name):
            for accept in ("text/html", "text/turtle"):
                seen: list[str] = []
                while path and (path := path.format(finding=finding)) and len(seen) < 4:
                    answer = web.get(path.partition("#")[0], headers={"Accept": accept})
                    seen.append(path)
                    path = answer.location if answer.status_code == 303 else ""
                assert len(seen) < 4, seen
