"""The command line: check, publish, serve, query, convert, rules, doctor.

Exit codes: 0 no violation, 1 violations, 2 usage, 3 unreadable. Results go to stdout, progress and errors to stderr.
"""

import contextlib
import datetime
import json
import os
import sys
from pathlib import Path
from typing import Any, NoReturn

import click

from app import above, check, doctor, formats, language, publication, region, report, rules, standards
from app.language import text
from app.progress import progress
from app.release import Release, Releases
from app.source import Unreadable
from app.store import FormatUnfit, Query, StoreError, open_store
from app.store.terms import turtle

VIOLATIONS, USAGE, UNREADABLE = 1, 2, 3

_QUERY_FORMATS = {
    "json": "application/sparql-results+json",
    "xml": "application/sparql-results+xml",
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
    "ttl": "text/turtle",
    "nt": "application/n-triples",
    "jsonld": "application/ld+json",
    "rdf": "application/rdf+xml",
}


class _Date(click.ParamType[datetime.date]):
    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime.date:
        try:
            return datetime.date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r}: 应为 2026-01-31 这样的日期 · a date such as 2026-01-31", param, ctx)


_release_option = click.option(
    "--release",
    "root",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="ZWFW_RELEASE",
    default=Path("var/zwfw"),
    show_default=True,
    help="发布目录 · The root that holds releases/ and current.",
)
_lang_option = click.option(
    "--lang",
    type=click.Choice(language.LANGUAGES),
    default=language.DEFAULT,
    show_default=True,
    help="语言 · Language of messages.",
)
_on_option = click.option(
    "--on",
    type=_Date(),
    default=None,
    metavar="DATE",
    help="基准日期，默认今天 · The date rules about time judge by; today by default.",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="zwfw", prog_name="zwfw")
def zwfw() -> None:
    """“互联网+政务服务”标准体系：检查、发布、查询地区数据。

    Check, publish and query regional data by the standard system of Internet + government services.
    """


@zwfw.command("check")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--format", "form", type=click.Choice(sorted(formats.FORMATS)), default="text", show_default=True
)
@click.option("--json", "as_json", is_flag=True, help="即 --format json · The same as --format json.")
@click.option(
    "--above",
    "above_",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="上级地区目录所在的目录 · The folder that holds the folders of the levels above.",
)
@click.option(
    "--rules",
    "only",
    metavar="R01,…",
    help="只按这些规则检查 · Check by these rules only, by number or name.",
)
@click.option("--layer", help="只按某一层次的规则检查 · Check by the rules of one layer only.")
@click.option("--strict", is_flag=True, help="警告也计入退出码 · Warnings count for the exit code, too.")
@click.option("--engine", type=click.Choice(sorted(check.ENGINES)), default="fast", show_default=True)
@_on_option
@_lang_option
@_release_option
def check_(
    paths: tuple[Path, ...],
    form: str,
    as_json: bool,
    above_: Path | None,
    only: str | None,
    layer: str | None,
    strict: bool,
    engine: str,
    on: datetime.date | None,
    lang: str,
    root: Path,
) -> None:
    """检查地区目录或文件 · Check region folders or files against the rules."""
    system, book = standards.load(), rules.load()
    chosen = _chosen(book, only, layer)
    failed = unreadable = False
    current = Releases(root).current()
    index = current.index if current is not None and current.index.is_dir() else None
    found: list[report.Report] = []
    with progress() as say:
        for path in paths:
            say(text("读取 {folder}", lang, folder=path))
            try:
                reading = (
                    region.read_folder(path, system) if path.is_dir() else region.read_file(path, system)
                )
            except Unreadable as error:
                _complain(error, lang)
                unreadable = True
                continue
            say(text("检查 {code}", lang, code=reading.code))
            folder = path if path.is_dir() else path.parent
            sources = above.sources(folder, above_, index, system)
            ground, missing = above.gather(reading.graph, reading.code, sources)
            day = on or datetime.date.today()
            found.append(report.examine(reading, ground, missing, book, system, day, chosen, engine))
    click.echo(formats.together(found, "json" if as_json else form, system, lang), nl=False)
    for one in found:
        counts = one.counts()
        failed |= one.has_violation or (strict and counts["Warning"] > 0)
    sys.exit(UNREADABLE if unreadable else VIOLATIONS if failed else 0)


def _chosen(book: rules.Rules, only: str | None, layer: str | None) -> list[rules.Rule]:
    chosen = list(book.all)
    if only:
        wanted = [name.strip() for name in only.split(",") if name.strip()]
        unknown = [name for name in wanted if book.find(name) is None]
        if unknown:
            raise click.BadParameter(f"没有规则 · no such rule: {', '.join(unknown)}", param_hint="--rules")
        chosen = [rule for rule in chosen if rule in [book.find(name) for name in wanted]]
    if layer:
        layers = sorted({rule.layer for rule in book.all})
        if layer not in layers:
            raise click.BadParameter(f"{layer!r}: {', '.join(layers)}", param_hint="--layer")
        chosen = [rule for rule in chosen if rule.layer == layer]
    return chosen


@zwfw.command()
@click.argument(
    "folders", nargs=-1, required=True, type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@click.option("--gate", is_flag=True, help="有违反即不发布 · Publish nothing if there is a violation.")
@click.option("--no-sample", is_flag=True, help="不发布示例数据 · Leave out sample data.")
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出结果 · Say the outcome as JSON.")
@_on_option
@_lang_option
@_release_option
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
        _complain(error, lang)
        click.echo(text("没有发布任何内容。", lang), err=True)
        sys.exit(UNREADABLE)
    except OSError as error:
        _complain_of_disk(error, lang)
        sys.exit(UNREADABLE)
    except publication.Refused as refused:
        for one in refused.reports:
            click.echo(formats.as_text(one, standards.load(), lang))
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


@zwfw.command()
@_release_option
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535))
@click.option(
    "--timeout",
    default=30.0,
    show_default=True,
    type=click.FloatRange(min=0.1),
    metavar="S",
    help="一次查询的时限（秒） · Deadline of a query in seconds.",
)
@click.option(
    "--memory",
    default=2048,
    show_default=True,
    type=click.IntRange(min=256),
    metavar="MB",
    help="查询进程的内存上限 · Memory limit of a query process.",
)
@click.option(
    "--workers",
    default=None,
    type=click.IntRange(min=1),
    metavar="N",
    help="查询进程数，默认为处理器数 · Query processes; by default the number of processors.",
)
def serve(root: Path, host: str, port: int, timeout: float, memory: int, workers: int | None) -> None:
    """提供网页与查询服务 · Serve the pages, dumps and the SPARQL endpoint."""
    from app.web.live import Settings
    from app.web.serve import serve as serve_

    settings = Settings(timeout=timeout, memory_mb=memory, workers=workers or os.cpu_count() or 2)
    try:
        serve_(root, host, port, settings)
    except OSError as error:
        _fail(f"{host}:{port}: {error.strerror or error}", USAGE)


@zwfw.command()
@click.argument("query_text", metavar="TEXT|-")
@click.option(
    "--format",
    "form",
    type=click.Choice(sorted(_QUERY_FORMATS)),
    default=None,
    help="结果格式 · Format of the answer.",
)
@click.option("--json", "as_json", is_flag=True, help="即 --format json · The same as --format json.")
@click.option("--timeout", default=30.0, show_default=True, type=click.FloatRange(min=0.1), metavar="S")
@_lang_option
@_release_option
def query(query_text: str, form: str | None, as_json: bool, timeout: float, lang: str, root: Path) -> None:
    """查询当前发布的数据 · Ask the current release a SPARQL query; ``-`` reads it from stdin."""
    release = _current(root, lang)
    asked = sys.stdin.read() if query_text == "-" else query_text
    media_type = _QUERY_FORMATS.get("json" if as_json else form or "", "")
    with (
        progress() as say,
        contextlib.closing(open_store(release.index, timeout=timeout, workers=1)) as store,
    ):
        say(text("查询……", lang))
        try:
            try:
                answer = store.answer(Query(asked), media_type or _QUERY_FORMATS["csv"])
            except FormatUnfit:
                if media_type:
                    raise
                answer = store.answer(Query(asked))
            for frame in answer.frames:
                sys.stdout.buffer.write(frame)
        except StoreError as error:
            _fail(f"{type(error).__name__}: {error}", VIOLATIONS)
    sys.stdout.buffer.flush()


@zwfw.command("rules")
@click.option("--json", "as_json", is_flag=True)
@_lang_option
def rules_(as_json: bool, lang: str) -> None:
    """列出规则 · List the rules."""
    system = standards.load()
    listed = [
        {
            "identifier": rule.identifier,
            "name": rule.name,
            "layer": rule.layer,
            "severity": rule.severity,
            "clause": system.citation(rule.clause, lang),
            "labels": rule.labels,
        }
        for rule in rules.load().all
    ]
    if as_json:
        click.echo(json.dumps(listed, ensure_ascii=False, indent=1))
    else:
        for rule, said in zip(rules.load().all, listed, strict=True):
            click.echo(
                f"{rule.identifier:5} {rule.severity:9} {rule.layer:8} {language.pick(rule.labels, lang)}  {said['clause']}"
            )


@zwfw.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@_lang_option
def convert(path: Path, lang: str) -> None:
    """把目录或文件转为含派生属性的 Turtle · Write a folder or file as Turtle with its derived parts, for other engines."""
    system = standards.load()
    try:
        reading = region.read_folder(path, system) if path.is_dir() else region.read_file(path, system)
    except Unreadable as error:
        _complain(error, lang)
        sys.exit(UNREADABLE)
    sys.stdout.buffer.write(turtle(reading.graph))


@zwfw.command("doctor")
@click.option("--json", "as_json", is_flag=True)
@_lang_option
@_release_option
def doctor_(as_json: bool, lang: str, root: Path) -> None:
    """检查安装与发布目录是否完好 · Find what is wrong with the installation and the releases."""
    with progress() as say:
        say(text("检查 {code}", lang, code=root))
        findings = doctor.examine(root, lang)
    if as_json:
        click.echo(json.dumps([finding.__dict__ for finding in findings], ensure_ascii=False, indent=1))
    else:
        for finding in findings:
            click.echo(f"{'✓' if finding.is_well else '✗'} {finding.what}：{finding.said}")
    sys.exit(0 if all(finding.is_well for finding in findings) else 1)


def _current(root: Path, lang: str) -> Release:
    release = Releases(root).current()
    if release is None:
        _fail(text("{root} 下还没有发布；请先运行 zwfw publish", lang, root=root), USAGE)
    return release


def _complain(error: Unreadable, lang: str) -> None:
    for one in error.errors:
        click.echo(one.said(lang), err=True)


def _complain_of_disk(error: OSError, lang: str) -> None:
    """A full disk, a lost release, a folder one may not write to: the release in force stays as it was."""
    click.echo(text("读写发布目录失败：{error}", lang, error=error), err=True)
    click.echo(text("没有发布任何内容。", lang), err=True)


def _fail(message: str, code: int) -> NoReturn:
    click.echo(message, err=True)
    sys.exit(code)
