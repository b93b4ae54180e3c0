"""The class diagrams: nothing lies on anything else, arrows end at boxes, whatever the classes and links are."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web.diagram import LINE, MOST_LABELS, SMALL, Diagram, Link, Thing, _width, draw
from app.web.ontology import _diagram, modules

NAMES = [f"类{number}" for number in range(9)]
THINGS = st.lists(
    st.builds(
        Thing,
        name=st.sampled_from(NAMES),
        label=st.text("事项ab ", min_size=1, max_size=12),
        notes=st.lists(st.text("下一环节", min_size=1, max_size=5), max_size=2).map(tuple),
    ),
    min_size=1,
    max_size=9,
    unique_by=lambda thing: thing.name,
)
LABELS = st.lists(st.text("关系of", min_size=1, max_size=9), max_size=8).map(tuple)


def rectangles(diagram: Diagram) -> list[tuple[float, float, float, float]]:
    """Boxes and blocks of labels as left, top, right, bottom."""
    found = [
        (box.x - box.thing.width / 2, box.y, box.x + box.thing.width / 2, box.y + box.thing.height)
        for box in diagram.boxes
    ]
    for arrow in diagram.arrows:
        if lines := arrow.link.lines:
            half = max(_width(line, SMALL) for line in lines) / 2
            top = arrow.label[1] - 12
            found.append((arrow.label[0] - half, top, arrow.label[0] + half, top + LINE * len(lines)))
    return found


def faults(diagram: Diagram) -> list[object]:
    """Rectangles that overlap or stick out, and arrows that do not end at the edge of their boxes."""
    shapes = rectangles(diagram)
    wrong: list[object] = [
        (one, other)
        for one, other in combinations(shapes, 2)
        if one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
    ]
    wrong += [
        s for s in shapes if s[0] < 0 or s[1] < 0 or s[2] > diagram.width + 1 or s[3] > diagram.height + 1
    ]
    at = {box.thing.name: box for box in diagram.boxes}
    for arrow in diagram.arrows:
        for name, (x, y) in ((arrow.link.start, arrow.points[0]), (arrow.link.end, arrow.points[-1])):
            box = at[name]
            if x != box.x or y not in (box.y, box.y + box.thing.height):
                wrong.append(arrow)
    return wrong


@given(things=THINGS, data=st.data())
def test_nothing_lies_on_anything_else(things: list[Thing], data: st.DataObject) -> None:
    ends = st.sampled_from([thing.name for thing in things])
    pairs = st.lists(st.tuples(ends, ends).filter(lambda pair: pair[0] != pair[1]), max_size=14, unique=True)
    links = [Link(*pair, data.draw(LABELS)) for pair in (data.draw(pairs) if len(things) > 1 else [])]
    assert faults(draw(things, links)) == []


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("module", modules())
def test_modules_are_drawn_whole(module: str, lang: str) -> None:
    diagram = _diagram(module, lang)
    assert faults(diagram) == []
    drawn = {box.thing.name for box in diagram.boxes}
    assert {term.name for term in modules()[module].classes if not term.is_derived} <= drawn
    # What is pointed at stands above what points, but for what closes a circle: a department heads a body it belongs to.
    at = {box.thing.name: box.y for box in diagram.boxes}
    for arrow in diagram.arrows:
        upward = at[arrow.link.end] < at[arrow.link.start]
        assert upward or arrow.link.start in _reached(diagram, arrow.link.end)


def _reached(diagram: Diagram, start: str) -> set[str]:
    """Everything one comes to along arrows."""
    found, open_ = set[str](), [start]
    while open_:
        here = open_.pop()
        more = {arrow.link.end for arrow in diagram.arrows if arrow.link.start == here} - found
        found |= more
        open_ += more
    return found


def test_long_lists_of_labels_are_counted() -> None:
    link = Link("a", "b", tuple(f"关系{number}" for number in range(9)))
    assert link.lines == (*link.labels[:MOST_LABELS], "+4")
