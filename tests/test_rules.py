"""Every rule bites where its case says and nowhere else, and three engines say the same."""

import datetime
from pathlib import Path

import pytest
import rdflib
import shifty

from app import names
from app.checking import check, rules
from app.ontology import facts, standards
from app.store.terms import Iri, Literal, Triple, day, def_, ntriples, read_turtle

CASES = Path(__file__).parent / "rules"
ON = datetime.date(2026, 11, 24)
RESULT = Iri(names.SH + "ValidationResult")

BOOK, SYSTEM = rules.load(), standards.load()


def case(rule):
    """The data of a rule's case and the (focus node, shape) pairs it expects."""
    graph = read_turtle(CASES / rule.layer / f"{rule.name}.ttl")
    results = {t.subject for t in graph if t.predicate == facts.TYPE and t.object == RESULT}
    said = {(t.subject, t.predicate): t.object for t in graph if t.subject in results}
    expected = {(said[node, rules.sh("focusNode")], said[node, rules.sh("sourceShape")]) for node in results}
    return {t for t in graph if t.subject not in results}, expected


@pytest.mark.parametrize("rule", BOOK.all, ids=lambda rule: f"{rule.identifier} {rule.layer}/{rule.name}")
def test_rule_finds_what_its_case_expects_and_engines_agree(rule):
    data, expected = case(rule)
    found = {
        engine: check.check(data, SYSTEM.ground.beside(data), [rule], BOOK.prefixes, ON, engine)
        for engine in check.ENGINES
    }
    assert {(result.focus, result.shape) for result in found["fast"]} == expected
    assert set(found["fast"]) == set(found["pyshacl"])
    assert not {result for result in found["fast"] if result.shape not in rule.parts}


@pytest.mark.parametrize("rule", BOOK.all, ids=lambda rule: f"{rule.identifier} {rule.layer}/{rule.name}")
def test_a_third_engine_that_the_software_does_not_use_says_the_same(rule, tmp_path):
    data, expected = case(rule)
    today = Triple(check.CHECK, def_("referenceDate"), day(ON))
    (tmp_path / "data.nt").write_bytes(ntriples(data | SYSTEM.ground.beside(data) | {today}))
    (tmp_path / "shapes.nt").write_bytes(ntriples(BOOK.prefixes | rule.graph))
    _, report, _ = shifty.validate(
        tmp_path / "data.nt", tmp_path / "shapes.nt", graph_mode="data", infer=False
    )
    subjects = {str(t.subject) for t in data}
    found = {
        (report.value(one, rdflib.SH.focusNode).n3(), report.value(one, rdflib.SH.sourceShape).n3())
        for one in report.subjects(rdflib.RDF.type, rdflib.SH.ValidationResult)
    }
    assert {pair for pair in found if pair[0] in subjects} == {
        (str(focus), str(shape)) for focus, shape in expected
    }


def test_every_rule_number_of_this_release_is_there():
    split = {21: 2, 45: 2, 51: 2, 53: 2, 56: 3}
    wanted = {f"R{n:02}" for n in range(1, 63) if n not in split}
    wanted |= {f"R{n}.{part}" for n, parts in split.items() for part in range(1, parts + 1)}
    assert {rule.identifier for rule in BOOK.all} == wanted


@pytest.mark.parametrize(("number", "elements"), [("R20", "exchange-table"), ("R21.2", "guide-core")])
def test_rules_of_completeness_ask_for_the_elements_of_their_list(number, elements):
    """The list is data and the rule is another file: neither may be changed without the other."""
    rule = BOOK.find(number)
    wanted = {
        element.value.rpartition("/")[2]
        for element in SYSTEM.subjects(def_("isRequiredIn"), Iri(names.concept("element-list", elements)))
    }
    parts = {shape.value.rpartition(".")[2] for shape in rule.parts if shape != rule.iri}
    assert {part.removesuffix("-unit") for part in parts} == wanted


def test_a_misspelt_shacl_term_is_refused(tmp_path):
    source = next(path for path in BOOK.files if path.stem == "organisation-code-form")
    (tmp_path / "core").mkdir()
    (tmp_path / "prefixes.ttl").write_bytes((BOOK.folder / "prefixes.ttl").read_bytes())
    (tmp_path / "core" / source.name).write_text(
        source.read_text("utf-8").replace("sh:pattern", "sh:patern"), "utf-8"
    )
    with pytest.raises(rules.RuleFault, match="sh:patern"):
        rules.Rules(tmp_path)


def test_no_engine_respells_the_value_it_reports(tmp_path):
    """rdflib would write ``007`` as ``7``; a finding must show what stands there."""
    (tmp_path / "core").mkdir()
    (tmp_path / "prefixes.ttl").write_bytes((BOOK.folder / "prefixes.ttl").read_bytes())
    (tmp_path / "core" / "no-extent.ttl").write_text(
        f"""@prefix sh: <{names.SH}> . @prefix dct: <{names.DCT}> . @prefix rule: <{names.RULE}> .
        rule:no-extent a sh:PropertyShape , <{names.DEF}Rule> ; dct:identifier "R99" ; dct:source rule:x ;
            sh:targetSubjectsOf dct:extent ; sh:path dct:extent ; sh:nodeKind sh:IRI ; sh:severity sh:Warning .""",
        "utf-8",
    )
    book = rules.Rules(tmp_path)
    number = Literal("007", datatype=Iri(names.XSD + "integer"))
    data = {Triple(Iri("https://example.org/a"), Iri(names.DCT + "extent"), number)}
    for engine in check.ENGINES:
        assert [result.value for result in check.check(data, set(), book.all, book.prefixes, ON, engine)] == [
            number
        ]


def test_findings_count_only_for_subjects_of_the_checked_graph():
    rule = BOOK.find("R01")
    data, expected = case(rule)
    own = {Triple(Iri("https://example.org/mine"), facts.PREF_LABEL, t.object) for t in list(data)[:1]}
    assert expected
    assert not check.check(own, data | SYSTEM.graph, [rule], BOOK.prefixes, ON)
