"""Answers to take along: files with a name, and the answer to a SELECT as a workbook."""

import datetime
import json

from flask import Response

from app.files.workbook import MOST_COLUMNS, Workbook
from app.questions import answered
from app.store import Query, StoreError
from app.web import allowance, problem, reports
from app.web.formats import WORKBOOK
from app.web.language import language, say
from app.web.live import Opened, current_release, following
from app.web.page import confirmed
from app.web.problem import Problem
from app.web.turns import Turns

WORKBOOK_ROWS = 100_000
"""What a workbook holds of an answer: some 10 MB, made in memory within seconds. CSV has all of it."""

WIDTH = 24.0
"""Of a column, in characters: a name, and the beginning of an IRI."""

WAITING, WAIT_SECONDS = 4, 20
"""How many may wait for their workbook while another is made, each with what goes into it, and how long."""

making = Turns(1, WAITING, WAIT_SECONDS, "正在制作别的工作簿，请稍后再试，或下载 CSV。")
"""Taken to make a workbook. That keeps the interpreter busy: two at once would be done no sooner, and take twice the memory."""


def file(content: bytes, media_type: str, name: str) -> Response:
    """A download in the reader's language, under a name."""
    response = Response(content, content_type=media_type)
    response.headers["Content-Disposition"] = f"attachment; filename={name}"
    response.headers["Content-Language"] = language()
    response.vary.update(["Accept-Language", "Cookie"])
    return confirmed(response)


def query_workbook(query: Query) -> Response:
    """The answer to a SELECT as a workbook. Raises ``Problem``."""
    allowance.spend()
    release = current_release()
    some = Query(query.text, query.default_graphs, query.named_graphs, WORKBOOK_ROWS)
    try:
        body = b"".join(release.store.answer(some).frames)
    except StoreError as error:
        raise problem.of_store(error, query.text, following().settings.timeout) from error
    made_up = [code for code, entry in release.regions.items() if reports.is_synthetic(entry)]
    with making.one():
        content = _workbook(query, body, release, made_up)
    mark = "-synthetic" if made_up else ""
    response = file(content, WORKBOOK.media_type, f"sparql{mark}.xlsx")
    response.vary.add("Accept")
    return response


def _workbook(query: Query, body: bytes, release: Opened, made_up: list[str]) -> bytes:
    found = json.loads(body)
    variables, rows = found["head"]["vars"], found["results"]["bindings"]
    if len(variables) > MOST_COLUMNS:
        raise Problem("not-acceptable", say("工作表至多 {n} 列；请改用 CSV。", n=f"{MOST_COLUMNS:,}"))
    book = Workbook(_made(release))
    sheet = book.sheet(say("结果"))
    if release.regions:
        sheet.add(say("发布版本 {id}", id=release.id), style="quiet")
    if made_up:
        said = say(
            "当前发布中 {codes} 是为演示而编造的数据，结果可能包含其内容；只查真实数据请指明图。",
            codes=made_up,
        )
        sheet.add(said, style="notice")
    if found["more"]:
        said = say("多于 {count} 行，此处只有前 {count} 行；全部请下载 CSV。", count=f"{len(rows):,}")
        sheet.add(said, style="notice")
    sheet.table(variables, [WIDTH] * len(variables))
    for row in rows:
        sheet.add(*(answered.cell(row.get(name)) for name in variables), style="given")
    asked = book.sheet(say("查询语句"))
    for line in query.text.splitlines():
        asked.add(line, style="given")
    for graph in query.default_graphs:
        asked.add(f"default-graph-uri={graph}", style="given")
    for graph in query.named_graphs:
        asked.add(f"named-graph-uri={graph}", style="given")
    return book.done()


def _made(release: Opened) -> datetime.date:
    """The day a release was made; today, for a dataset that anybody changes."""
    made = str(release.manifest.get("made", ""))
    return datetime.date.fromisoformat(made[:10]) if made else datetime.date.today()
