"""What reading gives: a region's graph, where each of its facts stood, and what was read as something else.

A release keeps all of it but the graph, which stands in the store, so that a region can be checked again without its
files.
"""

import json
from collections import Counter
from dataclasses import asdict, dataclass, field

from app.files.source import Place, Source
from app.language import Message
from app.regions.history import Change
from app.store.terms import Graph

MADE_UP = "注意：本数据为合成数据，不代表任何真实情况。"
"""What every report of synthetic data says, as a Chinese message id."""


@dataclass(frozen=True, order=True)
class Rewriting:
    """A cell text that was read as another: in which column, from what, to what."""

    place: Place
    written: str
    read: str


@dataclass
class Places:
    """Where things and their facts stood: of each thing its row and of each column its property, so that the place of a
    cell need not be kept, a million times over."""

    rows: dict[str, Place] = field(default_factory=dict)
    """Thing → its row, or the file that speaks of it."""
    headings: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    """(file, sheet) → property → heading; the first where several columns state one property."""
    letters: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    """(file, sheet) → heading → letters of the column."""
    others: dict[tuple[str, str], Place] = field(default_factory=dict)
    """(thing, property) → cell, where it is in another column than the first."""

    def row(self, thing: str) -> Place | None:
        """The row a thing is described in, if it has one."""
        return self.rows.get(thing)

    def cell(self, thing: str, prop: str) -> Place | None:
        """The cell of a thing's row for a property, filled in or not; nothing where the table has no such column."""
        if (thing, prop) in self.others:
            return self.others[thing, prop]
        row = self.rows.get(thing)
        if row is None:
            return None
        sheet = (row.file, row.sheet)
        heading = self.headings.get(sheet, {}).get(prop)
        return (
            Place(*sheet, row.row, heading, self.letters.get(sheet, {}).get(heading, "")) if heading else None
        )

    def head(self, column: Place, prop: str) -> None:
        """Note that a column states a property."""
        sheet = (column.file, column.sheet)
        self.headings.setdefault(sheet, {}).setdefault(prop, column.column)
        self.letters.setdefault(sheet, {})[column.column] = column.letters

    def fill(self, thing: str, prop: str, cell: Place) -> None:
        """Note that a cell of a thing's row states a property."""
        if self.headings[cell.file, cell.sheet][prop] != cell.column:
            self.others[thing, prop] = cell


@dataclass
class Reading:
    """What reading a folder or file gives: the graph with derived parts, and where its facts stood."""

    code: str
    graph: Graph
    title: dict[str, str] = field(default_factory=dict)
    status: str = "real"
    places: Places = field(default_factory=Places)
    sources: list[Source] = field(default_factory=list)
    rewritings: Counter[Rewriting] = field(default_factory=Counter)
    """How many cells were read as something else than they say."""
    history: list[Change] = field(default_factory=list)
    """Who changed the folder when."""
    notes: list[Message] = field(default_factory=list)
    """What was left aside on reading, as Chinese message ids with their values; a lone file's only."""

    @property
    def name(self) -> dict[str, str]:
        """The title, or of a lone file its name."""
        return self.title or {"": "、".join(source.file for source in self.sources)}

    @property
    def region(self) -> str:
        """The region's code, without the mark of a sample."""
        return self.code.partition("-")[0]

    @property
    def is_synthetic(self) -> bool:
        """Whether the data are made up, which every page and dump that shows them must say."""
        return self.status != "real"

    def kept(self) -> bytes:
        """All but the graph, as JSON: equal readings give equal bytes."""
        record = {
            "title": self.title,
            "status": self.status,
            "sources": [asdict(source) for source in self.sources],
            "history": [change.written() for change in self.history],
            "rewritings": [[asdict(how), count] for how, count in sorted(self.rewritings.items())],
            "rows": [[thing, *_said(place)] for thing, place in sorted(self.places.rows.items())],
            "headings": [[*sheet, named] for sheet, named in sorted(self.places.headings.items())],
            "letters": [[*sheet, named] for sheet, named in sorted(self.places.letters.items())],
            "others": [[*cell, *_said(place)] for cell, place in sorted(self.places.others.items())],
        }
        return json.dumps(record, ensure_ascii=False).encode()

    @classmethod
    def restored(cls, kept: bytes, code: str, graph: Graph) -> "Reading":
        """The reading of which ``kept`` was kept, with its graph."""
        record = json.loads(kept)
        return cls(
            code=code,
            graph=graph,
            title=record["title"],
            status=record["status"],
            sources=[Source(**source) for source in record["sources"]],
            history=[Change.restored(line) for line in record.get("history", ())],
            rewritings=Counter(
                {
                    Rewriting(**{**how, "place": Place(**how["place"])}): count
                    for how, count in record["rewritings"]
                }
            ),
            places=Places(
                {thing: Place(*place) for thing, *place in record["rows"]},
                {(file, sheet): named for file, sheet, named in record["headings"]},
                {(file, sheet): named for file, sheet, named in record.get("letters", ())},
                {(thing, prop): Place(*place) for thing, prop, *place in record["others"]},
            ),
        )


def _said(place: Place) -> tuple[str, str, int, str, str]:
    return place.file, place.sheet, place.row, place.column, place.letters
