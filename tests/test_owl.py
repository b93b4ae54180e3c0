"""The ontology is OWL 2 DL: the restrictions of the specification (OWL 2 Structural Specification §§3, 4, 5.8, 11) that matter
for it, read off the triples. HermiT loads it all the same where some of them are broken, and then says less than is true."""

from collections import defaultdict

import pytest

from app import names
from app.ontology import facts
from app.ontology.facts import Facts
from app.store.terms import BlankNode, Literal, NamedNode, RdfFormat, Triple, parse, read_turtle

ONTOLOGY = names.resources("ontology")
OWL, RDFS, RDF, XSD = names.OWL, names.RDFS, names.RDF, names.XSD
FILES = sorted(ONTOLOGY.rglob("*.ttl"))
GRAPH = Facts(set[Triple]().union(*(read_turtle(path) for path in FILES)))

DATATYPES = {
    XSD + name for name in ("string", "boolean", "integer", "decimal", "nonNegativeInteger", "anyURI")
} | {RDF + "PlainLiteral"}
"""Those of the OWL 2 datatype map that the ontology uses in axioms. ``rdf:langString`` is not among them: HermiT takes it
and checks nothing; ``xsd:date`` it refuses."""

NEED_SIMPLE = {
    OWL + name
    for name in (
        *("FunctionalProperty", "InverseFunctionalProperty", "IrreflexiveProperty", "AsymmetricProperty"),
        *("cardinality", "minCardinality", "maxCardinality"),
        *(
            "qualifiedCardinality",
            "minQualifiedCardinality",
            "maxQualifiedCardinality",
            "propertyDisjointWith",
        ),
    )
}


def owl(name: str) -> NamedNode:
    return NamedNode(OWL + name)


def rdfs(name: str) -> NamedNode:
    return NamedNode(RDFS + name)


def declared(graph: Facts, *kinds: str) -> set[NamedNode]:
    return {node for kind in kinds for node in graph.subjects(facts.TYPE, owl(kind))}


def not_simple(graph: Facts) -> set[NamedNode]:
    """Transitive properties, those with a chain, and whatever one of them is below or the inverse of (§11.1)."""
    found = declared(graph, "TransitiveProperty") | {
        t.subject for t in graph.graph if t.predicate == owl("propertyChainAxiom")
    }
    size = -1
    while size != len(found):
        size = len(found)
        for t in graph.graph:
            if t.predicate == rdfs("subPropertyOf") and t.subject in found:
                found.add(t.object)
            if t.predicate == owl("inverseOf") and {t.subject, t.object} & found:
                found |= {t.subject, t.object}
    return found


def faults(graph: Facts) -> list[str]:
    """What in ``graph`` is against OWL 2 DL, a sentence each."""
    return [
        *_declarations(graph),
        *_kinds(graph),
        *_simplicity(graph),
        *_regularity(graph),
        *_datatypes(graph),
        *_nodes(graph),
    ]


def _declarations(graph: Facts):
    classes = declared(graph, "Class") | {owl("Thing")}
    properties = declared(graph, "ObjectProperty", "DatatypeProperty", "AnnotationProperty")
    built_in = {NamedNode(RDFS + n) for n in ("seeAlso", "label", "comment", "isDefinedBy")} | {
        owl(n) for n in ("versionInfo", "deprecated", "priorVersion")
    }
    for t in graph.graph:
        if t.predicate == facts.TYPE and isinstance(t.object, NamedNode):
            if not t.object.value.startswith(OWL) and t.object not in classes:
                yield f"class {t.object} is not declared"
        elif not t.predicate.value.startswith((OWL, RDFS, RDF)) and t.predicate not in properties:
            yield f"property {t.predicate} is not declared"
        if t.predicate in (
            rdfs("subClassOf"),
            owl("equivalentClass"),
            owl("disjointWith"),
            rdfs("domain"),
            owl("onClass"),
        ):
            for node in (
                t.object,
                *([t.subject] if t.predicate not in (rdfs("domain"), owl("onClass")) else []),
            ):
                if isinstance(node, NamedNode) and node not in classes:
                    yield f"class {node} is not declared"
        if t.predicate in (rdfs("subPropertyOf"), owl("inverseOf"), owl("onProperty")):
            for node in (t.object, *([] if t.predicate == owl("onProperty") else [t.subject])):
                if node not in properties | built_in:
                    yield f"property {node} is not declared"


def _kinds(graph: Facts):
    kinds = [declared(graph, kind) for kind in ("ObjectProperty", "DatatypeProperty", "AnnotationProperty")]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        for node in kinds[one] & kinds[other]:
            yield f"{node} is a property of two kinds"
    objects, data, annotations = kinds
    for t in graph.graph:
        if t.predicate == rdfs("subPropertyOf"):
            for kind in kinds:
                if (t.subject in kind) != (t.object in kind):
                    yield f"{t.subject} is below {t.object}, which is of another kind"
                    break
        if t.predicate in objects and isinstance(t.object, Literal):
            yield f"{t.predicate} joins things, and {t} gives it a text"
        if t.predicate in data and not isinstance(t.object, Literal):
            yield f"{t.predicate} takes a value, and {t} gives it a thing"
    for node in annotations:
        if graph.values(node, rdfs("domain")) or graph.values(node, rdfs("range")):
            yield f"{node} annotates, so nothing is reasoned from a domain or range of it"


def _simplicity(graph: Facts):
    complex_ = not_simple(graph)
    for node in complex_:
        for kind in graph.values(node, facts.TYPE):
            if isinstance(kind, NamedNode) and kind.value in NEED_SIMPLE:
                yield f"{node} is not simple and must not be {kind}"
    for t in graph.graph:
        if t.predicate.value in NEED_SIMPLE:
            for prop in graph.values(t.subject, owl("onProperty")) or [t.subject]:
                if prop in complex_:
                    yield f"{prop} is not simple and must have no {t.predicate}"


def _regularity(graph: Facts):
    """There is a strict order in which no chain has a link above what it makes (§11.1, property hierarchies)."""
    above: dict[NamedNode, set[NamedNode]] = defaultdict(set)
    for t in graph.graph:
        if t.predicate == rdfs("subPropertyOf"):
            above[t.subject].add(t.object)
        if t.predicate == owl("propertyChainAxiom"):
            links = list(graph.members(t.object))
            ends = links[1:] if links[0] == t.subject else links[:-1] if links[-1] == t.subject else links
            for link in ends:
                above[link].add(t.subject)
    for start in list(above):
        seen, open_ = set(), [start]
        while open_:
            for node in above.get(open_.pop(), ()):
                if node == start:
                    yield f"{start} is made from itself"
                    open_.clear()
                    break
                if node not in seen:
                    seen.add(node)
                    open_.append(node)


def _datatypes(graph: Facts):
    data = declared(graph, "DatatypeProperty")
    for t in graph.graph:
        if t.predicate == rdfs("range") and t.subject in data and t.object.value not in DATATYPES:
            yield f"{t.subject} has the range {t.object}, which reasoners do not know"
        if t.predicate.value in NEED_SIMPLE and t.object.datatype.value != XSD + "nonNegativeInteger":
            yield f"a number of {t} is no xsd:nonNegativeInteger"


def _nodes(graph: Facts):
    """Anonymous individuals and class expressions are trees (§11.2): nothing hangs on two things."""
    times: dict[BlankNode, int] = defaultdict(int)
    for t in graph.graph:
        if isinstance(t.object, BlankNode):
            times[t.object] += 1
    for node, number in times.items():
        if number > 1:
            yield f"a blank node is used {number} times: {graph.about[node]}"


def test_the_ontology_is_owl_2_dl() -> None:
    assert sorted(set(faults(GRAPH))) == []


def test_it_says_something() -> None:
    """Every kind of axiom that the reader of an ontology of this size may expect is there."""
    kinds = {
        t.object.value.removeprefix(OWL)
        for t in GRAPH.graph
        if t.predicate == facts.TYPE and isinstance(t.object, NamedNode)
    }
    assert kinds >= {
        "TransitiveProperty",
        "SymmetricProperty",
        "AsymmetricProperty",
        "IrreflexiveProperty",
        "FunctionalProperty",
        "AllDisjointClasses",
        "Restriction",
    }
    predicates = {t.predicate.value.removeprefix(OWL).removeprefix(RDFS) for t in GRAPH.graph}
    assert predicates >= {
        "domain",
        "range",
        "inverseOf",
        "hasKey",
        "propertyChainAxiom",
        "disjointWith",
        "qualifiedCardinality",
        "unionOf",
        "equivalentClass",
    }


HEAD = f"""@prefix : <https://example.org/> . @prefix owl: <{OWL}> . @prefix rdfs: <{RDFS}> . @prefix xsd: <{XSD}> .
:A a owl:Class . :p a owl:ObjectProperty . :q a owl:ObjectProperty . :d a owl:DatatypeProperty . :n a owl:AnnotationProperty . """


@pytest.mark.parametrize(
    "planted, said",
    [
        (":x a :B .", "class <https://example.org/B> is not declared"),
        (":A rdfs:subClassOf :B .", "class <https://example.org/B> is not declared"),
        (":x :r :y .", "property <https://example.org/r> is not declared"),
        (":d a owl:ObjectProperty .", "is a property of two kinds"),
        (":d rdfs:subPropertyOf :p .", "which is of another kind"),
        (':x :p "text" .', "joins things"),
        (":x :d :y .", "takes a value"),
        (":n rdfs:domain :A .", "annotates"),
        (":p a owl:TransitiveProperty , owl:FunctionalProperty .", "must not be"),
        (":p a owl:TransitiveProperty ; rdfs:subPropertyOf :q . :q a owl:IrreflexiveProperty .", "must not be"),
        (':p owl:propertyChainAxiom ( :q :q ) . :A rdfs:subClassOf [ a owl:Restriction ; owl:onProperty :p ; owl:maxCardinality "1"^^xsd:nonNegativeInteger ] .', "must have no"),
        (":p owl:propertyChainAxiom ( :q :p :q ) .", "is made from itself"),
        (":p owl:propertyChainAxiom ( :q :q ) . :p rdfs:subPropertyOf :q .", "is made from itself"),
        (":d rdfs:range xsd:date .", "which reasoners do not know"),
        (":A rdfs:subClassOf [ a owl:Restriction ; owl:onProperty :p ; owl:maxCardinality 1 ] .", "is no xsd:nonNegativeInteger"),
        (":x :p _:b . :y :p _:b .", "a blank node is used 2 times"),
    ],
)  # fmt: skip
def test_what_is_against_the_rules_is_found(planted: str, said: str) -> None:
    graph = Facts(quad.triple for quad in parse(HEAD + planted, format=RdfFormat.TURTLE))
    assert any(said in fault for fault in faults(graph)), list(faults(graph))
    assert not list(faults(Facts(quad.triple for quad in parse(HEAD, format=RdfFormat.TURTLE))))
