"""``zwfw diff``: two reports held against each other."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from app import language
from app.checking import comparison
from app.cli.options import UNREADABLE, USAGE, VIOLATIONS, complain, fail, lang_option
from app.files.source import Place, Unreadable
from app.language import text

LISTED = 50
"""Findings listed of each kind in the text before it says how many more there are; JSON has all."""

_JUDGED = {"referenceDate": "基准日期", "version": "规则版本"}


@click.command()
@click.argument("before", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("after", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True)
@lang_option
def diff(before: Path, after: Path, as_json: bool, lang: str) -> None:
    """比较两份 JSON 报告：新增、已改、仍在 · Compare two reports written by ``zwfw check --format json``: new, fixed,
    still open. Exits with 1 when there are new violations.
    """
    try:
        found = comparison.compare(comparison.read(before), comparison.read(after))
    except Unreadable as error:
        complain(error, lang)
        sys.exit(UNREADABLE)
    if not (found.new or found.fixed or found.open) and found.only_before and found.only_after:
        fail(text("两份报告没有共同的地区，无法比较", lang), USAGE)
    if as_json:
        click.echo(json.dumps(vars(found), ensure_ascii=False, indent=1))
    else:
        click.echo("\n".join(changes_said(found, lang)))
    sys.exit(VIOLATIONS if found.has_new_violation else 0)


def changes_said(found: comparison.Comparison, lang: str) -> list[str]:
    """What became of the findings, a line each."""
    lines = [
        text(
            "{region} 的{what}不同：{then}、{now}；差别可能由此而来，不一定出自数据",
            lang,
            region=region,
            what=text(_JUDGED[name], lang),
            then=then,
            now=now,
        )
        for region, name, then, now in found.judged
    ]
    for regions in (found.only_before, found.only_after):
        if regions:
            lines.append(text("只有一份报告中有，未作比较：{codes}", lang, codes="、".join(regions)))
    lines.append(
        text(
            "新增 {new} 处，已改 {fixed} 处，仍在 {open} 处",
            lang,
            new=len(found.new),
            fixed=len(found.fixed),
            open=len(found.open),
        )
    )
    for title, findings in (("新增", found.new), ("已改", found.fixed), ("仍在", found.open)):
        if findings:
            lines += ["", text(title, lang), *(_finding(one, lang) for one in findings[:LISTED])]
        if len(findings) > LISTED:
            lines.append("  " + text("……另有 {n} 处，全部见 JSON 格式", lang, n=len(findings) - LISTED))
    return lines


def _finding(one: dict[str, Any], lang: str) -> str:
    place = one.get("place") or {}
    stood = Place(
        place.get("file") or "", place.get("sheet") or "", place.get("row") or 0, place.get("column") or ""
    )
    parts = (
        one["id"],
        one["rule_id"],
        stood.said(lang) or one["focus"],
        language.pick(one.get("label") or {}, lang),
        language.pick(one["message"], lang),
    )
    return "  " + "  ".join(part for part in parts if part)
