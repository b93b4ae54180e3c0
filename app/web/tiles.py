"""The national tile grid: a tile for each of the 34 provincial divisions, about where it lies; no boundary is drawn."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from app.checking import standardisation
from app.checking.conformance import Conformance
from app.checking.rules import Rule
from app.checking.standardisation import Index
from app.ontology import standards
from app.web.language import language

LAYOUT = Path(__file__).with_name("tiles.csv")
"""Where each stands, and its short name."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A provincial division: its place in the grid, and what was measured of the regions published in it."""

    code: str
    row: int
    column: int
    label: str
    regions: int
    made_up: int
    """Of the regions, those whose data are not real."""
    index: Index

    @property
    def is_known(self) -> bool:
        """Whether anything was measured."""
        return self.index.value is not None


def tiles(measured: Iterable[tuple[str, str, dict[str, Conformance]]], chosen: Iterable[Rule]) -> list[Tile]:
    """The grid over regions, each with its code, the status of its data and what was measured, by the rules chosen."""
    some, rules = list(measured), list(chosen)
    weights = standardisation.weights(standards.load())
    found = []
    for place in _layout():
        inside = [one for one in some if one[0][:2] == place["code"][:2]]
        index = standardisation.index(_sum(of for _, _, of in inside), rules, weights)
        label, made_up = place[language()], sum(status != "real" for _, status, _ in inside)
        where = int(place["row"]), int(place["column"])
        found.append(Tile(place["code"], *where, label, len(inside), made_up, index))
    return found


def provinces() -> dict[str, str]:
    """The provincial divisions by code, with their short names in the reader's language."""
    return {place["code"]: place[language()] for place in _layout()}


def _sum(several: Iterable[dict[str, Conformance]]) -> dict[str, Conformance]:
    """Of some regions together: the things each rule applies to and those that break it, added up."""
    found: dict[str, Conformance] = {}
    for one in several:
        for rule, more in one.items():
            found[rule] = found[rule] + more if rule in found else more
    return found


@cache
def _layout() -> list[dict[str, str]]:
    with LAYOUT.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
