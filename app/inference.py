"""What follows from a region's graph by the ontology: super-classes, super-properties, inverses, transitivity.

The result goes into a graph of its own and holds only what is stated nowhere else, so leaving inference out is naming
the data graphs. The rules are OWL 2 RL's cax-sco, prp-spo1, prp-inv and prp-trp, run to a fixpoint.
"""

from app import names
from app.standards import SUBCLASS, Standards
from app.store.terms import Graph, Index, Iri, Quad, def_

_SUBPROPERTY = Iri(names.RDFS + "subPropertyOf")
_SCHEMA = {
    SUBCLASS,
    _SUBPROPERTY,
    Iri(names.OWL + "inverseOf"),
}

_PROLOGUE = f"PREFIX rdfs: <{names.RDFS}> PREFIX owl: <{names.OWL}> PREFIX rdf: <{names.RDF}>\n"
_STEPS = [
    _PROLOGUE + rule
    for rule in (
        "INSERT { ?x a ?above } WHERE { ?x a ?kind . ?kind rdfs:subClassOf+ ?above . FILTER isIRI(?above) }",
        "INSERT { ?x ?above ?y } WHERE { ?property rdfs:subPropertyOf+ ?above . ?x ?property ?y }",
        "INSERT { ?y ?inverse ?x } WHERE { ?property owl:inverseOf|^owl:inverseOf ?inverse . ?x ?property ?y }",
        "INSERT { ?x ?property ?z } WHERE { ?property a owl:TransitiveProperty . ?x ?property ?y . ?y ?property ?z }",
    )
]


def infer(own: Graph, above: Graph, standards: Standards) -> Graph:
    """The triples that follow from ``own`` with ``above`` and the ontology, about things of ``own``, and new."""
    transitive = Iri(names.OWL + "TransitiveProperty")
    schema = {t for t in standards.terms if t.predicate in _SCHEMA or t.object == transitive}
    # Above, only what places regions in regions: a thing's own facts are inferred where they are published.
    chain = {t for t in above if t.predicate in (def_("isPartOf"), def_("hasPart"))}
    stated = own | above | schema
    index = Index()
    index.bulk_extend(Quad(*triple) for triple in own | chain | schema)
    size = -1
    while size != len(index):
        size = len(index)
        for step in _STEPS:
            index.update(step)
    subjects = {triple.subject for triple in own}
    return {quad.triple for quad in index if quad.subject in subjects and quad.triple not in stated}
