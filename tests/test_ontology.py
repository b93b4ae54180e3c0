"""The ontology is of one piece: each term named and defined once in both languages, nothing contradictory."""

import io
import re
import shutil
import tomllib
from collections import Counter, defaultdict
from pathlib import Path

import owlready2
import pytest

from app import names
from app.store.terms import Graph, Literal, NamedNode, Triple, def_, ntriples, read_turtle

ONTOLOGY = names.resources("ontology")
ROOT = ONTOLOGY.parent

FILES = sorted(
    path for folder in ("ontology", "shapes", "data", "examples") for path in (ROOT / folder).rglob("*.ttl")
)
# The modules that define terms. standards.ttl is data: HermiT knows none of its dates and would refuse them.
MODULES = [path for path in sorted(ONTOLOGY.glob("*.ttl")) if path.name != "standards.ttl"]

TYPE = NamedNode(names.RDF + "type")
ONE_LABEL = [NamedNode(names.SKOS + "prefLabel"), NamedNode(names.SKOS + "definition")]
NO_LABEL = {NamedNode(names.RDFS + "label"), NamedNode(names.RDFS + "comment")}
PROPERTY_KINDS = {
    NamedNode(names.OWL + kind) for kind in ("ObjectProperty", "DatatypeProperty", "AnnotationProperty")
}
KINDS = PROPERTY_KINDS | {NamedNode(names.OWL + "Class")}


def identify(path: Path) -> str:
    return str(path.relative_to(ROOT))


every_file = pytest.mark.parametrize("path", FILES, ids=identify)
every_term_file = pytest.mark.parametrize("path", sorted(ONTOLOGY.glob("*.ttl")), ids=identify)


def definitions(graph: Graph) -> set[NamedNode]:
    """The terms of ours a graph defines: what it gives a type."""
    return {
        t.subject
        for t in graph
        if t.predicate == TYPE and isinstance(t.subject, NamedNode) and t.subject.value.startswith(names.DEF)
    }


def mentions(graph: Graph) -> set[str]:
    """The terms of ours a graph mentions, also inside the text of a query or as a group of a code pattern."""
    found: set[str] = set()
    for triple in graph:
        for node in triple:
            if isinstance(node, NamedNode):
                found.add(node.value)
            elif isinstance(node, Literal):
                found.add(node.datatype.value)
        if triple.predicate.value.startswith(names.SH) and isinstance(triple.object, Literal):
            found |= {names.DEF + name for name in re.findall(r"\bzwfw:(\w+)", triple.object.value)}
        if triple.predicate == def_("codePattern"):
            found |= {names.DEF + name for name in re.findall(r"\(\?P<(\w+)>", triple.object.value)}
    return {iri for iri in found if iri.startswith(names.DEF)}


@pytest.fixture(scope="module")
def terms() -> Graph:
    return set().union(*(read_turtle(path) for path in ONTOLOGY.glob("*.ttl")))


@every_file
def test_file_begins_with_a_sentence(path: Path) -> None:
    first = path.read_text(encoding="utf-8").partition("\n")[0]
    assert re.fullmatch(r"# \S.*[.。].*", first), "the first line is a comment that says what the file holds"


@every_file
def test_prefixes_agree_with_the_root(path: Path) -> None:
    """A prefix of the root means the same everywhere; a file's own prefix shortens IRIs of ours."""
    text = path.read_text(encoding="utf-8")
    for prefix, namespace in re.findall(r"^@prefix ([\w-]*): <([^>]*)> \.$", text, re.M):
        if prefix in names.PREFIXES:
            assert namespace == names.PREFIXES[prefix]
        else:
            assert namespace.startswith(names.BASE)
            assert namespace not in names.PREFIXES.values(), f"{namespace} has a prefix in zwfw.ttl"


def test_the_root_lists_the_prefixes_of_the_code() -> None:
    text = (ONTOLOGY / "zwfw.ttl").read_text(encoding="utf-8")
    assert dict(re.findall(r"^@prefix ([\w-]*): <([^>]*)> \.$", text, re.M)) == names.PREFIXES


def test_the_version_is_the_version_of_the_project() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    said = {t.predicate.value.removeprefix(names.OWL): t.object for t in read_turtle(ONTOLOGY / "zwfw.ttl")}
    assert said["versionInfo"] == Literal(version)
    assert said["versionIRI"] == NamedNode(f"{names.BASE}ontology/v/{version}")


@every_term_file
def test_terms_are_named_and_defined_in_both_languages(path: Path) -> None:
    graph = read_turtle(path)
    for predicate in ONE_LABEL:
        said: dict[NamedNode, list[str | None]] = defaultdict(list)
        for triple in graph:
            if triple.predicate == predicate:
                said[triple.subject].append(triple.object.language)
        wrong = [term.value for term in definitions(graph) if sorted(said[term], key=str) != ["en", "zh"]]
        assert sorted(wrong) == [], f"not exactly one {predicate} in zh and one in en"
    assert [str(t) for t in graph if t.predicate in NO_LABEL] == []


def test_each_term_is_defined_in_one_place() -> None:
    """In one file, in one block, as one kind of thing."""
    blocks: Counter[str] = Counter()
    for path in ONTOLOGY.glob("*.ttl"):
        blocks.update(re.findall(r"^zwfw:(\w+) a ", path.read_text(encoding="utf-8"), re.M))
    assert [term for term, times in blocks.items() if times > 1] == []


def test_each_term_is_of_one_kind(terms: Graph) -> None:
    kinds: dict[NamedNode, set[NamedNode]] = defaultdict(set)
    for triple in terms:
        if triple.predicate == TYPE and triple.object in KINDS:
            kinds[triple.subject].add(triple.object)
    assert [str(term) for term, several in kinds.items() if len(several) > 1] == []


def test_no_two_properties_or_classes_share_a_name(terms: Graph) -> None:
    for kinds in (PROPERTY_KINDS, KINDS - PROPERTY_KINDS):
        of_kind = {t.subject for t in terms if t.predicate == TYPE and t.object in kinds}
        shared = Counter(str(t.object) for t in terms if t.predicate == ONE_LABEL[0] and t.subject in of_kind)
        assert [name for name, times in shared.items() if times > 1] == []


def test_classes_and_properties_are_cased_as_such(terms: Graph) -> None:
    for triple in terms:
        if triple.predicate == TYPE and triple.object in KINDS and isinstance(triple.subject, NamedNode):
            name = triple.subject.value.removeprefix(names.DEF)
            assert name[0].islower() == (triple.object in PROPERTY_KINDS), name


@every_file
def test_every_term_used_is_defined(path: Path, terms: Graph) -> None:
    defined = {term.value for term in definitions(terms)}
    assert sorted(mentions(read_turtle(path)) - defined) == []


def test_code_list_entries_are_whole() -> None:
    """An entry stands in its scheme, has its notation in its IRI, and a name in both languages."""
    lists: Graph = set().union(*(read_turtle(path) for path in (ONTOLOGY / "codes").glob("*.ttl")))
    by_subject: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for triple in lists:
        if isinstance(triple.subject, NamedNode):
            is_text = isinstance(triple.object, Literal) and triple.object.language
            value = triple.object.language if is_text else triple.object.value
            by_subject[triple.subject.value][triple.predicate.value].append(value)
    entries = {iri: said for iri, said in by_subject.items() if names.SKOS + "notation" in said}
    assert entries
    for iri, said in entries.items():
        (scheme,), (notation,) = said[names.SKOS + "inScheme"], said[names.SKOS + "notation"]
        assert iri == names.concept(scheme.removeprefix(names.CODE), notation)
        assert by_subject[scheme][names.RDF + "type"] == [names.SKOS + "ConceptScheme"]
        assert sorted(said[names.SKOS + "prefLabel"]) == ["en", "zh"], iri


def unsatisfiable(graph: Graph) -> list[str]:
    """The classes HermiT finds no member possible for; it raises when the whole is inconsistent."""
    world = owlready2.World()
    try:
        # As N-Triples: owlready2 reads a Turtle file without an error and as nothing.
        ontology = world.get_ontology(names.DEF).load(fileobj=io.BytesIO(ntriples(graph)))
        classes = {c.iri for c in world.classes()}
        declared = {t.subject.value for t in graph if t.predicate == TYPE and t.subject in definitions(graph)}
        assert len(classes & declared) > 0
        with ontology:
            owlready2.sync_reasoner_hermit(world, debug=0)
        return sorted(c.iri for c in world.inconsistent_classes() if c is not owlready2.Nothing)
    finally:
        world.close()


@pytest.mark.skipif(shutil.which("java") is None, reason="HermiT needs Java")
def test_the_ontology_is_consistent() -> None:
    graph: Graph = set().union(*(read_turtle(path) for path in MODULES))
    assert unsatisfiable(graph) == []
    # And the reasoner does its work: a class below two disjoint ones can have no member.
    below = NamedNode(names.RDFS + "subClassOf")
    neither = def_("NeitherNorRegion")
    graph |= {Triple(neither, TYPE, NamedNode(names.OWL + "Class"))}
    graph |= {Triple(neither, below, def_(name)) for name in ("CurrentRegion", "FormerRegion")}
    assert unsatisfiable(graph) == [neither.value]
