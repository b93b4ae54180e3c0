"""``zwfw ask``: a question of the catalogue to the current release."""

import contextlib
import datetime
import json
import sys
from pathlib import Path

import click

from app import language
from app.cli.options import (
    USAGE,
    VIOLATIONS,
    current,
    fail,
    lang_option,
    output_option,
    release_option,
    write,
)
from app.cli.progress import progress
from app.language import text
from app.questions import answered, question
from app.questions.parameter import Misasked
from app.questions.question import Question
from app.store import Query, Store, StoreError, open_store

FORMATS = ("text", "csv", "json", "xlsx")


@click.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
@click.argument("name", required=False)
@click.option(
    "--list", "lists", is_flag=True, help="列出全部问题及其参数 · List the questions with their parameters."
)
@click.option(
    "--json", "as_json", is_flag=True, help="列表或者答案用 JSON · The list, or the answer, as JSON."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="答案的格式 · Format of the answer.",
)
@click.option("--timeout", default=30.0, show_default=True, type=click.FloatRange(min=0.1), metavar="S")
@output_option("写到文件 · Write the answer to a file.")
@lang_option
@release_option
@click.pass_context
def ask(
    context: click.Context,
    name: str | None,
    lists: bool,
    as_json: bool,
    form: str,
    timeout: float,
    output: Path | None,
    lang: str,
    root: Path,
) -> None:
    """按问题目录查询 · Ask a question of the catalogue, by name or number; its parameters are options: --region=370600."""
    if lists:
        click.echo(_listed(as_json, lang), nl=False)
        return
    if not name:
        fail(text("请给出问题的名称或者编号；zwfw ask --list 列出全部问题", lang), USAGE)
    found = question.load().find(name) or question.load().find(name.upper())
    if found is None:
        fail(text("没有名为 {name} 的问题；zwfw ask --list 列出全部问题", lang, name=name), USAGE)
    values = _values(found, context.args, lang)
    release = current(root, lang)
    form = "json" if as_json else form
    with (
        progress() as say,
        contextlib.closing(open_store(release.index, timeout=timeout, workers=1)) as store,
    ):
        say(text("查询……", lang))
        try:
            answer = answered.ask(found, values, lang, store, release.regions)
            content = _written(answer, form, release.id, store)
        except Misasked as error:
            fail(error.said(lang), USAGE)
        except StoreError as error:
            fail(f"{type(error).__name__}: {error}", VIOLATIONS)
    if answer.is_synthetic:
        click.echo(text("含合成数据，仅供演示。", lang), err=True)
    if output is not None:
        write(output, content, lang)
    else:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()


def _values(found: Question, given: list[str], lang: str) -> dict[str, str]:
    """The parameters among the options: ``--name=value`` or ``--name value``."""
    values, rest = dict[str, str](), list(given)
    while rest:
        option = rest.pop(0)
        name, equals, value = option.removeprefix("--").partition("=")
        if not option.startswith("--") or not name or not (equals or rest):
            known = "、".join(f"--{one.name}" for one in found.parameters)
            message = "看不懂“{option}”；问题 {number} 的参数写作 --名称=值：{known}"
            fail(text(message, lang, option=option, number=found.number, known=known or "—"), USAGE)
        values[name] = value if equals else rest.pop(0)
    return values


def _written(answer: answered.Answered, form: str, release: str, store: Store) -> bytes:
    """The answer in a format. JSON and CSV are those of SPARQL 1.1, as every client of the endpoint gets them."""
    if form == "text":
        return answer.text().encode()
    if form == "xlsx":
        return answer.workbook(
            datetime.date.fromisoformat(f"{release[:4]}-{release[4:6]}-{release[6:8]}"), release
        )
    media_type = {"csv": "text/csv", "json": "application/sparql-results+json"}[form]
    return b"".join(store.answer(Query(answer.query), media_type).frames)


def _listed(as_json: bool, lang: str) -> str:
    catalogue = question.load().all
    if as_json:
        return json.dumps([_described(one) for one in catalogue], ensure_ascii=False, indent=1) + "\n"
    lines = []
    for one in catalogue:
        lines.append(f"{one.number} {one.name}  {language.pick(one.titles, lang)}")
        for parameter in one.parameters:
            default = f" = {parameter.default}" if parameter.default else ""
            lines.append(
                f"      --{parameter.name}{default}  {language.pick(parameter.labels, lang)}：{text(parameter.kind.allowed, lang)}"
            )
    return "\n".join(lines) + "\n"


def _described(one: Question) -> dict[str, object]:
    return {
        "identifier": one.number,
        "name": one.name,
        "iri": one.iri.value,
        "layer": one.layer,
        "aspects": list(one.aspects),
        "titles": one.titles,
        "explanations": one.explanations,
        "source": one.source.value,
        "parameters": [
            {
                "name": parameter.name,
                "kind": parameter.kind.name,
                "labels": parameter.labels,
                "default": parameter.default or None,
                "required": parameter.is_required,
            }
            for parameter in one.parameters
        ],
        "columns": [{"name": column.name, "labels": column.labels} for column in one.columns],
    }
