"""A class diagram as numbers: where boxes and labels stand and how arrows run, for a template to draw as SVG.

Drawn in layers after Sugiyama: links point upward, so what is pointed at stands above what points. Between two layers of
boxes lies one of labels, so that no label covers another; a link over several layers passes them through points of its
own. Within a layer, things stand near what they are tied to.
"""

import itertools
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

BOX, LINE, ROOM, GAP = 34, 16, 30, 22
"""In user units: the height of a box with its name alone, of a line of text, between two layers, between two things."""

PADDING, SIGN, SMALL = 14, 7.7, 6.3
"""Beside the name in a box; the width of half a Chinese character in a name and in a label."""

WIDEST = 1060
"""A layer of boxes wider than this is broken into two: the page has no room for more."""

MOST_LABELS = 5
"""Labels on one arrow; the rest is counted."""

SWEEPS = 12
"""Passes over the layers, down and up; after some eight the order does not change any more."""


@dataclass(frozen=True)
class Thing:
    """What a box stands for: its name, what it is called, and links from it to itself."""

    name: str
    label: str
    notes: tuple[str, ...] = ()
    is_foreign: bool = False
    """It belongs elsewhere, and is drawn so."""

    @property
    def width(self) -> float:
        return (
            max(_width(self.label, SIGN), *(_width(f"↻ {note}", SMALL) for note in self.notes), 40)
            + 2 * PADDING
        )

    @property
    def height(self) -> float:
        return BOX + LINE * len(self.notes)


@dataclass(frozen=True)
class Link:
    """An arrow from one thing to another; without labels it says that the one is a kind of the other."""

    start: str
    end: str
    labels: tuple[str, ...] = ()

    @property
    def lines(self) -> tuple[str, ...]:
        """The labels that are shown."""
        rest = len(self.labels) - MOST_LABELS
        return self.labels if rest <= 1 else (*self.labels[:MOST_LABELS], f"+{rest}")


@dataclass
class Box:
    """A thing in its place: the middle of its top edge."""

    thing: Thing
    x: float
    y: float


@dataclass
class Arrow:
    """A link as points from start to end, and where the first line of its labels stands."""

    link: Link
    points: list[tuple[float, float]]
    label: tuple[float, float] = (0, 0)

    @property
    def path(self) -> str:
        """The points joined by curves that leave and reach them upright (SVG path data)."""
        (x, y), *rest = self.points
        drawn = f"M{x:.0f} {y:.0f}"
        for there, level in rest:
            middle = (y + level) / 2
            drawn += f"C{x:.0f} {middle:.0f} {there:.0f} {middle:.0f} {there:.0f} {level:.0f}"
            x, y = there, level
        return drawn


@dataclass
class Diagram:
    """Everything in its place, in a drawing of this size."""

    boxes: list[Box] = field(default_factory=list)
    arrows: list[Arrow] = field(default_factory=list)
    width: float = 0
    height: float = 0


Node = str | tuple[int, int]
"""A thing by its name, or a point that a link passes: the link's number and the layer's."""


def draw(things: Iterable[Thing], links: Iterable[Link]) -> Diagram:
    """The diagram of things and of links between two of them."""
    return _Drawing(list(things), list(links)).diagram()


def _width(text: str, sign: float) -> float:
    """About how wide a text is: East Asian characters are two signs."""
    return sign * sum(2 if unicodedata.east_asian_width(char) in "WFA" else 1 for char in text)


class _Drawing:
    """The layers of a diagram, boxes on the even ones and labels on the odd ones, while their order is sought."""

    def __init__(self, things: list[Thing], links: list[Link]) -> None:
        self.things = {thing.name: thing for thing in things}
        self.links = links
        place = self._placed(_ranks(list(self.things), links))
        self.layers: list[list[Node]] = [[] for _ in range(2 * max(place.values(), default=0) + 1)]
        for name, layer in place.items():
            self.layers[2 * layer].append(name)
        self.routes: list[list[Node]] = []
        for number, link in enumerate(links):
            start, end = 2 * place[link.start], 2 * place[link.end]
            step = -1 if end <= start else 1
            passed: list[tuple[int, int]] = [(number, layer) for layer in range(start + step, end, step)]
            for point in passed:
                self.layers[point[1]].append(point)
            self.routes.append([link.start, *passed, link.end])
        self.beside: dict[Node, list[Node]] = defaultdict(list)
        for route in self.routes:
            for one, other in itertools.pairwise(route):
                self.beside[one].append(other)
                self.beside[other].append(one)

    def _placed(self, rank: dict[str, int]) -> dict[str, int]:
        """The layer of boxes of each thing: its rank, and wide ranks broken."""
        place, layer, room, before = {}, -1, 0.0, -1
        for name in sorted(self.things, key=lambda name: rank[name]):
            need = self.things[name].width + GAP
            if rank[name] != before or room + need > WIDEST:
                layer, room, before = layer + 1, 0.0, rank[name]
            room += need
            place[name] = layer
        return place

    def _label(self, node: Node) -> tuple[str, ...]:
        """The labels that stand at a node: a link's at the first point it passes."""
        if isinstance(node, str) or self.routes[node[0]][1] != node:
            return ()
        return self.links[node[0]].lines

    def _half(self, node: Node) -> float:
        if isinstance(node, str):
            return self.things[node].width / 2
        return max((_width(line, SMALL) / 2 for line in self._label(node)), default=4)

    def diagram(self) -> Diagram:
        self._order()
        x, y = self._across(), self._down()
        found = Diagram()
        for name, thing in self.things.items():
            found.boxes.append(Box(thing, x[name], y[name]))
        for link, route in zip(self.links, self.routes, strict=True):
            upward = y[link.end] < y[link.start]
            first, last = self.things[link.start].height, self.things[link.end].height
            points = [(x[link.start], y[link.start] + (0 if upward else first))]
            points += [(x[node], y[node]) for node in route[1:-1]]
            points.append((x[link.end], y[link.end] + (last if upward else 0)))
            arrow = Arrow(link, points)
            if link.labels:
                arrow.label = (x[route[1]], y[route[1]] - LINE * (len(link.lines) - 1) / 2 + 4)
            found.arrows.append(arrow)
        left = min((x[node] - self._half(node) for node in x), default=0) - 2
        for box in found.boxes:
            box.x -= left
        for arrow in found.arrows:
            arrow.points = [(across - left, down) for across, down in arrow.points]
            arrow.label = (arrow.label[0] - left, arrow.label[1])
        found.width = max((x[node] + self._half(node) for node in x), default=0) - left + 2
        found.height = max((box.y + box.thing.height for box in found.boxes), default=0) + 2
        return found

    def _order(self) -> None:
        """Put each node near the middle of what it is tied to in the layer before, sweeping down and up."""
        for sweep in range(SWEEPS):
            down = sweep % 2 == 0
            numbers = range(1, len(self.layers)) if down else range(len(self.layers) - 2, -1, -1)
            for number in numbers:
                before, here = self.layers[number - 1 if down else number + 1], self.layers[number]
                at = {node: place / max(len(before) - 1, 1) for place, node in enumerate(before)}
                wanted = {}
                for place, node in enumerate(here):
                    tied = [at[other] for other in self.beside[node] if other in at]
                    wanted[node] = sum(tied) / len(tied) if tied else place / max(len(here) - 1, 1)
                here.sort(key=wanted.__getitem__)

    def _across(self) -> dict[Node, float]:
        """The middle of each node from left to right: packed, then drawn towards its neighbours without overlap."""
        x: dict[Node, float] = {}
        ends = []
        for layer in self.layers:
            right = 0.0
            for node in layer:
                x[node] = right + self._half(node)
                right = x[node] + self._half(node) + GAP
            ends.append(right - GAP)
        widest = max(ends, default=0)
        for layer, end in zip(self.layers, ends, strict=True):
            for node in layer:
                x[node] += (widest - end) / 2
        for sweep in range(SWEEPS):
            for layer in self.layers if sweep % 2 == 0 else self.layers[::-1]:
                tied = {node: [x[other] for other in self.beside[node]] for node in layer}
                wanted = {node: sum(at) / len(at) if at else x[node] for node, at in tied.items()}
                self._settle(layer, wanted, x, widest)
        return x

    def _settle(
        self, layer: list[Node], wanted: dict[Node, float], x: dict[Node, float], widest: float
    ) -> None:
        """Give each the place it wants as far as order and room allow: pushed from the left, then from the right."""
        low, high = 0.0, widest
        for node in layer:
            x[node] = max(wanted[node], low + self._half(node))
            low = x[node] + self._half(node) + GAP
        for node in reversed(layer):
            x[node] = min(x[node], high - self._half(node))
            high = x[node] - self._half(node) - GAP

    def _down(self) -> dict[Node, float]:
        """The top of each box, and the middle of each label or point."""
        y: dict[Node, float] = {}
        top = 2.0
        for number, layer in enumerate(self.layers):
            if number % 2 == 0:
                height = max((self.things[n].height for n in layer if isinstance(n, str)), default=BOX)
            else:
                height = max((LINE * len(self._label(node)) for node in layer), default=0) + ROOM
            for node in layer:
                y[node] = top if isinstance(node, str) else top + height / 2
            top += height
        return y


def _ranks(names: list[str], links: list[Link]) -> dict[str, int]:
    """How far each thing is from the top: below everything it points at. A link that closes a circle counts for nothing."""
    above: dict[str, list[str]] = defaultdict(list)
    for link in links:
        above[link.start].append(link.end)
    rank: dict[str, int] = {}
    open_: set[str] = set()

    def place(name: str) -> int:
        if name not in rank:
            open_.add(name)
            rank[name] = max((place(up) + 1 for up in above[name] if up not in open_), default=0)
            open_.discard(name)
        return rank[name]

    for name in names:
        place(name)
    return rank
