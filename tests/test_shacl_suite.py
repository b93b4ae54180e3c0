"""W3C's SHACL test suite (data-shapes), each test through ``zwfw check DATA --shapes SHAPES`` to the report it expects."""

from pathlib import Path

import pytest
import rdflib
from click.testing import CliRunner
from rdflib import RDF, SH, BNode, Namespace, URIRef
from rdflib.compare import isomorphic

from app import names
from app.cli import zwfw
from app.cli.options import UNREADABLE, VIOLATIONS

SUITE = Path(__file__).parents[2] / "shared" / "suites" / "shacl" / "tests"
MF = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
SHT = Namespace("http://www.w3.org/ns/shacl-test#")
COMPARED = (
    SH.focusNode,
    SH.resultPath,
    SH.resultSeverity,
    SH.sourceConstraintComponent,
    SH.sourceShape,
    SH.value,
)
"""What the suite wants compared of a result; messages are free."""

ALLOWED = {
    "sparql/pre-binding/unsupported-sparql-004": "a sub-select without $this is to be refused; the engine refuses it "
    "only where the sub-select uses $this, and without it the answer is the same",
}
"""Tests that fail, and why that is borne."""


def read(path):
    return rdflib.Graph().parse(path, publicID=names.BASE + path.name)


def every():
    for path in sorted(SUITE.rglob("*.ttl")):
        graph = read(path)
        for test in graph.subjects(RDF.type, SHT.Validate):
            yield pytest.param(path, test, id=path.relative_to(SUITE).with_suffix("").as_posix())


def compared(graph, report):
    """What is compared of a report, under one name for it; a shape without an IRI is nobody's to name."""
    found = rdflib.Graph()
    waiting = []
    for result in graph.objects(report, SH.result):
        found.add((URIRef(names.BASE), SH.result, result))
        for prop in COMPARED:
            for value in graph.objects(result, prop):
                if prop != SH.sourceShape or not isinstance(value, BNode):
                    found.add((result, prop, value))
                if prop == SH.resultPath:
                    waiting.append(value)
    while waiting:
        node = waiting.pop()
        if isinstance(node, BNode):
            found += graph.triples((node, None, None))
            waiting += graph.objects(node)
    return found


@pytest.fixture(autouse=True)
def literals_as_written(monkeypatch):
    monkeypatch.setattr(rdflib, "NORMALIZE_LITERALS", False)


@pytest.mark.skipif(not SUITE.is_dir(), reason="W3C's suite is not here")
@pytest.mark.filterwarnings("ignore")  # rdflib, of ill-formed literals that are meant
@pytest.mark.parametrize("path, test", list(every()))
def test_w3c(path, test):
    graph = read(path)
    action, expected = graph.value(test, MF.action), graph.value(test, MF.result)
    data, shapes = (
        path.parent / graph.value(action, one).removeprefix(names.BASE)
        for one in (SHT.dataGraph, SHT.shapesGraph)
    )
    done = CliRunner().invoke(zwfw, ["check", str(data), "--shapes", str(shapes), "--format", "ttl"])
    if path.relative_to(SUITE).with_suffix("").as_posix() in ALLOWED:
        assert (done.exit_code, expected) == (0, SHT.Failure)
    elif expected == SHT.Failure:
        assert done.exit_code == UNREADABLE
    else:
        said = rdflib.Graph().parse(data=done.stdout, format="turtle")
        (report,) = said.subjects(RDF.type, SH.ValidationReport)
        assert isomorphic(compared(said, report), compared(graph, expected))
        assert said.value(report, SH.conforms).eq(graph.value(expected, SH.conforms))
        grave = (None, SH.resultSeverity, SH.Violation) in compared(said, report)
        assert done.exit_code == (VIOLATIONS if grave else 0)
