"""The catalogue of what is published: VoID for whoever queries, DCAT-AP 3 for whoever harvests data portals.

Both are made from the release and from figures prepared at publication; nothing of the nation's size is counted when
somebody asks. A page has some fifty datasets, and says where the next is (Hydra, and a Link).

Whatever is described has its name by the base; addresses to fetch from are those of this service (``links.home``).
"""

import gzip
import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from urllib.parse import quote
from weakref import WeakKeyDictionary

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from app import names, standards
from app.language import LANGUAGES, text
from app.release import SYNTHETIC, Release, checksums
from app.store.terms import Graph, Iri, Literal, Term, Triple, integer
from app.web import description, links, reports
from app.web.datasets import DATA_STATUS, Dataset, described
from app.web.formats import PAGE, TRIPLE_FORMATS, Format, chosen
from app.web.live import Opened, current_release, following
from app.web.page import Paging, open_to_all, paging
from app.web.problem import Problem
from app.web.vocabulary import written

DATASETS_A_PAGE = 50
"""Of a catalogue: some hundred triples each in DCAT, some four hundred in VoID. A nation of three thousand regions takes
sixty pages, each made in well under a second."""

EXAMPLE_BYTES = 64 * 1024
"""How much of a dump is unpacked to find a thing to show: dumps are sorted, and things come near their beginning."""

SPDX = "http://spdx.org/rdf/terms#"
HYDRA = "http://www.w3.org/ns/hydra/core#"
MEDIA_TYPES = "https://www.iana.org/assignments/media-types/"
EU = "http://publications.europa.eu/resource/authority/"
GZIP = "application/gzip"

DUMPS = {
    ".nt.gz": ("application/n-triples", "RDF_N_TRIPLES"),
    ".ttl.gz": ("text/turtle", "RDF_TURTLE"),
    ".nq.gz": ("application/n-quads", "RDF_N_QUADS"),
}
"""By ending: the media type of what is packed, and its name in the EU's list of file types."""

VOCABULARIES = ("rdf", "rdfs", "skos", "dct", "dcat", "prov", "sh")
"""Those of others that published data use, by our prefixes."""

WHOLE = names.BASE + "void#regions"
"""The data of all regions taken together, as in the dumps that hold all of them."""

DATE = re.compile(r"(\d{4}-\d\d-\d\d)(?:/(\d{4}-\d\d-\d\d))?")
"""A day or an interval (ISO 8601), as ``region.ttl`` may state ``dct:temporal``."""

pages = Blueprint("catalogue", __name__)
pages.after_request(open_to_all)

TYPE = names.RDF + "type"


# Addresses


@pages.get("/.well-known/void")
def well_known() -> BaseResponse:
    """Where those look who know nothing of a site but that it has linked data (RFC 8615; VoID, section 7.2)."""
    return redirect(f"/void.{_chosen(TRIPLE_FORMATS).name}", 303)


@pages.get("/<any(void, dcat):kind>")
def catalogue(kind: str) -> BaseResponse:
    form = _chosen([*TRIPLE_FORMATS, PAGE])
    response = redirect("/dumps", 303) if form is PAGE else _written(kind, form)
    response.vary.add("Accept")
    if form is not PAGE:
        response.headers["Content-Location"] = f"/{kind}.{form.name}{_query()}"
    return response


@pages.get("/<any(void, dcat):kind>.<any(ttl, nt, jsonld, rdf):suffix>")
def catalogue_file(kind: str, suffix: str) -> BaseResponse:
    return _written(kind, next(form for form in TRIPLE_FORMATS if form.name == suffix))


def _chosen(offered: Iterable[Format]) -> Format:
    choice = chosen(offered, request.args.get("format"))
    if choice is None:
        raise Problem("not-acceptable")
    return choice[0]


def _query() -> str:
    return f"?page={request.args['page']}" if "page" in request.args else ""


def _written(kind: str, form: Format) -> Response:
    """One page of a catalogue. Its ETag is that of the release, so that who has it already costs nothing."""
    release, home = current_release(), links.home()
    codes = [*names.SYSTEM_GRAPHS, *release.regions]
    cut = paging(DATASETS_A_PAGE, len(codes))
    live = following()
    made_of = [release.id, version("zwfw"), home, live.settings.operator, kind, form.name, str(cut.number)]
    tag = hashlib.sha256("\n".join(made_of).encode()).hexdigest()[:32]
    if request.if_none_match.contains(tag):
        response = Response(status=304)
    else:
        shown = described(release, release.store, codes[cut.start : cut.stop])
        catalogued = Catalogue(release, home, shown, cut, live.settings.operator)
        graph = catalogued.void() if kind == "void" else catalogued.dcat()
        content = description.written_as(graph | catalogued.pages(kind, form), form)
        response = Response(content, content_type=f"{form.media_type}; charset=utf-8")
        response.headers["Content-Language"] = ", ".join(LANGUAGES)
    response.set_etag(tag)
    response.cache_control.no_cache = True
    for rel, number in _neighbours(cut).items():
        response.headers.add("Link", f'</{kind}.{form.name}?page={number}>; rel="{rel}"')
    response.headers.add("Link", f'</{kind}>; rel="canonical"')
    for other in TRIPLE_FORMATS:
        if other is not form:
            address = f"/{kind}.{other.name}{_query()}"
            response.headers.add("Link", f'<{address}>; rel="alternate"; type="{other.media_type}"')
    return response


def _neighbours(cut: Paging) -> dict[str, int]:
    """The other pages, by what they are to this one."""
    if cut.last == 1:
        return {}
    found = {"first": 1, "prev": cut.number - 1, "next": cut.number + 1, "last": cut.last}
    return {rel: number for rel, number in found.items() if 1 <= number <= cut.last}


# Files


@dataclass(frozen=True)
class File:
    """A dump as it is described: its name, what it is made of, and its checksum where it is one file."""

    name: str
    parts: tuple[Path, ...]
    sha256: str = ""

    @property
    def iri(self) -> Iri:
        return Iri(f"{names.BASE}dumps/{self.name}")

    @property
    def size(self) -> int:
        return sum(part.stat().st_size for part in self.parts)

    @property
    def ending(self) -> str:
        return next(ending for ending in DUMPS if self.name.endswith(ending))


def files_of(dataset: Dataset, release: Release, sums: dict[str, str]) -> Iterator[File]:
    """The dumps of a dataset."""
    listed = dataset.entry.get("dumps", [f"{dataset.code}{ending}" for ending in DUMPS])
    for name in listed:
        if name in sums and name.endswith(tuple(DUMPS)):
            yield File(name, (release.dumps / name,), sums[name])


def wholes(release: Release, sums: dict[str, str]) -> Iterator[File]:
    """The dumps of all regions as one, in formats that all of them have."""
    entries = release.regions.values()
    mark = SYNTHETIC if any(reports.is_synthetic(entry) for entry in entries) else ""
    for ending in (".nt.gz", ".ttl.gz"):  # an N-Quads file of all holds the standard system, too
        parts = [name for entry in entries for name in entry["dumps"] if name.endswith(ending)]
        if parts and len(parts) == len(entries) and set(parts) <= set(sums):
            yield File(f"all{mark}{ending}", tuple(release.dumps / name for name in parts))


def example(file: Path) -> str:
    """A thing of a dump in N-Triples, to begin with."""
    with gzip.open(file) as lines:
        head = lines.read(EXAMPLE_BYTES)
    found = re.search(rb"^<(%s[^>]+)>" % re.escape(f"{names.BASE}id/".encode()), head, re.MULTILINE)
    return found[1].decode() if found else ""


# Descriptions


@dataclass
class Catalogue:
    """One page of the catalogue, as a graph that grows."""

    release: Opened
    home: str
    datasets: list[Dataset]
    cut: Paging
    operator: str
    graph: Graph = field(default_factory=set)

    def __post_init__(self) -> None:
        self.sums = checksums(self.release.dumps)
        self.sparql = Iri(f"{names.BASE}sparql")
        self.made = _time(str(self.release.manifest.get("made", "")))
        self.licence = standards.load().values(Iri(names.BASE + "def"), Iri(names.DCT + "license"))
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

    # VoID

    def void(self) -> Graph:
        """https://www.w3.org/TR/void/"""
        about, whole = Iri(names.BASE + "void"), Iri(WHOLE)
        self.say(about, TYPE, Iri(names.VOID + "DatasetDescription"))
        self.both(about, names.DCT + "title", "数据集说明（VoID）")
        self.say(about, names.DCT + "modified", *self.made)
        self.say(about, names.FOAF + "primaryTopic", whole)
        self._whole(whole)
        self._void(whole)
        self.say(whole, names.VOID + "uriSpace", Literal(names.BASE + "id/"))
        self.say(whole, names.VOID + "dataDump", *self._dumps(wholes(self.release, self.sums)))
        self.say(whole, names.VOID + "triples", integer(sum(e["triples"] for e in _entries(self.release))))
        figures = _figures(self.release)
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

    def _void_dataset(self, dataset: Dataset, figures: "Figures") -> None:
        files = list(files_of(dataset, self.release, self.sums))
        self._void(dataset.iri)
        self.graph |= dataset.briefly()
        self.say(dataset.iri, names.VOID + "dataDump", *self._dumps(files))
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
        shown = next((example(file.parts[0]) for file in files if file.ending == ".nt.gz"), "")
        self.say(dataset.iri, names.VOID + "exampleResource", *(Iri(one) for one in (region, shown) if one))
        self.say(dataset.iri, names.DCT + "modified", *_time(dataset.entry["published"]))

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

    def _dumps(self, files: Iterable[File]) -> list[Iri]:
        return [self.at(f"/dumps/{file.name}") for file in files]

    # DCAT

    def dcat(self) -> Graph:
        """DCAT-AP 3, https://semiceu.github.io/DCAT-AP/releases/3.0.0/"""
        catalog, whole = Iri(names.BASE + "dcat"), Iri(WHOLE)
        self.say(catalog, TYPE, Iri(names.DCAT + "Catalog"))
        self.both(catalog, names.DCT + "title", "政务服务标准体系与政务服务事项的数据目录")
        self.both(
            catalog,
            names.DCT + "description",
            "按国家标准描述的政务服务事项及其检查结果，各地区的数据集，以及标准体系本身：本体、标准与条款、规则、问题。",
        )
        self.say(catalog, names.DCT + "license", *self.licence)
        self.say(catalog, names.DCT + "modified", *self.made)
        self.say(catalog, names.FOAF + "homepage", self.at("/"))
        self._typed(self.at("/"), names.FOAF + "Document")
        self._languages(catalog)
        if self.operator:
            agent = Iri(f"{catalog.value}#publisher")
            self.say(catalog, names.DCT + "publisher", agent)
            self._agent(agent, [Literal(self.operator)])
        self._service(catalog)
        self._whole(whole)
        for dataset in self.datasets:
            self._dcat_dataset(catalog, dataset)
        self._cite(catalog, whole)
        for file in wholes(self.release, self.sums):
            self._distribution(whole, file, self.licences(), [])
        self._named()
        for licence in {t.object for t in self.graph if t.predicate.value == names.DCT + "license"}:
            if isinstance(licence, Iri):
                self._typed(licence, names.DCT + "LicenseDocument")
        return self.graph

    def licences(self) -> list[Term]:
        """The licence of the regions' data taken together, where the regions shown agree on it."""
        stated = {
            one for dataset in self.datasets if dataset.entry for one in dataset.all(names.DCT + "license")
        }
        return list(stated) if self.cut.last == 1 and len(stated) == 1 else []

    def _service(self, catalog: Iri) -> None:
        self.say(catalog, names.DCAT + "service", self.sparql)
        self.say(self.sparql, TYPE, Iri(names.DCAT + "DataService"))
        self.both(self.sparql, names.DCT + "title", "SPARQL 查询服务")
        self.say(self.sparql, names.DCAT + "endpointURL", self.at("/sparql"))
        self.say(self.sparql, names.DCAT + "endpointDescription", self.at("/sparql"))
        protocol = Iri("https://www.w3.org/TR/sparql11-protocol/")
        self.say(self.sparql, names.DCT + "conformsTo", protocol)
        self._typed(protocol, names.DCT + "Standard")
        self._public(self.sparql)

    def _whole(self, whole: Iri) -> None:
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

    def _cite(self, catalog: Iri, dataset: Iri) -> None:
        """A dataset in the catalogue, and at the endpoint."""
        self.say(catalog, names.DCAT + "dataset", dataset)
        self.say(dataset, TYPE, Iri(names.DCAT + "Dataset"))
        self.say(self.sparql, names.DCAT + "servesDataset", dataset)
        self._public(dataset)

    def _dcat_dataset(self, catalog: Iri, dataset: Dataset) -> None:
        iri = dataset.iri
        self._cite(catalog, iri)
        for lang, title in dataset.titles.items():
            self.say(iri, names.DCT + "title", Literal(title, language=lang))
        self._describe(dataset)
        licences, conforms = dataset.all(names.DCT + "license"), dataset.all(names.DCT + "conformsTo")
        self.say(iri, names.DCT + "license", *licences)
        self.say(iri, names.DCT + "conformsTo", *conforms)
        for standard in conforms:
            self._typed(standard, names.DCT + "Standard")
        for prop in (
            names.DCT + "issued",
            names.DCT + "accrualPeriodicity",
            names.DCAT + "theme",
            names.DCAT + "keyword",
            DATA_STATUS,
        ):
            self.say(iri, prop, *dataset.all(prop))
        page = self.at(f"/regions/{dataset.code}" if dataset.entry else links.address(iri.value))
        pages_ = [one for one in dataset.all(names.DCAT + "landingPage") if isinstance(one, Iri)] or [page]
        self.say(iri, names.DCAT + "landingPage", *pages_)
        for one in pages_:
            self._typed(one, names.FOAF + "Document")
        if dataset.entry:
            spoken = dataset.all(names.DCT + "language")
            self.say(iri, names.DCT + "language", *(one for one in spoken if isinstance(one, Iri)))
            modified = dataset.all(names.DCT + "modified") or _time(dataset.entry["published"])
            self.say(iri, names.DCT + "modified", *modified)
            place = Iri(names.region(dataset.code.partition("-")[0]))
            places = [one for one in dataset.all(names.DCT + "spatial") if isinstance(one, Iri)] or [place]
            self.say(iri, names.DCT + "spatial", *places)
            for one in places:
                self._typed(one, names.DCT + "Location")
            self._period(dataset)
            self._publisher(dataset)
        else:
            self._languages(iri)
            self.say(iri, names.OWL + "versionInfo", Literal(str(self.release.manifest.get("ontology", ""))))
        for file in files_of(dataset, self.release, self.sums):
            self._distribution(iri, file, licences, conforms)

    def _describe(self, dataset: Dataset) -> None:
        """Its description, or one made of what is known; where it comes from; and that it is made up, if it is."""
        iri, stated = dataset.iri, dataset.all(names.DCT + "description")
        self.say(iri, names.DCT + "description", *stated)
        languages = {one.language for one in stated if isinstance(one, Literal)}
        for lang in () if languages else LANGUAGES:
            if dataset.entry:
                said = text(
                    "{title}：{n} 条三元组，按 {on} 的标准检查：违反 {v} 处，警告 {w} 处，提示 {i} 处。",
                    lang,
                    title=dataset.titles.get(lang) or next(iter(dataset.titles.values()), dataset.code),
                    n=dataset.entry["triples"],
                    on=dataset.entry["referenceDate"],
                    v=dataset.entry["counts"]["Violation"],
                    w=dataset.entry["counts"]["Warning"],
                    i=dataset.entry["counts"]["Info"],
                )
            else:
                said = text("“互联网+政务服务”标准体系的一部分：{title}。", lang, title=dataset.titles[lang])
            self.say(iri, names.DCT + "description", Literal(said, language=lang))
        if dataset.status not in ("", "real"):
            message = "合成数据：为演示而编造，不代表任何真实的地区、部门或事项。"
            self.both(iri, names.DCT + "description", message)
        sources = [one for one in dataset.all(names.DCT + "source") if isinstance(one, Literal)]
        if sources:
            origin = Iri(f"{iri.value}#source")
            self.say(iri, names.DCT + "provenance", origin)
            self._typed(origin, names.DCT + "ProvenanceStatement")
            self.say(origin, names.RDFS + "label", *sources)

    def _period(self, dataset: Dataset) -> None:
        for stated in dataset.all(names.DCT + "temporal"):
            days = DATE.fullmatch(stated.value) if isinstance(stated, Literal) else None
            if isinstance(stated, Iri):
                self.say(dataset.iri, names.DCT + "temporal", stated)
                self._typed(stated, names.DCT + "PeriodOfTime")
            elif days:
                period = Iri(f"{dataset.iri.value}#temporal")
                self.say(dataset.iri, names.DCT + "temporal", period)
                self._typed(period, names.DCT + "PeriodOfTime")
                for prop, day in (("startDate", days[1]), ("endDate", days[2] or days[1])):
                    self.say(period, names.DCAT + prop, Literal(day, datatype=Iri(names.XSD + "date")))

    def _publisher(self, dataset: Dataset) -> None:
        """Who publishes a region's dataset is what its ``region.ttl`` says, and is never guessed."""
        stated = dataset.all(names.DCT + "publisher")
        told = [one for one in stated if isinstance(one, Literal)]
        for one in stated:
            if isinstance(one, Iri):
                self.say(dataset.iri, names.DCT + "publisher", one)
                self._agent(one, [])
        if told:
            agent = Iri(f"{dataset.iri.value}#publisher")
            self.say(dataset.iri, names.DCT + "publisher", agent)
            self._agent(agent, told)

    def _agent(self, agent: Iri, called: Iterable[Term]) -> None:
        self._typed(agent, names.FOAF + "Agent")
        self.say(agent, names.FOAF + "name", *called)

    def _named(self) -> None:
        """Names for places and publishers that the data know, by one query."""
        kinds = {names.DCT + "Location": names.RDFS + "label", names.FOAF + "Agent": names.FOAF + "name"}
        unnamed = {
            t.subject.value: kinds[t.object.value]
            for t in self.graph
            if isinstance(t.subject, Iri) and isinstance(t.object, Iri) and t.object.value in kinds
        }
        for iri, said in description.labels(self.release.store, sorted(unnamed)).items():
            for lang, name in said.items():
                self.say(Iri(iri), unnamed[iri], Literal(name, language=lang) if lang else Literal(name))

    def _distribution(
        self, dataset: Iri, file: File, licences: Iterable[Term], conforms: Iterable[Term]
    ) -> None:
        media_type, file_type = DUMPS[file.ending]
        self.say(dataset, names.DCAT + "distribution", file.iri)
        self.say(file.iri, TYPE, Iri(names.DCAT + "Distribution"))
        self.say(file.iri, names.DCT + "title", Literal(file.name))
        self.say(file.iri, names.DCAT + "accessURL", self.at("/dumps"))
        self.say(file.iri, names.DCAT + "downloadURL", self.at(f"/dumps/{file.name}"))
        size = Literal(str(file.size), datatype=Iri(names.XSD + "nonNegativeInteger"))
        self.say(file.iri, names.DCAT + "byteSize", size)
        for prop, one in (("mediaType", media_type), ("compressFormat", GZIP)):
            self.say(file.iri, names.DCAT + prop, Iri(MEDIA_TYPES + one))
            self._typed(Iri(MEDIA_TYPES + one), names.DCT + "MediaType")
        self.say(file.iri, names.DCT + "format", Iri(f"{EU}file-type/{file_type}"))
        self._typed(Iri(f"{EU}file-type/{file_type}"), names.DCT + "MediaTypeOrExtent")
        self.say(file.iri, names.DCT + "license", *licences)
        self.say(file.iri, names.DCT + "conformsTo", *conforms)
        if file.sha256:
            checksum = Iri(f"{file.iri.value}#sha256")
            self.say(file.iri, SPDX + "checksum", checksum)
            self._typed(checksum, SPDX + "Checksum")
            self.say(checksum, SPDX + "algorithm", Iri(SPDX + "checksumAlgorithm_sha256"))
            self._typed(Iri(SPDX + "checksumAlgorithm_sha256"), SPDX + "ChecksumAlgorithm")
            value = Literal(file.sha256, datatype=Iri(names.XSD + "hexBinary"))
            self.say(checksum, SPDX + "checksumValue", value)

    def _typed(self, node: Term, kind: str) -> None:
        if isinstance(node, Iri):
            self.say(node, TYPE, Iri(kind))

    def _languages(self, node: Iri) -> None:
        for code in ("ZHO", "ENG"):
            self.say(node, names.DCT + "language", Iri(f"{EU}language/{code}"))
            self._typed(Iri(f"{EU}language/{code}"), names.DCT + "LinguisticSystem")

    def _public(self, node: Iri) -> None:
        public = Iri(f"{EU}access-right/PUBLIC")
        self.say(node, names.DCT + "accessRights", public)
        self._typed(public, names.DCT + "RightsStatement")

    # Pages

    def pages(self, kind: str, form: Format) -> Graph:
        """Which page this is and where the others are, for harvesters that follow Hydra."""
        catalog, hydra = Iri(names.BASE + kind), {"prev": "previous"}

        def at(number: int) -> Iri:
            return self.at(f"/{kind}.{form.name}?page={number}")

        here, others = at(self.cut.number), _neighbours(self.cut)
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


# Figures


@dataclass(frozen=True)
class Figures:
    """Of a release: things by class over all regions, and triples of each graph of the standard system."""

    things: dict[str, int]
    triples: dict[str, int]


_THINGS = f"""SELECT ?class (SUM(?number) AS ?things) WHERE {{
  ?part <{names.VOID}class> ?class ; <{names.VOID}entities> ?number
}} GROUP BY ?class"""

_TRIPLES = f"""SELECT ?graph (COUNT(*) AS ?number) WHERE {{
  VALUES ?graph {{ {" ".join(f"<{names.graph(name)}>" for name in names.SYSTEM_GRAPHS)} }}
  GRAPH ?graph {{ ?subject ?property ?value }}
}} GROUP BY ?graph"""

_known: WeakKeyDictionary[Opened, Figures] = WeakKeyDictionary()


def _figures(release: Opened) -> Figures:
    """Summed once a release from what was counted at publication; counted is only the standard system, whose size is its
    own and not the nation's."""
    if release not in _known:
        select = release.store.select
        _known[release] = Figures(
            {written(row["class"]): int(written(row["things"])) for row in select(_THINGS) if "class" in row},
            {
                written(row["graph"]).removeprefix(names.graph("")): int(written(row["number"]))
                for row in select(_TRIPLES)
                if "graph" in row
            },
        )
    return _known[release]


def _entries(release: Release) -> Iterable[dict[str, int]]:
    return release.regions.values()


def _time(said: str) -> list[Term]:
    return [Literal(said, datatype=Iri(names.XSD + "dateTime"))] if said else []
