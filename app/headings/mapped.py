"""What was found out about the headings of tables, as one reads it and as lines of ``region.ttl`` to confirm."""

from collections.abc import Iterable, Iterator
from typing import Any

from app import names
from app.headings.called import ENOUGH, Proposal
from app.headings.mapping import MOST_VALUES, VALUES, Heading, Mapped
from app.language import text
from app.ontology.standards import Property, Standards
from app.store.terms import Literal

_NO_CODE = "六位代码"
"""Stands for the region's code where nothing tells it. Lines about a dataset that is not there do nothing, and the
headings stay unknown: it cannot be overlooked."""

_INDEX = names.CODE + "table-kind/index"
_FIT = {1: "列中的值相符", -1: "列中的值不符"}
_BY = {"region.ttl": "由 region.ttl 说明", "name": "由名称得知", "headings": "由列标题推断"}
_MOST_SHOWN = 60
"""Characters of a text from a table in a comment."""


def shown(written: str) -> str:
    """A text from a table in one line, without signs that would steer a terminal."""
    return "".join(sign for sign in " ".join(written.split()) if sign.isprintable())


def kind(mapped: Mapped, standards: Standards, lang: str) -> str:
    """What a table describes, and how that is known."""
    if mapped.kind is None:
        return text("看不出描述什么", lang)
    return _because(standards.label(mapped.kind, lang), text(_BY[mapped.kind_by], lang), lang)


def reason(proposal: Proposal, lang: str) -> str:
    """Why a property is proposed, in a few words."""
    why = text(proposal.why, lang)
    parts = [
        _because(why, proposal.like, lang) if proposal.like else why,
        text(_FIT[proposal.fit], lang) if proposal.fit and proposal.why != VALUES else "",
        text("属于其他类", lang) if proposal.is_elsewhere else "",
    ]
    return ("，" if lang == "zh" else ", ").join(filter(None, parts))


def _because(said: str, why: str, lang: str) -> str:
    return f"{said}（{why}）" if lang == "zh" else f"{said} ({why})"


def verdict(heading: Heading, standards: Standards, lang: str) -> str:
    """Why a column is taken for what it is, or that it is not."""
    if heading.chosen:
        return reason(heading.chosen, lang)
    if heading.is_declared:
        return text("由 region.ttl 说明", lang)
    if heading.known:
        return text("标准标题", lang)
    return _undecided(heading, standards, lang)


def _undecided(heading: Heading, standards: Standards, lang: str) -> str:
    """Why nothing is proposed for a heading."""
    if heading.outdone:
        label = standards.label(heading.outdone.prop.iri, lang)
        return text("最相近的“{label}”已有一列与之对应", lang, label=label)
    is_unclear = heading.others and heading.others[0].score >= ENOUGH
    return text("几个属性难分高下，请选定一个" if is_unclear else "没有足够相近的属性", lang)


def as_dict(mapped: Mapped, standards: Standards, lang: str) -> dict[str, Any]:
    """A table for programs."""

    def property_(prop: Property | None) -> dict[str, str] | None:
        return {"iri": prop.iri.value, "label": standards.label(prop.iri, lang)} if prop else None

    def proposal_(one: Proposal) -> dict[str, Any]:
        said = property_(one.prop) or {}
        return {**said, "score": round(one.score, 2), "why": reason(one, lang)}

    return {
        "file": mapped.file,
        "sheet": mapped.sheet,
        "class": {"iri": mapped.kind.value, "label": standards.label(mapped.kind, lang), "by": mapped.kind_by}
        if mapped.kind
        else None,
        "missingKeys": [property_(key) for key in mapped.missing_keys],
        "headings": [
            {
                "heading": heading.text,
                "known": property_(heading.known),
                "declared": heading.is_declared,
                "proposal": proposal_(heading.chosen) if heading.chosen else None,
                "others": [proposal_(one) for one in heading.others],
                "separator": heading.separator,
                "keyIsName": heading.key_is_name,
                "valueMap": [
                    {
                        "writtenAs": one.written,
                        "readAs": one.read,
                        "entries": [entry.value for entry in one.entries],
                    }
                    for one in heading.value_map
                ],
                "unknownValues": list(heading.unknown_values[:MOST_VALUES]),
            }
            for heading in mapped.headings
        ],
    }


def turtle(tables: Iterable[Mapped], standards: Standards, lang: str) -> str:
    """The lines for ``region.ttl``, each with what speaks for it; what is uncertain is commented out."""
    lines = [f"@prefix zwfw: <{names.DEF}> ."]
    for mapped in tables:
        lines += ["", *_Lines(mapped, standards, lang).table()]
    return "\n".join(lines) + "\n"


class _Lines:
    """The lines about one table. Whatever stands in the table is written as a literal or in one line."""

    def __init__(self, mapped: Mapped, standards: Standards, lang: str) -> None:
        self.mapped, self.standards, self.lang = mapped, standards, lang

    def _say(self, message: str, **values: object) -> str:
        return "# " + text(message, self.lang, **values)

    def _label(self, prop: Property) -> str:
        return self.standards.label(prop.iri, self.lang)

    def table(self) -> Iterator[str]:
        """A table's description, or what the one in ``region.ttl`` lacks."""
        mapped = self.mapped
        place = shown(f"{mapped.file} {mapped.sheet}")
        columns = [line for heading in mapped.headings for line in self._column(heading)]
        if not mapped.needs_saying:
            yield self._say("表格 {table}：列标题都能识别，region.ttl 无须说明。", table=place)
        elif mapped.is_declared:
            yield self._say(
                "表格 {table}：region.ttl 中已有这张表，请把下面各行放在它的“[”之后。", table=place
            )
            if mapped.kind_by in ("headings", ""):
                yield from self._kind()
            yield from columns
        else:
            yield self._say(
                "表格 {table}：请逐行核对。以 # 开头的行不起作用，确认后去掉 # 即可。", table=place
            )
            if not mapped.code:
                yield self._say("把“六位代码”换成本地区的行政区划代码。")
            yield f"<{names.graph(mapped.code or text(_NO_CODE, self.lang))}> zwfw:hasTable ["
            yield "    a zwfw:Table ;"
            yield f"    zwfw:fileName {Literal(mapped.file)} ;"
            if mapped.sheet:
                yield f"    zwfw:sheetName {Literal(mapped.sheet)} ;"
            yield from self._kind()
            yield from columns
            yield "] ."

    def _kind(self) -> Iterator[str]:
        mapped = self.mapped
        if mapped.kind is None:
            yield "    " + self._say("看不出这张表描述什么，请写明它的类：")
            yield "    # zwfw:describesClass zwfw:ImplementedItem ;"
            return
        yield f"    # {kind(mapped, self.standards, self.lang)}"
        yield f"    zwfw:describesClass {names.shorten(mapped.kind.value)} ;"
        if mapped.missing_keys:
            keys = text("、", self.lang).join(map(self._label, mapped.missing_keys))
            yield "    " + self._say("缺少标识列“{keys}”：没有它，这张表不能读取。", keys=keys)
        if mapped.kind in self.standards.usual_kinds:
            yield "    " + self._say("只列部分要素以便查找的，是索引：")
            yield f"    # zwfw:isListedAs <{_INDEX}> ;"

    def _column(self, heading: Heading) -> Iterator[str]:
        """A column's lines: each can be commented out, or in, alone."""
        if not heading.needs_saying:
            return
        written = f"zwfw:heading {Literal(heading.text)}"
        if heading.prop is None:
            yield "    " + f"# {verdict(heading, self.standards, self.lang)}"
            for one in heading.others:
                term, label = names.shorten(one.prop.iri.value), self._label(one.prop)
                because = f"{label} {one.score:.2f} {reason(one, self.lang)}"
                yield f"    # zwfw:hasColumn [ {written} ; zwfw:mapsTo {term} ] ;  # {because}"
            yield f"    # zwfw:hasColumn [ {written} ; zwfw:isLeftOut true ] ;"
            return
        others = text("、", self.lang).join(
            f"{self._label(one.prop)} {one.score:.2f}" for one in heading.others
        )
        also = text("；另有：{others}", self.lang, others=others) if others else ""
        label = self._label(heading.prop)
        score = f" {heading.chosen.score:.2f}" if heading.chosen else ""
        yield f"    # {label}{score} {verdict(heading, self.standards, self.lang)}{also}"
        mapped_to = f"{written} ; zwfw:mapsTo {names.shorten(heading.prop.iri.value)}"
        cells = list(self._cells(heading))
        if not cells:
            yield f"    zwfw:hasColumn [ {mapped_to} ] ;"
            return
        yield f"    zwfw:hasColumn [ {mapped_to}"
        yield from ("        " + line for line in cells)
        yield "    ] ;"

    def _cells(self, heading: Heading) -> Iterator[str]:
        """What the cells of a column need, each line for itself."""
        if heading.key_is_name:
            yield self._say("单元格里是名称而不是标识；以名称标识对方的：")
            yield "# ; zwfw:keyIsName true"
        if heading.separator:
            yield self._say("一格多值：")
            yield f"# ; zwfw:separator {Literal(heading.separator)}"
        if heading.value_map:
            yield self._say("不在代码表中而有相近的值：")
        for one in heading.value_map:
            pair = f"zwfw:writtenAs {Literal(one.written)} ; zwfw:readAs {Literal(one.read)}"
            entry = text("、", self.lang).join(
                self.standards.label(meant, self.lang) for meant in one.entries
            )
            yield f"# ; zwfw:hasValueMap [ {pair} ]  # {entry}"
        if heading.unknown_values:
            some = [shown(value)[:_MOST_SHOWN] for value in heading.unknown_values[:MOST_VALUES]]
            values = text("、", self.lang).join(some)
            total = len(heading.unknown_values)
            yield self._say("不在代码表中的值 {n} 种：{values}", n=total, values=values)
