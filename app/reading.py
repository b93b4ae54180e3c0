"""What reading gives: a region's graph, where each of its facts stood, and what was read as something else.

A release keeps all of it but the graph, which stands in the store, so that a region can be checked again without its
files.
"""

import json
from collections import Counter
from dataclasses import asdict, dataclass, field

from app.source import Place, Source
from app.store.terms import Graph


@dataclass(frozen=True, order=True)
class Rewriting:
    """A cell text that was read as another: in which column, from what, to what."""

    place: Place
    written: str
    read: str


@dataclass
class Reading:
    """What reading a folder or file gives: the graph with derived parts, and where its facts stood."""

    code: str
    graph: Graph
    title: dict[str, str] = field(default_factory=dict)
    status: str = "real"
    places: dict[tuple[str, str], Place] = field(default_factory=dict)
    """(subject, property) → cell; (subject, "") → row."""
    sources: list[Source] = field(default_factory=list)
    rewritings: Counter[Rewriting] = field(default_factory=Counter)
    """How many cells were read as something else than they say."""
    notes: list[tuple[str, dict[str, str]]] = field(default_factory=list)
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
            "rewritings": [[asdict(how), count] for how, count in sorted(self.rewritings.items())],
            "places": [
                [*key, place.file, place.sheet, place.row, place.column]
                for key, place in sorted(self.places.items())
            ],
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
            rewritings=Counter(
                {
                    Rewriting(**{**how, "place": Place(**how["place"])}): count
                    for how, count in record["rewritings"]
                }
            ),
            places={(subject, prop): Place(*place) for subject, prop, *place in record["places"]},
        )
