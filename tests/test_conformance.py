"""To how many things rules apply and how many break them: by SHACL's targets, in all and by department."""

import json

import pytest
from click.testing import CliRunner

from app import names
from app.checking import rules
from app.checking.conformance import Conformance, measure
from app.checking.responsibility import Responsible
from app.cli import zwfw
from app.ontology import standards
from app.store.terms import Iri, RdfFormat, parse

SYSTEM, BOOK = standards.load(), rules.load()
REGION = names.BASE + "id/999901/"
DATA = f"""PREFIX zwfw: <{names.DEF}> PREFIX : <{REGION}>
:d1 a zwfw:Department ; zwfw:unifiedSocialCreditCode "x" .
:d2 a zwfw:Department .
:i1 a zwfw:ImplementedItem ; zwfw:isProvidedBy :d1 ; zwfw:implementationCode "1" .
:i2 a zwfw:ImplementedItem ; zwfw:isProvidedBy :d1, :d2 ; zwfw:implementationCode "2" .
:i3 a zwfw:ImplementedItem ; zwfw:implementationCode "3" .
:m1 a zwfw:Material ; zwfw:isMaterialOf :i2 .
"""
GRAPH = {quad.triple for quad in parse(DATA.encode(), format=RdfFormat.TURTLE)}


def thing(name):
    return Iri(REGION + name)


@pytest.mark.parametrize(
    "name, departments",
    [("d1", "d1"), ("i1", "d1"), ("i2", "d1 d2"), ("i3", ""), ("m1", "d1 d2"), ("nowhere", "")],
)
def test_who_answers_for_a_thing(name, departments):
    assert Responsible(GRAPH, SYSTEM)(thing(name)) == {thing(one) for one in departments.split()}


def test_a_rule_applies_to_its_targets_and_a_thing_counts_for_each_who_answers():
    wanted = [rule for rule in BOOK.all if rule.targets and any(str(value).endswith("#ImplementedItem>") for _, value in rule.targets)]  # fmt: skip
    assert wanted
    rule = wanted[0]
    found = measure(GRAPH, {rule.identifier: {thing("i2")}}, [rule], Responsible(GRAPH, SYSTEM), SYSTEM)
    applies = 3 + any(str(value).endswith("#Material>") for _, value in rule.targets)
    assert found.in_all == {rule.identifier: Conformance(applies, 1)}
    assert found.by_department[thing("d2")][rule.identifier].breaking == 1
    assert found.by_department[thing("d1")][rule.identifier] == Conformance(
        found.by_department[thing("d2")][rule.identifier].applies + 1, 1
    )


def test_every_rule_of_ours_can_be_measured():
    """A target that cannot be told from the graph would leave its rule out of every score in silence."""
    assert [rule.identifier for rule in BOOK.all if rule.targets is None] == []


@pytest.mark.parametrize("code", ["370600", "370602", "000000/sample"])
def test_who_breaks_a_rule_is_among_those_it_applies_to(code):
    said = json.loads(
        CliRunner().invoke(zwfw, ["check", str(names.resources("data") / code), "--json"]).stdout
    )
    assert said["conformance"]
    breaking = {}
    for finding in said["findings"]:
        breaking.setdefault(finding["rule_id"], set()).add(finding["focus"])
    for identifier, things in breaking.items():
        assert said["conformance"][identifier]["breaking"] == len(things)
    for one in said["conformance"].values():
        assert 0 <= one["breaking"] <= one["applies"]
    for department in said["departments"]:
        for identifier, one in department["conformance"].items():
            assert one["applies"] <= said["conformance"][identifier]["applies"]
