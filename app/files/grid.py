"""A table as it stands in a file: rows of cells, before anybody says what they mean; and where its headings are.

People write a title above the table, a line saying who fills it in, and headings in two rows with cells merged over
several columns. ``headings`` finds the row or rows that name the columns.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

MOST_TITLE_ROWS = 5
"""Rows above the headings that may hold a title, a unit, a date; what looks like more is no table."""

MOST_COLUMNS_OF_KEYS = 2
"""In a table of no more columns an entry may have nothing but its first."""

Range = tuple[int, int, int, int]
"""Merged cells: first row, first column, last row, last column, from 0."""

_NAMED = re.compile(r"[^：:]+[：:].*", re.DOTALL)
"""“填报单位：……”: a line about the table, and no heading."""


@dataclass(frozen=True)
class Fault:
    """What is wrong with a cell (row and column from 1): a Chinese message id and what stands there."""

    row: int
    column: int
    message: str
    found: str


@dataclass
class Grid:
    """Rows of cells from A1 on. Every cell of a merged range holds what is shown in all of it."""

    name: str
    rows: list[list[str]]
    merged: list[Range] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def fill(self) -> None:
        """Put the text of merged cells into each of them."""
        for first, left, last, right in self.merged:
            text = self._at(first, left)
            for row in self.rows[first : last + 1] if text else ():
                row += [""] * (right + 1 - len(row))
                row[left : right + 1] = [text] * (right + 1 - left)

    def _at(self, row: int, column: int) -> str:
        return self.rows[row][column] if row < len(self.rows) and column < len(self.rows[row]) else ""

    def is_note(self, row: int, width: int) -> bool:
        """Whether a row (from 0) among the entries of ``width`` columns is about the table: one merged range takes all of
        it, or its first cell says “填表人：……” and the others nothing."""
        spans = any(
            first <= row <= last and left == 0 < right and right + 1 >= width
            for first, left, last, right in self.merged
        )
        cells = self.rows[row]
        return spans or (
            width > MOST_COLUMNS_OF_KEYS and "：" in cells[0] and not any(map(str.strip, cells[1:]))
        )


@dataclass(frozen=True)
class Headings:
    """The names of the columns, what stands above them in a first row of headings, and the rows before and after."""

    names: list[str]
    groups: list[str]
    first: int
    last: int
    """Rows of the headings, from 0."""

    def told_apart(self) -> list[str]:
        """The names, those that several columns have with what stands above them before."""
        if not self.groups:
            return self.names
        return [
            f"{group} {name}" if group and self.names.count(name) > 1 else name
            for name, group in zip(self.names, self.groups, strict=False)
        ]


def headings(grid: Grid) -> Headings:
    """Where the headings are and what they say; no names where there is no row that could be headings."""
    filled = [at for at, row in enumerate(grid.rows[: 4 * MOST_TITLE_ROWS]) if any(map(str.strip, row))]
    for place, at in enumerate(filled[: MOST_TITLE_ROWS + 1]):
        below = filled[place + 1] if place + 1 < len(filled) else None
        if below is None or not _is_title(grid, at, grid.rows[below]):
            return _headings(grid, at, below)
    return Headings([], [], 0, 0)


def _is_title(grid: Grid, at: int, below: Sequence[str]) -> bool:
    """Whether a row is about the whole table: one text where the next row has several, or lines like “填报单位：……”."""
    filled = [cell.strip() for cell in grid.rows[at] if cell.strip()]
    is_one = len(filled) == 1 or any(
        first <= at <= last and right + 1 - left == len(filled) for first, left, last, right in grid.merged
    )
    more = len({cell.strip() for cell in below if cell.strip()}) > 1
    return more and (is_one or all(map(_NAMED.fullmatch, filled)))


def _headings(grid: Grid, at: int, below: int | None) -> Headings:
    upper = [cell.strip() for cell in grid.rows[at]]
    if below != at + 1 or not (groups := _groups(grid, at, upper)):
        return Headings(_without_end(upper), [], at, at)
    lower = [cell.strip() for cell in grid.rows[below]]
    width = max(len(upper), len(lower))
    upper, lower = (row + [""] * (width - len(row)) for row in (upper, lower))
    above = [""] * width
    for left, right in groups:
        above[left : right + 1] = [upper[left]] * (right + 1 - left)
    names = [low or high for low, high in zip(lower, upper, strict=True)]
    return Headings(_without_end(names), above, at, below)


def _groups(grid: Grid, at: int, upper: list[str]) -> list[tuple[int, int]]:
    """The columns that a heading in row ``at`` is for together, each named in the row below: by the merged cells, else
    where a heading is followed by empty ones that are filled below, and the columns that are named are not."""
    merged = [
        (left, right)
        for first, left, last, right in grid.merged
        if first == last == at and right > left and len(set(upper)) > 1
    ]
    if merged:
        return merged
    lower = [cell.strip() for cell in grid.rows[at + 1]]
    width = max(len(lower), len(upper))
    upper, lower = (row + [""] * (width - len(row)) for row in (upper, lower))
    starts = [column for column, cell in enumerate(upper) if cell]
    spans = [(left, right - 1) for left, right in zip(starts, [*starts[1:], width], strict=True)]
    groups = [(left, right) for left, right in spans if right > left and all(lower[left : right + 1])]
    named = [column for column in range(width) if not any(left <= column <= right for left, right in groups)]
    is_split = groups and named and all(upper[column] and not lower[column] for column in named)
    return groups if is_split else []


def _without_end(names: list[str]) -> list[str]:
    while names and not names[-1]:
        names = names[:-1]
    return names
