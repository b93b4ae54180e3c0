"""Checking: a region's graph against the rules, by the fast engine or the reference, with equal results.

Fast: ``shacl`` (Rust) runs the Core part of all rules at once; each ``sh:sparql`` constraint runs as one query over
all its targets in an in-memory index. Reference: pyshacl runs the same files as they stand. Findings count for
subjects of the checked graph only; what stands above is there to compare with.
"""

import datetime
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path

import rdflib

from app import names
from app.checking import engines
from app.checking.rules import Rule
from app.store.terms import (
    Graph,
    Index,
    Iri,
    QuerySolutions,
    RdfFormat,
    Term,
    Triple,
    day,
    def_,
    parse,
    serialize,
)

CHECK = Iri(names.BASE + "check")
"""The node that carries the reference date in a checked graph."""

SPARQL_COMPONENT = names.SH + "SPARQLConstraintComponent"


@dataclass(frozen=True)
class Result:
    """What an engine reports, without its words: rule files have the messages, readings have the places."""

    shape: Iri
    focus: Term
    path: Iri | None
    value: Term | None
    component: str
    expected: tuple[Term, ...] = field(default=(), compare=False)
    """What would have been right, where a query of ours says so (``?expected``); the reference engine does not pass it
    on, so it is no part of what engines must agree on."""


Engine = Callable[[Graph, Graph, list[Rule], Graph], Counter[Result]]


def check(
    own: Graph,
    beside: Graph,
    rules: list[Rule],
    prefixes: Graph,
    on: datetime.date,
    engine: str = "fast",
) -> Counter[Result]:
    """The results of ``rules`` on the subjects of ``own``, each with the number of times it occurred.

    ``beside`` is the ontology and what stands above; ``on`` is the date rules about time judge by.
    """
    subjects = {triple.subject for triple in own}
    today = Triple(CHECK, def_("referenceDate"), day(on))
    found = ENGINES[engine](own, beside | {today}, rules, prefixes)
    return Counter({result: count for result, count in found.items() if result.focus in subjects})


def _fast(own: Graph, beside: Graph, rules: list[Rule], prefixes: Graph) -> Counter[Result]:
    with written(chain(own, beside)) as data:
        return core(data, rules) + _selects(data, rules)


def core(data: Path, rules: list[Rule]) -> Counter[Result]:
    """The results of the Core part of rules on a file of N-Triples, by the fast engine."""
    # Blank nodes of different rule files have different names: read_turtle renames them on parsing.
    with written(triple for rule in rules for triple in rule.core) as shapes:
        report = engines.fast(data, shapes)
    return Counter(
        Result(
            shape=_iri(result.source_shape or ""),
            focus=_term(result.focus_node),
            path=_path(result.path),
            value=_term(result.value) if result.value else None,
            component=result.component_iri,
        )
        for result in report.results
    )


def _selects(data: Path, rules: list[Rule]) -> Counter[Result]:
    selects = [select for rule in rules for select in rule.selects]
    if not selects:
        return Counter()
    index = Index()
    index.bulk_load(path=str(data), format=RdfFormat.N_TRIPLES)
    found: dict[Result, set[Term]] = {}
    for select in selects:
        solutions = index.query(select.text)
        assert isinstance(solutions, QuerySolutions)
        columns = [variable.value for variable in solutions.variables]
        for solution in solutions:
            row = dict(zip(columns, solution, strict=True))
            path = row.get("path") or select.path
            result = Result(
                shape=select.shape,
                focus=row["this"],
                path=path if isinstance(path, Iri) else None,
                value=row.get("value"),
                component=SPARQL_COMPONENT,
            )
            found.setdefault(result, set()).update(filter(None, [row.get("expected")]))
    return Counter(
        replace(result, expected=tuple(sorted(expected, key=str))) for result, expected in found.items()
    )


def _pyshacl(own: Graph, beside: Graph, rules: list[Rule], prefixes: Graph) -> Counter[Result]:
    triples = (triple for rule in rules for triple in rule.graph)
    with written(chain(own, beside)) as data, written(chain(prefixes, triples)) as shapes:
        report = engines.reference(data, shapes)
    return Counter(
        _result(report, node) for node in report.subjects(rdflib.RDF.type, rdflib.SH.ValidationResult)
    )


def _result(report: rdflib.Graph, node: rdflib.term.Node) -> Result:
    def said(term: rdflib.URIRef) -> Term | None:
        value = report.value(node, term)
        return None if value is None else _term(value.n3())

    shape, path, focus = said(rdflib.SH.sourceShape), said(rdflib.SH.resultPath), said(rdflib.SH.focusNode)
    assert isinstance(shape, Iri) and focus is not None
    return Result(
        shape=shape,
        focus=focus,
        path=path if isinstance(path, Iri) else None,
        value=said(rdflib.SH.value),
        component=str(report.value(node, rdflib.SH.sourceConstraintComponent)),
    )


ENGINES: dict[str, Engine] = {"fast": _fast, "pyshacl": _pyshacl}


@contextmanager
def written(triples: Iterable[Triple]) -> Iterator[Path]:
    """Triples as a file of N-Triples, for as long as it is needed: what engines read is not held in memory again."""
    with tempfile.TemporaryDirectory(prefix="zwfw-") as folder:
        path = Path(folder, "graph.nt")
        serialize(triples, str(path), format=RdfFormat.N_TRIPLES)
        yield path


def _path(written: str | None) -> Iri | None:
    """The property of a result; none where the path is more than one property, as pyshacl reports it."""
    return _iri(written) if written and re.fullmatch(r"<[^<>]*>|[^<>()|/^*+?]+:[^<>]*", written) else None


def _iri(written: str) -> Iri:
    return Iri(written.removeprefix("<").removesuffix(">"))


def _term(written: str) -> Term:
    """A term from its N-Triples form."""
    if written.startswith("<"):
        return _iri(written)
    (quad,) = parse(f"<x:s> <x:p> {written} .", format=RdfFormat.TURTLE)
    value: Term = quad.object
    return value
