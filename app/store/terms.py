"""RDF terms and the reading and writing of RDF text: the one place where the rest of the code meets them.

The store's own canonical form is decided here too, because it rewrites literals on the way in (``"007"^^xsd:integer``
becomes ``7``, language tags become lower case): what is checked, reported, dumped and indexed must be one form.
"""

import datetime
import hashlib
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from pyoxigraph import (
    BlankNode,
    CanonicalizationAlgorithm,
    Dataset,
    DefaultGraph,
    Literal,
    NamedNode,
    Quad,
    QueryResultsFormat,
    QuerySolutions,
    QueryTriples,
    RdfFormat,
    Triple,
    parse,
    parse_query_results,
    serialize,
)
from pyoxigraph import Store as Index

from app import names

Iri = NamedNode
Node = NamedNode | BlankNode | Triple
Term = NamedNode | BlankNode | Literal | Triple
Graph = set[Triple]

__all__ = [
    "BlankNode",
    "DefaultGraph",
    "Graph",
    "Index",
    "Iri",
    "Literal",
    "Node",
    "Quad",
    "QueryResultsFormat",
    "QuerySolutions",
    "QueryTriples",
    "RdfFormat",
    "Term",
    "Triple",
    "boolean",
    "canonical",
    "day",
    "def_",
    "integer",
    "literal_forms",
    "ntriples",
    "parse",
    "parse_query_results",
    "read_turtle",
    "serialize",
    "skolemised",
    "triples_in_order",
    "turtle",
]


@cache
def def_(term: str) -> NamedNode:
    """The node of a term of our ontology: ``def_("ServiceItem")``."""
    return NamedNode(names.DEF + term)


def integer(number: int) -> Literal:
    """An ``xsd:integer``."""
    return Literal(str(number), datatype=NamedNode(names.XSD + "integer"))


def boolean(value: bool) -> Literal:
    """An ``xsd:boolean`` in its canonical form."""
    return Literal(str(value).lower(), datatype=NamedNode(names.XSD + "boolean"))


def day(date: datetime.date) -> Literal:
    """An ``xsd:date``."""
    return Literal(date.isoformat(), datatype=NamedNode(names.XSD + "date"))


def read_turtle(path: Path) -> Graph:
    """The triples of a Turtle file of the project. Raises ``SyntaxError`` that names the line."""
    return {quad.triple for quad in parse(path=path, format=RdfFormat.TURTLE, rename_blank_nodes=True)}


def triples_in_order(path: Path) -> Iterator[Triple]:
    """The triples of a Turtle file of the project as they stand there."""
    return (quad.triple for quad in parse(path=path, format=RdfFormat.TURTLE))


def ntriples(graph: Iterable[Triple]) -> bytes:
    """Sorted canonical N-Triples (RDF 1.1 N-Triples §4): equal graphs without blank nodes give equal bytes."""
    lines = serialize(graph, format=RdfFormat.N_TRIPLES) or b""
    return b"".join(sorted(lines.splitlines(keepends=True)))


def turtle(graph: Iterable[Triple]) -> bytes:
    """Turtle in the order of the sorted N-Triples, with our prefixes: equal graphs give equal bytes."""
    ordered = (quad.triple for quad in parse(ntriples(graph), format=RdfFormat.N_TRIPLES))
    written = serialize(ordered, format=RdfFormat.TURTLE, prefixes=names.PREFIXES) or b""
    # The engine writes its prefixes in no fixed order, and all of them.
    head = len(names.PREFIXES)
    body = b"".join(written.splitlines(keepends=True)[head:])
    used = [
        (prefix, iri) for prefix, iri in names.PREFIXES.items() if re.search(rf"\b{prefix}:".encode(), body)
    ]
    return "".join(f"@prefix {prefix}: <{iri}> .\n" for prefix, iri in used).encode() + b"\n" + body


def literal_forms(graph: Iterable[Triple]) -> Graph:
    """``graph`` as the store would give it back (its canonical form of literals)."""
    index = Index()
    index.bulk_extend(Quad(*triple) for triple in graph)
    return {quad.triple for quad in index}


def canonical(graph: Iterable[Triple]) -> Graph:
    """``graph`` with blank nodes under their RDFC-1.0 labels."""
    dataset = Dataset(Quad(*triple) for triple in graph)
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return {quad.triple for quad in dataset}


def skolemised(graph: Graph, code: str) -> Graph:
    """``graph`` with every blank node replaced by an IRI made from a hash of its canonical label and the
    triples around it, so that unchanged input gives unchanged IRIs."""
    if not any(isinstance(t.subject, BlankNode) or isinstance(t.object, BlankNode) for t in graph):
        return graph
    labelled = canonical(graph)
    about: dict[BlankNode, list[str]] = {}
    for triple in labelled:
        for node in {triple.subject, triple.object}:
            if isinstance(node, BlankNode):
                about.setdefault(node, []).append(str(triple))
    names_of = {
        node: NamedNode(names.genid(code, hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()[:32]))
        for node, lines in about.items()
    }

    return {
        Triple(
            names_of[t.subject] if isinstance(t.subject, BlankNode) else t.subject,
            t.predicate,
            names_of[t.object] if isinstance(t.object, BlankNode) else t.object,
        )
        for t in labelled
    }
