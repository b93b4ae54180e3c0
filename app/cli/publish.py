"""``zwfw publish``: folders become the next release."""

import datetime
import json
import sys
from pathlib import Path

import click

from app import language, publication, rules, standards
from app.cli.options import (
    UNREADABLE,
    VIOLATIONS,
    complain,
    complain_of_disk,
    lang_option,
    on_option,
    release_option,
)
from app.formats import prose
from app.language import text
from app.source import Unreadable


@click.command()
@click.argument(
    "folders", nargs=-1, required=True, type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@click.option("--gate", is_flag=True, help="有违反即不发布 · Publish nothing if there is a violation.")
@click.option("--no-sample", is_flag=True, help="不发布示例数据 · Leave out sample data.")
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出结果 · Say the outcome as JSON.")
@on_option
@lang_option
@release_option
def publish(
    folders: tuple[Path, ...],
    gate: bool,
    no_sample: bool,
    as_json: bool,
    on: datetime.date | None,
    lang: str,
    root: Path,
) -> None:
    """读取、检查并发布地区目录 · Read, check and publish region folders as the next release."""
    publisher = publication.Publisher(
        root,
        standards.load(),
        rules.load(),
        on or datetime.date.today(),
        lambda line: click.echo(line, err=True),
        lang,
    )
    try:
        done = publisher.publish(list(folders), gate, not no_sample)
    except Unreadable as error:
        complain(error, lang)
        click.echo(text("没有发布任何内容。", lang), err=True)
        sys.exit(UNREADABLE)
    except OSError as error:
        complain_of_disk(error, lang)
        sys.exit(UNREADABLE)
    except publication.Refused as refused:
        for one in refused.reports:
            click.echo(prose.write([one], standards.load(), lang).decode())
        click.echo(text("有违反，未发布（--gate）。", lang), err=True)
        sys.exit(VIOLATIONS)
    if as_json:
        outcome = {
            "release": done.release.id,
            "rechecked": done.rechecked,
            "regions": {one.code: one.counts() for one in done.reports},
        }
        click.echo(json.dumps(outcome, ensure_ascii=False, indent=1))
    else:
        for one in done.reports:
            counts = one.counts()
            click.echo(
                text(
                    "{code} {title}：违反 {v} 处，警告 {w} 处，提示 {i} 处",
                    lang,
                    code=one.code,
                    title=language.pick(one.title, lang),
                    v=counts["Violation"],
                    w=counts["Warning"],
                    i=counts["Info"],
                )
            )
        click.echo(text("已发布 {id}", lang, id=done.release.id))
    sys.exit(VIOLATIONS if any(one.has_violation for one in done.reports) else 0)
