"""What follows from a graph by the ontology: super-classes, super-properties, inverses, symmetry, transitivity, chains.

The result goes into a graph of its own and holds only what is stated nowhere else, so leaving inference out is naming
the data graphs. The rules are OWL 2 RL's cax-sco, prp-spo1, prp-spo2 (chains of two), prp-inv, prp-symp and prp-trp,
run to a fixpoint.
"""

from app import names
from app.ontology.facts import SUBCLASS
from app.ontology.standards import Standards
from app.store.terms import BlankNode, Graph, Index, Iri, Quad, Triple

_SUBPROPERTY = Iri(names.RDFS + "subPropertyOf")
_CHAIN = Iri(names.OWL + "propertyChainAxiom")
_INVERSE = Iri(names.OWL + "inverseOf")
_KINDS = {Iri(names.OWL + kind) for kind in ("TransitiveProperty", "SymmetricProperty")}

_PROLOGUE = f"PREFIX rdfs: <{names.RDFS}> PREFIX owl: <{names.OWL}>\n"
_STEPS = [
    _PROLOGUE + rule
    for rule in (
        "INSERT { ?x a ?above } WHERE { ?kind rdfs:subClassOf+ ?above . FILTER isIRI(?above) ?x a ?kind }",
        "INSERT { ?x ?above ?y } WHERE { ?property rdfs:subPropertyOf+ ?above . ?x ?property ?y }",
        "INSERT { ?y ?inverse ?x } WHERE { ?property owl:inverseOf|^owl:inverseOf ?inverse . ?x ?property ?y }",
        "INSERT { ?y ?property ?x } WHERE { ?property a owl:SymmetricProperty . ?x ?property ?y }",
        "INSERT { ?x ?property ?z } WHERE { ?property a owl:TransitiveProperty . ?x ?property ?y . ?y ?property ?z }",
    )
]


def infer(own: Graph, above: Graph, standards: Standards) -> Graph:
    """The triples that follow from ``own`` with ``above`` and the ontology, about things of ``own``, and new.

    A triple is about a thing when it is its subject or its object: that an item is implemented by one of ours is said
    nowhere else.
    """
    schema = _schema(standards)
    # Above, only what can lead on to more: a thing's own facts are inferred where they are published.
    leading = _leading(standards)
    stated = own | above | schema
    index = Index()
    index.bulk_extend(Quad(*t) for t in own | schema | {t for t in above if t.predicate in leading})
    steps = [*_STEPS, *_chains(standards)]
    size = -1
    while size != len(index):
        size = len(index)
        for step in steps:
            index.update(step)
    things = {triple.subject for triple in own if isinstance(triple.subject, Iri)}
    # The other direction of a link above is inferred there.
    inverse = standards.upward | {up: down for down, up in standards.upward.items()}
    stated |= {
        Triple(t.object, inverse[t.predicate], t.subject)
        for t in above
        if isinstance(t.object, Iri) and t.predicate in inverse
    }
    return {
        quad.triple
        for quad in index
        if (quad.subject in things or quad.object in things)
        and quad.triple not in stated
        and not isinstance(quad.subject, BlankNode)
        and not isinstance(quad.object, BlankNode)
    }


def _schema(standards: Standards) -> Graph:
    """The axioms the steps read."""
    wanted = {SUBCLASS, _SUBPROPERTY, _INVERSE}
    return {t for t in standards.terms if t.predicate in wanted or t.object in _KINDS}


def _chains(standards: Standards) -> list[str]:
    """A step for each chain of two, by way of the things in the middle, each once.

    A department is in the middle for all its items. Joined plainly, the engine looks up where a department is for each
    of them, and each time slowly: ten seconds for a million triples instead of a fifth of one.
    """
    found = []
    for triple in sorted((t for t in standards.terms if t.predicate == _CHAIN), key=str):
        first, second = standards.members(triple.object)
        middle = f"SELECT DISTINCT ?y {{ ?x {first} ?y }}"
        found.append(
            f"INSERT {{ ?x {triple.subject} ?z }} WHERE {{ {{ {middle} }} ?y {second} ?z . ?x {first} ?y }}"
        )
    return found


def _leading(standards: Standards) -> set[Iri]:
    """The properties along which something of ours may lead on beyond what is above it: the transitive ones, the links
    of chains, and what is below them."""
    chains = [t.object for t in standards.terms if t.predicate == _CHAIN]
    found = {link for chain in chains for link in standards.members(chain) if isinstance(link, Iri)}
    found |= {
        t.subject
        for t in standards.terms
        if t.object == Iri(names.OWL + "TransitiveProperty") and isinstance(t.subject, Iri)
    }
    while (
        more := {
            t.subject
            for t in standards.terms
            if t.predicate == _SUBPROPERTY and t.object in found and isinstance(t.subject, Iri)
        }
        - found
    ):
        found |= more
    return found
