"""What is inferred is what OWL 2 RL entails by the kinds of axiom used, no more and no less; owlrl is the oracle."""

from functools import cache
from pathlib import Path

import owlrl
import pytest
import rdflib

from app import names
from app.ontology import facts, standards
from app.ontology.inference import infer
from app.regions import region
from app.store.terms import BlankNode, Iri, Literal, RdfFormat, Triple, def_, parse, serialize

SYSTEM = standards.load()
SPECIMEN = Path(__file__).parent / "world" / "370100"
YANTAI, SHANDONG, NATION = (Iri(names.region(code)) for code in ("370600", "370000", "000000"))
ABOVE = f"""
    @prefix zwfw: <{names.DEF}> .
    {YANTAI} zwfw:isPartOf {SHANDONG} .
    <{names.region("370100")}> zwfw:isPartOf {SHANDONG} .
    {SHANDONG} zwfw:isPartOf {NATION} .
"""
AXIOMS = {
    *(names.RDFS + name for name in ("subClassOf", "subPropertyOf")),
    *(names.OWL + name for name in ("inverseOf", "propertyChainAxiom")),
    *(names.RDF + name for name in ("first", "rest")),
}
KINDS = {names.OWL + name for name in ("TransitiveProperty", "SymmetricProperty", "ObjectProperty", "Class")}


def graph(turtle):
    return {quad.triple for quad in parse(turtle, format=RdfFormat.TURTLE)}


def thing(kind, key="x1"):
    return Iri(names.thing("370600", kind, key))


def stated(*lines):
    prefixes = f"@prefix zwfw: <{names.DEF}> . @prefix : <{names.region('370600')}/> ."
    return graph(f"{prefixes} {' '.join(lines)}")


@cache
def schema():
    """The axioms of the kinds inference follows; of lists only those of chains."""
    return {
        t
        for t in SYSTEM.terms
        if t.predicate.value in AXIOMS or (t.predicate == facts.TYPE and t.object.value in KINDS)
    }


def entailed(own, above):
    """The closure of owlrl, as triples of ours without literals and blank nodes."""
    closure = rdflib.Graph()
    closure.parse(data=serialize(own | above | schema(), format=RdfFormat.N_TRIPLES), format="nt")
    owlrl.DeductiveClosure(owlrl.OWLRL_Semantics).expand(closure)
    return {
        Triple(*(Iri(str(term)) for term in triple))
        for triple in closure
        if all(isinstance(term, rdflib.URIRef) for term in triple)
    }


@pytest.mark.parametrize(
    "lines, follows",
    [
        (":i a zwfw:ImplementedItem .", ":i a zwfw:ServiceItem , zwfw:ItemRecord ."),
        (":d a zwfw:Department .", ":d a zwfw:Organization ."),
        (":m zwfw:isMaterialOf :i .", ":i zwfw:hasMaterial :m ."),
        (":i zwfw:isEntrustedBy :d .", ":i zwfw:involvesDepartment :d . :d zwfw:entrusts :i ."),
        (":a zwfw:reportsTo :b . :b zwfw:reportsTo :c .", ":a zwfw:isSubordinateTo :c . :c zwfw:isSuperiorTo :a ."),
        (":s zwfw:isFollowedBy :t . :t zwfw:isFollowedBy :u .", ":s zwfw:comesBefore :u . :u zwfw:comesAfter :s ."),
        (":e zwfw:integrates :i . :i zwfw:isProvidedBy :d .", ":e zwfw:involvesDepartment :d ."),
        (f":d zwfw:isInRegion {YANTAI} .", f":d zwfw:isWithin {YANTAI} , {SHANDONG} , {NATION} ."),
        (f":i zwfw:isProvidedBy :d . :d zwfw:isInRegion {YANTAI} .", f":i zwfw:isProvidedWithin {SHANDONG} ."),
        (":c zwfw:contradicts :k .", ":k zwfw:contradicts :c ."),
        (":n zwfw:replaces :o . :o zwfw:replaces :p .", ":n zwfw:supersedes :p . :p zwfw:isSupersededBy :n ."),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)  # fmt: skip
def test_what_follows(lines, follows):
    own = stated(lines)
    assert stated(follows) - own <= infer(own, graph(ABOVE), SYSTEM)


def test_a_link_to_something_above_is_inferred_from_its_end_too():
    """That a catalogue item is implemented here is said nowhere else, so it is said where the implementing item is."""
    catalogue = names.thing("000000", "CatalogueItem", "1")
    inferred = infer(stated(f":i zwfw:implementsCatalogueItem <{catalogue}> ."), set(), SYSTEM)
    assert Triple(Iri(catalogue), def_("isImplementedBy"), Iri(f"{YANTAI.value}/i")) in inferred


def test_chains_are_followed_through_what_was_inferred_above():
    """A county's task force knows its city's, and from that publication that the city's is below the province's."""
    above = stated(":city zwfw:isSubordinateTo :province .")
    inferred = infer(stated(":county zwfw:reportsTo :city ."), above, SYSTEM)
    assert stated(":county zwfw:isSubordinateTo :province .") <= inferred
    assert not {
        t for t in inferred if t.subject == Iri(f"{YANTAI.value}/city") and "Subordinate" in str(t.predicate)
    }


@pytest.fixture(scope="module")
def specimen():
    """A region that states something with every property, with what stands above it."""
    return region.read_folder(SPECIMEN, SYSTEM).graph, graph(ABOVE)


def test_only_what_is_new_and_about_own_things(specimen):
    own, above = specimen
    inferred = infer(own, above, SYSTEM)
    things = {t.subject for t in own}
    assert inferred and not inferred & (own | above | SYSTEM.graph)
    assert all(t.subject in things or t.object in things for t in inferred)
    assert not any(
        isinstance(term, BlankNode | Literal) for t in inferred for term in (t.subject, t.object)
    ) or all(isinstance(t.object, Literal) is False for t in inferred)


def test_nothing_is_inferred_that_owl_2_rl_does_not_entail_and_nothing_is_missed(specimen):
    own, above = specimen
    inferred, closure = infer(own, above, SYSTEM), entailed(own, above)
    assert inferred <= closure
    things = {t.subject for t in own}
    inverse = {}
    for t in SYSTEM.terms:
        if t.predicate == Iri(names.OWL + "inverseOf"):
            inverse |= {t.subject: t.object, t.object: t.subject}
    # The other direction of a link above is inferred where that is published.
    elsewhere = {Triple(t.object, inverse[t.predicate], t.subject) for t in above if t.predicate in inverse}
    assert elsewhere <= infer(above, set(), SYSTEM) | above
    plain = (names.RDFS + "Resource", names.OWL + "Thing", names.OWL + "sameAs")
    missed = {
        t
        for t in closure - inferred - own - above - SYSTEM.graph - elsewhere
        if (t.subject in things or t.object in things)
        # That a thing is a thing and the same as itself tells nobody anything.
        and not any(term.value in plain for term in (t.predicate, t.object))
    }
    assert missed == set()
