"""``zwfw map``: what the headings of a table mean, and the lines of ``region.ttl`` that say so."""

import json
import re
import sys
import unicodedata
from pathlib import Path

import click

from app.cli.options import UNREADABLE, complain, fail, lang_option, write
from app.files import source, table
from app.files.source import Unreadable
from app.headings import mapped, mapping
from app.headings.mapping import Mapped
from app.language import text
from app.ontology import standards
from app.ontology.standards import Standards
from app.regions import description
from app.regions.description import Description

WIDEST = 28
"""Columns of the terminal for a heading; a longer one is cut off in the table, not in the lines."""


@click.command("map")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="把 region.ttl 的各行写入文件 · Write the lines for region.ttl to a file.",
)
@click.option("--json", "as_json", is_flag=True)
@lang_option
def map_(file: Path, output: Path | None, as_json: bool, lang: str) -> None:
    """为表格的列标题找对应的属性，写出 region.ttl 的各行供核对 · Propose properties for the headings of a table, and write
    the lines for region.ttl to confirm. A region.ttl beside the table is taken into account.
    """
    system = standards.load()
    if file.suffix.lower() not in table.TABLES:
        expected = " ".join(sorted(table.TABLES))
        message = "不认识的文件类型“{found}”；可用 {expected}"
        wrong = source.refused(source.Place(file.name), message, file.suffix, expected=expected)
        fail(wrong.said(lang), UNREADABLE)
    described = _described(file, system, lang)
    folder = file.resolve().parent.name
    try:
        sheets = table.read(file)
    except Unreadable as error:
        complain(error, lang)
        sys.exit(UNREADABLE)
    except OSError as error:
        fail(text("无法读取文件：{found}", lang, found=error.strerror or str(error)), UNREADABLE)
    for wrong in (one for sheet in sheets for one in sheet.errors):
        click.echo(wrong.said(lang), err=True)
    found = mapping.propose(sheets, system, described, folder if re.fullmatch(r"\d{6}", folder) else "")
    lines = mapped.turtle(found, system, lang)
    if output is not None:
        write(output, lines.encode(), lang)
    if as_json:
        tables = [mapped.as_dict(one, system, lang) for one in found]
        click.echo(json.dumps({"tables": tables, "turtle": lines}, ensure_ascii=False, indent=1))
        return
    for one in found:
        click.echo(_table(one, system, lang) + "\n")
    click.echo(
        text("已写入 {file}", lang, file=output) if output is not None else lines, nl=output is not None
    )


def _described(file: Path, system: Standards, lang: str) -> Description | None:
    """What the ``region.ttl`` beside a table says. One that is not finished is no reason not to help."""
    beside = file.with_name(description.FILE)
    try:
        return description.read(beside, system) if beside.is_file() else None
    except Unreadable as error:
        complain(error, lang)
        click.echo(text("region.ttl 有误，这里不予考虑。", lang), err=True)
        return None


def _table(found: Mapped, system: Standards, lang: str) -> str:
    """A table's class and columns: heading, property, score, why."""
    place = mapped.shown(f"{found.file} {found.sheet}")
    lines = [f"{place}  {mapped.kind(found, system, lang)}"]
    rows = [
        (
            mapped.shown(one.text),
            system.label(one.prop.iri, lang) if one.prop else "—",
            f"{one.chosen.score:.2f}" if one.chosen else "",
            mapped.verdict(one, system, lang),
        )
        for one in found.headings
    ]
    widths = [min(WIDEST, max((_width(row[at]) for row in rows), default=0)) for at in range(3)]
    for row in rows:
        fitted = [_fitted(part, width) for part, width in zip(row, widths, strict=False)]
        lines.append("  " + "  ".join([*fitted, row[3]]))
    return "\n".join(lines)


def _width(written: str) -> int:
    """How many columns of a terminal a text takes: East Asian characters take two."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in written)


def _fitted(written: str, width: int) -> str:
    """A text cut off or filled up to a width."""
    if _width(written) > width:
        while _width(written) > width - 1:
            written = written[:-1]
        written += "…"
    return written + " " * (width - _width(written))
