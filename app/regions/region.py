"""Reading a region: a folder of ``region.ttl`` and tables becomes one graph that knows where each fact stood.

The ontology is the mapping: a table is named after a class, its headings are labels of properties, a property's range
decides whether a cell is text, a coded value or a link, and ``owl:hasKey`` names the columns that make the IRI.
``region.ttl`` says what is different in this region. Every error of every file is found in one run.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path

from app import names
from app.files import table
from app.files.source import (
    Place,
    ReadingError,
    Source,
    Unreadable,
    rdf_format,
    read_rdf,
    refused,
)
from app.files.table import Sheet
from app.ontology.facts import TYPE
from app.ontology.standards import Standards
from app.regions import cell, competence, description, folder, history
from app.regions.derived import derive, upward
from app.regions.description import Column, Description
from app.regions.reading import Places, Reading, Rewriting
from app.store.terms import Graph, Iri, Literal, Triple, def_, skolemised

NO_REGION = "local"
"""Stands in IRIs where the code would, for a file that is checked alone, outside any region's folder."""


def read(path: Path, standards: Standards) -> Reading:
    """A region's folder, or one file. Raises ``Unreadable`` with all errors."""
    return read_folder(path, standards) if path.is_dir() else read_file(path, standards)


def read_folder(where: Path, standards: Standards) -> Reading:
    """The region in the folder ``where``. Raises ``Unreadable`` with all errors of all its files."""
    path = where / description.FILE
    if not path.is_file():
        message = "目录中没有 region.ttl；请先写明地区代码、标题、来源、许可和数据性质"
        raise Unreadable(refused(Place(where.name), message))
    described, files = description.read(path, standards), folder.data_files(where)
    if not files:
        raise Unreadable(refused(Place(where.name), "目录中没有可读取的数据文件"))
    changes = history.read(path.parent)
    reading = _Reader(standards, described).files(files)
    reading.history = changes
    return reading


def read_file(path: Path, standards: Standards) -> Reading:
    """One table or RDF file. A table is read with the ``region.ttl`` beside it where there is one; RDF whatever its
    subjects and vocabulary, but what it says of the standard system is left aside, and noted.

    Raises ``Unreadable`` with all errors.
    """
    if path.suffix.lower() in table.TABLES:
        beside = path.with_name(description.FILE)
        described = description.read(beside, standards) if beside.is_file() else None
        return _Reader(standards, described).files([path])
    if rdf_format(path) is not None:
        graph = skolemised(read_rdf(path), NO_REGION)
        aside = competence.judging(graph, standards)
        note = "有 {n} 条陈述改动标准体系（本体、规则、代码表），检查时不采用"
        return Reading(
            NO_REGION,
            derive(graph - aside, standards),
            sources=[Source.of(path)],
            notes=[(note, {"n": str(len(aside))})] if aside else [],
        )
    raise Unreadable(folder.unknown(path))


def read_as_it_stands(path: Path) -> Reading:
    """An RDF file with nothing derived, replaced or left aside, for shapes that are not ours. Raises ``Unreadable``."""
    if rdf_format(path) is None:
        raise Unreadable(folder.unknown(path))
    return Reading(NO_REGION, read_rdf(path), sources=[Source.of(path)])


class _Reader:
    """One run over files; errors are gathered, and thrown together at the end."""

    def __init__(self, standards: Standards, described: Description | None) -> None:
        self.standards, self.described = standards, described
        self.errors: list[ReadingError] = []
        self.faulty: set[Place] = set()
        self.seen: Counter[Iri] = Counter()
        self.waiting: list[tuple[Place, Iri, Iri, str]] = []
        self.reading = Reading(NO_REGION, set())
        if described is not None:
            self.reading = Reading(
                described.code,
                set(described.graph),
                described.title,
                described.status,
                Places(
                    {
                        t.subject.value: Place(description.FILE)
                        for t in described.graph
                        if isinstance(t.subject, Iri)
                    }
                ),
                list(described.sources),
            )

    def files(self, paths: list[Path]) -> Reading:
        """What the files say. Raises ``Unreadable``."""
        self._declared_files_are_here(paths)
        for path in paths:
            try:
                if rdf_format(path) is not None:
                    self._own_rdf(path)
                else:
                    self._tables(path)
            except Unreadable as unreadable:
                self.errors.extend(unreadable.errors)
            except OSError as error:
                self._error(Place(path.name), "无法读取文件：{found}", error.strerror or str(error))
        self._resolve()
        self._leave_what_judges()
        if self.errors:
            raise Unreadable(*sorted(self.errors))
        self.reading.graph = derive(self.reading.graph, self.standards)
        return self.reading

    def _error(self, place: Place, message: str, found: str = "", **values: str) -> None:
        """Note an error, unless something more is wrong with the cell itself."""
        if not place.cell or place not in self.faulty:
            self.errors.append(refused(place, message, found, **values))

    def _declared_files_are_here(self, paths: list[Path]) -> None:
        here = {path.name for path in paths} | {path.stem for path in paths}
        if self.described is not None and len(paths) != 1:
            for declared in self.described.tables:
                if declared.file and not {declared.file, _local(declared.kind)} & here:
                    self._error(Place(description.FILE), "所列的数据表 {found} 不在目录中", declared.file)

    # RDF

    def _own_rdf(self, path: Path) -> None:
        graph = upward(skolemised(read_rdf(path), self.reading.region), self.standards)
        place = Place(path.name)
        self.errors += description.unknown_terms(graph, place, self.standards)
        for subject in sorted({t.subject.value for t in graph if isinstance(t.subject, Iri)}):
            if not competence.is_own(subject, self.reading.code):
                message = "{found} 不是本地区的事物；主语应在 <{expected}> 之下"
                self._error(place, message, subject, expected=names.region(self.reading.region) + "/")
            self.reading.places.rows.setdefault(subject, place)
        self.reading.graph |= graph
        self.reading.sources.append(Source.of(path))

    def _leave_what_judges(self) -> None:
        for triple, fact in competence.presumed(self.reading.graph, self.reading.code, self.standards):
            if isinstance(triple.subject, Iri):
                place = self.reading.places.row(triple.subject.value) or Place(description.FILE)
                self._error(place, "{found} 只能由全国数据（000000）说明；请删去", names.shorten(fact.value))

    # tables

    def _tables(self, path: Path) -> None:
        sheets = table.read(path)
        for sheet in sheets:
            self._sheet(sheet)
            for number, said in sheet.notes:
                self.reading.rewritings[Rewriting(sheet.place(number), said, "")] += 1
        encoding = sheets[0].encoding if sheets else ""
        self.reading.sources.append(Source.of(path, encoding, sum(len(sheet.rows) for sheet in sheets)))

    def _sheet(self, sheet: Sheet) -> None:
        self.errors.extend(sheet.errors)
        self.faulty = {error.place for error in sheet.errors}
        classes = self.standards.classes
        kind = classes.get(sheet.name) or classes.get(Path(sheet.file).stem)
        declared = self.described.table(sheet.file, sheet.name, kind) if self.described else None
        kind = (declared.kind if declared else None) or kind
        if kind is None:
            self._error(
                sheet.place(),
                "不知道此表描述什么；请以类名命名（如 ImplementedItem 或“实施清单事项”），或在 region.ttl 中用 zwfw:hasTable 说明",
            )
            return
        said = declared.columns if declared else {}
        for heading in sorted(set(said) - set(sheet.headings)):
            self._error(sheet.place(column=heading), "region.ttl 说明了这一列，表中没有")
        columns = [said.get(heading) or self._column(sheet, heading) for heading in sheet.headings if heading]
        at = self._stated_by(sheet, columns, said)
        keys = [prop.iri for prop in self.standards.key_of(kind)]
        if not keys:
            self._error(sheet.place(), "{found} 没有规定标识列，不能用表格填报", names.shorten(kind.value))
        for missing in [key for key in keys if key not in at]:
            label = self.standards.label(missing, "zh")
            self._error(sheet.place(), "缺少“{expected}”列，它用来标识每一行", expected=label)
        if keys and set(keys) <= set(at):
            self._rows(
                sheet,
                kind,
                columns,
                [at[key] for key in keys],
                (declared.listed_as if declared else None) or self.standards.usual_kinds.get(kind),
            )

    def _column(self, sheet: Sheet, heading: str) -> Column:
        """A column ``region.ttl`` says nothing about: its heading must be a label of the ontology."""
        above = sheet.above(heading)
        prop = above and self.standards.property_by_heading(above + heading)
        prop = prop or self.standards.property_by_heading(heading)
        if not prop:
            close = "、".join(self.standards.close_headings(heading)) or "（没有相近的标题）"
            message = "本体中没有这一列标题；相近的有：{expected}。请改用标准标题，或在 region.ttl 中用 zwfw:hasColumn 说明"
            self._error(sheet.place(sheet.heading_row, heading), message, heading, expected=close)
        return Column(heading, prop or None)

    def _stated_by(self, sheet: Sheet, columns: list[Column], said: Collection[str]) -> dict[Iri, int]:
        """By property: the column that states it. Of two nobody spoke of in ``region.ttl`` one is a mistake."""
        found: dict[Iri, int] = {}
        for index, column in enumerate(columns):
            if column.prop is None:
                continue
            first = columns[found.setdefault(column.prop.iri, index)].heading
            if first != column.heading and not {first, column.heading} & set(said):
                message = "这一列与“{found}”列说的是同一内容；请只保留一列，或在 region.ttl 中说明"
                self._error(sheet.place(sheet.heading_row, column.heading), message, first)
        return found

    def _rows(
        self, sheet: Sheet, kind: Iri, columns: list[Column], keys: list[int], listed: Iri | None
    ) -> None:
        for column in columns:
            if column.prop is not None:
                self.reading.places.head(sheet.place(column=column.heading), column.prop.iri.value)
        for number, cells in sheet.rows:
            key = [self._key(columns[at], cells[at]) for at in keys]
            for at in [at for at, part in zip(keys, key, strict=True) if not part]:
                place = sheet.place(number, columns[at].heading)
                self._error(place, "单元格为空；这一列用来标识本行，不能为空")
            if not all(key):
                continue
            subject = self._thing(kind, *key)
            self.seen[subject] += 1
            if self.seen[subject] > 1:
                # The same code on two rows is for a rule to report; here neither row may swallow the other.
                subject = Iri(f"{subject.value}~{self.seen[subject]}")
            self.reading.places.rows[subject.value] = sheet.place(number)
            self.reading.graph.add(Triple(subject, TYPE, kind))
            if listed is not None:
                self.reading.graph.add(Triple(subject, def_("isListedAs"), listed))
            said = set[Triple]()
            for column, written in zip(columns, cells, strict=True):
                said.update(self._cell(sheet, number, subject, column, written))
            self._one_unit(sheet, number, columns, said)
            self.reading.graph |= said

    def _key(self, column: Column, text: str) -> str:
        """A cell as a part of its row's key; of what a link leads to, its key."""
        read, _ = self._read(column, _read_as(column, text))
        return cell.link(read, self.standards).key if column.prop and column.prop.is_link else read

    def _thing(self, kind: Iri, *key: str, code: str = "") -> Iri:
        if kind == def_("Region"):
            return Iri(names.region(key[0][:6]))
        return Iri(names.thing(code or self.reading.region, _local(kind), *key))

    def _cell(self, sheet: Sheet, row: int, subject: Iri, column: Column, written: str) -> Iterator[Triple]:
        """What a cell says; where it stood and whether it was read as something else is kept beside."""
        if column.prop is None:
            return
        place, prop = sheet.place(row, column.heading), column.prop
        mapped = _read_as(column, written)
        parts = [
            self._read(column, part)
            for part in (mapped.split(column.separator) if column.separator else [mapped])
            if part.strip()
        ]
        read = column.separator.join(
            f"{part} {self.standards.label(unit, 'zh')}" if unit else part for part, unit in parts
        )
        if read != written:
            self.reading.rewritings[Rewriting(sheet.place(column=column.heading), written, read)] += 1
        for part, unit in parts:
            yield from self._value(place, subject, column, part)
            self.reading.places.fill(subject.value, prop.iri.value, place)
            if unit and prop.unit:
                yield Triple(subject, prop.unit, unit)
                self.reading.places.others.setdefault((subject.value, prop.unit.value), place)

    def _read(self, column: Column, part: str) -> tuple[str, Iri | None]:
        """One value of a cell as it is to be read, and the unit written behind a number."""
        prop = column.prop
        kind = prop.range if prop else None
        if prop is None or kind is None or prop.is_link:
            tidied = cell.tidied(part, None)
            coded = prop is not None and self.standards.is_coded(kind)
            return self.standards.listed_as(
                kind, tidied, column.code_list
            ) if kind and coded else tidied, None
        tidied = cell.tidied(part, kind.value)
        units = self.standards.units(prop)
        number, unit = cell.measured(tidied, units or prop.counted_in)
        return "0" if tidied in prop.zero else number, units.get(unit)

    def _one_unit(self, sheet: Sheet, row: int, columns: list[Column], said: Graph) -> None:
        """A unit written behind a number, and another in the column of units: one of them is wrong."""
        for column in columns:
            unit = column.prop.unit if column.prop else None
            stated = {t.object for t in said if t.predicate == unit} if unit else set()
            if len(stated) > 1:
                message = "写有两种单位：{found}；请在数值列和单位列中只写一种"
                named = sorted(self.standards.label(one, "zh") for one in stated if isinstance(one, Iri))
                self._error(sheet.place(row, column.heading), message, "、".join(named))

    def _value(self, place: Place, subject: Iri, column: Column, part: str) -> Iterator[Triple]:
        """One value: a coded value, a link (and the name of what it links to), or a literal."""
        assert column.prop is not None
        prop, kind = column.prop.iri, column.prop.range
        if kind is not None and self.standards.is_coded(kind):
            yield Triple(subject, prop, self.standards.coded_value(kind, part, column.code_list))
        elif kind == def_("Region") and not re.fullmatch(r"\d{6}(\d{6})?", part):
            self._error(place, "“{found}”不是{expected}", part, expected="六位或十二位行政区划代码")
        elif column.prop.is_link:
            for target in self._linked(place, subject, prop, part):
                yield Triple(subject, prop, target)
                if column.key_is_name and kind is not None:
                    yield Triple(target, TYPE, kind)
                    yield Triple(target, def_("name"), Literal(part, language="zh"))
                    self.reading.places.rows.setdefault(target.value, place)
        else:
            try:
                yield Triple(subject, prop, cell.literal(part, kind.value if kind else names.XSD + "string"))
            except cell.Unfit as error:
                self._error(place, "“{found}”不是{expected}", part, expected=str(error))

    def _linked(self, place: Place, subject: Iri, prop: Iri, part: str) -> Iterator[Iri]:
        """What a link cell leads to. Where the property may lead to things of several classes and the cell names
        none, that shows only when all tables are read: the link waits till then."""
        link, targets = cell.link(part, self.standards), self.standards.targets(prop)
        if link.iri is not None:
            yield link.iri
        elif def_("NormativeDocument") in targets and not link.code and link.key in self.standards.numbered:
            yield self.standards.numbered[link.key]
        elif link.kind is not None and link.kind not in targets:
            self._error(place, "{found} 不能是这一列所指的事物", names.shorten(link.kind.value))
        elif link.kind is not None or len(targets) == 1:
            yield self._meant(link.kind or targets[0], link.key, link.code)
        elif targets and not link.code:
            self.waiting.append((place, subject, prop, link.key))
        else:
            self._error(place, "“{found}”没有写明所指事物的类；请写作“类名/标识”", part)

    def _meant(self, kind: Iri, key: str, code: str = "") -> Iri:
        """The thing a written key means; the parts of a key of several are joined as in its IRI."""
        parts = key.split("~") if len(self.standards.key_of(kind)) > 1 else [key]
        return self._thing(kind, *parts, code=code)

    def _resolve(self) -> None:
        """The links whose class their cells left open: to the one thing of this region that has the key."""
        for place, subject, prop, key in self.waiting:
            things = [self._meant(kind, key) for kind in self.standards.targets(prop)]
            found = [thing for thing in things if thing in self.seen]
            if len(found) == 1:
                self.reading.graph.add(Triple(subject, prop, found[0]))
            else:
                message = (
                    "本地区有几个标识为“{found}”的事物；请写作“类名/标识”"
                    if found
                    else "本地区没有标识为“{found}”的事物；请更正，或写作“类名/标识”"
                )
                self._error(place, message, key)


def _read_as(column: Column, written: str) -> str:
    """A cell's text as it is to be read: trimmed, and through the column's value map."""
    return column.value_map.get(written.strip(), written.strip())


def _local(kind: Iri | None) -> str:
    return kind.value.removeprefix(names.DEF) if kind else ""
