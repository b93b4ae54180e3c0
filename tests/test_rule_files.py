"""What every rule file and its case must look like, whatever the rule: checks on our own text, no engine."""

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path

import pytest
from rdflib import RDF, RDFS, SH, SKOS, BNode, Graph, Namespace, URIRef
from rdflib.plugins.sparql import prepareQuery
from rdflib.term import Node

from app.ontology.standards import Standards
from app.regions.derived import derive
from app.store.terms import read_turtle

ROOT = Path(__file__).resolve().parent.parent
SHAPES, CASES, ONTOLOGY = ROOT / "shapes", ROOT / "tests" / "rules", ROOT / "ontology"
RULES = sorted(SHAPES.glob("*/*.ttl"))

ZWFW = Namespace("https://w3id.org/zwfw/def#")
RULE = Namespace("https://w3id.org/zwfw/rule/")
DCT = Namespace("http://purl.org/dc/terms/")

TARGETS = (SH.targetClass, SH.targetSubjectsOf, SH.targetObjectsOf, SH.targetNode)
ONLY_ON_NAMED = (*TARGETS, SH.severity, SH.message, SH.sparql, SH.property)
"""What a blank node must not have: with it a nested shape would report on its own."""

each_rule = pytest.mark.parametrize("path", RULES, ids=lambda path: path.relative_to(SHAPES).as_posix())


@cache
def graph(path: Path) -> Graph:
    return Graph().parse(path)


@cache
def ontology() -> Graph:
    found = Graph()
    for path in ONTOLOGY.rglob("*.ttl"):
        found.parse(path)
    return found


@cache
def standards() -> Standards:
    return Standards(ONTOLOGY)


@cache
def shacl_terms() -> frozenset[Node]:
    """The terms SHACL's own vocabulary defines."""
    return frozenset(Graph().parse(str(files("pyshacl") / "assets" / "shacl.ttl")).subjects())


def terms_of(namespace: str, used_in: Graph) -> set[Node]:
    return {
        term
        for triple in used_in
        for term in triple
        if isinstance(term, URIRef) and term.startswith(namespace)
    }


def unknown_terms(shapes: Graph) -> set[Node]:
    """The ``sh:`` terms of ``shapes`` that SHACL does not have and every engine would silently pass over."""
    return terms_of(str(SH), shapes) - shacl_terms()


def rule(path: Path) -> URIRef:
    return RULE[path.stem]


def case(path: Path) -> Path:
    return CASES / path.relative_to(SHAPES)


def parts(path: Path) -> list[URIRef]:
    """The named shapes of a rule file: the rule's own and those of its parts."""
    return sorted({node for node in graph(path).subjects() if isinstance(node, URIRef)})


def reporting(path: Path) -> list[URIRef]:
    """The named shapes that have a target, and those a shape with a target leads to."""
    return [
        part
        for part in parts(path)
        if any(graph(path).value(part, target) for target in TARGETS)
        or graph(path).value(None, SH.property, part)
    ]


def targets(path: Path, shape: URIRef) -> set[Node]:
    """The nodes of the case that ``shape`` is about."""
    shapes, data = graph(path), graph(case(path))
    owner = next(shapes.subjects(SH.property, shape), shape)
    found: set[Node] = set(shapes.objects(owner, SH.targetNode))
    for prop in shapes.objects(owner, SH.targetSubjectsOf):
        found |= set(data.subjects(prop))
    for prop in shapes.objects(owner, SH.targetObjectsOf):
        found |= set(data.objects(None, prop))
    for kind in shapes.objects(owner, SH.targetClass):
        for subclass in ontology().transitive_subjects(RDFS.subClassOf, kind):
            found |= set(data.subjects(RDF.type, subclass))
    return found


def expected(path: Path) -> set[tuple[Node | None, Node | None]]:
    """The (focus node, source shape) pairs a case expects."""
    data = graph(case(path))
    return {
        (data.value(result, SH.focusNode), data.value(result, SH.sourceShape))
        for result in data.subjects(RDF.type, SH.ValidationResult)
    }


def selects(path: Path) -> Iterator[tuple[URIRef, str]]:
    for shape, constraint in graph(path).subject_objects(SH.sparql):
        yield shape, str(graph(path).value(constraint, SH.select))


def prologue() -> str:
    prefixes = graph(SHAPES / "prefixes.ttl")
    return "".join(
        f"PREFIX {prefixes.value(node, SH.prefix)}: <{prefixes.value(node, SH.namespace)}>\n"
        for node in prefixes.objects(None, SH.declare)
    )


def languages(path: Path, node: Node, predicate: URIRef) -> list[str | None]:
    return sorted(text.language for text in graph(path).objects(node, predicate))


def test_there_are_rules() -> None:
    assert RULES


def test_every_case_has_its_rule() -> None:
    assert sorted(CASES.glob("*/*.ttl")) == sorted(map(case, RULES))


def test_numbers_are_unique() -> None:
    numbers = [str(graph(path).value(rule(path), DCT.identifier)) for path in RULES]
    assert len(numbers) == len(set(numbers))


def test_a_misspelt_term_is_noticed() -> None:
    def unknown_of(term: str) -> set[Node]:
        return unknown_terms(Graph().parse(data=f"[] <{SH}{term}> [] .", format="turtle"))

    assert not unknown_of("datatype")
    assert unknown_of("dataType") == {URIRef(f"{SH}dataType")}


@each_rule
def test_names(path: Path) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", path.stem)
    declared = list(graph(path).subjects(RDF.type, ZWFW.Rule))
    assert declared == [rule(path)], "one rule a file, and the file's name is the rule's name"
    for part in parts(path):
        assert re.fullmatch(re.escape(rule(path)) + r"(\.[a-z0-9]+(-[a-z0-9]+)*)?", part), part


@each_rule
def test_begins_with_a_sentence_in_both_languages(path: Path) -> None:
    for file in (path, case(path)):
        first, *rest = file.read_text().splitlines()
        assert re.fullmatch(r"# .*[\u4e00-\u9fff].* · [A-Z0-9].*\.", first), file
        if file == path and any(selects(path)):
            assert rest[0].startswith("# SPARQL: "), "a SPARQL rule says why Core does not serve"


@each_rule
def test_says_what_it_is(path: Path) -> None:
    shapes, node = graph(path), rule(path)
    (number,) = shapes.objects(node, DCT.identifier)
    assert re.fullmatch(r"R\d+(\.\d)?", str(number))
    (clause,) = shapes.objects(node, DCT.source)
    assert (clause, RDF.type, ZWFW.Clause) in ontology()
    for predicate in (SKOS.prefLabel, SKOS.definition, SH.message):
        assert languages(path, node, predicate) == ["en", "zh"], predicate
    for word in shapes.objects(node, ZWFW.confirmation):
        assert str(word) in ("inferred", "unconfirmed")


@each_rule
def test_each_part_has_the_one_severity_and_its_own_message(path: Path) -> None:
    shapes = graph(path)
    severities = {part: list(shapes.objects(part, SH.severity)) for part in parts(path)}
    assert all(found == severities[rule(path)] for found in severities.values()), severities
    assert severities[rule(path)] in ([SH.Violation], [SH.Warning], [SH.Info])
    for part in parts(path):
        assert languages(path, part, SH.message) == ["en", "zh"], part
        for message in shapes.objects(part, SH.message):
            assert str(message).endswith(("。", ".")), message


@each_rule
def test_uses_terms_that_exist(path: Path) -> None:
    assert not unknown_terms(graph(path))
    assert not unknown_terms(graph(case(path)))
    queries = Graph()
    for _, select in selects(path):
        for name in re.findall(r"\bzwfw:(\w+)", select):
            queries.add((ZWFW[name], RDF.type, RDFS.Resource))
    for used in (graph(path), graph(case(path)), queries):
        assert not {term for term in terms_of(str(ZWFW), used) if (term, None, None) not in ontology()}


@each_rule
def test_only_named_shapes_report(path: Path) -> None:
    shapes = graph(path)
    assert reporting(path)
    for predicate in ONLY_ON_NAMED:
        assert not [node for node in shapes.subjects(predicate) if isinstance(node, BNode)], predicate
    for part in shapes.objects(None, SH.property):
        assert isinstance(part, URIRef)
    constrained = {part for part in parts(path) if part != rule(path)} or {rule(path)}
    assert constrained <= set(reporting(path)), "a part without target is never run"


@each_rule
def test_queries_are_right_with_this_unbound(path: Path) -> None:
    for shape, select in selects(path):
        assert not re.search(r"\b(VALUES|MINUS|SERVICE)\b|\$PATH", select, re.IGNORECASE), shape
        assert len(re.findall(r"\bSELECT\b", select, re.IGNORECASE)) == 1, shape
        assert re.match(
            r"\s*SELECT DISTINCT \$this (\?path )?(\?value|\(COUNT\(DISTINCT \?\w+\) AS \?value\))( \?expected)? WHERE \{\s*\$this\s",
            select,
        ), shape
        has_path = graph(path).value(shape, SH.path) is not None
        assert not (has_path and "?path" in select), "the path comes from the shape or from the query"
        prepareQuery(prologue() + select)


@each_rule
def test_prefixes_are_those_of_the_ontology(path: Path) -> None:
    declared = dict(re.findall(r"@prefix ([\w-]*): <([^>]*)>", (ONTOLOGY / "zwfw.ttl").read_text()))
    for file in (path, case(path)):
        for prefix, namespace in re.findall(r"@prefix ([\w-]*): <([^>]*)>", file.read_text()):
            assert declared.get(prefix, namespace) == namespace, file


@each_rule
def test_each_part_bites_and_lets_pass(path: Path) -> None:
    pairs = expected(path)
    assert {shape for _, shape in pairs} == set(reporting(path)), "each part has a bad node"
    for shape in reporting(path):
        bad = {focus for focus, source in pairs if source == shape}
        assert bad <= targets(path, shape)
        assert targets(path, shape) - bad, f"{shape} has no good node"


@each_rule
def test_case_is_as_the_reader_would_read_it(path: Path) -> None:
    data = read_turtle(case(path))
    assert derive(data, standards()) == data
