"""What several commands share: options, exit codes, and how they say that something is wrong."""

import datetime
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import click

from app import language
from app.files.source import Unreadable
from app.language import text
from app.releases.release import MANIFEST, RETENTION, Release, Releases

VIOLATIONS, USAGE, UNREADABLE, OVERTAKEN = 1, 2, 3, 4
"""Exit codes; 0 is no violation. 4: another publication came first (``zwfw publish --based-on``)."""


class Date(click.ParamType[datetime.date]):
    """A day such as 2026-01-31."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime.date:
        try:
            return datetime.date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r}: 应为 2026-01-31 这样的日期 · a date such as 2026-01-31", param, ctx)


release_option = click.option(
    "--release",
    "root",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="ZWFW_RELEASE",
    default=Path("var/zwfw"),
    show_default=True,
    help="发布目录 · The root that holds releases/ and current.",
)
lang_option = click.option(
    "--lang",
    type=click.Choice(language.LANGUAGES),
    default=language.DEFAULT,
    show_default=True,
    help="语言 · Language of messages.",
)
on_option = click.option(
    "--on",
    type=Date(),
    default=None,
    metavar="DATE",
    help="基准日期，默认今天 · The date rules about time judge by; today by default.",
)
above_option = click.option(
    "--above",
    "above_",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="上级地区目录所在的目录 · The folder that holds the folders of the levels above.",
)
jobs_option = click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=None,
    metavar="N",
    help="同时运行的进程数，默认按处理器和内存 · How many processes; by default as processors and memory allow.",
)
keep_option = click.option(
    "--keep",
    type=click.IntRange(min=1),
    envvar="ZWFW_KEEP",
    default=RETENTION,
    show_default=True,
    metavar="N",
    help="保留最新的几个发布；当前的、它所由来的和正在提供的总会保留 · How many of the newest releases to keep; "
    "the one in force, the one it was made from, and those being served always are.",
)


def output_option(help: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """``-o FILE``, and what is written there."""
    return click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help=help)


def current(root: Path, lang: str) -> Release:
    release = Releases(root).current()
    if release is None:
        fail(text("{root} 下还没有发布；请先运行 zwfw publish", lang, root=root), USAGE)
    return release


def named(identity: str, lang: str, root: Path) -> Release:
    """A whole release by its identity."""
    found = next((one for one in Releases(root).all() if one.id == identity), None)
    if found is None or not (found.path / MANIFEST).is_file():
        fail(text("没有完整的发布 {id}；现存的见 zwfw releases", lang, id=identity), USAGE)
    return found


def endpoint_of(address: str, update: str, lang: str) -> Any:
    """The SPARQL endpoint at an address someone gave, not yet asked anything."""
    from app.store.endpoint import Endpoint  # half a second of imports that few commands need

    try:
        return Endpoint(address, update)
    except ValueError as error:
        message = "{address} 不是 SPARQL 存储的 http(s) 地址；用户名和密码不写在地址里"
        fail(text(message, lang, address=error), USAGE)


def complain(error: Unreadable, lang: str) -> None:
    for one in error.errors:
        click.echo(one.said(lang), err=True)


def complain_of_disk(error: OSError, lang: str) -> None:
    """A full disk, a lost release, a folder one may not write to: the release in force stays as it was."""
    click.echo(text("读写发布目录失败：{error}", lang, error=error), err=True)
    click.echo(text("没有发布任何内容。", lang), err=True)


def complain_of_process(lang: str) -> None:
    """A process of the pool that was killed."""
    click.echo(text("一个检查进程意外终止，多半是内存不足；请用较小的 --jobs 再试", lang), err=True)


def write(path: Path, content: bytes, lang: str) -> None:
    """Write what a person asked for to a file; that it cannot be written is a mistake of usage."""
    try:
        path.write_bytes(content)
    except OSError as error:
        fail(text("无法写入 {file}：{error}", lang, file=path, error=error.strerror or str(error)), USAGE)


def fail(message: str, code: int) -> NoReturn:
    click.echo(message, err=True)
    sys.exit(code)
