"""Every error of the service in one shape: RFC 9457 for programs, a page for people, never a stack trace."""

import json
import logging
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, Flask, Response, g, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from app.releases.release import NoRelease
from app.store import (
    AnswerBroken,
    DeadlineExceeded,
    EvaluationFailed,
    FormatUnfit,
    GraphUnknown,
    MemoryExceeded,
    QueryMalformed,
    QueryRefused,
    ServiceFailed,
    Stopped,
    StoreBusy,
    StoreError,
)
from app.web.formats import prefers_page
from app.web.language import language, rendered, say

MEDIA_TYPE = "application/problem+json"

logger = logging.getLogger(__name__)
pages = Blueprint("problem", __name__)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of problem: its status, its title, and the paragraph on its page."""

    status: int
    title: str
    explanation: str


KINDS = {
    "malformed-query": Kind(
        400, "查询语句有语法错误", "查询不符合 SPARQL 1.1 语法。问题详情给出出错的行和列；请改正后再试。"
    ),
    "malformed-request": Kind(
        400,
        "请求不合要求",
        "请求的参数缺失、重复或编码有误。SPARQL 1.1 协议要求恰有一个 query 参数，且为 UTF-8。",
    ),
    "query-refused": Kind(
        403,
        "此类查询不予执行",
        "本服务只读，不执行更新（INSERT、DELETE、LOAD 等）；联邦查询 SERVICE 只能引用运维人员列出的服务。",
    ),
    "unauthorised": Kind(
        401,
        "需要令牌",
        "报送须在 Authorization 标头以 Bearer 给出有效的令牌。令牌由管理人员用 zwfw token create 建立。",
    ),
    "forbidden": Kind(403, "不允许的操作", "当前部署不允许这一操作，或请求没有相应的权限。"),
    "not-found": Kind(404, "没有这一页", "此地址没有内容。请检查网址，或从首页重新查找。"),
    "method-not-allowed": Kind(
        405, "不支持此方法", "此地址不支持所用的 HTTP 方法；Allow 标头列出可用的方法。"
    ),
    "not-acceptable": Kind(
        406,
        "没有可接受的格式",
        "Accept 标头或 format 参数所要的格式，不在此地址对这种查询所能提供的格式之中。",
    ),
    "too-large": Kind(413, "请求过大", "请求正文或查询文本超过了上限。请缩短查询，或拆成几次。"),
    "range-not-satisfiable": Kind(
        416, "没有所要的范围", "Range 标头所要的范围在文件之外；文件的大小见 Content-Range 标头。"
    ),
    "unsupported-media-type": Kind(
        415,
        "不支持的正文类型",
        "请用 application/sparql-query 或 application/x-www-form-urlencoded 发送 UTF-8 编码的查询。",
    ),
    "outdated": Kind(
        409, "已有更新的版本", "报送之后，这个地区的目录又有了新的版本。请重新报送，以便核对变化。"
    ),
    "unreadable": Kind(
        422,
        "文件无法读取",
        "所报送的文件有误，没有更改任何内容。问题详情的 errors 逐条列出文件、工作表、行、列和应有的内容。",
    ),
    "too-many": Kind(
        429,
        "请求过于频繁",
        "同一地址每分钟的请求超过了上限；查询、检索、须查询数据的网页和上传都计算在内。请按 Retry-After 标头给出的秒数稍后再试。",
    ),
    "stopped": Kind(
        503, "查询已被停止", "运维人员停止了这个查询，没有给出结果。如有需要，请与运维人员联系。"
    ),
    "busy": Kind(
        503, "查询排队已满", "正在执行和等待的查询已达上限。请按 Retry-After 标头给出的秒数稍后再试。"
    ),
    "no-release": Kind(
        503, "尚未发布数据", "此服务还没有可用的发布版本。请先用 zwfw publish 发布数据，服务无须重启。"
    ),
    "memory-exceeded": Kind(
        503,
        "查询所需内存超过上限",
        "查询的中间结果太大，已被终止。请缩小范围：指定地区的图、减少连接、加 LIMIT。",
    ),
    "deadline-exceeded": Kind(
        504,
        "查询超过时限",
        "排队、计算和传输合计超过了时限，查询已被终止。请缩小范围，或下载转储文件在本地查询。",
    ),
    "evaluation-failed": Kind(500, "查询未能完成", "查询引擎在计算中出错或意外终止。同一查询可以再试一次。"),
    "service-failed": Kind(
        502,
        "所引用的外部查询服务没有应答",
        "查询中 SERVICE 所指的服务拒绝了请求、没有在时限内应答或应答不完整，因此没有给出结果。用 SERVICE SILENT 可忽略这类失败。",
    ),
    "internal-error": Kind(500, "服务器内部错误", "服务出现意外错误，已记入日志。"),
}


@dataclass
class Problem(Exception):
    """An error to answer with. ``name`` is one of ``KINDS``; ``detail`` is in the reader's language."""

    name: str
    detail: str = ""
    more: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> Kind:
        return KINDS[self.name]

    def as_dict(self) -> dict[str, Any]:
        """RFC 9457 §3, with members of our own: line, column, query."""
        return {
            "type": url_for("problem.page", name=self.name, _external=True),
            "title": say(self.kind.title),
            "status": self.kind.status,
            "detail": self.detail or say(self.kind.explanation),
            "instance": request.full_path.rstrip("?"),
            **self.more,
        }


def of_store(error: StoreError, query: str = "", timeout: float = 0) -> Problem:
    """The problem that tells of a store's error."""
    match error:
        case QueryMalformed():
            place = {"line": error.line, "column": error.column} if error.line else {}
            detail = (
                say("第 {line} 行第 {column} 列：{reason}", reason=error.message, **place)
                if place
                else error.message
            )
            return Problem("malformed-query", detail, {**place, "query": query})
        case QueryRefused():
            return Problem("query-refused", f"{say(KINDS['query-refused'].explanation)} ({error})")
        case GraphUnknown():
            return Problem("not-found", say("没有这个图。"))
        case FormatUnfit():
            return Problem("not-acceptable")
        case Stopped():
            return Problem("stopped")
        case StoreBusy():
            return Problem("busy", headers={"Retry-After": str(error.retry_after)})
        case DeadlineExceeded():
            detail = say("时限为 {seconds} 秒。", seconds=f"{timeout:g}") if timeout else ""
            return Problem("deadline-exceeded", detail + say(KINDS["deadline-exceeded"].explanation))
        case MemoryExceeded():
            return Problem("memory-exceeded")
        case ServiceFailed():
            return Problem("service-failed", str(error))
        case AnswerBroken(__cause__=StoreError() as cause):  # a page has said nothing yet
            return of_store(cause, query, timeout)
        case EvaluationFailed() | AnswerBroken():
            return Problem("evaluation-failed", str(error))
    return Problem("internal-error")


def respond(problem: Problem) -> Response:
    """The problem as the client likes to read it."""
    g.problem = problem.name
    said = problem.as_dict()
    if prefers_page():
        body, media_type = rendered("problem.html", problem=said, name=problem.name), "text/html"
    else:
        body, media_type = json.dumps(said, ensure_ascii=False), MEDIA_TYPE
    response = Response(body, status=problem.kind.status, content_type=f"{media_type}; charset=utf-8")
    response.headers.update(problem.headers)
    response.headers["Content-Language"] = language()
    response.headers["Cache-Control"] = "no-store"
    response.vary.update(["Accept", "Accept-Language", "Cookie"])
    return response


@pages.get("/problems/<name>")
def page(name: str) -> str:
    """What a kind of problem means: the address RFC 9457 calls its type."""
    if name not in KINDS:
        raise Problem("not-found")
    return rendered("problem.html", problem=None, name=name, kind=KINDS[name])


@pages.get("/problems/")
def index() -> str:
    return rendered("problem.html", problem=None, name="", kinds=KINDS)


def attach(app: Flask) -> None:
    """Answer every error of ``app`` with a problem."""
    app.register_blueprint(pages)
    app.register_error_handler(Problem, respond)
    app.register_error_handler(StoreError, lambda error: respond(of_store(error)))
    app.register_error_handler(
        NoRelease, lambda _: respond(Problem("no-release", headers={"Retry-After": "60"}))
    )
    app.register_error_handler(HTTPException, _of_http)
    app.register_error_handler(Exception, _unexpected)


def _of_http(error: HTTPException) -> BaseResponse:
    if error.response is not None or (error.code or 500) < 400:  # a redirect of the routing
        return error.get_response()
    names = {404: "not-found", 405: "method-not-allowed", 406: "not-acceptable", 413: "too-large"}
    names |= {415: "unsupported-media-type", 403: "forbidden", 401: "unauthorised"}
    status = error.code or 500
    name = names.get(status, "internal-error" if status >= 500 else "malformed-request")
    headers = {key: value for key, value in error.get_headers() if key.lower() not in ("content-type",)}
    return respond(Problem(name, headers=headers))


def _unexpected(error: Exception) -> Response:
    logger.error("%s %s failed", request.method, request.path, exc_info=error)
    return respond(Problem("internal-error"))
