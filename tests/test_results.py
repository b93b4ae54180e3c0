"""The answer to a SELECT as its reader wants it: a table of wishes and of what they lead to."""

import pytest

from app import names
from app.web.results import NAMED, Solutions, Wanted, address_of, rests, units_of

THING = names.BASE + "id/370600/ImplementedItem/"
KNOWN = {THING + "b": {"zh": "企业开办", "en": "starting a company"}, THING + "a": {"zh": "不动产登记"}}

ROWS = [
    ("b", "10", "甲"),
    ("a", "9", "乙"),
    ("c", "100", "Γ"),
    ("d", None, "丙"),
]


def uri(value):
    return {"type": "uri", "value": value}


def literal(value, datatype="", lang=""):
    found = {"type": "literal", "value": value}
    return (
        found
        | ({"datatype": names.XSD + datatype} if datatype else {})
        | ({"xml:lang": lang} if lang else {})
    )


def answer(rows, variables=("item", "days", "name"), more=False):
    return {"head": {"vars": list(variables)}, "results": {"bindings": rows}, "more": more}


def look_up(iris):
    return {iri: KNOWN[iri] for iri in iris if iri in KNOWN}


def of(rows=ROWS, lang="zh", **pairs):
    bindings = [
        {
            "item": uri(THING + item),
            **({"days": literal(days, "integer")} if days else {}),
            "name": literal(name, lang="zh"),
        }
        for item, days, name in rows
    ]
    return Solutions(answer(bindings), Wanted.of(pairs), look_up, lang)


def keys(found):
    return "".join(row["item"]["value"][-1] for row in found.rows)


@pytest.mark.parametrize(
    ("pairs", "order"),
    [
        ({}, "bacd"),
        ({"sort": "days"}, "abcd"),  # 9 before 10 before 100, what has none last
        ({"sort": "-days"}, "cbad"),  # also when falling
        ({"sort": "name"}, "cdab"),  # by characters
        ({"sort": "item"}, "cdab"),  # by name, 不 before 企, and by IRI what has none
        ({"sort": "nothing"}, "bacd"),  # no such column
        ({"filter.days": ">=10"}, "bc"),
        ({"filter.days": "≤ 10"}, "ba"),
        ({"filter.days": "=9"}, "a"),
        ({"filter.days": "0"}, "bc"),  # no comparison: what contains it
        ({"filter.item": "不动产"}, "a"),  # by name
        ({"filter.item": "ImplementedItem/d"}, "d"),  # and by IRI
        ({"filter.name": "γ"}, "c"),  # capital or not
        ({"filter.days": ">1", "filter.name": "乙"}, "a"),
        ({"filter.days": ">1", "sort": "-days"}, "cba"),
        ({"filter.name": "丁"}, ""),
        ({"filter.name": "  "}, "bacd"),
        ({"filter.nothing": "x"}, "bacd"),
    ],
    ids=str,
)
def test_sorted_and_filtered(pairs, order):
    assert keys(of(**pairs)) == order


def test_a_thing_is_shown_by_its_name_with_its_key_beside_and_all_of_its_iri_as_title():
    (row,) = of(ROWS[:1]).shown(0, 1)
    assert (row[0].text, row[0].code, row[0].title) == ("企业开办", "b", THING + "b")
    assert row[0].href == "/doc/370600/ImplementedItem/b"
    (row,) = of(ROWS[:1], lang="en").shown(0, 1)
    assert row[0].text == "starting a company"


def test_a_language_is_an_attribute_and_no_noise():
    (row,) = of(ROWS[:1]).shown(0, 1)
    assert (row[2].text, row[2].lang) == ("甲", "zh")


def test_terms_of_others_have_names_in_both_languages():
    rows = [{"x": uri(names.RDF + "type")}]
    for lang, said in (("zh", "类型"), ("en", "type")):
        ((cell,),) = Solutions(answer(rows, ("x",)), Wanted(), look_up, lang).shown(0, 1)
        assert (cell.text, cell.code) == (said, "rdf:type")


@pytest.mark.parametrize(
    ("written", "datatype", "text", "title"),
    [
        ("0.333333333333", "decimal", "0.3333", "0.333333333333"),
        ("0.5", "decimal", "0.5", ""),
        ("12.50000001", "decimal", "12.5", "12.50000001"),
        ("0.00000", "decimal", "0", "0.00000"),
        ("0.00001", "decimal", "0.00001", ""),
        ("1E3", "double", "1E3", ""),
        ("NaN", "double", "NaN", ""),
        ("2026-11-24", "date", "2026-11-24", "xsd:date"),
        ("<b>", "", "<b>", ""),
    ],
)
def test_how_values_are_written(written, datatype, text, title):
    ((cell,),) = Solutions(
        answer([{"x": literal(written, datatype)}], ("x",)), Wanted(), look_up, "zh"
    ).shown(0, 1)
    assert (cell.text, cell.title) == (text, title)


@pytest.mark.parametrize(
    ("numbers", "unseen"),
    [
        (["1", "22", "3"], ["", "", ""]),
        (["1.5", "22", "0.25", "-3.0"], ["0", ".00", "", "0"]),
        (["1.5", "", "NaN"], ["", "", ".0"]),  # no number where there is none
        (["1.5", "1.0E3"], ["", ""]),  # a point that means something else
        ([], []),
    ],
)
def test_what_stands_unseen_behind_numbers_so_that_their_points_are_in_line(numbers, unseen):
    assert rests(numbers) == unseen


def test_only_numbers_are_in_line_and_each_column_by_itself():
    rows = [
        {"x": literal("1.5", "decimal"), "y": literal("1.123456", "decimal"), "z": literal("1.5")},
        {"x": literal("2", "integer"), "z": literal("2")},
    ]
    found = Solutions(answer(rows, ("x", "y", "z")), Wanted(), look_up, "zh").shown(0, 2)
    assert [[(cell.text, cell.rest) for cell in row] for row in found] == [
        [("1.5", ""), ("1.1235", ""), ("1.5", "")],
        [("2", ".0"), ("", ""), ("2", "")],
    ]


def test_what_is_no_number_has_no_place_among_numbers():
    rows = [{"x": literal(one, "double")} for one in ("2", "NaN", "1")]
    found = Solutions(answer(rows, ("x",)), Wanted("x"), look_up, "zh")
    assert [row["x"]["value"] for row in found.rows] == ["1", "2", "NaN"]


def test_a_column_of_numbers_is_known_by_all_its_rows():
    mixed = [{"x": literal("1", "integer")}, {"x": literal("eins")}, {}]
    (column,) = Solutions(answer(mixed, ("x",)), Wanted(), look_up, "zh").columns("SELECT ?x {}")
    assert not column.is_number
    (column,) = Solutions(answer(mixed[::2], ("x",)), Wanted(), look_up, "zh").columns("SELECT ?x {}")
    assert column.is_number and column.sort == "-x"


def test_a_heading_sorts_and_sorts_the_other_way():
    for given, then, aria in (
        ("", "name", ""),
        ("name", "-name", "ascending"),
        ("-name", "name", "descending"),
    ):
        column = of(**({"sort": given} if given else {})).columns("")[2]
        assert (column.sort, column.sorted) == (then, aria)


def test_a_column_of_too_many_things_goes_by_iri_and_says_so():
    asked = []

    def recorded(iris):
        asked.append(len(iris))
        return {}

    rows = [{"x": uri(f"{THING}{number}")} for number in range(NAMED + 1)]
    found = Solutions(answer(rows, ("x",)), Wanted("x"), recorded, "zh")
    assert found.by_iri == ["x"] and not asked
    found.shown(0, 500)
    assert asked == [500]


@pytest.mark.parametrize(
    ("query", "units"),
    [
        ("SELECT ?fee { ?item zwfw:feeAmount ?fee }", {"fee": "元"}),
        ("SELECT ?d { ?step zwfw:stepTimeLimit ?d }", {"d": "工作日"}),
        ("SELECT (SUM(?fee) AS ?all) { ?x zwfw:feeAmount ?fee }", {"fee": "元", "all": "元"}),
        ("SELECT (avg(distinct ?fee) as ?mean) { ?x zwfw:feeAmount ?fee }", {"fee": "元", "mean": "元"}),
        ("SELECT (COUNT(?fee) AS ?n) { ?x zwfw:feeAmount ?fee }", {"fee": "元"}),  # how many is no money
        ("SELECT * { ?x zwfw:name ?fee # zwfw:feeAmount ?fee\n}", {}),
        ("SELECT (", {}),
    ],
)
def test_units_come_from_the_ontology(query, units):
    assert units_of(query) == units


def pairs_of(*pairs):
    return [{"name": literal(name), "number": literal(number, "integer")} for name, number in pairs]


@pytest.mark.parametrize(
    ("rows", "sort", "names_"),
    [
        (pairs_of(("a", "1"), ("b", "3")), "", ["b", "a"]),  # the longest first
        (pairs_of(("2025", "1"), ("2026", "3")), "", ["2025", "2026"]),  # time in its order
        (pairs_of(("a", "1"), ("b", "3")), "name", ["a", "b"]),  # as the reader sorted it
        (pairs_of(("a", "1")), "", []),  # one number needs no chart
        (pairs_of(("a", "0"), ("b", "0")), "", []),
        ([{"name": literal("a"), "number": literal("b")}] * 2, "", []),  # no numbers
        (
            [{"name": literal("1", "integer"), "number": literal("2", "integer")}] * 2,
            "",
            [],
        ),  # nothing to name them by
    ],
)
def test_two_columns_one_of_numbers_make_a_chart(rows, sort, names_):
    found = Solutions(answer(rows, ("name", "number")), Wanted(sort), look_up, "zh")
    assert [mark.name for mark in found.marks()] == names_


def test_an_address_keeps_the_query_and_what_was_wanted():
    wanted = Wanted.of({"sort": "a", "filter.b": "x y", "page": "7", "lang": "en"})
    assert address_of([("query", "ASK {}")], wanted, page="2") == (
        "/sparql?query=ASK+%7B%7D&sort=a&filter.b=x+y&page=2"
    )
    assert address_of([], wanted, sort="-a") == "/sparql?filter.b=x+y&sort=-a"
