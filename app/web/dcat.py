"""DCAT-AP 3: the datasets of a release and their files, for whoever harvests data portals."""

import re
from collections.abc import Iterable

from app import names
from app.language import LANGUAGES, text
from app.ontology import standards
from app.store.terms import Graph, Iri, Literal, Term
from app.web import description, links
from app.web.catalogued import TYPE, WHOLE, Catalogued, time
from app.web.datasets import DATA_STATUS, Dataset
from app.web.offer import Dump

SPDX = "http://spdx.org/rdf/terms#"
MEDIA_TYPES = "https://www.iana.org/assignments/media-types/"
EU = "http://publications.europa.eu/resource/authority/"
GZIP = "application/gzip"

KINDS = {
    ".nt.gz": ("application/n-triples", "RDF_N_TRIPLES"),
    ".ttl.gz": ("text/turtle", "RDF_TURTLE"),
    ".nq.gz": ("application/n-quads", "RDF_N_QUADS"),
}
"""By ending: the media type of what is packed, and its name in the EU's list of file types."""

DATE = re.compile(r"(\d{4}-\d\d-\d\d)(?:/(\d{4}-\d\d-\d\d))?")
"""A day or an interval (ISO 8601), as ``region.ttl`` may state ``dct:temporal``."""


class Dcat(Catalogued):
    """One page of the catalogue."""

    def described(self) -> Graph:
        """DCAT-AP 3, https://semiceu.github.io/DCAT-AP/releases/3.0.0/"""
        catalog, whole = Iri(names.BASE + "dcat"), Iri(WHOLE)
        self.say(catalog, TYPE, Iri(names.DCAT + "Catalog"))
        self.both(catalog, names.DCT + "title", "政务服务标准体系与政务服务事项的数据目录")
        self.both(
            catalog,
            names.DCT + "description",
            "按国家标准描述的政务服务事项及其检查结果，各地区的数据集，以及标准体系本身：本体、标准与条款、规则、问题。",
        )
        self.say(
            catalog,
            names.DCT + "license",
            *standards.load().values(Iri(names.BASE + "def"), Iri(names.DCT + "license")),
        )
        self.say(catalog, names.DCT + "modified", *self.made)
        self.say(catalog, names.FOAF + "homepage", self.at("/"))
        self.typed(self.at("/"), names.FOAF + "Document")
        self._languages(catalog)
        if self.operator:
            agent = Iri(f"{catalog.value}#publisher")
            self.say(catalog, names.DCT + "publisher", agent)
            self._agent(agent, [Literal(self.operator)])
        self._service(catalog)
        self.all_regions(whole)
        for dataset in self.datasets:
            self._dcat_dataset(catalog, dataset)
        self._cite(catalog, whole)
        for dump in self.wholes:
            self._distribution(whole, dump, self.licences(), [])
        self._named()
        for licence in {t.object for t in self.graph if t.predicate.value == names.DCT + "license"}:
            if isinstance(licence, Iri):
                self.typed(licence, names.DCT + "LicenseDocument")
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
        self.typed(protocol, names.DCT + "Standard")
        self._public(self.sparql)

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
            self.typed(standard, names.DCT + "Standard")
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
            self.typed(one, names.FOAF + "Document")
        if dataset.entry:
            spoken = dataset.all(names.DCT + "language")
            self.say(iri, names.DCT + "language", *(one for one in spoken if isinstance(one, Iri)))
            modified = dataset.all(names.DCT + "modified") or time(dataset.entry["published"])
            self.say(iri, names.DCT + "modified", *modified)
            place = Iri(names.region(dataset.code.partition("-")[0]))
            places = [one for one in dataset.all(names.DCT + "spatial") if isinstance(one, Iri)] or [place]
            self.say(iri, names.DCT + "spatial", *places)
            for one in places:
                self.typed(one, names.DCT + "Location")
            self._period(dataset)
            self._publisher(dataset)
        else:
            self._languages(iri)
            self.say(iri, names.OWL + "versionInfo", Literal(str(self.release.manifest.get("ontology", ""))))
        for dump in self.offer.data.get(dataset.code, []):
            self._distribution(iri, dump, licences, conforms)

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
            self.typed(origin, names.DCT + "ProvenanceStatement")
            self.say(origin, names.RDFS + "label", *sources)

    def _period(self, dataset: Dataset) -> None:
        for stated in dataset.all(names.DCT + "temporal"):
            days = DATE.fullmatch(stated.value) if isinstance(stated, Literal) else None
            if isinstance(stated, Iri):
                self.say(dataset.iri, names.DCT + "temporal", stated)
                self.typed(stated, names.DCT + "PeriodOfTime")
            elif days:
                period = Iri(f"{dataset.iri.value}#temporal")
                self.say(dataset.iri, names.DCT + "temporal", period)
                self.typed(period, names.DCT + "PeriodOfTime")
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
        self.typed(agent, names.FOAF + "Agent")
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
        self, dataset: Iri, dump: Dump, licences: Iterable[Term], conforms: Iterable[Term]
    ) -> None:
        iri = Iri(f"{names.BASE}dumps/{dump.name}")
        media_type, file_type = next(kind for ending, kind in KINDS.items() if dump.name.endswith(ending))
        self.say(dataset, names.DCAT + "distribution", iri)
        self.say(iri, TYPE, Iri(names.DCAT + "Distribution"))
        self.say(iri, names.DCT + "title", Literal(dump.name))
        self.say(iri, names.DCAT + "accessURL", self.at("/dumps"))
        self.say(iri, names.DCAT + "downloadURL", self.at(f"/dumps/{dump.name}"))
        size = Literal(str(dump.size), datatype=Iri(names.XSD + "nonNegativeInteger"))
        self.say(iri, names.DCAT + "byteSize", size)
        for prop, one in (("mediaType", media_type), ("compressFormat", GZIP)):
            self.say(iri, names.DCAT + prop, Iri(MEDIA_TYPES + one))
            self.typed(Iri(MEDIA_TYPES + one), names.DCT + "MediaType")
        self.say(iri, names.DCT + "format", Iri(f"{EU}file-type/{file_type}"))
        self.typed(Iri(f"{EU}file-type/{file_type}"), names.DCT + "MediaTypeOrExtent")
        self.say(iri, names.DCT + "license", *licences)
        self.say(iri, names.DCT + "conformsTo", *conforms)
        if dump.sha256:
            checksum = Iri(f"{iri.value}#sha256")
            self.say(iri, SPDX + "checksum", checksum)
            self.typed(checksum, SPDX + "Checksum")
            self.say(checksum, SPDX + "algorithm", Iri(SPDX + "checksumAlgorithm_sha256"))
            self.typed(Iri(SPDX + "checksumAlgorithm_sha256"), SPDX + "ChecksumAlgorithm")
            value = Literal(dump.sha256, datatype=Iri(names.XSD + "hexBinary"))
            self.say(checksum, SPDX + "checksumValue", value)

    def _languages(self, node: Iri) -> None:
        for code in ("ZHO", "ENG"):
            self.say(node, names.DCT + "language", Iri(f"{EU}language/{code}"))
            self.typed(Iri(f"{EU}language/{code}"), names.DCT + "LinguisticSystem")

    def _public(self, node: Iri) -> None:
        public = Iri(f"{EU}access-right/PUBLIC")
        self.say(node, names.DCT + "accessRights", public)
        self.typed(public, names.DCT + "RightsStatement")
