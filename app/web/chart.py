"""A bar chart of names and numbers, drawn by the server: it needs no script, prints, and has its numbers beside the bars."""

from collections.abc import Sequence
from dataclasses import dataclass

MARKS = 20
"""Bars of a chart: more cannot be told apart."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A bar of the chart: its name, its number, and its length of a hundred."""

    name: str
    number: str
    length: float


def marks(pairs: Sequence[tuple[str, str]], in_order: bool = False) -> list[Mark]:
    """The bars for names with their numbers: the longest, ranked, or all ``in_order`` where there is room for all. None where
    nothing is positive."""
    most = max((float(number) for _, number in pairs), default=0.0)
    if most <= 0:
        return []
    some = list(pairs)
    if not in_order or len(some) > MARKS:
        some = sorted(some, key=lambda one: -float(one[1]))[:MARKS]
    return [Mark(name, number, round(100 * max(float(number), 0) / most, 1)) for name, number in some]
