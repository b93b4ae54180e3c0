"""What VoID and DCAT say alike of a release, as a graph that grows: texts in both languages, addresses of this service, all
regions taken together, the pages of a catalogue."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from app import names
from app.language import LANGUAGES, text
from app.store.terms import Graph, Iri, Literal, Term, Triple, integer
from app.web import reports
from app.web.datasets import Dataset
from app.web.formats import Format
from app.web.live import Opened
from app.web.offer import QUADS, Dump, Offer, offer
from app.web.page import Paging

HYDRA = "http://www.w3.org/ns/hydra/core#"
TYPE = names.RDF + "type"

WHOLE = names.BASE + "void#regions"
"""The data of all regions taken together, as in the dumps that hold all of them."""


@dataclass
class Catalogued:
    """One page of a catalogue. ``home`` is the address of this service."""

    release: Opened
    home: str
    datasets: list[Dataset]
    cut: Paging
    operator: str
    graph: Graph = field(default_factory=set)

    def __post_init__(self) -> None:
        self.offer: Offer = offer(self.release.path)
        self.sparql = Iri(f"{names.BASE}sparql")
        self.made = time(str(self.release.manifest.get("made", "")))
        self.is_synthetic = any(reports.is_synthetic(entry) for entry in self.release.regions.values())

    def say(self, subject: Iri, prop: str, *values: Term) -> None:
        self.graph |= {Triple(subject, Iri(prop), value) for value in values}

    def both(self, subject: Iri, prop: str, message: str, **values: object) -> None:
        """A text in both languages."""
        said = {lang: text(message, lang, **values) for lang in LANGUAGES}
        self.say(subject, prop, *(Literal(one, language=lang) for lang, one in said.items()))

    def at(self, path: str) -> Iri:
        """An address of this service."""
        return Iri(self.home + path)

    def typed(self, node: Term, kind: str) -> None:
        if isinstance(node, Iri):
            self.say(node, TYPE, Iri(kind))

    @property
    def wholes(self) -> list[Dump]:
        """The dumps of all regions as one; an N-Quads file of all holds the standard system, too."""
        found = [dump for row in self.offer.wholes for dump in row.data]
        return [dump for dump in found if not dump.name.endswith(QUADS)]

    def downloads(self, dumps: Iterable[Dump]) -> list[Iri]:
        """Where dumps are fetched from."""
        return [self.at(f"/dumps/{dump.name}") for dump in dumps]

    def all_regions(self, whole: Iri) -> None:
        """All regions as one dataset."""
        self.both(whole, names.DCT + "title", "全部地区的数据")
        self.both(
            whole,
            names.DCT + "description",
            "已发布的 {n} 个地区数据集合在一起。",
            n=len(self.release.regions),
        )
        if self.is_synthetic:
            self.both(
                whole,
                names.DCT + "description",
                "其中有为演示而编造的合成数据，各数据集分别注明（zwfw:dataStatus）。",
            )
        self.say(whole, names.DCT + "modified", *self.made)

    def pages(self, kind: str, form: Format) -> Graph:
        """Which page this is and where the others are, for harvesters that follow Hydra."""
        catalog, hydra = Iri(names.BASE + kind), {"prev": "previous"}

        def at(number: int) -> Iri:
            return self.at(f"/{kind}.{form.name}?page={number}")

        here, others = at(self.cut.number), self.cut.neighbours
        if not others:
            return set()
        said = {
            Triple(catalog, Iri(HYDRA + "view"), here),
            Triple(catalog, Iri(HYDRA + "totalItems"), integer(self.cut.total)),
            Triple(here, Iri(TYPE), Iri(HYDRA + "PartialCollectionView")),
        }
        return said | {
            Triple(here, Iri(HYDRA + hydra.get(rel, rel)), at(number)) for rel, number in others.items()
        }


def time(said: str) -> list[Term]:
    """A time as a literal; nothing where there is none."""
    return [Literal(said, datatype=Iri(names.XSD + "dateTime"))] if said else []
