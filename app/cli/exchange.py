"""``zwfw export`` and ``zwfw import``: to and from the vocabularies of others."""

import re
import sys
from collections.abc import Callable
from pathlib import Path

import click

from app import names
from app.cli.options import UNREADABLE, USAGE, complain, current, fail, lang_option, release_option
from app.cpsv_ap import export as cpsv_ap_export
from app.cpsv_ap import read as cpsv_ap_read
from app.files.source import Unreadable
from app.language import text
from app.ontology import standards
from app.store.terms import Graph, Iri, RdfFormat, ntriples, parse, serialize, turtle

_LANGUAGE_TAG = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
"""The form of a language tag in Turtle and SPARQL, which every tag of BCP 47 has."""


def _ordered(form: RdfFormat) -> Callable[[Graph], bytes]:
    def written(graph: Graph) -> bytes:
        lines = (quad.triple for quad in parse(ntriples(graph), format=RdfFormat.N_TRIPLES))
        return serialize(lines, format=form, prefixes=names.PREFIXES) or b""

    return written


_FORMATS: dict[str, Callable[[Graph], bytes]] = {
    "ttl": turtle,
    "nt": ntriples,
    "jsonld": _ordered(RdfFormat.JSON_LD),
    "rdf": _ordered(RdfFormat.RDF_XML),
}


class _Matching(click.ParamType[str]):
    """A text of one form; what is expected else is said in both languages."""

    def __init__(self, name: str, form: str, expected: str) -> None:
        self.name, self._form, self._expected = name, form, expected

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not re.fullmatch(self._form, str(value)):
            self.fail(f"{value!r}: {self._expected}", param, ctx)
        return str(value)


@click.group("export")
def export() -> None:
    """以其他词汇表导出已发布的数据 · Write published data in the vocabulary of others."""


@click.group("import")
def import_() -> None:
    """读入以其他词汇表描述的数据 · Read data described in the vocabulary of others."""


@export.command("cpsv-ap")
@click.option(
    "--region", "code", required=True, metavar="CODE", help="地区代码 · The region's code, six digits."
)
@click.option("--format", "form", type=click.Choice(sorted(_FORMATS)), default="ttl", show_default=True)
@lang_option
@release_option
def export_cpsv_ap(code: str, form: str, lang: str, root: Path) -> None:
    """导出为 CPSV-AP 3.2.0 · Write a region of the current release as CPSV-AP 3.2.0, to stdout."""
    release = current(root, lang)
    try:
        regions = release.regions
        if code not in regions:
            fail(text("当前发布中没有地区 {code}；请先运行 zwfw publish 发布它", lang, code=code), USAGE)
        done = cpsv_ap_export.export(release, code, standards.load())
    except OSError as error:
        fail(text("读写发布目录失败：{error}", lang, error=error), UNREADABLE)
    _write(_FORMATS[form](done.graph))
    if (status := regions[code]["status"]) != "real":
        click.echo(text("注意：数据性质为 {status}，不是真实数据", lang, status=status), err=True)
    for left in (left for left in done.left_out if left.lacks):
        said = text(
            "{kind}：{n} 个未导出，缺少“{lacks}”或其所指未导出，如 {example}",
            lang,
            kind=_label(left.kind, lang),
            n=len(left.things),
            lacks=_label(left.lacks, lang),
            example=left.things[0],
        )
        click.echo(said, err=True)
    alien = [f"{_label(left.kind, lang)} {len(left.things)}" for left in done.left_out if not left.lacks]
    if alien:
        kinds = ("、" if lang == "zh" else ", ").join(alien)
        click.echo(text("CPSV-AP 没有对应的类，未导出：{kinds}", lang, kinds=kinds), err=True)


@import_.command("cpsv-ap")
@click.argument("path", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--language",
    type=_Matching("tag", _LANGUAGE_TAG.pattern, "应为 BCP 47 语言标签，如 et · a BCP 47 tag such as et"),
    default=cpsv_ap_export.UNDETERMINED,
    show_default=True,
    metavar="TAG",
    help="未注明语言的文字所用的语言 · The language of texts that do not say theirs.",
)
@click.option(
    "--region",
    "code",
    type=_Matching("code", r"\d{6}", "应为六位行政区划代码 · six digits"),
    default=None,
    metavar="CODE",
    help="以此地区的 IRI 重新命名，供放入其目录 · Name things as this region's, for a file in its folder.",
)
@click.option(
    "--rest",
    "rest_path",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="无处安放的三元组存入此文件 · Keep what could not be placed in this file, as N-Triples.",
)
@lang_option
def import_cpsv_ap(path: Path, language: str, code: str | None, rest_path: Path | None, lang: str) -> None:
    """读入 CPSV-AP 2 或 3 · Read a description in CPSV-AP 2 or 3, to Turtle in our terms on stdout."""
    try:
        done = cpsv_ap_read.read(path, standards.load(), language, code or "")
    except Unreadable as error:
        complain(error, lang)
        sys.exit(UNREADABLE)
    if rest_path is not None:
        try:
            rest_path.write_bytes(ntriples(done.rest))
        except OSError as error:
            fail(text("无法写入 {file}：{error}", lang, file=rest_path, error=error.strerror), UNREADABLE)
    _write(turtle(done.graph))
    click.echo(
        text(
            "已安放 {placed} 个三元组，无处安放 {rest} 个", lang, placed=len(done.placed), rest=len(done.rest)
        ),
        err=True,
    )
    for one in done.remaining():
        said = text(
            "{n} 个 {prop}（{kind}）：如 {example}",
            lang,
            n=one.count,
            prop=names.shorten(one.prop),
            kind=names.shorten(one.kind) if one.kind else text("未说明类", lang),
            example=one.example,
        )
        click.echo(f"  {said}", err=True)
    if done.rest and rest_path is None:
        click.echo(text("无处安放的三元组没有保存；用 --rest FILE 保存", lang), err=True)


def _write(content: bytes) -> None:
    """Write to stdout, to the end of a line: messages may follow on the same terminal."""
    sys.stdout.buffer.write(content if content.endswith(b"\n") else content + b"\n")
    sys.stdout.buffer.flush()


def _label(iri: str, lang: str) -> str:
    """The name of a term of ours; empty for none."""
    return standards.load().label(Iri(iri), lang) if iri else ""
