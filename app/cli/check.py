"""``zwfw check`` and ``zwfw convert``: what a folder or file says, held against the rules."""

import datetime
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from app.checking import check, foreign, formats, report, rules
from app.checking.rules import SEVERITIES
from app.cli.options import (
    UNREADABLE,
    USAGE,
    VIOLATIONS,
    Date,
    above_option,
    complain,
    fail,
    lang_option,
    on_option,
    output_option,
    release_option,
    write,
)
from app.cli.progress import progress
from app.files import fetching
from app.files.source import RDF_FORMATS, Unreadable, rdf_format
from app.files.table import TABLES
from app.language import text
from app.ontology import standards
from app.regions import above, region
from app.regions.reading import Reading
from app.releases.release import Releases
from app.store.terms import Triple, turtle
from app.workbooks import rectification

STDIN = "-"


class _Input(click.ParamType[Path | str]):
    """A folder, a file, ``-`` or an address of the web."""

    name = "path"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Path | str:
        named = str(value)
        if named == STDIN or fetching.is_address(named):
            return named
        if not Path(named).exists():
            self.fail(f"{named!r}: 没有这个文件或目录 · no such file or folder", param, ctx)
        return Path(named)


@click.command("check")
@click.argument("inputs", metavar="PATH…", nargs=-1, required=True, type=_Input())
@click.option(
    "--format",
    "form",
    type=click.Choice(list(formats.FORMATS)),
    default=None,
    help="报告格式，默认按 -o 的文件名，否则 text · Format of the report; by default that of -o, else text.",
)
@click.option("--json", "as_json", is_flag=True, help="即 --format json · The same as --format json.")
@output_option("把报告写入文件 · Write the report to a file.")
@click.option(
    "--rectify",
    "rectify",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="另为每个部门写出整改清单 · Also write a rectification workbook for each department into DIR.",
)
@click.option(
    "--deadline",
    type=Date(),
    metavar="DATE",
    help="整改清单中的整改期限 · The deadline that the rectification workbooks name.",
)
@above_option
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
@click.option(
    "--shapes",
    "shapes",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="改用这个文件中的 SHACL 形状，可多次给出 · Check by the SHACL shapes in this file instead; may be repeated.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=foreign.DEADLINE_SECONDS,
    show_default=True,
    metavar="S",
    help="--shapes 的检查最多用多少秒 · How many seconds a check by --shapes may take.",
)
@click.option("--strict", is_flag=True, help="警告也计入退出码 · Warnings count for the exit code, too.")
@click.option("--engine", type=click.Choice(sorted(check.ENGINES)), default="fast", show_default=True)
@click.option("--allow-url", is_flag=True, help="允许读取网址 · Allow addresses of the web to be read.")
@click.option(
    "--input-format",
    type=click.Choice(sorted(suffix[1:] for suffix in (*RDF_FORMATS, *TABLES))),
    default="ttl",
    show_default=True,
    help="从标准输入（-）读取的格式 · Of what comes on standard input (-).",
)
@on_option
@lang_option
@release_option
def check_(
    inputs: tuple[Path | str, ...],
    form: str | None,
    as_json: bool,
    output: Path | None,
    rectify: Path | None,
    deadline: datetime.date | None,
    above_: Path | None,
    only: str | None,
    layer: str | None,
    severity: str | None,
    shapes: tuple[Path, ...],
    timeout: float,
    strict: bool,
    engine: str,
    allow_url: bool,
    input_format: str,
    on: datetime.date | None,
    lang: str,
    root: Path,
) -> None:
    """检查地区目录或文件 · Check region folders or files against the rules, or against SHACL shapes of your own.

    PATH 可以是目录、表格、RDF 文件（可用 gzip 压缩）、- 或网址 · PATH is a folder, a table, an RDF file (packed by gzip
    or not), - or an address.
    """
    form = "json" if as_json else form or (output and formats.of_file(output)) or "text"
    if form in formats.BINARY and output is None and sys.stdout.isatty():
        raise click.UsageError("请用 -o 写明文件 · name a file with -o")
    if shapes and rectify:
        raise click.UsageError("--shapes 不与 --rectify 并用 · --shapes excludes --rectify")
    if shapes and (only or layer):
        raise click.UsageError("--shapes 不与 --rules、--layer 并用 · --shapes excludes --rules and --layer")
    if not allow_url and any(isinstance(one, str) and one != STDIN for one in inputs):
        raise click.UsageError("读取网址须加 --allow-url · addresses are read only with --allow-url")
    system, book = standards.load(), rules.load()
    current = Releases(root).current()
    checking = _Checking(
        system,
        book,
        _chosen(book, only, layer, severity),
        list(shapes),
        _at_least(severity) if severity else None,
        timeout,
        engine,
        on or datetime.date.today(),
        above_,
        current.index if current is not None and current.index.is_dir() else None,
    )
    found, unreadable = list[report.Report](), False
    with progress() as say:
        for one in inputs:
            say(text("读取 {folder}", lang, folder=one))
            try:
                with _here(one, f".{input_format}") as path:
                    reading = checking.read(path)
                    say(text("检查 {code}", lang, code=reading.code))
                    found.append(checking.examine(reading, path))
            except Unreadable as error:
                complain(error, lang)
                unreadable = True
    if found or form not in formats.OF_SOMETHING:
        written = formats.FORMATS[form](found, system, lang)
        if output is None:
            click.echo(written, nl=False)
        else:
            write(output, written, lang)
    if rectify is not None:
        _write_workbooks(rectify, found, system, book, deadline, lang)
    failed = any(one.has_violation or (strict and one.counts()["Warning"] > 0) for one in found)
    sys.exit(UNREADABLE if unreadable else VIOLATIONS if failed else 0)


def _write_workbooks(
    folder: Path,
    found: list[report.Report],
    system: standards.Standards,
    book: rules.Rules,
    deadline: datetime.date | None,
    lang: str,
) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        fail(text("无法写入 {file}：{error}", lang, file=folder, error=error.strerror or str(error)), USAGE)
    for one in found:
        said = formats.record.record(one, system, "zh")
        for name, content in rectification.workbooks(said, system, book, deadline).items():
            write(folder / name, content, lang)
            click.echo(text("已写入 {file}", lang, file=folder / name), err=True)


@contextmanager
def _here(named: Path | str, suffix: str) -> Iterator[Path]:
    """What a person names as a file or folder of this machine."""
    if isinstance(named, Path):
        yield named
        return
    with tempfile.TemporaryDirectory() as folder:
        if named == STDIN:
            yield fetching.from_stream(sys.stdin.buffer, suffix, Path(folder))
        else:
            yield fetching.from_web(named, Path(folder))


@dataclass(frozen=True)
class _Checking:
    """By what is checked, and with what beside it."""

    system: standards.Standards
    book: rules.Rules
    chosen: list[rules.Rule]
    shapes: list[Path]
    """Of others; instead of the rules."""
    severities: tuple[str, ...] | None
    seconds: float
    engine: str
    on: datetime.date
    above: Path | None
    index: Path | None

    def read(self, path: Path) -> Reading:
        """A folder, table or RDF file."""
        return (
            region.read_as_it_stands(path)
            if self._is_taken_as_it_stands(path)
            else region.read(path, self.system)
        )

    def _is_taken_as_it_stands(self, path: Path) -> bool:
        """RDF for shapes of others: they may ask for blank nodes, or for what we would derive."""
        return bool(self.shapes) and path.is_file() and rdf_format(path) is not None

    def examine(self, reading: Reading, path: Path) -> report.Report:
        """Its report, by the rules or by the shapes, with what stands above it."""
        beside, missing = set[Triple](), list[str]()
        if not self._is_taken_as_it_stands(path):
            folder = path if path.is_dir() else path.parent
            sources = above.sources(folder, self.above, self.index, self.system)
            beside, missing = above.gather(reading.graph, reading.code, sources)
        if not self.shapes:
            return report.examine(
                reading, beside, missing, self.book, self.system, self.on, self.chosen, self.engine
            )
        if not self._is_taken_as_it_stands(path):
            beside |= self.system.graph
        return foreign.examine(
            reading, beside, self.shapes, self.system, self.on, self.engine, self.seconds, self.severities
        )


def _at_least(severity: str) -> tuple[str, ...]:
    return SEVERITIES[: SEVERITIES.index(severity.capitalize()) + 1]


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
        chosen = [rule for rule in chosen if rule.severity in _at_least(severity)]
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
