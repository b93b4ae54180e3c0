"""``/queries``: what is being asked at the moment, for operators, who can stop it. Wants a token of the scope ``operate``."""

import datetime
from typing import Any

from flask import Blueprint, Response, g, jsonify, request

from app.releases import audit
from app.store import Evaluation
from app.submissions.tokens import OPERATE, Token
from app.web.formats import prefers_page
from app.web.language import language, rendered, say
from app.web.live import following
from app.web.page import page
from app.web.problem import Problem
from app.web.submissions import bearer, token_for

NATION = "000000"
"""The region an operator's token is for: queries look at all regions."""

pages = Blueprint("queries", __name__)


@pages.get("/queries")
def listed() -> Response:
    """The list as JSON for who has a token; to a browser, the form that asks for one."""
    if not bearer() and prefers_page():
        return page("queries.html", queries=None)
    _operator(bearer())
    response = jsonify({"queries": [_told(one) for one in following().ledger.under_way()]})
    response.headers["Cache-Control"] = "no-store"
    return response


@pages.delete("/queries/<identifier>")
def stopped(identifier: str) -> Response:
    """Stop one."""
    _stop(identifier, _operator(bearer()))
    return Response(status=204)


@pages.post("/queries")
def shown() -> Response:
    """The list as a page, and first one stopped where ``stop`` says so."""
    said = request.form.get("token", "").strip()
    by = _operator(said)
    note = ""
    if identifier := request.form.get("stop", ""):
        try:
            _stop(identifier, by)
            note = say("已要求停止 {id}。", id=identifier)
        except Problem:
            note = say("{id} 已经结束。", id=identifier)
    body = rendered(
        "queries.html",
        queries=[_told(one) for one in following().ledger.under_way()],
        token=said,
        note=note,
    )
    response = Response(body, content_type="text/html; charset=utf-8")
    response.headers["Content-Language"] = language()
    response.headers["Cache-Control"] = "no-store"
    return response


def _operator(said: str) -> Token:
    token = token_for(said, NATION, OPERATE)
    g.token = token.id
    return token


def _stop(identifier: str, by: Token) -> None:
    live = following()
    if not live.ledger.stop(identifier):
        raise Problem("not-found", say("没有这个查询，或者已经结束。"))
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    audit.note(live.root, {"time": now, "stopped": identifier, "by": f"{by.name}（{by.id}）"})


def _told(one: Evaluation) -> dict[str, Any]:
    return {
        "id": one.id,
        "request": one.client.name,
        "state": one.state,
        "seconds": round(one.seconds, 1),
        "query": one.text,
    }
