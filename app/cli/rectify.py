"""``zwfw rectify``: rectification workbooks that came back, and what comes of them."""

import datetime
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import click

from app.checking import rules
from app.cli.diff import changes_said
from app.cli.options import (
    UNREADABLE,
    USAGE,
    VIOLATIONS,
    above_option,
    complain,
    fail,
    keep_option,
    lang_option,
    on_option,
    release_option,
)
from app.cli.publish import done_said, telling
from app.files.source import Source, Unreadable
from app.language import text
from app.ontology import standards
from app.publishing.publication import Publisher
from app.regions import above, history, region
from app.regions.history import Change
from app.releases.release import Releases
from app.submissions.proposal import Judges, Proposal, propose
from app.workbooks import correction, returned
from app.workbooks.correction import Corrections
from app.workbooks.returned import Answer, Returned


@click.command()
@click.argument(
    "workbooks",
    metavar="FILE…",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@click.option(
    "--folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="地区目录，默认为发布目录下 sources/<代码> · The region's folder; by default sources/<code> under the root.",
)
@click.option(
    "--apply", "apply", is_flag=True, help="写入新的一版并发布 · Write the new version and publish it."
)
@click.option(
    "--by", default="", metavar="NAME", help="更正人，默认为清单中的填报人 · Who answers for the corrections."
)
@above_option
@click.option("--json", "as_json", is_flag=True)
@keep_option
@on_option
@lang_option
@release_option
def rectify(
    workbooks: tuple[Path, ...],
    folder: Path | None,
    apply: bool,
    by: str,
    above_: Path | None,
    as_json: bool,
    keep: int,
    on: datetime.date | None,
    lang: str,
    root: Path,
) -> None:
    """查看填好的整改清单会改变什么，确认后写入 · Say what rectification workbooks that came back would change: cells,
    findings put right, still open, new. Changes nothing without --apply.

    写入时，原表移入目录下的 originals/，更正记入溯源 · With --apply, tables replaced are kept under originals/ and what was
    done becomes provenance.
    """
    system, book = standards.load(), rules.load()
    current = Releases(root).current()
    index = current.index if current is not None and current.index.is_dir() else None
    try:
        workbooks_ = [returned.read(path) for path in workbooks]
        code = _one_region(workbooks_, lang)
        folder = folder or root / "sources" / code
        if not folder.is_dir():
            fail(text("没有目录 {folder}；请用 --folder 指明地区目录", lang, folder=folder), USAGE)
        basis = history.version(folder)
        reading = region.read_folder(folder, system)
        if reading.code != code:
            message = "整改清单属于 {code}，目录 {folder} 属于 {other}"
            fail(text(message, lang, code=code, folder=folder, other=reading.code), USAGE)
        meant = correction.corrections(workbooks_, reading, folder, system)
        sources = above.sources(folder, above_, index, system)
        judges = Judges(system, book, on or datetime.date.today(), sources)
        present = judges.said(judges.examined(reading))
        with tempfile.TemporaryDirectory(prefix="zwfw-") as work:
            changed = meant.carried_out(folder)
            staged = history.copied(folder, Path(work) / folder.resolve().name, changed)
            proposal = propose(staged, present, reading.graph, judges)
    except Unreadable as error:
        complain(error, lang)
        click.echo(text("没有更改任何内容。", lang), err=True)
        sys.exit(UNREADABLE)
    if as_json:
        click.echo(json.dumps(_said(meant, proposal), ensure_ascii=False, indent=1))
    else:
        click.echo("\n".join(_lines(meant, proposal, lang)))
    if apply and meant.made:
        who = by or "、".join(dict.fromkeys(one.by for one in workbooks_ if one.by))
        if not who:
            fail(text("没有写明更正人；请在整改清单的“概要”填写填报人，或用 --by 指明", lang), USAGE)
        now = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
        files = tuple(Source.of(path) for path in workbooks)
        change = Change(history.RECTIFICATION, now, who, files, tuple(meant.made))
        try:
            history.renew(folder, changed, change, basis)
        except history.Outdated:
            fail(text("其间目录又有了新的版本；请重新运行", lang), UNREADABLE)
        click.echo(text("已写入新的一版，原表在 {folder}", lang, folder=folder / history.ORIGINALS), err=True)
        publisher = Publisher(
            root, system, book, judges.on, lambda line: click.echo(line, err=True), lang, by=who, keep=keep
        )
        with telling(lang):
            done = publisher.publish([folder])
        click.echo("\n".join(done_said(done, lang)), err=as_json)
    elif not apply and meant.made:
        click.echo(text("以上尚未写入；确认后请加 --apply", lang), err=True)
    sys.exit(VIOLATIONS if proposal.report.has_violation else 0)


def _one_region(returned: list[Returned], lang: str) -> str:
    """The region all workbooks are about."""
    codes = sorted({one.region for one in returned})
    if len(codes) != 1:
        fail(text("整改清单属于几个地区（{codes}）；请分别处理", lang, codes="、".join(codes)), USAGE)
    return codes[0]


def _said(meant: Corrections, proposal: Proposal) -> dict[str, Any]:
    return {
        "corrections": [
            {
                "file": one.cell.file,
                "sheet": one.cell.sheet or None,
                "cell": one.cell.cell,
                "column": one.cell.column,
                "before": one.before,
                "after": one.after,
                "finding": one.finding or None,
            }
            for one in meant.made
        ],
        "left": [
            {"finding": one.finding or None, "treatment": one.treatment or None, "note": one.note or None}
            for one in meant.left
        ],
        "counts": proposal.report.counts(),
        "new": proposal.findings.new,
        "fixed": proposal.findings.fixed,
        "open": proposal.findings.open,
    }


def _lines(meant: Corrections, proposal: Proposal, lang: str) -> list[str]:
    lines = [text("更正 {n} 个单元格：", lang, n=len(meant.made))]
    for one in meant.made:
        change = text("“{before}”改为“{after}”", lang, before=one.before, after=one.after)
        lines.append(f"  {one.cell.said(lang)}  {change}")
    if meant.left:
        lines += ["", text("不更正 {n} 处：", lang, n=len(meant.left))]
        lines += [f"  {_left(one, lang)}" for one in meant.left]
    return [*lines, "", *changes_said(proposal.findings, lang)]


def _left(answer: Answer, lang: str) -> str:
    same = text("与现内容相同", lang) if answer.value is not None else ""
    treatment = same or answer.treatment
    return "  ".join(
        part for part in (answer.finding, answer.place.said(lang), treatment, answer.note) if part
    )
