"""What is sent to engines of others in place of a query: its dataset written out, all else as it was."""

import pytest

from app import names
from app.store import Query, QueryRefused, syntax
from app.store.dataset import NOWHERE, placed
from app.store.terms import Index, Iri, Literal, Quad

ONE, TWO = names.graph("1"), names.graph("2")
OURS = [ONE, TWO]
OTHER = "http://example.org/other"

UNION = f"FROM <{ONE}> FROM <{TWO}>"
NOBODY = f"FROM NAMED <{NOWHERE}>"


def sent(text, default=(), named=()):
    asked = syntax.read(text)
    return " ".join(placed(Query(text, tuple(default), tuple(named)), asked, OURS).text.split())


BASE = f"BASE <{names.BASE}> "


@pytest.mark.parametrize(
    "text,expected",
    [
        ("SELECT * { ?s ?p ?o }", f"SELECT * {UNION} {{ ?s ?p ?o }}"),
        ("SELECT * WHERE { ?s ?p ?o }", f"SELECT * {UNION} WHERE {{ ?s ?p ?o }}"),
        (
            "SELECT (EXISTS { ?s ?p ?o } AS ?x) { }",
            f"SELECT (EXISTS {{ ?s ?p ?o }} AS ?x) {UNION} {{ }}",
        ),
        (f"SELECT * FROM <{TWO}> {{ ?s ?p ?o }}", f"SELECT * FROM <{TWO}> {{ ?s ?p ?o }}"),
        (f"SELECT * FROM <{OTHER}> {{ ?s ?p ?o }}", f"SELECT * FROM <{NOWHERE}> {{ ?s ?p ?o }}"),
        ("SELECT * FROM <graph/1> { ?s ?p ?o }", f"SELECT * FROM <{ONE}> {{ ?s ?p ?o }}"),
        ("BASE <http://a/> SELECT * FROM <b> { }", f"BASE <http://a/> SELECT * FROM <{NOWHERE}> {{ }}"),
        (
            f"PREFIX g: <{names.BASE}graph/> SELECT * FROM g:1 {{ ?s ?p ?o }}",
            f"PREFIX g: <{names.BASE}graph/> SELECT * FROM <{ONE}> {{ ?s ?p ?o }}",
        ),
        ("ASK { ?s ?p ?o }", f"ASK {UNION} {{ ?s ?p ?o }}"),
        ("CONSTRUCT WHERE { ?s ?p ?o }", f"CONSTRUCT {UNION} WHERE {{ ?s ?p ?o }}"),
        (
            "CONSTRUCT { ?s ?p [ ?p ?o ] } WHERE { ?s ?p ?o }",
            f"CONSTRUCT {{ ?s ?p [ ?p ?o ] }} {UNION} WHERE {{ ?s ?p ?o }}",
        ),
        (
            f"CONSTRUCT {{ ?s ?p ?o }} FROM <{TWO}> {{ ?s ?p ?o }}",
            f"CONSTRUCT {{ ?s ?p ?o }} FROM <{TWO}> {{ ?s ?p ?o }}",
        ),
        (f"CONSTRUCT FROM <{TWO}> WHERE {{ ?s ?p ?o }}", f"CONSTRUCT FROM <{TWO}> WHERE {{ ?s ?p ?o }}"),
        ("DESCRIBE <a:b>", f"DESCRIBE <a:b> {UNION}"),
        ("DESCRIBE <a:b> # end", f"DESCRIBE <a:b> # end {UNION}"),
        ("DESCRIBE ?x VALUES ?x { <a:b> }", f"DESCRIBE ?x {UNION} VALUES ?x {{ <a:b> }}"),
        (
            f"SELECT * {{ GRAPH <{ONE}> {{ ?s ?p ?o }} GRAPH <{OTHER}> {{ ?s ?p ?o }} }}",
            f"SELECT * {UNION} FROM NAMED <{ONE}> FROM NAMED <{TWO}> {NOBODY}"
            f" {{ GRAPH <{ONE}> {{ ?s ?p ?o }} GRAPH <{NOWHERE}> {{ ?s ?p ?o }} }}",
        ),
        (
            f"SELECT * FROM <{ONE}> FROM NAMED <{TWO}> {{ GRAPH ?g {{ ?s ?p ?o }} GRAPH <{ONE}> {{ }} }}",
            f"SELECT * FROM <{ONE}> FROM NAMED <{TWO}> {NOBODY} {{ GRAPH ?g {{ ?s ?p ?o }} GRAPH <{NOWHERE}> {{ }} }}",
        ),
        ('SELECT * { ?s ?p "FROM <a:b> { }" }', f'SELECT * {UNION} {{ ?s ?p "FROM <a:b> {{ }}" }}'),
    ],
)
def test_the_dataset_is_written_out(text, expected):
    assert sent(text) == BASE + expected


def test_the_protocol_replaces_what_the_query_says():
    assert sent(f"SELECT * FROM <{ONE}> {{ }}", [TWO]) == f"{BASE}SELECT * FROM <{TWO}> {{ }}"
    assert sent("SELECT * { }", named=[ONE]) == f"{BASE}SELECT * FROM <{NOWHERE}> {{ }}"


def test_what_cannot_be_read_is_refused():
    with pytest.raises(QueryRefused):
        sent(f"PREFIX g: <{names.BASE}graph/> SELECT * FROMg:1 {{ ?s ?p ?o }}")


@pytest.mark.parametrize("pattern", ["{ ?s ?p ?o } ORDER BY ?s LIMIT 3", "WHERE { ?s ?p ?o }"])
def test_solutions_are_counted(pattern):
    index = Index()
    for number in range(5):
        index.add(Quad(Iri(f"a:{number}"), Iri("a:p"), Literal("x"), Iri(ONE)))
    text = f"CONSTRUCT {{ ?s ?p ?o }} {pattern}"
    counting = placed(Query(text), syntax.read(text), OURS).counting
    assert int(next(index.query(counting))["n"].value) == (3 if "LIMIT" in pattern else 5)
