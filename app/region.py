"""Reading a region: a folder of ``region.ttl`` and tables becomes one graph that knows where each fact stood.

The ontology is the mapping: a table is named after a class, its headings are labels of properties, a property's range
decides whether a cell is text, a coded value or a link, and ``owl:hasKey`` names the columns that make the IRI.
``region.ttl`` says what is different in this region. Every error of every file is found in one run.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from app import names, table
from app.derived import derive
from app.standards import TYPE, Facts, Property, Standards
from app.store.terms import (
    Graph,
    Iri,
    Literal,
    Node,
    RdfFormat,
    Term,
    Triple,
    def_,
    parse,
    skolemised,
)
from app.table import Place, ReadingError, Sheet, Unreadable

DESCRIPTION = "region.ttl"
SAMPLE = "sample"
"""A folder inside a region's with synthetic data kept apart from its facts; published as ``<code>-sample``."""
DATA_STATUSES = ("real", "synthetic", "sample")
NO_REGION = "local"
"""Stands in IRIs where the code would, for a table that is checked alone, outside any region's folder."""

RDF_FORMATS = {
    ".ttl": RdfFormat.TURTLE,
    ".nt": RdfFormat.N_TRIPLES,
    ".nq": RdfFormat.N_QUADS,
    ".trig": RdfFormat.TRIG,
    ".jsonld": RdfFormat.JSON_LD,
    ".rdf": RdfFormat.RDF_XML,
    ".owl": RdfFormat.RDF_XML,
}

_REQUIRED_OF_DATASET = ("title", "source", "license", "issued")
_SIX_DIGITS = re.compile(r"\d{6}")
_FROM_ELSEWHERE = re.compile(r"(\d{6})/(.+)")


@dataclass(frozen=True)
class Source:
    """A file that was read: its name, SHA-256, the encoding found (tables of text only) and its number of rows."""

    file: str
    sha256: str
    encoding: str = ""
    rows: int = 0


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

    @property
    def region(self) -> str:
        """The region's code, without the mark of a sample."""
        return self.code.partition("-")[0]

    @property
    def is_synthetic(self) -> bool:
        """Whether the data are made up, which every page and dump that shows them must say."""
        return self.status != "real"


@dataclass(frozen=True)
class _Column:
    heading: str
    prop: Property | None
    separator: str = ""
    value_map: dict[str, str] = field(default_factory=dict)
    key_is_name: bool = False


def read_folder(folder: Path, standards: Standards) -> Reading:
    """The region in ``folder``. Raises ``Unreadable`` with all errors of all its files."""
    return _Reader(folder, standards).region()


def read_file(path: Path, standards: Standards) -> Reading:
    """One table or RDF file. A table is read with the ``region.ttl`` beside it where there is one.

    Raises ``Unreadable`` with all errors.
    """
    reader = _Reader(path.parent, standards, only=path)
    return reader.region() if path.suffix.lower() in table.TABLES else reader.foreign_rdf(path)


class _Reader:
    """One run over the files of a folder; errors are gathered, and thrown together at the end."""

    def __init__(self, folder: Path, standards: Standards, only: Path | None = None) -> None:
        self.folder, self.standards, self.only = folder, standards, only
        self.errors: list[ReadingError] = []
        self.description = Facts(())
        self.reading = Reading(NO_REGION, set())

    def region(self) -> Reading:
        described = self.folder / DESCRIPTION
        if described.is_file():
            self._describe(described)
        elif self.only is None:
            self._error(
                Place(self.folder.name), "目录中没有 region.ttl；请先写明地区代码、标题、来源、许可和数据性质"
            )
        if not self.errors:
            found = self._tables_and_rdf()
            for path in found:
                self._source(path)
            if not found and not self.errors and not self.reading.graph:
                self._error(Place(self.folder.name), "目录中没有可读取的数据文件")
        return self._finished()

    def foreign_rdf(self, path: Path) -> Reading:
        """RDF as it stands: any subjects, any vocabulary; only the derived parts are computed anew."""
        self.reading.graph = self._parsed(path)
        self.reading.sources.append(Source(path.name, _sha256(path)))
        return self._finished()

    def _finished(self) -> Reading:
        if self.errors:
            raise Unreadable(*sorted(self.errors))
        self.reading.graph = derive(self.reading.graph, self.standards)
        return self.reading

    def _error(self, place: Place, message: str, found: str = "", **values: str) -> None:
        self.errors.append(ReadingError(place, message, found, tuple(sorted(values.items()))))

    # region.ttl

    def _describe(self, path: Path) -> None:
        graph = self._parsed(path)
        if self.errors:
            return
        facts = self.description = Facts(graph)
        place = Place(path.name)
        regions = [n.value for n in facts.subjects(TYPE, def_("Region")) if isinstance(n, Iri)]
        codes = [iri.removeprefix(names.region("")) for iri in regions]
        if len(codes) != 1 or not _SIX_DIGITS.fullmatch(codes[0]):
            self._error(
                place,
                "应当恰好说明一个地区 <{base}id/六位代码> a zwfw:Region，实为 {found}",
                "、".join(codes) or "无",
                base=names.BASE,
            )
            return
        code = codes[0]
        self.reading.code = f"{code}-{SAMPLE}" if self.folder.name == SAMPLE else code
        if _SIX_DIGITS.fullmatch(self.folder.name) and self.folder.name != code:
            self._error(place, "地区代码 {found} 与目录名 {expected} 不一致", code, expected=self.folder.name)
        self._known_terms(graph, place)
        dataset = Iri(names.graph(self.reading.code))
        for term in _REQUIRED_OF_DATASET:
            if facts.value(dataset, Iri(names.DCT + term)) is None:
                self._error(place, "<{dataset}> 缺少 dct:{found}", term, dataset=dataset.value)
        self.reading.status = facts.text(dataset, def_("dataStatus"))
        if self.reading.status not in DATA_STATUSES:
            self._error(
                place,
                "zwfw:dataStatus 应为 {expected} 之一，实为“{found}”",
                self.reading.status,
                expected="、".join(DATA_STATUSES),
            )
        self.reading.title = facts.labels(dataset)
        # Instructions for reading hang on blank nodes; what remains describes the region and its dataset.
        own = {Iri(names.region(code)), dataset}
        self.reading.graph |= {t for t in graph if t.subject in own and isinstance(t.object, Iri | Literal)}
        for subject in own:
            self.reading.places[subject.value, ""] = place
        self.reading.sources.append(Source(path.name, _sha256(path)))

    def _known_terms(self, graph: Graph, place: Place) -> None:
        """A misspelt term would be silently ignored, so it is an error."""
        used = {
            term.value
            for triple in graph
            for term in (triple.predicate, triple.object)
            if isinstance(term, Iri)
        }
        for iri in sorted(used):
            if iri.startswith(names.DEF) and Iri(iri) not in self.standards.about:
                self._error(place, "用了本体中没有的词 {found}", names.shorten(iri))

    # files

    def _tables_and_rdf(self) -> list[Path]:
        if self.only is not None:
            return [self.only]
        files = sorted(p for p in self.folder.iterdir() if p.is_file() and p.name != DESCRIPTION)
        declared = {self.description.text(t, def_("fileName")): t for t in self._declared_tables()}
        for name, node in declared.items():
            kind = self._described_class(node)
            stems = {p.stem for p in files}
            if name and not (self.folder / name).is_file() and (kind is None or _local(kind) not in stems):
                self._error(Place(DESCRIPTION), "所列的数据表 {found} 不在目录中", name)
        return [p for p in files if p.suffix.lower() in table.TABLES or p.suffix.lower() in RDF_FORMATS]

    def _source(self, path: Path) -> None:
        if path.suffix.lower() in RDF_FORMATS:
            self._own_rdf(path)
            self.reading.sources.append(Source(path.name, _sha256(path)))
            return
        try:
            sheets = table.read(path)
        except Unreadable as unreadable:
            self.errors.extend(unreadable.errors)
            return
        for sheet in sheets:
            self._sheet(sheet)
        encoding = sheets[0].encoding if sheets else ""
        rows = sum(len(sheet.rows) for sheet in sheets)
        self.reading.sources.append(Source(path.name, _sha256(path), encoding, rows))

    def _parsed(self, path: Path) -> Graph:
        form = RDF_FORMATS.get(path.suffix.lower())
        if form is None:
            self._error(
                Place(path.name),
                "不认识的文件类型“{found}”；可用 {expected}",
                path.suffix,
                expected=" ".join(sorted([*RDF_FORMATS, *table.TABLES])),
            )
            return set()
        try:
            graph = {
                quad.triple
                for quad in parse(path=path, format=form, base_iri=names.BASE, rename_blank_nodes=True)
            }
            if any(isinstance(t.object, Triple) for t in graph):
                self._error(Place(path.name), "含有 RDF 1.2 的三元组项；请只用 RDF 1.1")
            return graph
        except SyntaxError as error:
            self._error(Place(path.name, row=error.lineno or 0), "不是合法的 RDF：{found}", str(error.msg))
        except (ValueError, OSError) as error:
            self._error(Place(path.name), "不是合法的 RDF：{found}", str(error))
        return set()

    def _own_rdf(self, path: Path) -> None:
        graph = skolemised(self._parsed(path), self.reading.region)
        place = Place(path.name)
        self._known_terms(graph, place)
        for subject in sorted({t.subject.value for t in graph if isinstance(t.subject, Iri)}):
            if not self._is_own(subject):
                self._error(
                    place,
                    "{found} 不是本地区的事物；主语应在 <{expected}> 之下",
                    subject,
                    expected=names.region(self.reading.region) + "/",
                )
            self.reading.places.setdefault((subject, ""), place)
        self.reading.graph |= graph

    def _is_own(self, subject: str) -> bool:
        """A region speaks of its own things only, so no two regions state the same triple.

        The nation's folder also holds all regions themselves.
        """
        code = self.reading.region
        if subject in (names.region(code), names.graph(self.reading.code)) or subject.startswith(
            names.region(code) + "/"
        ):
            return True
        return self.reading.code == names.NATION and bool(
            re.fullmatch(re.escape(names.region("")) + r"\d{6}", subject)
        )

    # tables

    def _declared_tables(self) -> list[Node]:
        dataset = Iri(names.graph(self.reading.code))
        return [n for n in self.description.values(dataset, def_("hasTable")) if not isinstance(n, Literal)]

    def _described_class(self, node: Node) -> Iri | None:
        kind = self.description.value(node, def_("describesClass"))
        return kind if isinstance(kind, Iri) else None

    def _table_of(self, sheet: Sheet) -> tuple[Iri | None, Node | None]:
        """The class a sheet describes and its declaration: by file and sheet name, else by the class's own name."""
        stem = Path(sheet.file).stem
        by_name = self.standards.classes.get(sheet.name) or self.standards.classes.get(stem)
        for node in self._declared_tables():
            wanted_sheet = self.description.text(node, def_("sheetName"))
            if self.description.text(node, def_("fileName")) == sheet.file and wanted_sheet in (
                "",
                sheet.name,
            ):
                return self._described_class(node) or by_name, node
        for node in self._declared_tables():
            if by_name is not None and self._described_class(node) == by_name:
                return by_name, node
        return by_name, None

    def _sheet(self, sheet: Sheet) -> None:
        self.errors.extend(sheet.errors)
        kind, declared = self._table_of(sheet)
        if kind is None:
            self._error(
                sheet.place(),
                "不知道此表描述什么；请以类名命名（如 ImplementedItem 或“实施清单事项”），或在 region.ttl 中用 zwfw:hasTable 说明",
            )
            return
        columns = self._columns(sheet, declared)
        keys = self.standards.key_of(kind)
        at = {column.prop.iri: index for index, column in enumerate(columns) if column.prop}
        if not keys:
            self._error(sheet.place(), "{found} 没有规定标识列，不能用表格填报", names.shorten(kind.value))
        for prop in keys:
            if prop.iri not in at:
                self._error(
                    sheet.place(),
                    "缺少“{expected}”列，它用来标识每一行",
                    expected=self.standards.label(prop.iri, "zh"),
                )
        if not sheet.errors and all(prop.iri in at for prop in keys) and keys:
            listed = self.description.value(declared, def_("isListedAs")) if declared else None
            key_columns = [at[prop.iri] for prop in keys]
            self._rows(sheet, kind, columns, key_columns, listed)

    def _columns(self, sheet: Sheet, declared: Node | None) -> list[_Column]:
        said: dict[str, Node] = {}
        for node in self.description.values(declared, def_("hasColumn")) if declared else []:
            if not isinstance(node, Literal):
                said[self.description.text(node, def_("heading"))] = node
        for heading in sorted(set(said) - set(sheet.headings)):
            self._error(sheet.place(column=heading), "region.ttl 说明了这一列，表中没有")
        return [self._column(sheet, heading, said.get(heading)) for heading in sheet.headings if heading]

    def _column(self, sheet: Sheet, heading: str, said: Node | None) -> _Column:
        prop = self.standards.property_by_heading(heading)
        if said is not None:
            facts = self.description
            if facts.text(said, def_("isLeftOut")) == "true":
                return _Column(heading, None)
            mapped = facts.value(said, def_("mapsTo"))
            if mapped is not None:
                prop = self.standards.properties.get(mapped) if isinstance(mapped, Iri) else None
            value_map = {
                facts.text(pair, def_("writtenAs")): facts.text(pair, def_("readAs"))
                for pair in facts.values(said, def_("hasValueMap"))
                if not isinstance(pair, Literal)
            }
            if prop is not None and not prop.is_derived:
                return _Column(
                    heading,
                    prop,
                    facts.text(said, def_("separator")),
                    value_map,
                    facts.text(said, def_("keyIsName")) == "true",
                )
        if prop is None or prop.is_derived:
            close = "、".join(self.standards.close_headings(heading)) or "（没有相近的标题）"
            self._error(
                sheet.place(1, heading),
                "本体中没有这一列标题；相近的有：{expected}。请改用标准标题，或在 region.ttl 中用 zwfw:hasColumn 说明",
                heading,
                expected=close,
            )
            return _Column(heading, None)
        return _Column(heading, prop)

    def _rows(
        self, sheet: Sheet, kind: Iri, columns: list[_Column], key_columns: list[int], listed: Term | None
    ) -> None:
        seen: Counter[Iri] = Counter()
        for number, cells in sheet.rows:
            key = [self._written(sheet, columns[at], number, cells[at]) for at in key_columns]
            for at, part in zip(key_columns, key, strict=True):
                if not part:
                    self._error(
                        sheet.place(number, columns[at].heading), "单元格为空；这一列用来标识本行，不能为空"
                    )
            if not all(key):
                continue
            subject = self._minted(kind, key)
            seen[subject] += 1
            if seen[subject] > 1:
                # The same code on two rows is for a rule to report; here neither row may swallow the other.
                subject = Iri(f"{subject.value}~{seen[subject]}")
            self.reading.places[subject.value, ""] = sheet.place(number)
            self.reading.graph.add(Triple(subject, TYPE, kind))
            if isinstance(listed, Iri):
                self.reading.graph.add(Triple(subject, def_("isListedAs"), listed))
            for column, cell in zip(columns, cells, strict=True):
                if column.prop is not None:
                    self._cell(sheet, number, subject, column, cell)

    def _minted(self, kind: Iri, key: list[str]) -> Iri:
        if kind == def_("Region"):
            return Iri(names.region(key[0][:6]))
        return Iri(names.thing(self.reading.region, _local(kind), *key))

    def _written(self, sheet: Sheet, column: _Column, row: int, cell: str) -> str:
        """A cell's text as it is to be read: trimmed, and through the column's value map."""
        trimmed = cell.strip()
        read = column.value_map.get(trimmed, trimmed)
        if read != cell:
            self.reading.rewritings[Rewriting(sheet.place(column=column.heading), cell, read)] += 1
        return read

    def _cell(self, sheet: Sheet, row: int, subject: Iri, column: _Column, cell: str) -> None:
        assert column.prop is not None
        whole = self._written(sheet, column, row, cell)
        parts = whole.split(column.separator) if column.separator else [whole]
        for part in filter(None, map(str.strip, parts)):
            for triple in self._said(sheet.place(row, column.heading), subject, column, part):
                self.reading.graph.add(triple)
            self.reading.places.setdefault(
                (subject.value, column.prop.iri.value), sheet.place(row, column.heading)
            )

    def _said(self, place: Place, subject: Iri, column: _Column, part: str) -> Iterator[Triple]:
        """What one value of one cell says: a literal, a coded value, or a link (and the name of what it links to)."""
        assert column.prop is not None
        prop, kind = column.prop.iri, column.prop.range
        if kind is not None and self.standards.is_coded(kind):
            yield Triple(subject, prop, self.standards.coded_value(kind, part))
        elif kind is not None and kind in self.standards.classes.values():
            elsewhere = _FROM_ELSEWHERE.fullmatch(part)
            code, key = elsewhere.groups() if elsewhere else (self.reading.region, part)
            target = (
                Iri(names.thing(code, _local(kind), key))
                if kind != def_("Region")
                else Iri(names.region(key[:6]))
            )
            yield Triple(subject, prop, target)
            if column.key_is_name:
                yield Triple(target, TYPE, kind)
                yield Triple(target, def_("name"), Literal(part, language="zh"))
                self.reading.places.setdefault((target.value, ""), place)
        else:
            literal = self._literal(place, kind, part)
            if literal is not None:
                yield Triple(subject, prop, literal)

    def _literal(self, place: Place, kind: Iri | None, part: str) -> Literal | None:
        datatype = kind.value if kind else names.XSD + "string"
        if datatype == names.RDF + "langString":
            return Literal(part, language="zh")
        if datatype == names.XSD + "string":
            return Literal(part)
        pattern, expected = _DATATYPES.get(datatype, (r"[\s\S]*", ""))
        if not re.fullmatch(pattern, part):
            self._error(place, "“{found}”不是{expected}", part, expected=expected)
            return None
        if datatype == names.XSD + "boolean":
            part = {"是": "true", "否": "false"}.get(part, part)
        return Literal(part, datatype=Iri(datatype))


_DATATYPES = {
    names.XSD + "integer": (r"[+-]?\d+", "整数"),
    names.XSD + "decimal": (r"[+-]?\d+(\.\d+)?", "数"),
    names.XSD + "boolean": (r"是|否|true|false|0|1", "“是”或“否”"),
    names.XSD + "date": (r"\d{4}-\d{2}-\d{2}", "形如 2026-01-31 的日期"),
    names.XSD + "anyURI": (r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+", "完整的网址（如 https://…）"),
}


def _local(kind: Iri) -> str:
    return kind.value.removeprefix(names.DEF)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
