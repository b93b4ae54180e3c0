"""``zwfw template``: the workbook a clerk fills in."""

import datetime
from pathlib import Path
from urllib.parse import unquote

import click

from app import names
from app.checking import rules
from app.cli.options import USAGE, current, fail, lang_option, output_option, release_option, write
from app.language import text
from app.ontology import standards
from app.ontology.standards import Standards
from app.regions.above import Published, levels_above
from app.store.terms import Iri, def_
from app.workbooks import entry_workbook
from app.workbooks.entry_workbook import Surroundings


@click.command("template")
@click.argument("kind", metavar="CLASS")
@click.option(
    "--region",
    metavar="CODE",
    help="供一个地区填报：可选其已发布的部门、事项和上级目录 · For a region: what it and the levels above published to choose from.",
)
@output_option("写入的文件，默认以类名命名 · The file; by default named after the class.")
@lang_option
@release_option
def template_(kind: str, region: str | None, output: Path | None, lang: str, root: Path) -> None:
    """写出一个类的填报模板（Excel） · Write the workbook to fill in for a class, such as ImplementedItem or 部门."""
    system = standards.load()
    found = system.classes.get(kind)
    if found is None or not system.key_of(found):
        keyed = sorted(system.label(one, lang) for one in set(system.classes.values()) if system.key_of(one))
        known = ("、" if lang == "zh" else ", ").join(keyed)
        fail(text("没有“{kind}”的表格；可用：{known}", lang, kind=kind, known=known), USAGE)
    around = _around(region, system, root, lang) if region else None
    path = output or Path(f"{system.label(found, 'zh')}.xlsx")
    write(path, entry_workbook.template(found, system, rules.load(), datetime.date.today(), around), lang)
    click.echo(text("已写入 {file}", lang, file=path))


def _around(code: str, system: Standards, root: Path, lang: str) -> Surroundings:
    """What the region's tables may refer to in the release in force."""
    published = Published.of(current(root, lang).index)
    regions = dict(published.of_class(def_("Region"), names.NATION))
    here = Iri(names.region(code))
    if here not in regions:
        fail(text("没有地区 {code}；应为现行的六位行政区划代码", lang, code=code), USAGE)
    things: dict[Iri, list[tuple[str, str]]] = {}
    keyed = {kind for kind in system.classes.values() if system.key_of(kind)} - {def_("Region")}
    for kind in sorted(keyed, key=str):
        for level in (code, *levels_above(code)):
            found = sorted((_key(thing, code), name) for thing, name in published.of_class(kind, level))
            things.setdefault(kind, []).extend(found)
    return Surroundings(
        code, regions[here], {kind: list(dict.fromkeys(found)) for kind, found in things.items()}
    )


def _key(thing: Iri, code: str) -> str:
    """How a cell of the region names a thing: by its key, after the code where it is another region's."""
    owner, _, rest = thing.value.removeprefix(names.region("")).partition("/")
    key = unquote(rest.partition("/")[2])
    return key if owner == code else f"{owner}/{key}"
