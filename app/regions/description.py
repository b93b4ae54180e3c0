"""What ``region.ttl`` says: which region this is, its dataset, and how its tables differ from the standard ones."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from app import names
from app.files.source import Place, ReadingError, Source, Unreadable, read_rdf, refused
from app.ontology.facts import TYPE, Facts
from app.ontology.standards import Property, Standards
from app.store.terms import Graph, Iri, Literal, Node, def_

FILE = "region.ttl"
SAMPLE = "sample"
"""A folder inside a region's with synthetic data kept apart from its facts; published as ``<code>-sample``."""

DATA_STATUSES = ("real", "synthetic", "sample")
_REQUIRED_OF_DATASET = ("title", "source", "license", "issued")
_SIX_DIGITS = re.compile(r"\d{6}")


@dataclass(frozen=True)
class Column:
    """How a column is read; without a property it is left out."""

    heading: str
    prop: Property | None
    separator: str = ""
    value_map: dict[str, str] = field(default_factory=dict)
    key_is_name: bool = False
    code_list: Iri | None = None
    """By which its codes are read, where it is not the usual one of their class."""


@dataclass(frozen=True)
class Table:
    """What ``region.ttl`` says about one table."""

    file: str
    sheet: str
    kind: Iri | None
    listed_as: Iri | None
    columns: dict[str, Column]


@dataclass(frozen=True)
class Description:
    """A region and its dataset, as ``region.ttl`` describes them."""

    code: str
    title: dict[str, str]
    status: str
    graph: Graph
    tables: list[Table]
    sources: list[Source]

    @property
    def region(self) -> str:
        """The region's code, without the mark of a sample."""
        return self.code.partition("-")[0]

    def table(self, file: str, sheet: str, kind: Iri | None) -> Table | None:
        """The table declared for a file and sheet, else the one declared for the class the file is named after."""
        for declared in self.tables:
            if declared.file == file and declared.sheet in ("", sheet):
                return declared
        return next(
            (declared for declared in self.tables if kind is not None and declared.kind == kind), None
        )


def read(path: Path, standards: Standards) -> Description:
    """The description in a ``region.ttl``. Raises ``Unreadable`` with everything that is wrong with it."""
    facts = Facts(read_rdf(path))
    place = Place(path.name)
    regions = [node.value for node in facts.subjects(TYPE, def_("Region")) if isinstance(node, Iri)]
    found = [iri.removeprefix(names.region("")) for iri in regions]
    if len(found) != 1 or not _SIX_DIGITS.fullmatch(found[0]):
        message = "应当恰好说明一个地区 <{base}id/六位代码> a zwfw:Region，实为 {found}"
        raise Unreadable(refused(place, message, "、".join(found) or "无", base=names.BASE))
    region, folder = found[0], path.resolve().parent.name
    code = f"{region}-{SAMPLE}" if folder == SAMPLE else region
    dataset = Iri(names.graph(code))
    errors = unknown_terms(facts.graph, place, standards)
    if _SIX_DIGITS.fullmatch(folder) and folder != region:
        errors.append(refused(place, "地区代码 {found} 与目录名 {expected} 不一致", region, expected=folder))
    errors += [
        refused(place, "<{dataset}> 缺少 dct:{found}", term, dataset=dataset.value)
        for term in _REQUIRED_OF_DATASET
        if facts.value(dataset, Iri(names.DCT + term)) is None
    ]
    status = facts.text(dataset, def_("dataStatus"))
    if status not in DATA_STATUSES or len(facts.values(dataset, def_("dataStatus"))) != 1:
        message = "zwfw:dataStatus 应为 {expected} 之一，实为“{found}”"
        errors.append(refused(place, message, status, expected="、".join(DATA_STATUSES)))
    for name, known in (("usesCodeScheme", standards.item_schemes), ("usesCodeList", standards.code_lists)):
        for unknown in {t.object for t in facts.graph if t.predicate == def_(name)} - set(known):
            found_term = names.shorten(str(unknown).strip("<>"))
            errors.append(refused(place, "用了本体中没有的词 {found}", found_term))
    if errors:
        raise Unreadable(*errors)
    # Instructions for reading hang on blank nodes; what remains describes the region and its dataset.
    own = {Iri(names.region(region)), dataset}
    return Description(
        code=code,
        title=facts.labels(dataset),
        status=status,
        graph={t for t in facts.graph if t.subject in own and isinstance(t.object, Iri | Literal)},
        tables=[_table(facts, node, standards) for node in _nodes(facts, dataset, "hasTable")],
        sources=[Source.of(path)],
    )


def unknown_terms(graph: Graph, place: Place, standards: Standards) -> list[ReadingError]:
    """The terms of our namespace that the ontology does not have: misspelt, they would be silently ignored."""
    used = {t.value for triple in graph for t in (triple.predicate, triple.object) if isinstance(t, Iri)}
    return [
        refused(place, "用了本体中没有的词 {found}", names.shorten(iri))
        for iri in sorted(used)
        if iri.startswith(names.DEF) and Iri(iri) not in standards.about
    ]


def _table(facts: Facts, node: Node, standards: Standards) -> Table:
    columns = [_column(facts, said, standards) for said in _nodes(facts, node, "hasColumn")]
    return Table(
        file=facts.text(node, def_("fileName")),
        sheet=facts.text(node, def_("sheetName")),
        kind=_iri(facts, node, "describesClass"),
        listed_as=_iri(facts, node, "isListedAs"),
        columns={column.heading: column for column in columns},
    )


def _column(facts: Facts, said: Node, standards: Standards) -> Column:
    heading = facts.text(said, def_("heading"))
    mapped = _iri(facts, said, "mapsTo")
    prop = standards.properties.get(mapped) if mapped else standards.property_by_heading(heading)
    left_out = facts.text(said, def_("isLeftOut")) == "true" or (prop is not None and prop.is_derived)
    return Column(
        heading=heading,
        prop=None if left_out else prop,
        separator=facts.text(said, def_("separator")),
        value_map={
            facts.text(pair, def_("writtenAs")): facts.text(pair, def_("readAs"))
            for pair in _nodes(facts, said, "hasValueMap")
        },
        key_is_name=facts.text(said, def_("keyIsName")) == "true",
        code_list=_iri(facts, said, "usesCodeList"),
    )


def _nodes(facts: Facts, subject: Node, term: str) -> list[Node]:
    return [node for node in facts.values(subject, def_(term)) if not isinstance(node, Literal)]


def _iri(facts: Facts, subject: Node, term: str) -> Iri | None:
    value = facts.value(subject, def_(term))
    return value if isinstance(value, Iri) else None
