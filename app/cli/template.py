"""``zwfw template``: the workbook a clerk fills in."""

import datetime
from pathlib import Path

import click

from app import entry_workbook, rules, standards
from app.cli.options import USAGE, fail, lang_option, write
from app.language import text


@click.command("template")
@click.argument("kind", metavar="CLASS")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="写入的文件，默认以类名命名 · The file; by default named after the class.",
)
@lang_option
def template_(kind: str, output: Path | None, lang: str) -> None:
    """写出一个类的填报模板（Excel） · Write the workbook to fill in for a class, such as ImplementedItem or 部门."""
    system = standards.load()
    found = system.classes.get(kind)
    if found is None or not system.key_of(found):
        keyed = sorted(system.label(one, lang) for one in set(system.classes.values()) if system.key_of(one))
        known = ("、" if lang == "zh" else ", ").join(keyed)
        fail(text("没有“{kind}”的表格；可用：{known}", lang, kind=kind, known=known), USAGE)
    path = output or Path(f"{system.label(found, 'zh')}.xlsx")
    write(path, entry_workbook.template(found, system, rules.load(), datetime.date.today()), lang)
    click.echo(text("已写入 {file}", lang, file=path))
