"""What is inferred is what OWL 2 RL entails by the four kinds of axiom used, no more and no less; owlrl is the oracle."""

import owlrl
import pytest
import rdflib

from app import names, standards
from app.inference import infer
from app.store.terms import Iri, RdfFormat, parse, serialize

SYSTEM = standards.load()
ITEM, DEPARTMENT = names.thing("370600", "ImplementedItem", "1"), names.thing("370600", "Department", "d")
OWN = f"""
    @prefix zwfw: <{names.DEF}> .
    <{ITEM}> a zwfw:ImplementedItem ; zwfw:isProvidedBy <{DEPARTMENT}> ; zwfw:hasItemType <{names.concept("item-type", "01")}> .
    <{DEPARTMENT}> a zwfw:Department ; zwfw:isPartOf <{names.region("370600")}> .
"""
ABOVE = f"""
    @prefix zwfw: <{names.DEF}> .
    <{names.region("370600")}> zwfw:isPartOf <{names.region("370000")}> .
    <{names.region("370000")}> zwfw:isPartOf <{names.region("000000")}> .
"""


def graph(turtle):
    return {quad.triple for quad in parse(turtle, format=RdfFormat.TURTLE)}


@pytest.fixture(scope="module")
def inferred():
    return infer(graph(OWN), graph(ABOVE), SYSTEM)


def test_subclasses_and_chains_of_regions_are_followed(inferred):
    said = {(t.subject.value, t.predicate.value, getattr(t.object, "value", None)) for t in inferred}
    assert (ITEM, names.RDF + "type", names.DEF + "ServiceItem") in said
    assert (DEPARTMENT, names.RDF + "type", names.ORG + "Organization") in said
    assert (DEPARTMENT, names.DEF + "isPartOf", names.region("000000")) in said


def test_only_what_is_new_and_about_own_things(inferred):
    assert not inferred & (graph(OWN) | graph(ABOVE) | SYSTEM.graph)
    assert {t.subject for t in inferred} <= {Iri(ITEM), Iri(DEPARTMENT)}


def test_everything_is_entailed_by_owl_2_rl(inferred):
    closure = rdflib.Graph()
    everything = graph(OWN) | graph(ABOVE) | SYSTEM.terms
    closure.parse(data=serialize(everything, format=RdfFormat.N_TRIPLES), format="nt")
    owlrl.DeductiveClosure(owlrl.OWLRL_Semantics).expand(closure)
    for triple in inferred:
        assert tuple(rdflib.URIRef(term.value) for term in triple) in closure


def test_no_axiom_of_these_kinds_is_missed(inferred):
    """What owlrl adds about our things by class, property, inverse and transitivity axioms is all there."""
    closure = rdflib.Graph()
    everything = graph(OWN) | graph(ABOVE) | SYSTEM.terms
    closure.parse(data=serialize(everything, format=RdfFormat.N_TRIPLES), format="nt")
    owlrl.DeductiveClosure(owlrl.OWLRL_Semantics).expand(closure)
    had = {tuple(map(str, triple)) for triple in inferred | graph(OWN)}
    ours = {Iri(ITEM), Iri(DEPARTMENT)}
    for subject in ours:
        for _, predicate, value in closure.triples((rdflib.URIRef(subject.value), None, None)):
            if str(predicate) in (names.RDF + "type", names.DEF + "isPartOf", names.DEF + "hasPart"):
                if str(value).startswith(names.OWL) or isinstance(value, rdflib.BNode):
                    continue  # owl:Thing and anonymous classes say nothing a query could use
                assert (str(subject), f"<{predicate}>", f"<{value}>") in had, (predicate, value)
