"""``zwfw check`` and ``zwfw convert``: what a folder or file says, held against the rules."""

import datetime
import sys
from pathlib import Path

import click

from app import above, check, formats, region, report, rules, standards
from app.cli.options import UNREADABLE, VIOLATIONS, complain, lang_option, on_option, release_option
from app.language import text
from app.progress import progress
from app.release import Releases
from app.rules import SEVERITIES
from app.source import Unreadable
from app.store.terms import turtle


@click.command("check")
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
@click.option(
    "--severity",
    type=click.Choice([one.lower() for one in SEVERITIES], case_sensitive=False),
    help="只按至少这样严重的规则检查 · Check by rules at least this grave only.",
)
@click.option("--strict", is_flag=True, help="警告也计入退出码 · Warnings count for the exit code, too.")
@click.option("--engine", type=click.Choice(sorted(check.ENGINES)), default="fast", show_default=True)
@on_option
@lang_option
@release_option
def check_(
    paths: tuple[Path, ...],
    form: str,
    as_json: bool,
    above_: Path | None,
    only: str | None,
    layer: str | None,
    severity: str | None,
    strict: bool,
    engine: str,
    on: datetime.date | None,
    lang: str,
    root: Path,
) -> None:
    """检查地区目录或文件 · Check region folders or files against the rules."""
    system, book = standards.load(), rules.load()
    chosen = _chosen(book, only, layer, severity)
    failed = unreadable = False
    current = Releases(root).current()
    index = current.index if current is not None and current.index.is_dir() else None
    found: list[report.Report] = []
    with progress() as say:
        for path in paths:
            say(text("读取 {folder}", lang, folder=path))
            try:
                reading = region.read(path, system)
            except Unreadable as error:
                complain(error, lang)
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


def _chosen(book: rules.Rules, only: str | None, layer: str | None, severity: str | None) -> list[rules.Rule]:
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
    if severity:
        grave = SEVERITIES[: SEVERITIES.index(severity.capitalize()) + 1]
        chosen = [rule for rule in chosen if rule.severity in grave]
    return chosen


@click.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@lang_option
def convert(path: Path, lang: str) -> None:
    """把目录或文件转为含派生属性的 Turtle · Write a folder or file as Turtle with its derived parts, for other engines."""
    system = standards.load()
    try:
        reading = region.read(path, system)
    except Unreadable as error:
        complain(error, lang)
        sys.exit(UNREADABLE)
    sys.stdout.buffer.write(turtle(reading.graph))
