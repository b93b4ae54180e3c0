"""The index: a weighted mean one can work out by hand, with a range for what is not known."""

import pytest

from app.checking import rules, standardisation
from app.checking.conformance import Conformance
from app.ontology import standards

BOOK = rules.load()
GRAVE = [rule for rule in BOOK.all if rule.severity == "Violation"][:2]
SLIGHT = [rule for rule in BOOK.all if rule.severity == "Warning"][:1]
THREE = [*GRAVE, *SLIGHT]
WEIGHTS = {"Violation": 3.0, "Warning": 1.0}


def index(*measured):
    pairs = zip(THREE, measured, strict=True)
    return standardisation.index(
        {rule.identifier: Conformance(*one) for rule, one in pairs if one}, THREE, WEIGHTS
    )


@pytest.mark.parametrize(
    "measured, value, low, high",
    [
        ([(4, 0), (4, 0), (4, 0)], 1, 1, 1),
        ([(4, 4), (4, 4), (4, 4)], 0, 0, 0),
        ([(4, 2), (4, 0), (10, 10)], (1.5 + 3 + 0) / 7, 4.5 / 7, 4.5 / 7),
        ([(4, 2), None, (10, 0)], (1.5 + 1) / 4, 2.5 / 7, 5.5 / 7),
        ([None, None, None], None, 0, 1),
    ],
)
def test_it_is_the_weighted_mean_of_what_applies(measured, value, low, high):
    found = index(*measured)
    assert found.value is None if value is None else found.value == pytest.approx(value)
    assert found.range == pytest.approx((low, high))


def test_severities_have_their_weights_from_the_ontology_and_information_counts_nothing():
    assert standardisation.weights(standards.load()) == {"Violation": 3, "Warning": 1, "Info": 0}


def test_every_component_names_its_rule_and_what_it_was_measured_on():
    (first, second) = index((4, 1), None, (9, 9)).components
    assert (first.rule, first.weight, first.conformance) == (GRAVE[0], 3, Conformance(4, 1))
    assert (second.rule, second.weight, second.conformance) == (SLIGHT[0], 1, Conformance(9, 9))
