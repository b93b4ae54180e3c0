"""The standardisation index: one figure of how far a region keeps to the unified standard, and what it is made of.

Of each rule that applies to anything the share of things that keep to it; of these the mean, weighted by the severity of
the rule. The weights are data (``zwfw:indexWeight`` of a severity). Rules that apply to nothing are not known to be kept or
broken: they are left out of the figure, and its range says what it would be if all of them were broken, or all kept.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from app.checking.conformance import Conformance
from app.checking.rules import SEVERITIES, Rule, severity_iri
from app.ontology.standards import Standards
from app.store.terms import def_


@dataclass(frozen=True, slots=True)
class Component:
    """A rule's part in an index."""

    rule: Rule
    weight: float
    conformance: Conformance


@dataclass(frozen=True)
class Index:
    """An index with its components: from 0, nothing keeps to any rule, to 1, everything keeps to all."""

    components: tuple[Component, ...]
    unknown: float
    """The weight of the rules that apply to nothing."""

    @property
    def weight(self) -> float:
        """The weight of the rules that apply to something."""
        return sum(one.weight for one in self.components)

    @property
    def value(self) -> float | None:
        """The figure; nothing where no rule applies to anything."""
        return self._kept / self.weight if self.weight else None

    @property
    def range(self) -> tuple[float, float]:
        """The figure if all the rules that apply to nothing were broken, and if all were kept."""
        whole = self.weight + self.unknown
        return (self._kept / whole, (self._kept + self.unknown) / whole) if whole else (0.0, 1.0)

    @property
    def _kept(self) -> float:
        return sum(one.weight * one.conformance.share for one in self.components)


def weights(standards: Standards) -> dict[str, float]:
    """The weight of each severity, by its name; one without a weight has none."""
    weight = def_("indexWeight")
    return {name: float(said) for name in SEVERITIES if (said := standards.text(severity_iri(name), weight))}


def index(
    conformance: Mapping[str, Conformance], rules: Iterable[Rule], weighing: Mapping[str, float]
) -> Index:
    """The index over ``rules``, which may be all or those of a layer."""
    weighed = [(rule, weighing.get(rule.severity, 0.0)) for rule in rules]
    return Index(
        tuple(
            Component(rule, weight, conformance[rule.identifier])
            for rule, weight in weighed
            if weight and rule.identifier in conformance
        ),
        sum(weight for rule, weight in weighed if rule.identifier not in conformance),
    )
