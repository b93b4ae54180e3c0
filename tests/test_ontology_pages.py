"""The standard system as pages and files: the matrix and its gaps, clauses and their rules, modules, the JSON-LD context."""

import json

import pytest
from flask import Flask
from flask.testing import FlaskClient
from test_pages import BROWSER

from app import names
from app.checking import rules
from app.ontology import facts, standards
from app.ontology.context import context
from app.store.terms import Iri, Literal, RdfFormat, Triple, def_, parse
from app.web.documents import Clause, documents, matrix
from app.web.language import capital
from app.web.ontology import modules, questions
from app.web.term import terms

SYSTEM, BOOK = standards.load(), rules.load()
ONTOLOGY = names.resources("ontology")


def text(web: FlaskClient, path: str, lang: str = "zh") -> str:
    answer = web.get(path, headers={**BROWSER, "Accept-Language": lang})
    assert answer.status_code == 200, path
    return answer.get_data(as_text=True)


# The matrix


def test_the_matrix_shows_where_a_national_standard_is_missing(web: FlaskClient) -> None:
    rows = {row.notation: row for some in matrix().values() for row in some}
    assert len(rows) == 25
    gaps = {notation: row.gap for notation, row in rows.items() if row.gap}
    assert gaps == {
        # integrated services and participation rest on policies and the article alone
        **dict.fromkeys(["IT6", "US5"], "空缺"),
        # what would cover them was never seen
        **dict.fromkeys(["SG2", "SG3", "SG5", "PL5"], "待核实"),
    }
    page = text(web, "/standards")
    assert page.count('<tr class="gap"') == len(gaps)
    for row in rows.values():
        for some in row.columns.values():
            for document in some:
                assert f'href="/standards/{document.slug}"' in page


def test_the_gaps_are_what_a_query_finds(web: FlaskClient) -> None:
    """The page and the graph say the same: question Q01."""
    query = f"""
        PREFIX zwfw: <{names.DEF}> PREFIX skos: <{names.SKOS}>
        SELECT ?notation WHERE {{
          ?subsystem a zwfw:Subsystem ; skos:notation ?notation .
          FILTER NOT EXISTS {{
            ?standard a zwfw:NationalStandard ; zwfw:coversSubsystem ?subsystem ;
                      zwfw:hasDocumentStatus <{names.concept("document-status", "in-force")}> }} }}"""
    answer = web.get("/sparql", query_string={"query": query}, headers={"Accept": "text/csv"})
    found = answer.get_data(as_text=True).split()[1:]
    assert sorted(found) == sorted(row.notation for some in matrix().values() for row in some if row.gap)


# Documents and clauses


@pytest.mark.parametrize("document", documents(), ids=lambda one: one.slug)
def test_a_document_shows_its_clauses_with_and_without_rules(web: FlaskClient, document) -> None:
    page = text(web, f"/standards/{document.slug}")
    assert ("未核实" in page) or document.confirmation != "unconfirmed"
    for clause in document.clauses:
        assert f'href="/clauses/{document.slug}/{clause.id}"' in page
        for rule in clause.rules:
            assert f'href="/rules/{rule.name}"' in page
    without = sum(not clause.rules for clause in document.clauses)
    assert page.count(">尚无</span>") == without


@pytest.mark.parametrize(
    "clause",
    [Clause(node) for node in SYSTEM.subjects(facts.TYPE, def_("Clause"))],
    ids=lambda one: one.iri.value.removeprefix(names.CLAUSE),
)
def test_a_clause_leads_to_its_document_terms_rules_and_questions(web: FlaskClient, clause: Clause) -> None:
    page = text(web, f"/clauses/{clause.document.slug}/{clause.id}")
    assert f'href="/standards/{clause.document.slug}"' in page
    for term in clause.about:
        assert f'href="/ontology/term/{term.value.removeprefix(names.DEF)}"' in page
    for rule in [*clause.rules, *clause.touching]:
        assert f'href="/rules/{rule.name}"' in page
    for question in clause.questions:
        assert f"/questions/{question.name}" in page
    for wording, said in (("转述", "paraphrased"), ("由实例推断", "inferred")):
        assert wording in page or clause.confirmation != said


def test_unknown_clauses_are_not_found(web: FlaskClient) -> None:
    for path in ("/clauses/GBT39046-2020/none", "/clauses/none/A.1", "/clauses/a b/<c>", "/standards/none"):
        assert web.get(path, headers=BROWSER).status_code == 404


def test_one_walks_from_the_article_to_term_rule_and_question(web: FlaskClient) -> None:
    article = text(web, "/standards/yantai-article")
    assert "/clauses/yantai-article/items-differ" in article
    clause = text(web, "/clauses/yantai-article/items-differ")
    assert "/ontology/term/UniformityPolicy" in clause and "/ontology/term/hasItemType" in clause
    assert "/rules/item-type-in-code" in clause and "/questions/items-differing-from-catalogue" in clause
    term = text(web, "/ontology/term/hasItemType")
    assert "/rules/item-type-in-code" in term and "/clauses/yantai-article/items-differ" in term


# Terms and modules


@pytest.mark.parametrize("module", modules())
def test_a_module_is_a_page_and_its_file(web: FlaskClient, module: str) -> None:
    page = text(web, f"/ontology/{module}")
    for term in terms().values():
        if term.module == module and term.kind:
            assert f'href="/ontology/term/{term.name}"' in page
    written = (ONTOLOGY / f"{module}.ttl").read_bytes()
    for path, accept in ((f"/ontology/{module}.ttl", "*/*"), (f"/ontology/{module}", "text/turtle")):
        answer = web.get(path, headers={"Accept": accept})
        assert answer.data == written and answer.content_type == "text/turtle; charset=utf-8"
    assert Iri(f"{names.BASE}ontology/{module}") in {t.subject for t in parse_turtle(written)}
    assert web.get(f"/ontology/{module}.pdf").status_code == 404


def parse_turtle(content: bytes):
    return [quad.triple for quad in parse(content, format=RdfFormat.TURTLE)]


@pytest.mark.parametrize(
    "term, lang, said",
    [
        ("ServiceItem", "zh", "凡“政务服务事项”，都是至多有 1 个“基本编码”的事物"),
        ("isPartOf", "zh", "“隶属于”逐级传递"),
        ("isProvidedWithin", "en", "the &#34;is within&#34; of the &#34;is provided by&#34; is the"),
        ("NationallyCodedItem", "zh", "“国家编码事项”，即“政务服务事项”且“采用编码体系”为"),
    ],
)
def test_a_term_says_its_axioms_in_words(web: FlaskClient, term: str, lang: str, said: str) -> None:
    assert said in web.get(f"/ontology/term/{term}?lang={lang}").text


@pytest.mark.parametrize(
    ("path", "lang", "said"),
    [
        ("/ontology/item", "en", '<h2 id="classes">Classes</h2>'),
        ("/ontology/item", "zh", '<h2 id="classes">类一览</h2>'),
        ("/ontology/core", "en", '<h2 id="annotations">Annotation properties</h2>'),
        ("/ontology/item", "en", '<th scope="col">Class</th>'),
        ("/ontology/term/ImplementedItem", "en", "<h1>Implemented item "),
        ("/ontology/term/ImplementedItem", "en", "<title>Implemented item · "),
        ("/ontology/term/ImplementedItem", "en", "<dt>Subclass of</dt>"),
        ("/ontology/term/ImplementedItem", "zh", "<h1>实施清单事项 "),
        ("/doc/code/item-type", "en", "<h1>Item types "),
    ],
)
def test_english_headings_begin_with_a_capital(web: FlaskClient, path: str, lang: str, said: str) -> None:
    assert said in text(web, path, lang)


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        ("sub-item part", "Sub-item part"),
        ("implementedItem", "implementedItem"),
        ("zwfw:name is", "zwfw:name is"),
        ("企业 class", "企业 class"),
        ("1st part", "1st part"),
        ("", ""),
    ],
)
def test_only_a_word_of_english_gets_a_capital(world_app: Flask, label: str, shown: str) -> None:
    with world_app.test_request_context(headers={"Accept-Language": "en"}):
        assert capital(label) == shown
    with world_app.test_request_context(headers={"Accept-Language": "zh"}):
        assert capital(label) == label


def test_alignments_are_served_as_written(web: FlaskClient) -> None:
    for path in sorted((ONTOLOGY / "alignments").glob("*.ttl")):
        assert web.get(f"/ontology/alignments/{path.name}").data == path.read_bytes()
    assert web.get("/ontology/alignments/none.ttl").status_code == 404
    assert web.get("/ontology/alignments/..%2Fcore.ttl").status_code == 404


def test_a_version_leads_to_its_page_or_its_triples(web: FlaskClient) -> None:
    path = f"/ontology/v/{SYSTEM.version}"
    assert web.get(path, headers=BROWSER).location == "/ontology"
    assert web.get(path, headers={"Accept": "text/turtle"}).location == "/doc/def.ttl"
    assert web.get("/ontology/v/99.0.0", headers=BROWSER).status_code == 404


def test_terms_lists_and_questions_are_searched(web: FlaskClient) -> None:
    assert "/ontology/term/ElectronicCertificate" in text(web, "/ontology?q=电子证照")
    assert "/ontology/term/isProvidedBy" in text(web, "/ontology?q=provided by", "en")
    assert "/doc/code/evaluator-kind" in text(web, "/ontology?q=评价主体")
    assert "差评" in text(web, "/ontology?q=差评")
    nothing = text(web, "/ontology?q=没有这个词语")
    assert "0 个术语" in nothing and "/ontology/term/" not in nothing


def test_every_question_stands_on_the_page(web: FlaskClient) -> None:
    page = text(web, "/ontology")
    assert len(questions()) == 28
    for question in questions():
        assert f'id="{question.iri.value.removeprefix(names.QUESTION)}"' in page and question.number in page


# The JSON-LD context


def test_plain_json_with_the_context_is_rdf_in_our_terms(web: FlaskClient) -> None:
    served = web.get(f"/context/{SYSTEM.version}.jsonld")
    assert served.content_type == "application/ld+json; charset=utf-8"
    assert served.headers["Access-Control-Allow-Origin"] == "*"
    assert served.data == web.get("/context.jsonld").data
    assert web.get("/context/99.0.0.jsonld").status_code == 404
    document = {
        **json.loads(served.data),
        "id": "https://example.org/i",
        "type": "ImplementedItem",
        "name": {"zh": "食品经营许可", "en": "food business licence"},
        "implementationCode": "007",
        "visitCount": 1,
        "isHandledOnline": True,
        "plannedEffectiveDate": "2026-01-01",
        "onlineAddress": "https://example.org/o",
        "isProvidedBy": "https://example.org/d",
    }
    graph = {quad.triple for quad in parse(json.dumps(document), format=RdfFormat.JSON_LD)}
    item = Iri("https://example.org/i")

    def typed(value: str, name: str) -> Literal:
        return Literal(value, datatype=Iri(names.XSD + name))

    assert graph == {
        Triple(item, facts.TYPE, def_("ImplementedItem")),
        Triple(item, def_("name"), Literal("食品经营许可", language="zh")),
        Triple(item, def_("name"), Literal("food business licence", language="en")),
        Triple(item, def_("implementationCode"), Literal("007")),
        Triple(item, def_("visitCount"), typed("1", "integer")),
        Triple(item, def_("isHandledOnline"), typed("true", "boolean")),
        Triple(item, def_("plannedEffectiveDate"), typed("2026-01-01", "date")),
        Triple(item, def_("onlineAddress"), typed("https://example.org/o", "anyURI")),
        Triple(item, def_("isProvidedBy"), Iri("https://example.org/d")),
    }


def test_the_context_has_every_class_and_property() -> None:
    keys = set(context(SYSTEM)["@context"])
    wanted = {
        term.name for term in terms().values() if term.kind in ("Class", "ObjectProperty", "DatatypeProperty")
    }
    assert wanted - {term.name for term in terms().values() if term.is_derived} <= keys
