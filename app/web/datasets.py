"""The datasets of a release, by the graphs things stand in: what they are called, and by which licence they may be used.

A region's dataset is what its ``region.ttl`` says of ``…/graph/<code>``, and what its provenance adds: that it conforms. The
graphs of the standard system are datasets, too, under the licence of the ontology.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from app import names
from app.language import LANGUAGES, text
from app.ontology import standards
from app.releases.release import Release
from app.store import Store
from app.store.terms import Graph, Iri, Literal, Term, Triple, def_
from app.web.vocabulary import written

DATA_STATUS = names.DEF + "dataStatus"

STATED = (
    *(
        names.DCT + term
        for term in (
            "title",
            "description",
            "source",
            "license",
            "publisher",
            "issued",
            "modified",
            "temporal",
            "spatial",
            "language",
            "accrualPeriodicity",
            "conformsTo",
        )
    ),
    *(names.DCAT + term for term in ("theme", "keyword", "landingPage", "contactPoint")),
    DATA_STATUS,
)
"""What is asked of a dataset: all that a catalogue repeats. Its files and figures are many, and stand elsewhere."""


SYSTEM_TITLES = {
    "ontology": "标准体系本体",
    "standards": "标准、政策文件与条款",
    "rules": "规则（SHACL 形状）",
    "questions": "知识图谱要回答的问题",
}
"""What the graphs of the standard system are called as datasets, which stand beside others' in catalogues."""


@dataclass(frozen=True)
class Dataset:
    """A dataset of a release: a region's, or a graph of the standard system."""

    code: str
    entry: dict[str, Any] = field(default_factory=dict)
    """What the release says of the region; nothing for the standard system."""
    stated: dict[str, list[Term]] = field(default_factory=dict)
    """What is stated of it, by property."""

    @property
    def iri(self) -> Iri:
        """The IRI of its graph."""
        return Iri(names.graph(self.code))

    @property
    def titles(self) -> dict[str, str]:
        """Its title by language."""
        if self.entry:
            titles: dict[str, str] = self.entry["title"]
            return titles
        return {lang: text(SYSTEM_TITLES[self.code], lang) for lang in LANGUAGES}

    @property
    def status(self) -> str:
        """Real, synthetic or sample; nothing for the standard system."""
        return str(self.entry.get("status", ""))

    @property
    def licence(self) -> str:
        """The IRI of its licence, empty where it is told in words only."""
        return next((one.value for one in self.all(names.DCT + "license") if isinstance(one, Iri)), "")

    def all(self, prop: str) -> list[Term]:
        """The values stated of a property, in a fixed order."""
        return sorted(self.stated.get(prop, ()), key=str)

    def briefly(self) -> Graph:
        """What whoever takes a thing out of it has to know: its title, its licence, and whether it is made up."""
        about = {Triple(self.iri, Iri(names.RDF + "type"), Iri(names.VOID + "Dataset"))}
        about |= {
            Triple(self.iri, Iri(names.DCT + "title"), Literal(title, language=lang))
            for lang, title in self.titles.items()
        }
        about |= {
            Triple(self.iri, Iri(names.DCT + "license"), one) for one in self.all(names.DCT + "license")
        }
        if self.status:
            about.add(Triple(self.iri, def_("dataStatus"), Literal(self.status)))
        return about


def codes_of(release: Release, graphs: Iterable[str]) -> list[str]:
    """The regions and graphs of the standard system to whose datasets graphs belong: what was inferred or found or said of
    a dataset's origin is of that dataset."""
    codes = dict.fromkeys(graph.removeprefix(names.BASE).partition("/")[2] for graph in graphs)
    return [code for code in codes if code in release.regions or code in names.SYSTEM_GRAPHS]


def of_system(name: str) -> Dataset:
    """A graph of the standard system, under the licence of the ontology; known before anything is published."""
    licence = Iri(names.DCT + "license")
    return Dataset(name, stated={licence.value: standards.load().values(Iri(names.BASE + "def"), licence)})


def described(release: Release, store: Store, codes: Iterable[str]) -> list[Dataset]:
    """The datasets with these codes, in this order, by one query for all of them."""
    codes, entries = list(codes), release.regions
    stated: dict[str, dict[str, list[Term]]] = {code: {} for code in codes}
    wanted = [code for code in codes if code in entries]
    if wanted:
        query = f"""SELECT ?dataset ?property ?value WHERE {{
          VALUES ?dataset {{ {" ".join(f"<{names.graph(code)}>" for code in wanted)} }}
          VALUES ?property {{ {" ".join(f"<{prop}>" for prop in STATED)} }}
          ?dataset ?property ?value
        }}"""
        for row in store.select(query):
            code = written(row["dataset"]).removeprefix(names.graph(""))
            stated[code].setdefault(written(row["property"]), []).append(row["value"])
    return [
        Dataset(code, entries[code], stated[code]) if code in entries else of_system(code) for code in codes
    ]
