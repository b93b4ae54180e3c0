"""VoID: what the datasets of a release are, for whoever queries. Figures are those prepared at publication."""

import gzip
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote
from weakref import WeakKeyDictionary

from app import names
from app.store.terms import Graph, Iri, Literal, integer
from app.web.catalogued import TYPE, WHOLE, Catalogued, time
from app.web.datasets import Dataset
from app.web.formats import TRIPLE_FORMATS
from app.web.live import Opened
from app.web.vocabulary import written

EXAMPLE_BYTES = 64 * 1024
"""How much of a dump is unpacked to find a thing to show: dumps are sorted, and things come near their beginning."""

VOCABULARIES = ("rdf", "rdfs", "skos", "dct", "dcat", "prov", "sh")
"""Those of others that published data use, by our prefixes."""


@dataclass(frozen=True)
class Figures:
    """Of a release: things by class and triples by property over all regions, and triples of each graph of the standard
    system."""

    things: dict[str, int]
    uses: dict[str, int]
    triples: dict[str, int]


_THINGS = f"""SELECT ?class (SUM(?number) AS ?things) WHERE {{
  ?part <{names.VOID}class> ?class ; <{names.VOID}entities> ?number
}} GROUP BY ?class"""

_USES = f"""SELECT ?property (SUM(?number) AS ?uses) WHERE {{
  ?part <{names.VOID}property> ?property ; <{names.VOID}triples> ?number
}} GROUP BY ?property"""

_TRIPLES = f"""SELECT ?graph (COUNT(*) AS ?number) WHERE {{
  VALUES ?graph {{ {" ".join(f"<{names.graph(name)}>" for name in names.SYSTEM_GRAPHS)} }}
  GRAPH ?graph {{ ?subject ?property ?value }}
}} GROUP BY ?graph"""

_known: WeakKeyDictionary[Opened, Figures] = WeakKeyDictionary()


def figures_of(release: Opened) -> Figures:
    """Summed once a release from what was counted at publication; counted is only the standard system, whose size is its
    own and not the nation's."""
    if release not in _known:
        select = release.store.select
        _known[release] = Figures(
            {written(row["class"]): int(written(row["things"])) for row in select(_THINGS) if "class" in row},
            {
                written(row["property"]): int(written(row["uses"]))
                for row in select(_USES)
                if "property" in row
            },
            {
                written(row["graph"]).removeprefix(names.graph("")): int(written(row["number"]))
                for row in select(_TRIPLES)
                if "graph" in row
            },
        )
    return _known[release]


def example(file: Path) -> str:
    """A thing of a dump in N-Triples, to begin with."""
    with gzip.open(file) as lines:
        head = lines.read(EXAMPLE_BYTES)
    found = re.search(rb"^<(%s[^>]+)>" % re.escape(f"{names.BASE}id/".encode()), head, re.MULTILINE)
    return found[1].decode() if found else ""


class Void(Catalogued):
    """One page of the description of all datasets."""

    def described(self) -> Graph:
        """https://www.w3.org/TR/void/"""
        about, whole = Iri(names.BASE + "void"), Iri(WHOLE)
        self.say(about, TYPE, Iri(names.VOID + "DatasetDescription"))
        self.both(about, names.DCT + "title", "数据集说明（VoID）")
        self.say(about, names.DCT + "modified", *self.made)
        self.say(about, names.FOAF + "primaryTopic", whole)
        self.all_regions(whole)
        self._void(whole)
        self.say(whole, names.VOID + "uriSpace", Literal(names.BASE + "id/"))
        self.say(whole, names.VOID + "dataDump", *self.downloads(self.wholes))
        self.say(
            whole, names.VOID + "triples", integer(sum(e["triples"] for e in self.release.regions.values()))
        )
        figures = figures_of(self.release)
        self.say(whole, names.VOID + "classes", integer(len(figures.things)))
        for kind, number in figures.things.items():
            part = Iri(f"{names.BASE}void#class:{quote(names.shorten(kind), safe=':')}")
            self.say(whole, names.VOID + "classPartition", part)
            self.say(part, names.VOID + "class", Iri(kind))
            self.say(part, names.VOID + "entities", integer(number))
        for dataset in self.datasets:
            self._void_dataset(dataset, figures)
        self._prepared()
        return self.graph

    def _void(self, dataset: Iri) -> None:
        """What every dataset here has in common."""
        self.say(dataset, TYPE, Iri(names.VOID + "Dataset"))
        self.say(dataset, names.VOID + "sparqlEndpoint", self.at("/sparql"))
        own = [names.DEF, *(names.PREFIXES[prefix] for prefix in VOCABULARIES)]
        self.say(dataset, names.VOID + "vocabulary", *(Iri(one) for one in own))
        self.say(dataset, names.VOID + "feature", *(Iri(form.iri) for form in TRIPLE_FORMATS))

    def _void_dataset(self, dataset: Dataset, figures: Figures) -> None:
        dumps = self.offer.data.get(dataset.code, [])
        self._void(dataset.iri)
        self.graph |= dataset.briefly()
        self.say(dataset.iri, names.VOID + "dataDump", *self.downloads(dumps))
        if not dataset.entry:
            root = {"ontology": names.BASE + "def"}.get(dataset.code)
            self.say(dataset.iri, names.VOID + "exampleResource", *([Iri(root)] if root else []))
            if dataset.code in figures.triples:
                self.say(dataset.iri, names.VOID + "triples", integer(figures.triples[dataset.code]))
            return
        self.say(Iri(WHOLE), names.VOID + "subset", dataset.iri)
        self.say(dataset.iri, names.VOID + "triples", integer(dataset.entry["triples"]))
        region = names.region(dataset.code.partition("-")[0])
        self.say(dataset.iri, names.VOID + "uriSpace", Literal(region + "/"))
        shown = next((example(dump.files[0]) for dump in dumps if dump.name.endswith(".nt.gz")), "")
        self.say(dataset.iri, names.VOID + "exampleResource", *(Iri(one) for one in (region, shown) if one))
        self.say(dataset.iri, names.DCT + "modified", *time(dataset.entry["published"]))

    def _prepared(self) -> None:
        """The figures prepared at publication, as they stand in the regions' summaries."""
        summaries = [names.graph(one.code, "summary") for one in self.datasets if one.entry]
        if summaries:
            query = f"""SELECT ?part ?property ?value WHERE {{
              VALUES ?summary {{ {" ".join(f"<{one}>" for one in summaries)} }}
              GRAPH ?summary {{ ?part ?property ?value }}
              FILTER (STRSTARTS(STR(?property), "{names.VOID}"))
            }}"""
            for row in self.release.store.select(query):
                self.say(Iri(written(row["part"])), written(row["property"]), row["value"])
