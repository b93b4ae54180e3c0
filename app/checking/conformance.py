"""How far things conform: to how many things a rule applies, and how many of them break it, in all and by department.

A number of findings says little by itself: ten among ten and ten among ten thousand are different matters. What a rule
applies to is what its SHACL targets name among the things of the checked graph.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from app.checking.rules import Rule, sh
from app.ontology.facts import TYPE
from app.ontology.standards import Standards
from app.store.terms import Graph, Iri, Node, Term

_CLASS, _SUBJECTS, _OBJECTS = sh("targetClass"), sh("targetSubjectsOf"), sh("targetObjectsOf")


@dataclass(frozen=True, slots=True)
class Conformance:
    """Of one rule: the number of things it applies to, at least one, and of those that break it."""

    applies: int
    breaking: int

    @property
    def share(self) -> float:
        """The share that keeps to the rule, from 0 to 1."""
        return 1 - self.breaking / self.applies

    def __add__(self, other: "Conformance") -> "Conformance":
        return Conformance(self.applies + other.applies, self.breaking + other.breaking)


@dataclass(frozen=True)
class Measured:
    """What was measured of one graph, by the number of the rule. Rules that apply to nothing are left out."""

    in_all: dict[str, Conformance] = field(default_factory=dict)
    by_department: dict[Iri, dict[str, Conformance]] = field(default_factory=dict)
    """A thing that several departments answer for counts for each; one that nobody answers for, for none."""


def measure(
    graph: Graph,
    breaking: Mapping[str, set[Term]],
    rules: Sequence[Rule],
    answers: Callable[[Term], set[Iri]],
    standards: Standards,
) -> Measured:
    """Measure a graph. ``breaking`` are the things with findings by the number of the rule; ``answers`` names the
    departments that answer for a thing. A rule with targets of another kind than class, subject or object is left out."""
    targeted, departments = _Targets(graph, rules, standards), dict[Node, set[Iri]]()
    found = Measured()
    for rule in rules:
        things = targeted.of(rule)
        if not things:
            continue
        broken = things & breaking.get(rule.identifier, set())
        found.in_all[rule.identifier] = Conformance(len(things), len(broken))
        for thing in things:
            if thing not in departments:
                departments[thing] = answers(thing)
        applies = Counter(one for thing in things for one in departments[thing])
        breaks = Counter(one for thing in broken for one in departments[thing])
        for department, number in applies.items():
            found.by_department.setdefault(department, {})[rule.identifier] = Conformance(
                number, breaks[department]
            )
    return found


class _Targets:
    """The things of a graph that some rules aim at, by what makes them targets."""

    def __init__(self, graph: Graph, rules: Iterable[Rule], standards: Standards) -> None:
        self._standards = standards
        self._things: dict[tuple[Iri, Term], set[Node]] = defaultdict(set)
        wanted = {target for rule in rules for target in rule.targets or ()}
        things = {triple.subject for triple in graph}
        for subject, predicate, value in graph:
            if predicate == TYPE:
                self._things[_CLASS, value].add(subject)
            if (_SUBJECTS, predicate) in wanted:
                self._things[_SUBJECTS, predicate].add(subject)
            if (_OBJECTS, predicate) in wanted and value in things:
                self._things[_OBJECTS, predicate].add(value)

    def of(self, rule: Rule) -> set[Node]:
        """The things a rule aims at (SHACL §2.1.3); none where it cannot be told from the graph alone."""
        found = set[Node]()
        for kind, value in rule.targets or ():
            values = (
                self._standards.descendants(value) if kind == _CLASS and isinstance(value, Iri) else {value}
            )
            found |= set[Node]().union(*(self._things.get((kind, one), ()) for one in values))
        return found
