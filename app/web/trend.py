"""How a region's conformance went from publication to publication: by figures that outlive the releases themselves."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response

from app.language import pick
from app.web import reports
from app.web.language import language
from app.web.live import current_release, kept
from app.web.page import page, paging
from app.web.problem import Problem
from app.web.scorecard import percent

POINTS_DRAWN = 60
"""Checks in the drawing, the latest ones: two months of daily publication still read as single points."""

ROWS_A_PAGE = 100

WIDTH, HEIGHT, MARGIN = 640, 180, 28
"""Of the drawing, in its own units."""

pages = Blueprint("trend", __name__)


@dataclass(frozen=True, slots=True)
class Point:
    """One check of a region; of the earliest releases nothing but the counts is known."""

    release: str
    made: str
    counts: dict[str, int]
    since: dict[str, int] | None
    index: float | None
    is_kept: bool


@dataclass(frozen=True, slots=True)
class Mark:
    """A point of the drawing."""

    x: float
    y: float
    said: str
    date: str


@pages.get("/regions/<code>/trend")
def trend(code: str) -> Response:
    release = current_release()
    entry = release.regions.get(code)
    if entry is None:
        raise Problem("not-found")
    points = _points(release.manifest["history"], code)
    cut = paging(ROWS_A_PAGE, len(points))
    return page(
        "trend.html",
        code=code,
        title=pick(entry["title"], language()) or code,
        synthetic=reports.is_synthetic(entry),
        points=list(reversed(points))[cut.start : cut.stop],
        paging=cut,
        marks=_marks(points),
        width=WIDTH,
        height=HEIGHT,
        margin=MARGIN,
    )


def _points(history: list[dict[str, Any]], code: str) -> list[Point]:
    """Oldest first."""
    there = {release.id for release in kept()}
    found = []
    for one in history:
        figures = one["regions"].get(code)
        if figures is not None:
            found.append(
                Point(
                    one["id"],
                    one["made"],
                    figures.get("counts", figures),
                    figures.get("since"),
                    figures.get("index"),
                    one["id"] in there,
                )
            )
    return found


def _marks(points: list[Point]) -> list[Mark]:
    """The drawing of the index: evenly spaced, from 0 to 100, so that a small change looks small."""
    drawn = [point for point in points if point.index is not None][-POINTS_DRAWN:]
    step = (WIDTH - 2 * MARGIN) / max(1, len(drawn) - 1)
    return [
        Mark(
            round(MARGIN + step * number, 1),
            round(MARGIN + (HEIGHT - 2 * MARGIN) * (1 - point.index), 1),
            percent(point.index),
            point.made[:10],
        )
        for number, point in enumerate(drawn)
        if point.index is not None
    ]
