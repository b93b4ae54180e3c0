"""What the headings of a table mean: a table is sent, its headings come back with what is proposed for them."""

import tempfile
from pathlib import Path

from flask import Blueprint, Response, request
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import RequestEntityTooLarge

from app.files import upload
from app.files.source import Place, Unreadable, refused
from app.files.table import TABLES, Sheet
from app.headings import mapped, mapping
from app.headings.mapping import ROWS_LOOKED_AT, Mapped
from app.ontology import standards
from app.ontology.standards import Standards
from app.web import allowance
from app.web.language import language, rendered, say
from app.web.page import page
from app.web.problem import Problem
from app.web.turns import Turns

MAX_UPLOAD_BYTES = 16 * 1024 * 1024
"""A district's list of a thousand items is half a megabyte as CSV. Who has more can leave out rows: the first thousand do."""

AT_ONCE = 2
"""Tables worked on at the same time: each may take a gigabyte, and a processor, for some seconds."""

WAITING, WAIT_SECONDS = 4, 10
"""How many that come then may wait for their turn, and how long."""

LONGEST_NAME = 255
"""Characters of a file's name that are shown and written into the lines; no file here is ever named by it."""

pages = Blueprint("mapping", __name__)
turns = Turns(AT_ONCE, WAITING, WAIT_SECONDS, "正在读取的表格已达上限，请稍后再试。")


@pages.app_context_processor
def sayings() -> dict[str, object]:
    """For the template."""

    def missing(one: Mapped) -> str:
        return say("、").join(standards.load().label(key.iri, language()) for key in one.missing_keys)

    return {
        "reason": lambda one: mapped.reason(one, language()),
        "verdict": lambda one: mapped.verdict(one, standards.load(), language()),
        "kind_of": lambda one: mapped.kind(one, standards.load(), language()),
        "missing": missing,
    }


@pages.get("/map")
def form() -> Response:
    """The form."""
    return page("map.html", **_known())


@pages.post("/map")
def result() -> Response:
    """The headings of the table sent, what they mean, and the lines of ``region.ttl``. Nothing is kept."""
    request.max_content_length = MAX_UPLOAD_BYTES
    try:
        sent = request.files.get("file")
    except RequestEntityTooLarge as error:
        message = "文件不能超过 {mb} MB。可以只留标题和前一千行再上传，或在本机用 zwfw map 处理。"
        raise Problem("too-large", say(message, mb=MAX_UPLOAD_BYTES // 2**20)) from error
    system = standards.load()
    try:
        sheets, found = _mapped(sent, system)
    except Unreadable as unreadable:
        return _answer(422, errors=[error.said(language()) for error in unreadable.errors])
    errors = [error.said(language()) for sheet in sheets for error in sheet.errors]
    return _answer(200, tables=found, turtle=mapped.turtle(found, system, language()), errors=errors)


def _mapped(sent: FileStorage | None, system: Standards) -> tuple[list[Sheet], list[Mapped]]:
    """The sheets of the file sent, and what their headings mean. Raises ``Unreadable`` and ``Problem``."""
    allowance.spend()
    name = upload.name_of(sent.filename or "")[-LONGEST_NAME:] if sent else ""
    suffix = Path(name).suffix.lower()
    if not sent or not name:
        raise Unreadable(refused(Place(say("上传")), "没有选择文件"))
    if suffix not in TABLES:
        message = "不认识的文件类型“{found}”；可用 {expected}"
        raise Unreadable(refused(Place(name), message, suffix, expected=" ".join(sorted(TABLES))))
    with turns.one():
        with tempfile.TemporaryDirectory(prefix="zwfw-map-") as folder:
            path = Path(folder, f"table{suffix}")
            sent.save(path)
            sheets = upload.read(path, name, ROWS_LOOKED_AT)
        return sheets, mapping.propose(sheets, system)


def _answer(status: int, **values: object) -> Response:
    body = rendered("map.html", **{**_known(), **values})
    response = Response(body, status=status, content_type="text/html; charset=utf-8")
    response.headers["Content-Language"] = language()
    response.headers["Cache-Control"] = "no-store"
    return response


def _known() -> dict[str, object]:
    return {
        "suffixes": sorted(TABLES),
        "mb": MAX_UPLOAD_BYTES // 2**20,
        "rows": ROWS_LOOKED_AT,
        "tables": [],
        "turtle": "",
        "errors": [],
    }
