"""The token scan: what a query asks for, through every disguise, and nothing that only looks like it."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.store import syntax
from app.store.terms import Index

PREFIXES = "PREFIX : <http://127.0.0.1:1/> PREFIX ex: <http://127.0.0.1:1/> "

DISGUISES = [
    "SELECT * { FILTER(COALESCE(EXISTS{}<'a'&&'>',1)) SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } #'\n}",
    "SELECT * { FILTER(<<( ?s ?p ?o )>><'a'&&'>') SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } #'\n}",
    "SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }",
    "SELECT * { service\n<http://127.0.0.1:1/> {} }",
    "SELECT * { SERVICE#\n<http://127.0.0.1:1/> {} }",
    "SELECT * { SERVICE SILENT <http://127.0.0.1:1/> {} }",
    "SELECT * { SERVICE ?where {} }",
    "SELECT * {SERVICE:foo {}}",
    "SELECT * {SERVICEex:foo {}}",
    "SELECT * {SERVICESILENTex:foo {}}",
    "PREFIX SERVICEex: <http://x/> SELECT * {SERVICEex:foo {}}",
    "SELECT * {SERVICESILENT<http://127.0.0.1:1/> {}}",
    "SELECT * {?s ?p 1SERVICE<http://127.0.0.1:1/> {}}",
    "SELECT * {?s ?p trueSERVICE<http://127.0.0.1:1/> {}}",
    "SELECT * {?s ?p true.SERVICE<http://127.0.0.1:1/> {}}",
    "SELECT * {?s ?p trueSERVICEex:x {}}",
    "SELECT * {?s ?p ex:a.b.SERVICE<http://127.0.0.1:1/> {}}",
    "SELECT * {?s ?p ex:a.b.SERVICEex:x {}}",
    "SELECT * {?s ?p ex:.SERVICE<http://127.0.0.1:1/> {}}",
    "SELECT * {FILTER(1<2)SERVICE<http://127.0.0.1:1/> {}}",
    'SELECT * {VALUES ?x {"""abc" } SERVICE<http://127.0.0.1:1/> {}}',
    "SELECT * {VALUES ?x {'''a''''b'} SERVICE<http://127.0.0.1:1/> {}}",
    "SELECT * {?a ex:p 3 FILTER(?a<?b)#> ''' \n SERVICE <http://127.0.0.1:1/> {} # '''\n}",
    r"SELECT * { \u0053ERVICE <http://127.0.0.1:1/> {} }",
    r"SELECT * { \U00000053\u0065RVICE <http://127.0.0.1:1/> {} }",
    r"SELECT * { # \u000A SERVICE <http://127.0.0.1:1/> {} " + "\n}",
    r'SELECT * { ?s ?p "a\u0022 SERVICE <http://127.0.0.1:1/> {} #" }',
    "SELECT * { { SELECT * { OPTIONAL { SERVICE <http://127.0.0.1:1/> {} } } } }",
    "ASK { FILTER EXISTS { SERVICE <http://127.0.0.1:1/> {} } }",
    "CONSTRUCT { ?s ?p ?o } WHERE { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }",
]

INNOCENT = [
    'SELECT ?service { ?service ex:SERVICE "SERVICE <http://x> {}" } # SERVICE <x> {}',
    "SELECT $SERVICE { $SERVICE a <http://x/SERVICE> }",
    "PREFIX service: <http://x/> SELECT * { ?s service:a ?o . service:x ex:p ?o }",
    "SELECT * { ?s ?p '''SERVICE <x> { } ''' , \"\"\"a \"quoted\" SERVICE\"\"\" , 'it\\'s SERVICE' }",
    'SELECT * { ?s a <http://www.w3.org/1999/02/22-rdf-syntax-ns#SERVICE> , "SERVICE"@en-service }',
    "SELECT * { ?s <http://x/o'SERVICE> ?o }",
    r"SELECT * { ?s ?p 'a\\u0053ERVICE' }",
    "SELECT * { ?s ex:o\\'SERVICE\\#x ?o }",
]


@pytest.mark.parametrize("text", DISGUISES)
def test_service_is_seen_through_every_disguise(text: str) -> None:
    assert syntax.read(PREFIXES + text).uses_service


@pytest.mark.parametrize("text", INNOCENT)
def test_the_word_service_elsewhere_is_no_service(text: str) -> None:
    asked = syntax.read(PREFIXES + text)
    assert not asked.uses_service
    Index().query(asked.text)  # these are real queries: the engine reads them


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("SELECT * {}", "SELECT"),
        ("BASE <http://x/> # SELECT\nprefix ASK: <http://x#> ask {}", "ASK"),
        ("CONSTRUCT WHERE {}", "CONSTRUCT"),
        ("describe <http://x>", "DESCRIBE"),
        (r"\u0053ELECT * {}", "SELECT"),
        ("INSERT DATA {}", "INSERT"),
        ("PREFIX a: <x> LOAD <http://x>", "LOAD"),
        ("clear all", "CLEAR"),
        ("WITH <g> DELETE {} WHERE {}", "WITH"),
        ("", ""),
        ("# SELECT", ""),
        ('"SELECT"', ""),
    ],
)
def test_the_form_is_the_first_word_after_the_prologue(text: str, form: str) -> None:
    assert syntax.read(text).form == form


@pytest.mark.parametrize(
    ("text", "has"),
    [
        ("SELECT * FROM <http://g> {}", True),
        ("SELECT * from named <http://g> {}", True),
        ("SELECT*FROM<http://g>{}", True),
        ("CONSTRUCT { ?s ?p ?o } FROM <http://g> WHERE { ?s ?p ?o }", True),
        ("DESCRIBE <http://x> FROM <http://g>", True),
        ("SELECT (EXISTS { ?a ?b ?c } AS ?x) FROM <http://g> {}", True),
        ("PREFIX ex: <http://x/> SELECT * FROMex:g {}", True),
        ("SELECT * { ?s ?p 'FROM' . ?from <http://x/FROM> ?o } # FROM <http://g>", False),
        ("PREFIX from: <http://x/> DESCRIBE from:x", False),
        ("PREFIX x: <http://FROM/> SELECT ?FROM { ?FROM x:FROM 1 }", False),
    ],
)
def test_a_dataset_clause_is_recognised(text: str, has: bool) -> None:
    assert syntax.read(text).has_dataset is has


def test_volatile_functions_are_named() -> None:
    assert syntax.read("SELECT (now() AS ?n) {}").is_volatile
    assert not syntax.read("SELECT ('NOW()' AS ?now) { ?s <http://x/NOW> ?o }").is_volatile


def test_codepoint_escapes_are_decoded_before_anything_else() -> None:
    assert syntax.decoded(r"\u4e8b\U00009879 \\u4e8b \n") == r"事项 \\u4e8b \n"
    for wrong in (r"\uD800", r"\U00110000"):
        with pytest.raises(ValueError, match="is not a character"):
            syntax.read(wrong)


def test_variables_are_bound_by_a_row_of_values() -> None:
    asked = syntax.read("SELECT (('{') AS ?x) # {\n WHERE { ?s ?p ?o }")
    assert syntax.filled(asked, {"s": "<http://x>"}).endswith(
        "WHERE { VALUES (?s) { (<http://x>) }  ?s ?p ?o }"
    )
    with pytest.raises(ValueError, match="bound in SELECT and ASK"):
        syntax.filled(syntax.read("DESCRIBE ?x"), {"x": "1"})


# Text that hides words: whatever stands in these, it is neither a form nor a SERVICE.
hidden = st.one_of(
    st.text(alphabet=st.characters(exclude_characters='"\\\r\n', codec="utf-8")).map(lambda s: f'"{s}"'),
    st.text(alphabet=st.characters(exclude_characters="'\\\r\n", codec="utf-8")).map(lambda s: f"'{s}'"),
    st.text(alphabet=st.characters(exclude_characters='"\\', codec="utf-8")).map(lambda s: f'"""{s}"""'),
    st.text(alphabet=st.characters(exclude_characters="'\\", codec="utf-8")).map(lambda s: f"'''{s}'''"),
    st.sampled_from(
        ['"SERVICE"', "'''SERVICE\n<x>'''", '"""a"b""SERVICE"""', r"'\'SERVICE'", r'"""\"""SERVICE"""']
    ),
)
comment = st.text(alphabet=st.characters(exclude_characters="\r\n\\", codec="utf-8")).map(lambda s: f"#{s}\n")


@given(st.lists(st.one_of(hidden, comment), max_size=5), st.sampled_from(["", "SERVICE ?x {}"]))
def test_strings_and_comments_hide_and_nothing_else_does(pieces: list[str], service: str) -> None:
    text = "SELECT * { VALUES ?x { " + " ".join(pieces) + " } " + service + " }"
    asked = syntax.read(text)
    assert asked.form == "SELECT"
    assert asked.uses_service is bool(service)
    assert not asked.has_dataset


@given(st.lists(hidden, max_size=5))
def test_the_engine_reads_the_same_strings(pieces: list[str]) -> None:
    asked = syntax.read("SELECT * { VALUES ?x { " + "\n".join(pieces) + " } }")
    assert len(list(Index().query(asked.text))) == len(pieces)


@given(st.text(alphabet="SERVICE<>{}#'\"\\?:.@ \nab"))
def test_no_text_the_engine_accepts_hides_a_service(noise: str) -> None:
    """The engine is asked to go to a port it refuses; a query that gets so far must have been seen."""
    try:
        text = syntax.read(
            PREFIXES + "SELECT * { VALUES ?a { 1 } " + noise + " SERVICE <http://127.0.0.1:1/> {} }"
        )
        list(Index().query(text.text))
    except (SyntaxError, ValueError, RuntimeError):
        return
    except OSError:
        assert text.uses_service
    # Without an error the engine saw no SERVICE that it had to ask, or an empty join before it.


@pytest.mark.parametrize(
    "piece", ["a.", "a-", '"""\\"', "'''", '"', "<a", "a:b.", ":.", "\\", "\\u", "?", "x:" + "." * 99, "%4"]
)
def test_the_scan_takes_linear_time(piece: str) -> None:
    began = time.perf_counter()
    syntax.read((piece * 131072)[:131072])
    assert time.perf_counter() - began < 30  # quadratic: an hour; linear: a tenth of a second
