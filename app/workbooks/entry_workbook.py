"""The workbook a clerk fills in for a class: headings and explanations from the ontology, drop-downs from its code lists,
the columns that rules require marked. Filled in, it is a table like any other.
"""

import datetime
from dataclasses import dataclass

from app import language, names
from app.checking.rules import Rules, sh
from app.files import table
from app.files.workbook import Sheet, Workbook
from app.ontology.facts import DEFINITION, DOMAIN, NOTATION, Facts
from app.ontology.standards import Property, Standards
from app.regions.cell import EXAMPLES
from app.store.terms import BlankNode, Iri, Literal, def_

ENTRY_ROWS = 5000
"""Rows with drop-downs: a county has some two thousand items. Rows below can be filled in, too, without them."""

MOST_CHOICES = 5000
"""Things of a class to choose from: the national catalogue has fewer items. Others can be typed."""

_WIDTH = 20


@dataclass(frozen=True)
class Surroundings:
    """What a region's table may refer to: the region, and by class the keys and names of what is there already."""

    code: str
    name: str
    things: dict[Iri, list[tuple[str, str]]]


def template(
    kind: Iri, standards: Standards, rules: Rules, on: datetime.date, around: Surroundings | None = None
) -> bytes:
    """The workbook for things of a class, and of a region where one is given; ``on`` is the day it is made for."""
    required = _required(kind, standards, rules)
    examples = _examples(kind, standards)
    columns = _columns(kind, required, set(examples), standards)
    book = Workbook(on)
    entries, notes, lists = book.sheet(standards.label(kind, "zh")), *map(book.sheet, table.NOTE_SHEETS)
    headings = [standards.label(column.iri, "zh") for column in columns]
    marked = [
        f"{name}*" if column.iri in required else name for name, column in zip(headings, columns, strict=True)
    ]
    entries.table(
        marked,
        [_WIDTH] * len(columns),
        ["required" if column.iri in required else "head" for column in columns],
    )
    entries.widths(*[_WIDTH] * len(columns), style="entry")
    said = [_explained(column, standards) for column in columns]
    shown = [
        around.code
        if around and column.range == def_("Region")
        else examples.get(column.iri) or _example(column, standards)
        for column in columns
    ]
    entries.add(table.NOTES[0] + said[0], *said[1:], style="quiet")
    entries.add(table.NOTES[1] + shown[0], *shown[1:], style="quiet")
    below = (entries.row, entries.row + ENTRY_ROWS)
    coded = sorted({c.range for c in columns if c.range is not None and standards.is_coded(c.range)}, key=str)
    targets = {one for column in columns if column.is_link for one in standards.targets(column.iri)}
    things = {one: found for one, found in around.things.items() if one in targets} if around else {}
    sources = code_lists(lists, coded, standards, things)
    for at, column in enumerate(columns):
        if source := sources.get(column.range) if column.range else None:
            entries.choice(at, below, source, ("代码", "请从列表中选择，或填写代码表中的代码。"))
        elif around and column.range == def_("Region"):
            entries.choice(at, below, [around.code], ("地区", "请填写六位行政区划代码。"))
        elif source := next((sources[one] for one in standards.targets(column.iri) if one in things), ""):
            entries.choice(
                at, below, source, ("标识", "请从列表中选择，或填写对方的标识；名称见“代码”工作表。")
            )
        elif column.range == Iri(names.XSD + "boolean"):
            entries.choice(at, below, ["是", "否"], ("是或否", "请填“是”或“否”。"))
    if around:
        notes.add(f"本表供 {around.code} {around.name}填报。", style="title")
    for line in _NOTES:
        notes.add(line)
    notes.widths(100)
    return book.done()


_NOTES = (
    "从第 4 行起填写，一行一个；第 2 行是说明，第 3 行是示例（取自合成数据），都不会被读取，可以保留。",
    "标有 * 的列必须填写，否则检查时会报告问题。没有 * 的列，有内容就填。不需要的列可以删除。",
    "全部单元格已设为文本格式，编码可以直接填写；从别处粘贴时请选择“只粘贴值”。",
    "有下拉列表的列，可以选择名称，也可以填写代码；代码与名称的对照见“代码”工作表。",
    "指向别的事物的列，填写对方的标识：部门填统一社会信用代码，事项填编码。",
    "填好后放进本地区的目录，与 region.ttl 在一起，用 zwfw check 检查。",
)


def _required(kind: Iri, standards: Standards, rules: Rules) -> set[Iri]:
    """The properties without which a thing of a class breaks a rule: those of which a shape wants one at least. Where one
    of several will do, the coded one is marked."""
    kinds = standards.ancestors(kind)
    entry = standards.entry_classes.get(usual) if (usual := standards.usual_kinds.get(kind)) else None
    kinds |= standards.ancestors(entry) if entry else set()
    found = {prop.iri for prop in standards.key_of(kind)}
    for rule in rules.all:
        facts = Facts(rule.graph)
        for shape in rule.parts:
            wanted = facts.value(shape, sh("minCount"))
            if (
                isinstance(wanted, Literal)
                and wanted.value != "0"
                and kinds & set(facts.values(shape, sh("targetClass")))
            ):
                paths = _steps(facts, shape)
                coded = [
                    one
                    for one in paths
                    if (p := standards.properties.get(one)) and standards.is_coded(p.range)
                ]
                found |= set((coded or paths)[:1])
    return {iri for iri in found if iri in standards.properties and not standards.properties[iri].is_derived}


def _steps(facts: Facts, shape: Iri) -> list[Iri]:
    path = facts.value(shape, sh("path"))
    alternatives = facts.value(path, sh("alternativePath")) if isinstance(path, BlankNode) else None
    return [
        one for one in (list(facts.members(alternatives)) if alternatives else [path]) if isinstance(one, Iri)
    ]


def _columns(kind: Iri, required: set[Iri], shown: set[Iri], standards: Standards) -> list[Property]:
    """The key first, then what is required, then what else things of the class may state, each in the ontology's order.

    Of properties that anything may have, those ``shown`` in the tables that come along.
    """
    keys, kinds = standards.key_of(kind), standards.ancestors(kind)
    own = [
        prop
        for iri, prop in standards.properties.items()
        if (iri in required | shown or kinds & set(standards.ends(iri, DOMAIN)))
        and not prop.is_derived
        and iri not in standards.upward  # the other direction of a link is inferred
        and prop not in keys
    ]
    order = standards.authored
    return [*keys, *sorted(own, key=lambda prop: (prop.iri not in required, order.get(prop.iri, 0)))]


def _explained(column: Property, standards: Standards) -> str:
    form = ""
    if column.range is not None and not standards.is_coded(column.range):
        form = EXAMPLES.get(column.range.value, "")
    definition = language.pick(standards.texts(column.iri, DEFINITION), "zh")
    return definition + (f"（如 {form}）" if form else "")


def _example(column: Property, standards: Standards) -> str:
    if column.range is None:
        return ""
    if standards.is_coded(column.range):
        return next(iter(_entries(column.range, standards)), ("", ""))[1]
    return EXAMPLES.get(column.range.value, "")


def _examples(kind: Iri, standards: Standards) -> dict[Iri, str]:
    """By property: the first value of the synthetic tables that come along."""
    found: dict[Iri, str] = {}
    for path in sorted(names.resources("data").glob(f"*/**/{kind.value.removeprefix(names.DEF)}.csv")):
        for sheet in table.read(path):
            props = [standards.property_by_heading(heading) for heading in sheet.headings]
            for _, cells in reversed(sheet.rows):
                found |= {prop.iri: cell for prop, cell in zip(props, cells, strict=True) if prop and cell}
    return found


def code_lists(
    sheet: Sheet,
    kinds: list[Iri],
    standards: Standards,
    things: dict[Iri, list[tuple[str, str]]] | None = None,
) -> dict[Iri, str]:
    """Write the code lists of classes side by side, code and name, and after them ``things`` by key and name. For each, the
    range to choose from: the names of a code list, the keys of things."""
    lists = [(kind, entries, 1) for kind in kinds if (entries := _entries(kind, standards))]
    lists += [(kind, found[:MOST_CHOICES], 0) for kind, found in (things or {}).items() if found]
    sheet.table(
        [text for kind, _, by in lists for text in ("代码" if by else "标识", standards.label(kind, "zh"))],
        [width for _, _, by in lists for width in (10 if by else 26, 24)],
    )
    longest = max((len(entries) for _, entries, _ in lists), default=0)
    for number in range(longest):
        sheet.add(
            *(t for _, entries, _ in lists for t in (entries[number] if number < len(entries) else ("", "")))
        )
    return {kind: sheet.range(2 * at + by, (1, len(entries))) for at, (kind, entries, by) in enumerate(lists)}


def _entries(kind: Iri, standards: Standards) -> list[tuple[str, str]]:
    """The entries of the code list a class's values stand in: code and name."""
    scheme = standards.scheme_of(kind)
    entries = set(standards.code_lists.get(scheme, {}).values()) if scheme else set()
    return sorted((standards.text(one, NOTATION), standards.label(one, "zh")) for one in entries)
