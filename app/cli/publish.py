"""``zwfw publish``: folders become the next release."""

import datetime
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from app import language
from app.checking import rules
from app.cli.options import (
    OVERTAKEN,
    UNREADABLE,
    USAGE,
    VIOLATIONS,
    complain,
    complain_of_disk,
    complain_of_process,
    endpoint_of,
    fail,
    jobs_option,
    keep_option,
    lang_option,
    named,
    on_option,
    release_option,
)
from app.files.source import Unreadable
from app.language import text
from app.ontology import standards
from app.processes.pool import ProcessLost
from app.publishing import publication
from app.publishing.plan import Plan
from app.releases.release import Release, Releases
from app.store import StoreError


@click.command()
@click.argument("folders", nargs=-1, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--gate", is_flag=True, help="有违反即不发布 · Publish nothing if there is a violation.")
@click.option("--no-sample", is_flag=True, help="不发布示例数据 · Leave out sample data.")
@click.option("--all", "everything", is_flag=True, help="重新检查所有地区 · Check every region again.")
@click.option(
    "--withdraw",
    "withdrawn",
    multiple=True,
    metavar="CODE",
    help="撤下一个已发布的地区，可重复 · Take a published region out of the next release; may be repeated.",
)
@click.option(
    "--dry-run",
    is_flag=True,
    help="只说明将重新检查哪些地区及原因 · Only say what would be checked again, and why.",
)
@click.option(
    "--based-on",
    default="",
    metavar="RELEASE",
    help="这些地区的数据自该发布以来有变化时不发布，退出码 4 · Publish nothing, with exit code 4, if the data of these "
    "regions are by now others than in that release.",
)
@jobs_option
@click.option(
    "--by", default="", metavar="NAME", help="发布人，默认为当前用户 · Who publishes; by default the user."
)
@keep_option
@click.option(
    "--to",
    default="",
    metavar="URL",
    help="发布之后送到这个 SPARQL 存储，只送变化了的图 · Then send what changed to this SPARQL endpoint.",
)
@click.option(
    "--nquads",
    default=None,
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.nq.gz",
    help="另写一个文件，供存储自带的批量装载 · Also write a file for a store's own bulk loader.",
)
@click.option(
    "--to-update",
    default="",
    metavar="URL",
    help="该存储的更新地址，若与查询地址不同 · Where it takes updates, if elsewhere than queries.",
)
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出结果 · Say the outcome as JSON.")
@on_option
@lang_option
@release_option
def publish(
    folders: tuple[Path, ...],
    gate: bool,
    no_sample: bool,
    everything: bool,
    withdrawn: tuple[str, ...],
    dry_run: bool,
    based_on: str,
    jobs: int | None,
    by: str,
    keep: int,
    to: str,
    to_update: str,
    nquads: Path | None,
    as_json: bool,
    on: datetime.date | None,
    lang: str,
    root: Path,
) -> None:
    """读取、检查并发布地区目录 · Read, check and publish region folders as the next release."""
    endpoint = endpoint_of(to, to_update, lang) if to else None
    basis = named(based_on, lang, root) if based_on else None
    publisher = publication.Publisher(
        root,
        standards.load(),
        rules.load(),
        on or datetime.date.today(),
        lambda line: click.echo(line, err=True),
        lang,
        jobs,
        by,
        keep,
    )
    with telling(lang):
        if dry_run:
            plan = publisher.plan(list(folders), not no_sample, everything, withdrawn)
            if as_json:
                click.echo(json.dumps(_planned(plan), ensure_ascii=False, indent=1))
            return
        done = publisher.publish(list(folders), gate, not no_sample, everything, withdrawn, basis)
    if nquads is not None:
        _write(done.release, nquads, lang)
    sent = _sent(root, endpoint, lang) if endpoint else {}
    if as_json:
        outcome = {
            "release": done.release.id,
            "rechecked": done.rechecked,
            "withdrawn": list(done.withdrawn),
            **_planned(done.plan),
            "regions": {one.code: one.counts for one in done.outcomes},
            **sent,
        }
        click.echo(json.dumps(outcome, ensure_ascii=False, indent=1))
    else:
        click.echo("\n".join(done_said(done, lang)))
    # What is checked again was published by others: its faults are told, but not charged to this publication.
    sys.exit(VIOLATIONS if any(one.has_violation and one.is_given for one in done.outcomes) else 0)


def done_said(done: publication.Publication, lang: str) -> list[str]:
    """What was published and found, a line each."""
    message = "{code} {title}：违反 {v} 处，警告 {w} 处，提示 {i} 处"
    lines = [
        text(
            message,
            lang,
            code=one.code,
            title=language.pick(one.title, lang),
            v=one.counts["Violation"],
            w=one.counts["Warning"],
            i=one.counts["Info"],
        )
        for one in done.outcomes
    ]
    lines += [text("{code} 已撤下", lang, code=code) for code in done.withdrawn]
    done_now = "已发布 {id}" if done.is_new else "没有需要重新检查的地区；发布仍为 {id}"
    return [*lines, text(done_now, lang, id=done.release.id)]


@contextmanager
def telling(lang: str) -> Iterator[None]:
    """Say why nothing was published where nothing was, and end."""
    try:
        yield
    except Unreadable as error:
        complain(error, lang)
        click.echo(text("没有发布任何内容。", lang), err=True)
        sys.exit(UNREADABLE)
    except OSError as error:
        complain_of_disk(error, lang)
        sys.exit(UNREADABLE)
    except ProcessLost:
        complain_of_process(lang)
        click.echo(text("没有发布任何内容。", lang), err=True)
        sys.exit(UNREADABLE)
    except publication.NotWithdrawn as error:
        message = "不能撤下 {codes}：没有发布，或者正要发布；全国的行政区划（000000）不能撤下"
        fail(text(message, lang, codes=error.codes), USAGE)
    except publication.Overtaken as overtaken:
        message = "{codes} 的数据已被另一次发布改变（--based-on），没有发布任何内容。"
        fail(text(message, lang, codes=overtaken.codes), OVERTAKEN)
    except publication.Refused as refused:
        for report in refused.reports.values():
            click.echo(report)
        click.echo(text("有违反，未发布（--gate）。", lang), err=True)
        sys.exit(VIOLATIONS)


def _write(release: Release, path: Path, lang: str) -> None:
    from app.releases import replica  # half a second of imports that few publications need

    try:
        replica.write(release, path)
    except OSError as error:
        fail(text("无法写入 {file}：{error}", lang, file=path, error=error.strerror or str(error)), USAGE)


def _sent(root: Path, endpoint: Any, lang: str) -> dict[str, Any]:
    """Send the release in force; what is published stays so whatever becomes of this."""
    from app.releases import replica

    def say(graph: str, count: int) -> None:
        click.echo(text("送出 {graph}（{count} 条）", lang, graph=graph, count=count), err=True)

    releases = Releases(root)
    with releases.locked(lambda who: click.echo(text("等待 {who} 完成发布……", lang, who=who), err=True)):
        release = releases.current()
        assert release is not None  # it has just been published, and a release in force is never removed
        try:
            sent = replica.send(release, endpoint, say)
        except StoreError as error:
            message = "已发布 {id}，但没有全部送到 {address}：{error}。再次运行同一命令即接着送出。"
            fail(text(message, lang, id=release.id, address=endpoint.address, error=error), UNREADABLE)
    message = "{address} 现在是 {id}：换了 {loaded} 个图，去掉 {dropped} 个"
    counts = {"loaded": len(sent.loaded), "dropped": len(sent.dropped)}
    click.echo(text(message, lang, address=endpoint.address, id=release.id, **counts), err=True)
    return {"sent": {"to": endpoint.address, "loaded": sent.loaded, "dropped": sent.dropped}}


def _planned(plan: Plan) -> dict[str, Any]:
    return {"why": plan.rechecked, "expectedSeconds": round(plan.seconds, 1), "jobs": plan.jobs}
