"""Submitting a region's files: the report and what would change at once, and, if one says so, publication.

``POST /regions/<code>/submissions`` is for programs, ``/submit`` the same for people. Both want a token that counts for the
region; a service that only reads otherwise takes submissions, too.
"""

import datetime
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, current_app, request, url_for
from werkzeug.exceptions import RequestEntityTooLarge

from app.files import fetching, upload
from app.files.source import Unreadable
from app.ontology import standards
from app.processes import apart
from app.regions.history import Outdated
from app.submissions import submission
from app.submissions.submission import ARCHIVE, ARCHIVE_TYPES, MAX_BYTES, Submission, Submissions
from app.submissions.tokens import SUBMIT, Token, Tokens
from app.web import allowance
from app.web.language import language, rendered, say
from app.web.live import following
from app.web.page import page
from app.web.problem import Problem
from app.web.turns import Turns

AT_ONCE = 1
"""Submissions worked on at the same time: each may take four gigabytes and a processor for some seconds."""

WAITING, WAIT_SECONDS = 8, 20
"""How many that come then may wait for their turn, and how long."""

PUBLISH_SECONDS = 900
"""A region takes seconds; the catalogue may have every region of a province checked again."""

VIOLATIONS, OVERTAKEN = 1, 4
"""Exit codes of a publication: of data that break rules, published all the same; and where another came first."""

FINDINGS_SHOWN = 30
"""Findings of each kind on the page; the answer to a program has all."""

pages = Blueprint("submissions", __name__)
turns = Turns(AT_ONCE, WAITING, WAIT_SECONDS, "正在处理别的报送，请稍后再试。")


@pages.post("/regions/<code>/submissions")
def submit(code: str) -> Response:
    """Take files in for a region: multipart with ``file`` parts, or one file as the body. ``?table=`` names the class whose
    table it replaces, ``?publish=true`` publishes at once."""
    token = token_for(bearer(), code)
    answer = _submitted(code, token, _sent(), request.args.get("table", ""))
    if request.args.get("publish") != "true":
        return _json(answer, 200)
    return _published(code, answer)


@pages.post("/regions/<code>/submissions/<identity>/publication")
def publish_waiting(code: str, identity: str) -> Response:
    """Publish a submission that waits."""
    token_for(bearer(), code)
    return _published(code, {"submission": _waiting(code, identity).id})


@pages.get("/submit")
def form() -> Response:
    """The form."""
    return page("submit.html", **_known())


@pages.post("/submit")
def form_sent() -> Response:
    """What the form sends: files to look at, or the identity of a submission to publish."""
    said = _form()
    code = said.get("region", "").strip()
    token = token_for(said.get("token", "").strip(), code)
    identity = said.get("submission", "")
    if identity:
        done = _publish(_waiting(code, identity))
        body = rendered("submit.html", **_known(), code=code, done=done)
    else:
        answer = _submitted(code, token, _sent(), said.get("table", ""))
        body = rendered("submit.html", **_known(), code=code, answer=answer, shown=FINDINGS_SHOWN)
    return _kept_nowhere(Response(body, content_type="text/html; charset=utf-8"))


def _known() -> dict[str, Any]:
    system = standards.load()
    kinds = {
        kind.value.rpartition("#")[2]: system.label(kind, language())
        for kind in set(system.classes.values())
        if system.key_of(kind)
    }
    return {
        "kinds": sorted(kinds.items(), key=lambda one: one[1]),
        "mb": MAX_BYTES // 2**20,
        "minutes": submission.KEPT_SECONDS // 60,
    }


# Who, and what


def bearer() -> str:
    """The token in the Authorization header."""
    kind, _, said = request.headers.get("Authorization", "").partition(" ")
    return said.strip() if kind.lower() == "bearer" else ""


def token_for(said: str, code: str, scope: str = SUBMIT) -> Token:
    """The token ``said``, if it counts for the region and is for this. Raises ``Problem``."""
    found = Tokens(following().root).find(said, datetime.date.today())
    if found is None:
        raise Problem("unauthorised", headers={"WWW-Authenticate": 'Bearer realm="zwfw"'})
    if not (len(code) == 6 and code.isascii() and code.isdecimal() and found.covers(code)):
        detail = say(
            "这个令牌用于 {region} 及其下级，不能用于 {code}。", region=found.region, code=code or "—"
        )
        raise Problem("forbidden", detail)
    if scope not in found.scopes:
        raise Problem("forbidden", say("这个令牌不能用于此项操作。"))
    return found


def _form() -> Mapping[str, str]:
    """The fields sent, the body as large as it may be. Raises ``Problem``."""
    request.max_content_length = MAX_BYTES
    try:
        return request.form
    except RequestEntityTooLarge as error:
        message = "一次报送不能超过 {mb} MB；请压缩成 .zip，或分几次报送。"
        raise Problem("too-large", say(message, mb=MAX_BYTES // 2**20)) from error


def _sent() -> dict[str, bytes]:
    """The files sent, by name. Raises ``Problem``."""
    if request.mimetype in ("multipart/form-data", "application/x-www-form-urlencoded"):
        _form()
        parts = [(part.filename or "", part.read()) for part in request.files.getlist("file")]
    else:
        request.max_content_length = MAX_BYTES
        parts = [(_name_of_body(), request.get_data())]
    named = [(upload.name_of(name), content) for name, content in parts if name]
    if not named:
        raise Problem("malformed-request", say("没有文件。请以 multipart 的 file 部分提交，或直接作为正文。"))
    if len(dict(named)) < len(named):
        raise Problem("malformed-request", say("几个文件同名；请改名后一起提交，或压缩成 .zip。"))
    return dict(named)


def _name_of_body() -> str:
    """The name of a file that is the body: as ``?name=`` says, else by its type."""
    name = request.args.get("name", "")
    if name:
        return name
    suffix = ARCHIVE if request.mimetype in ARCHIVE_TYPES else fetching.suffix_of(request.mimetype)
    if suffix is None:
        message = "不认识的正文类型 {found}；请用 multipart/form-data，或以 name 参数给出文件名。"
        raise Problem("unsupported-media-type", say(message, found=request.mimetype or "—"))
    return f"data{suffix}"


# Doing it


def _submitted(code: str, token: Token, files: dict[str, bytes], kind: str) -> dict[str, Any]:
    """Take in and look at what was sent: the answer to a program. Raises ``Problem``."""
    allowance.spend()
    submissions = Submissions(following().root)
    with turns.one():
        try:
            found = submissions.receive(code, f"{token.name}（{token.id}）", files, kind, standards.load())
            try:
                looked = submission.looked_at(found, following().root)
            except Unreadable:
                submissions.forget(found)
                raise
        except Unreadable as unreadable:
            errors = [asdict(error.place) | {"said": error.said(language())} for error in unreadable.errors]
            raise Problem("unreadable", more={"errors": errors}) from unreadable
    return {"submission": found.id, "region": code, "published": False, **looked}


def _waiting(code: str, identity: str) -> Submission:
    found = Submissions(following().root).find(code, identity)
    if found is None:
        message = "没有这一报送，或者已经超过 {minutes} 分钟；请重新报送。"
        raise Problem("not-found", say(message, minutes=submission.KEPT_SECONDS // 60))
    return found


def _published(code: str, answer: dict[str, Any]) -> Response:
    done = _publish(_waiting(code, answer["submission"]))
    response = _json(answer | {"region": code, "published": True} | done, 201)
    response.headers["Location"] = url_for("regions.region", code=code)
    return response


def _publish(found: Submission) -> dict[str, Any]:
    """Publish one, and say what came of it. Raises ``Problem``."""
    allowance.spend()
    with turns.one():
        outcome = publish([found], found.by)
    counts = outcome["regions"][found.code]
    return {"release": outcome["release"], "rechecked": outcome["rechecked"], "counts": counts}


def publish(
    waiting: list[Submission], by: str, withdrawn: Iterable[str] = (), based_on: str = ""
) -> dict[str, Any]:
    """Renew the folders of regions and publish from them as one release, without those ``withdrawn``, as ``zwfw publish``
    does, in a process of its own; not if their data have changed since the release they are ``based_on``. What that says.
    Raises ``Problem``."""
    root = following().root.resolve()
    options = ["--json", "--by", by, "--lang", language(), "--release", str(root)]
    options += ["--based-on", based_on] if based_on else []
    options += [argument for code in withdrawn for argument in ("--withdraw", code)]
    try:
        with Submissions(root).accepted(waiting) as folders:
            done = apart.called("app", ["publish", *map(str, folders), *options], PUBLISH_SECONDS)
            if done.returncode == OVERTAKEN:
                raise Outdated
    except Outdated as outdated:
        raise Problem("outdated", say(_OVERTAKEN) if based_on else "") from outdated
    except apart.TookTooLong as late:
        raise Problem("internal-error", say(_NOT_PUBLISHED)) from late
    if done.returncode not in (0, VIOLATIONS):
        said = done.stderr.decode("utf-8", "replace")
        current_app.logger.error("publishing what was submitted failed: %s", said)
        raise Problem("internal-error", say(_NOT_PUBLISHED))
    outcome: dict[str, Any] = json.loads(done.stdout)
    return outcome


_OVERTAKEN = "写入期间，另一次发布改变了这个地区的数据；请重新提交。"
_NOT_PUBLISHED = "文件已经存下，但发布没有成功；请与管理人员联系。"


def _json(answer: dict[str, Any], status: int) -> Response:
    body = json.dumps(answer, ensure_ascii=False, indent=1)
    return _kept_nowhere(Response(body, status, content_type="application/json; charset=utf-8"))


def _kept_nowhere(response: Response) -> Response:
    response.headers["Content-Language"] = language()
    response.headers["Cache-Control"] = "no-store"
    return response
