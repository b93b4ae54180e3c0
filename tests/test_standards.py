"""The standards as data: documents have number, title and status, clauses their document, and every source exists."""

import re
from itertools import groupby
from pathlib import Path

import pytest

from app import names
from app.store.terms import Graph, Literal, NamedNode, Term, def_, read_turtle

ONTOLOGY, SHAPES = names.resources("ontology"), names.resources("shapes")
FILES = sorted([*ONTOLOGY.rglob("*.ttl"), *SHAPES.rglob("*.ttl")])
ROOT = ONTOLOGY.parent

TYPE = NamedNode(names.RDF + "type")
TITLE = NamedNode(names.DCT + "title")
SOURCE = NamedNode(names.DCT + "source")
LABEL = NamedNode(names.SKOS + "prefLabel")
NUMBER, CONFIRMATION = def_("documentNumber"), def_("confirmation")

STANDARD_NUMBER = re.compile(r"(?:GB|GB/T|GA/T|DB\d{2}/T|ZWFW) C?\d+(?:\.\d+)?(?:—\d{4})?")
POLICY_NUMBER = re.compile(r"(国发|国办函|国办发|国办秘函|发改高技)〔(\d{4})〕(\d+)号|(国务院令)第(\d+)号")
ISSUERS = {
    "国发": "SC",
    "国办函": "SCGO",
    "国办发": "SCGO-I",
    "国办秘函": "SCGO-S",
    "国务院令": "SCO",
    "发改高技": "NDRC-HT",
}

WITHOUT_NUMBER = {"yantai-article", "wujiang-2022", "xu-2023", "MCA-2025-division-codes"}
"""Publications have none; the number of the measures for division codes is not known to us."""

# What was written from memory and never seen: it may leave this list once somebody has seen it.
UNCONFIRMED = [
    "GBT39044-2020",
    "GBT36113-2018",
    "GBT33358-2016",
    "GBT36344-2018",
    "GBT38664.4",
    "GBT32169.1-2015",
    "GBT32169.2-2015",
    "GBT32169.3-2015",
    "GBT32169.4-2015",
    "GBT32170.1-2015",
    "GBT32170.2-2015",
    "SCGO-I-2022-32",
    "SCGO-2022-102",
    "GBT17710",
    "GBT22239",
    "GBT35273",
    "DB34T1164-2010",
    "DB31T545-2024",
    "DB50T957.4-2019",
    "DB52T1542.2",
    "DB52T1542.3",
    "NDRC-HT-2017-1272",
]


KINDS = [
    *("NationalStandard", "IndustryStandard", "LocalStandard", "EngineeringStandard"),
    *("LegalDocument", "PolicyDocument", "Publication"),
]
BY_NUMBER = [
    ("GB", "NationalStandard"),
    ("GA", "IndustryStandard"),
    ("DB", "LocalStandard"),
    ("ZWFW", "EngineeringStandard"),
]


@pytest.fixture(scope="module")
def graph() -> Graph:
    return read_turtle(ONTOLOGY / "standards.ttl") | read_turtle(ONTOLOGY / "clauses.ttl")


def of_class(graph: Graph, *classes: str) -> list[NamedNode]:
    kinds = {def_(name) for name in classes}
    return sorted({t.subject for t in graph if t.predicate == TYPE and t.object in kinds}, key=str)


def values(graph: Graph, subject: NamedNode, predicate: NamedNode) -> list[Term]:
    return [t.object for t in graph if t.subject == subject and t.predicate == predicate]


def languages(graph: Graph, subject: NamedNode, predicate: NamedNode) -> list[str | None]:
    return sorted(v.language for v in values(graph, subject, predicate) if isinstance(v, Literal))


def slug(number: str) -> str:
    """The last part of a document's IRI, as the head of ``standards.ttl`` says it is made from the number."""
    policy = POLICY_NUMBER.fullmatch(number)
    if not policy:
        return re.sub(r"[ /]", "", number).replace("—", "-")
    parts = [part for part in policy.groups() if part]
    return "-".join([ISSUERS[parts[0]], *parts[1:]])


def test_every_document_has_one_number_and_a_title(graph: Graph) -> None:
    for kind in KINDS:
        for document in of_class(graph, kind):
            assert languages(graph, document, TITLE) == ["en", "zh"] or kind == "Publication", document
            numbers = [v.value for v in values(graph, document, NUMBER)]
            if document.value.removeprefix(names.STANDARD) in WITHOUT_NUMBER:
                assert numbers == []
                continue
            (number,) = numbers
            style = STANDARD_NUMBER if kind.endswith("Standard") else POLICY_NUMBER
            assert style.fullmatch(number), number
            assert document.value == names.STANDARD + slug(number)


def test_the_number_of_a_standard_tells_its_class(graph: Graph) -> None:
    for kind in KINDS[:4]:
        for document in of_class(graph, kind):
            (number,) = (v.value for v in values(graph, document, NUMBER))
            assert next(name for prefix, name in BY_NUMBER if number.startswith(prefix)) == kind, number
            provinces = [v.value for v in values(graph, document, def_("appliesIn"))]
            in_number = re.match(r"DB(\d\d)", number)
            assert provinces == ([names.region(f"{in_number[1]}0000")] if in_number else []), number


def test_every_document_has_a_status_that_its_dates_bear_out(graph: Graph) -> None:
    for kind in KINDS[:6]:
        for document in of_class(graph, kind):
            (status,) = values(graph, document, def_("hasDocumentStatus"))
            ended = values(graph, document, def_("inForceUntil"))
            name = status.value.rpartition("/")[2]
            assert bool(ended) == (name in ("replaced", "repealed")), document
            if values(graph, document, CONFIRMATION):
                assert name == "unknown", f"{document} was never seen, so its status is not known"


def test_the_twenty_five_subsystems_are_covered(graph: Graph) -> None:
    """Each is in one layer and marked as a proposal; what covers it is declared."""
    subsystems = read_turtle(ONTOLOGY / "codes" / "subsystem.ttl")
    listed = of_class(subsystems, "Subsystem")
    assert len(listed) == 25
    for subsystem in listed:
        assert len(values(subsystems, subsystem, def_("isSubsystemOf"))) == 1
        assert values(subsystems, subsystem, CONFIRMATION) == [Literal("proposed")]
    covering = [t for t in graph if t.predicate == def_("coversSubsystem")]
    assert {t.object for t in covering} == set(listed), "each has some document, be it only the article"
    most = max({t.subject for t in covering}, key=lambda one: sum(t.subject == one for t in covering))
    assert most.value == names.STANDARD + "GBT39046-2020"


def test_no_number_stands_twice(graph: Graph) -> None:
    numbers = sorted(t.object.value for t in graph if t.predicate == NUMBER)
    assert [n for n, same in groupby(numbers) if len(list(same)) > 1] == []


def test_documents_are_declared_once() -> None:
    text = "".join((ONTOLOGY / name).read_text(encoding="utf-8") for name in ("standards.ttl", "clauses.ttl"))
    blocks = re.findall(r"^((?:standard|clause|zwfw):\S+) a ", text, re.M)
    assert len(blocks) == len(set(blocks)) > 0


def test_dates_are_as_exact_as_they_say(graph: Graph) -> None:
    forms = {"gYear": r"\d{4}", "gYearMonth": r"\d{4}-\d{2}", "date": r"\d{4}-\d{2}-\d{2}"}
    dates = {NamedNode(names.DCT + "issued"), NamedNode(names.DCT + "created"), def_("inForceFrom")}
    for triple in graph:
        if triple.predicate in dates:
            assert re.fullmatch(
                forms[triple.object.datatype.value.removeprefix(names.XSD)], triple.object.value
            )


def test_every_clause_belongs_to_a_declared_document(graph: Graph) -> None:
    documents = set(of_class(graph, *KINDS))
    clauses = of_class(graph, "Clause")
    assert clauses
    for clause in clauses:
        (document,) = values(graph, clause, def_("isClauseOf"))
        assert document in documents, clause
        assert clause.value.startswith(document.value.replace(names.STANDARD, names.CLAUSE) + "/")
        assert languages(graph, clause, LABEL) == ["en", "zh"], clause
        known = values(graph, clause, def_("clauseNumber"))
        assert known or values(graph, clause, CONFIRMATION), f"{clause} has no number and does not say so"


def test_what_was_never_seen_says_so(graph: Graph) -> None:
    for name in UNCONFIRMED:
        assert values(graph, NamedNode(names.STANDARD + name), CONFIRMATION) == [Literal("unconfirmed")], name
    for triple in graph:
        if triple.predicate == CONFIRMATION:
            assert triple.object.value in {"unconfirmed", "inferred", "paraphrased"}


def test_the_five_layers(graph: Graph) -> None:
    layers = of_class(graph, "Layer")
    order = {int(values(graph, layer, def_("layerOrder"))[0].value): layer for layer in layers}
    assert len(layers) == 5
    assert sorted(order) == [1, 2, 3, 4, 5]
    folders = [values(graph, order[n], def_("layerFolder"))[0].value for n in sorted(order)]
    assert folders == ["support", "exchange", "item", "platform", "user"]
    foundation, upper = {order[1], order[2]}, {order[3], order[4], order[5]}
    (system,) = of_class(graph, "StandardSystem")
    aims = {n: set(values(graph, order[n], def_("supports"))) for n in order}
    for layer in layers:
        assert values(graph, layer, def_("isLayerOf")) == [system]
        assert values(graph, layer, SOURCE) == [NamedNode(names.STANDARD + "yantai-article")]
        lower = layer in foundation
        assert set(values(graph, layer, def_("providesFoundationFor"))) == (upper if lower else set())
        assert values(graph, layer, def_("leads")) == ([system] if lower else [])
    assert aims[3] == aims[4] != aims[5]
    assert set().union(*aims.values()) == set(of_class(graph, "Aim"))
    for triple in graph:
        if triple.predicate == def_("primaryLayer"):
            assert triple.object in layers


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_source_is_declared(path: Path, graph: Graph) -> None:
    declared = {t.subject for t in graph if t.predicate == TYPE}
    cited = {
        value
        for triple in read_turtle(path)
        for value in (triple.subject, triple.object)
        if isinstance(value, NamedNode) and value.value.startswith((names.STANDARD, names.CLAUSE))
    }
    assert sorted(v.value for v in cited - declared) == []
