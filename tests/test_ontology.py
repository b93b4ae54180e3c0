"""The ontology is of one piece: each term named, defined, sourced and used, modules one way, the common pitfalls absent."""

import re
import tomllib
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from app import names
from app.ontology import facts, standards
from app.ontology.facts import Facts
from app.questions import question
from app.store.terms import BlankNode, Graph, Literal, NamedNode, def_, read_turtle

ONTOLOGY = names.resources("ontology")
ROOT = ONTOLOGY.parent

FILES = sorted(
    path
    for folder in ("ontology", "shapes", "data", "examples", "tests/world")
    for path in (ROOT / folder).rglob("*.ttl")
)
DATA = {"standards", "clauses", "questions"}
"""Files of ``ontology/`` that are data about the system; the rest of its top level are modules, which define terms."""
MODULES = {path.stem: path for path in sorted(ONTOLOGY.glob("*.ttl")) if path.stem not in DATA}
LAYERS = ["support", "exchange", "item", "guide", "platform", "user", "governance"]
"""Modules whose terms come from the field; ``core`` and ``dataset`` hold what this project needs to speak of them."""

OWL, RDFS, SKOS = names.OWL, names.RDFS, names.SKOS
TYPE = NamedNode(names.RDF + "type")
INVERSE, SUBCLASS = NamedNode(OWL + "inverseOf"), NamedNode(RDFS + "subClassOf")
SUBPROPERTY, CHAIN = NamedNode(RDFS + "subPropertyOf"), NamedNode(OWL + "propertyChainAxiom")
DOMAIN, RANGE, IMPORTS = NamedNode(RDFS + "domain"), NamedNode(RDFS + "range"), NamedNode(OWL + "imports")
ONE_LABEL = [NamedNode(SKOS + "prefLabel"), NamedNode(SKOS + "definition")]
NO_LABEL = {NamedNode(RDFS + "label"), NamedNode(RDFS + "comment")}
PROPERTY_KINDS = {
    NamedNode(OWL + kind) for kind in ("ObjectProperty", "DatatypeProperty", "AnnotationProperty")
}
KINDS = PROPERTY_KINDS | {NamedNode(OWL + "Class")}

SYSTEM = standards.load()
TERMS = Facts(set[object]().union(*(read_turtle(path) for path in ONTOLOGY.rglob("*.ttl"))))


def identify(path: Path) -> str:
    return str(path.relative_to(ROOT))


every_file = pytest.mark.parametrize("path", FILES, ids=identify)
every_term_file = pytest.mark.parametrize("path", sorted(ONTOLOGY.glob("*.ttl")), ids=identify)
every_module = pytest.mark.parametrize("module", MODULES)


def is_ours(node: object) -> bool:
    return isinstance(node, NamedNode) and node.value.startswith(names.DEF)


def definitions(graph: Graph) -> set[NamedNode]:
    """The terms of ours a graph defines: what it gives a type."""
    return {t.subject for t in graph if t.predicate == TYPE and is_ours(t.subject)}


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


def of_kind(*kinds: str) -> list[NamedNode]:
    """The terms of ours of these kinds of OWL."""
    found = {node for kind in kinds for node in TERMS.subjects(TYPE, NamedNode(OWL + kind)) if is_ours(node)}
    return sorted(found, key=str)


def closure(node: NamedNode, predicate: NamedNode) -> set[NamedNode]:
    """What stands above a node, itself only where there is a cycle."""
    found: set[NamedNode] = set()
    open_ = [node]
    while open_:
        for above in TERMS.values(open_.pop(), predicate):
            if isinstance(above, NamedNode) and above not in found:
                found.add(above)
                open_.append(above)
    return found


# The text of files


@every_file
def test_file_begins_with_a_sentence(path: Path) -> None:
    first = path.read_text(encoding="utf-8").partition("\n")[0]
    assert re.fullmatch(r"# \S.*[.。:：].*", first), (
        "the first line is a comment that says what the file holds"
    )


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
        body = re.sub(r"^@prefix .*$", "", text, flags=re.M)
        assert re.search(rf"(?<![\w-]){prefix}:", body) or path.stem == "zwfw", f"{prefix}: is not used"


def test_the_root_lists_the_prefixes_of_the_code() -> None:
    text = (ONTOLOGY / "zwfw.ttl").read_text(encoding="utf-8")
    assert dict(re.findall(r"^@prefix ([\w-]*): <([^>]*)> \.$", text, re.M)) == names.PREFIXES


def test_the_version_is_the_version_of_the_project() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    said = {t.predicate.value.removeprefix(OWL): t.object for t in read_turtle(ONTOLOGY / "zwfw.ttl")}
    assert said["versionInfo"] == Literal(version)
    assert said["versionIRI"] == NamedNode(f"{names.BASE}ontology/v/{version}")


STRINGS = re.compile(r'"((?:[^"\\]|\\.)*)"(@\w+)?')
NUMBER = re.compile(
    r"(?<![\w/:.-])(GB/T|GB|GA/T|DB\d\d/T)(\s?)(?!18030|2260-v)\d[\d.]*\d(?:\s?([-—–])\s?((?:19|20)\d\d)\b)?"
)


@pytest.mark.parametrize(
    "path",
    [
        *FILES,
        *sorted((ROOT / "app").rglob("*.py")),
        *sorted((ROOT / "docs").glob("*.md")),
        *sorted(ROOT.glob("*.md")),
    ],
    ids=identify,
)
def test_numbers_of_standards_are_spelt_alike(path: Path) -> None:
    """As their issuer writes them, ``GB/T 39046—2020``: one space, a dash; a hyphen in English labels and definitions."""
    for line in path.read_text(encoding="utf-8").splitlines():
        texts = STRINGS.findall(line) if path.suffix == ".ttl" and not line.startswith("#") else [(line, "")]
        for text, language in texts:
            for _, space, dash, year in NUMBER.findall(text):
                assert space == " ", text
                assert not year or dash == ("-" if language == "@en" else "—"), text


# Terms


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


def test_no_two_properties_or_classes_share_a_name() -> None:
    for kinds in (("ObjectProperty", "DatatypeProperty", "AnnotationProperty"), ("Class",)):
        shared = Counter(str(label) for term in of_kind(*kinds) for label in TERMS.values(term, ONE_LABEL[0]))
        assert [name for name, times in shared.items() if times > 1] == []


def test_a_heading_means_one_property() -> None:
    """A preferred label goes before other labels, so an alternative one must not be somebody's preferred one."""
    meant: dict[str, set[str]] = defaultdict(set)
    for prop in SYSTEM.properties.values():
        if not prop.is_derived:
            for predicate in (ONE_LABEL[0], NamedNode(SKOS + "altLabel")):
                for label in TERMS.values(prop.iri, predicate):
                    meant[standards.plain_heading(label.value)].add(prop.iri.value)
    assert {heading: sorted(several) for heading, several in meant.items() if len(several) > 1} == {}


def test_classes_and_properties_are_cased_as_such() -> None:
    for kind in KINDS:
        for term in of_kind(kind.value.removeprefix(OWL)):
            assert term.value.removeprefix(names.DEF)[0].islower() == (kind in PROPERTY_KINDS), term


@every_file
def test_every_term_used_is_defined(path: Path) -> None:
    assert sorted(mentions(read_turtle(path)) - {term.value for term in definitions(TERMS.graph)}) == []


def test_every_term_defined_is_used() -> None:
    """By a term, a rule, data of ours or of the tests, or the code; an inverse is used where its primary one is."""
    used = Counter[str]()
    for path in FILES:
        for iri in mentions({t for t in read_turtle(path) if t.predicate != INVERSE}):
            used[iri] += 1
    files = [path for end in ("py", "rq") for path in (ROOT / "app").rglob(f"*.{end}")]
    code = "\n".join(path.read_text("utf-8") for path in files)
    in_code = set(re.findall(r'(?:def_\(|zwfw:|")(\w+)', code))
    own = {  # mentioned nowhere but where they are defined
        t.subject.value for t in TERMS.graph if is_ours(t.subject) and not _mentioned_by_others(t.subject)
    }
    idle = {
        term.value.removeprefix(names.DEF)
        for term in of_kind("Class", "ObjectProperty", "DatatypeProperty", "AnnotationProperty")
        if term not in SYSTEM.upward and used[term.value] <= 1 and term.value in own
    }
    assert sorted(idle - in_code) == []


def test_every_class_and_property_is_exemplified() -> None:
    """Data of ours or the specimen have a thing of each class and a value of each property, so all of it can be said."""
    said = {t for path in FILES for t in read_turtle(path)} | question.load().graph
    predicates, kinds = {t.predicate for t in said}, {t.object for t in said if t.predicate == TYPE}
    computed = {prop for prop in of_kind("ObjectProperty") if TERMS.values(prop, CHAIN)}
    computed |= {above for prop in computed for above in closure(prop, SUBPROPERTY)}
    computed |= {
        above for prop in predicates if isinstance(prop, NamedNode) for above in closure(prop, SUBPROPERTY)
    }
    exempt = definitions(read_turtle(MODULES["dataset"])) | SYSTEM.derived | set(SYSTEM.upward) | computed
    silent = set(of_kind("ObjectProperty", "DatatypeProperty")) - predicates - exempt
    assert sorted(t.value.removeprefix(names.DEF) for t in silent) == ["referenceDate"]
    above = {above for kind in kinds if is_ours(kind) for above in closure(kind, SUBCLASS)}
    empty = set(of_kind("Class")) - kinds - above - exempt
    assert sorted(t.value.removeprefix(names.DEF) for t in empty) == []


_MENTIONING: dict[NamedNode, set[object]] = defaultdict(set)
for _triple in TERMS.graph:
    for _node in (_triple.predicate, _triple.object):
        if is_ours(_node) and _triple.predicate != INVERSE:
            _MENTIONING[_node].add(_triple.subject)


def _mentioned_by_others(term: NamedNode) -> bool:
    return bool(_MENTIONING[term] - {term})


@pytest.mark.parametrize("module", LAYERS)
def test_every_term_says_where_it_comes_from(module: str) -> None:
    """A clause or document, or that it was concluded from examples, is unconfirmed, or is put forward by us."""
    graph = Facts(read_turtle(MODULES[module]))
    said = {NamedNode(names.DCT + "source"), def_("confirmation")}
    silent = [
        term.value.removeprefix(names.DEF)
        for term in sorted(definitions(graph.graph), key=str)
        if term not in SYSTEM.upward
        and term not in SYSTEM.derived
        and NamedNode(OWL + "AnnotationProperty") not in graph.values(term, TYPE)
        and not any(graph.values(term, predicate) for predicate in said)
    ]
    assert silent == []


# Modules


def imported(module: str) -> set[str]:
    """The modules a module builds on, by the names of their files."""
    found: set[str] = set()
    open_ = [module]
    while open_:
        for t in read_turtle(MODULES[open_.pop()]):
            if t.predicate == IMPORTS:
                name = t.object.value.removeprefix(f"{names.BASE}ontology/")
                if name not in found:
                    found.add(name)
                    open_.append(name)
    return found


@every_module
def test_a_module_mentions_only_what_it_imports(module: str) -> None:
    allowed = {module, *imported(module)}
    assert module not in imported(module), "imports go one way"
    defined = {t.value for name in allowed for t in definitions(read_turtle(MODULES[name]))}
    layers = {t.value for t in definitions(read_turtle(ONTOLOGY / "standards.ttl"))}
    assert sorted(mentions(read_turtle(MODULES[module])) - defined - layers) == []


def test_the_root_imports_every_module() -> None:
    assert imported("zwfw") == set(MODULES) - {"zwfw"}
    for module, path in MODULES.items():
        (ontology,) = [t.subject.value for t in read_turtle(path) if t.object == NamedNode(OWL + "Ontology")]
        assert ontology == (names.BASE + "def" if module == "zwfw" else f"{names.BASE}ontology/{module}")


# The common pitfalls (OOPS!, the ontology pitfall scanner, by its numbers)


def test_no_cycles() -> None:
    """P06."""
    for predicate in (SUBCLASS, SUBPROPERTY):
        assert [str(term) for term in TERMS.about if term in closure(term, predicate)] == []


def test_links_between_things_have_an_inverse() -> None:
    """P13. Codes are looked up, not travelled from; what is computed or keeps tables needs no way back."""
    inverses = {*SYSTEM.upward, *SYSTEM.upward.values()}
    missing = [
        prop.value.removeprefix(names.DEF)
        for prop in of_kind("ObjectProperty")
        if prop not in inverses
        and prop not in SYSTEM.derived
        and NamedNode(OWL + "SymmetricProperty") not in TERMS.values(prop, TYPE)
        and not TERMS.values(prop, CHAIN)
        and not SYSTEM.is_coded(SYSTEM.properties[prop].range)
        and prop not in definitions(read_turtle(MODULES["dataset"]))
        and not any(TERMS.values(sub, CHAIN) for sub in TERMS.subjects(SUBPROPERTY, prop))
    ]
    assert missing == []


def test_an_inverse_says_nothing_of_its_own() -> None:
    """P05: domain and range are those of the primary property the other way round, so they are not said again."""
    for prop in SYSTEM.upward:
        assert not TERMS.values(prop, DOMAIN) + TERMS.values(prop, RANGE)
        assert not [above for above in TERMS.values(prop, SUBPROPERTY) if is_ours(above)]


def test_properties_say_what_they_join() -> None:
    """P11, P19: a domain or a range, and at most one of each (two would mean both at once)."""
    for prop in of_kind("ObjectProperty", "DatatypeProperty"):
        ends = [TERMS.values(prop, end) for end in (DOMAIN, RANGE)]
        assert all(len(end) <= 1 for end in ends), prop
        typed = any(ends) or TERMS.values(prop, def_("hasValueType"))
        assert typed or prop in SYSTEM.upward, f"{prop} has neither domain nor range"


def test_kinds_of_things_are_disjoint() -> None:
    """P10: no thing is of two top classes, each of which stands in the list of the root."""
    root = Facts(read_turtle(ONTOLOGY / "zwfw.ttl"))
    (head,) = [t.object for t in root.graph if t.predicate == NamedNode(OWL + "members")]
    listed = set(root.members(head))
    top = {
        kind
        for kind in of_kind("Class")
        if not any(is_ours(above) for above in closure(kind, SUBCLASS)) and kind not in SYSTEM.derived
    }
    assert sorted(map(str, top - listed)) == []
    assert sorted(map(str, listed - top)) == []


# Code lists


CODES = Facts(set[object]().union(*(read_turtle(path) for path in (ONTOLOGY / "codes").glob("*.ttl"))))
ENTRIES = sorted({t.subject for t in CODES.graph if t.predicate == facts.NOTATION}, key=str)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.value.removeprefix(names.CODE))
def test_code_list_entries_are_whole(entry: NamedNode) -> None:
    """An entry stands in one list, has its notation in its IRI, a class and a name in both languages."""
    (scheme,), (notation,) = CODES.values(entry, facts.IN_SCHEME), CODES.values(entry, facts.NOTATION)
    assert entry.value == names.concept(scheme.value.removeprefix(names.CODE), notation.value)
    assert CODES.values(scheme, TYPE) == [NamedNode(SKOS + "ConceptScheme")]
    assert sorted(label.language for label in CODES.values(entry, ONE_LABEL[0])) == ["en", "zh"]
    kinds = [kind for kind in CODES.values(entry, TYPE) if isinstance(kind, NamedNode)]
    assert kinds and all(SYSTEM.is_coded(kind) for kind in kinds)


def test_every_class_of_codes_has_a_list_and_every_list_a_source() -> None:
    for kind in SYSTEM.descendants(def_("CodedValue")) - {def_("CodedValue")}:
        (scheme,) = TERMS.values(kind, def_("hasCodeList"))
        assert any(kind in CODES.values(entry, TYPE) for entry in CODES.subjects(facts.IN_SCHEME, scheme)), (
            kind
        )
    for scheme in CODES.subjects(TYPE, NamedNode(SKOS + "ConceptScheme")):
        assert CODES.values(scheme, facts.SOURCE) or CODES.values(scheme, def_("confirmation")), scheme


def test_lists_that_drift_say_how_their_entries_match() -> None:
    """Where a class has lists of several origins, each entry of the others is matched to the default one's."""
    matches = [NamedNode(SKOS + name) for name in ("exactMatch", "closeMatch", "broadMatch")]
    for entry in ENTRIES:
        for kind in CODES.values(entry, TYPE):
            (scheme,) = CODES.values(entry, facts.IN_SCHEME)
            if scheme not in TERMS.values(kind, def_("hasCodeList")):
                assert any(CODES.values(entry, match) for match in matches), entry


def test_table_4_has_the_64_data_items_of_the_standard() -> None:
    listed = CODES.subjects(def_("isListedIn"), NamedNode(names.concept("element-list", "table4")))
    assert sum(len(CODES.values(element, def_("isStatedBy"))) for element in listed) == 64


def test_every_element_is_stated_by_properties_that_exist() -> None:
    for element in CODES.subjects(facts.IN_SCHEME, NamedNode(names.CODE + "element")):
        stated = CODES.values(element, def_("isStatedBy"))
        assert stated
        for prop in stated:
            assert prop in SYSTEM.properties or prop in SYSTEM.upward, (element, prop)


# Questions and the article: from a sentence to the terms it is about


def test_clauses_are_about_terms() -> None:
    graph = Facts(read_turtle(ONTOLOGY / "clauses.ttl"))
    about = {t.object for t in graph.graph if t.predicate == def_("isAbout")}
    assert about and about <= definitions(TERMS.graph)
    for subject in graph.about:
        assert not isinstance(subject, BlankNode)
        assert graph.values(subject, def_("isAbout")) or graph.values(subject, def_("regulatesElement")), (
            subject
        )
