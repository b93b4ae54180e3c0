"""The web service: ``create_app`` is the one place where its parts are joined."""

import dataclasses
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from flask import Blueprint, Flask, Response, redirect
from werkzeug.wrappers import Response as BaseResponse

from app.checking import rules
from app.language import LANGUAGES
from app.ontology import standards
from app.questions import question
from app.releases.release import NoRelease
from app.web import (
    about,
    allowance,
    assets,
    catalogue,
    compare,
    completion,
    discovery,
    documents,
    dumps,
    graphs,
    journal,
    language,
    linked,
    live,
    mapping,
    metrics,
    ontology,
    pages,
    problem,
    queries,
    questions,
    regions,
    rulebook,
    scorecard,
    search,
    sparql,
    submissions,
    term,
    trend,
    writable,
    writing,
)
from app.web.answers import Answers
from app.web.door import Door
from app.web.live import Live, Settings, current_release, current_store
from app.web.rewriting import Rewriter
from app.web.scratch import Scratch, current_scratch
from app.web.vocabulary import last_of
from app.web.wording import words

__all__ = ["Settings", "create_app", "create_open_app", "current_release", "current_store"]

SECURITY_HEADERS = {
    # Nothing from outside, no inline script or style: a page that carries strangers' data needs no more.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self' data:; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}

PUBLISHED = (
    sparql.pages,
    completion.pages,
    graphs.pages,
    graphs.published,
    graphs.read_only,
    queries.pages,
    about.pages,
    pages.pages,
    regions.pages,
    submissions.pages,
    rulebook.pages,
    scorecard.pages,
    trend.pages,
    compare.pages,
    questions.pages,
    ontology.pages,
    documents.pages,
    linked.pages,
    dumps.pages,
    mapping.pages,
    catalogue.pages,
    discovery.pages,
    search.pages,
)
"""The parts of the service over published data."""

STATIC_SECONDS = 300
"""Static files carry an ETag; five minutes spare the browser the question without outliving an upgrade."""


def create_app(root: Path, settings: Settings | None = None) -> Flask:
    """The application over the releases under ``root``. It may be created before anything is published."""
    settings = settings or Settings()
    if not settings.writable:
        return _joined(Live(root, settings), PUBLISHED)
    app = _joined(
        Live(root, settings), (writable.pages if part is graphs.read_only else part for part in PUBLISHED)
    )
    app.extensions["rewriter"] = Rewriter(root, settings)
    return app


def create_open_app(scratch: Scratch, settings: Settings) -> Flask:
    """The application over a dataset anybody may write: the two protocols, and no page but that for queries."""
    # What teaches SPARQL has the default graph SPARQL has.
    live_ = Live(scratch.root, dataclasses.replace(settings, union=False), discard=True)
    live_.catch_up()
    app = _joined(live_, (sparql.pages, completion.pages, graphs.pages, writing.pages, writing.direct_pages))
    app.extensions["scratch"] = scratch

    @app.get("/")
    def home() -> BaseResponse:
        return redirect("/sparql")

    return app


def prepare(app: Flask) -> None:
    """Have at hand what the first reader of each page would wait for: the standard system, the rules, the questions, what is
    drawn of the ontology, and the templates. Takes most of a second; pages may be asked for meanwhile."""
    for load in (standards.load, rules.load, question.load, ontology.prepare, term.prepare):
        load()
    for name in app.jinja_env.list_templates():
        app.jinja_env.get_template(name)


def _joined(live_: Live, parts: Iterable[Blueprint]) -> Flask:
    app = Flask(__name__)
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = STATIC_SECONDS
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    # Here and not by the pages that say these things: what several draw alike is read whole wherever one of it is drawn.
    app.context_processor(words)
    for one in (language.capital, last_of, scorecard.percent, scorecard.shade):
        app.add_template_filter(one)
    live.attach(app, live_)
    answers, log = Answers(), journal.Journal(live_.settings.log)
    app.extensions["answers"] = answers
    journal.attach(app, log)  # first: what comes after knows the request's id
    allowance.attach(app, live_.settings.rate)
    problem.attach(app)
    requests = metrics.attach(app)
    app.wsgi_app = Door(app, live_, answers, requests, log)  # type: ignore[method-assign]
    for blueprint in parts:
        app.register_blueprint(blueprint)

    @app.context_processor
    def everywhere() -> dict[str, Any]:
        return {
            "_": language.say,
            "asset": assets.asset,
            "lang": language.language(),
            "languages": LANGUAGES,
            "this_page_in": language.this_page_in,
            "release": _release_or_none(),
            "open_writing": current_scratch() is not None,
        }

    @app.after_request
    def secure(response: Response) -> Response:
        response.headers.extend(SECURITY_HEADERS)
        assets.keep(response)
        return language.remember(response)

    @app.get("/healthz")
    def healthz() -> Response:
        """The process answers."""
        return Response("ok\n", content_type="text/plain; charset=utf-8")

    @app.get("/readyz")
    def readyz() -> Response:
        """There is a release and it can be asked."""
        release = current_release()
        release.store.select("ASK {}")
        return Response(f"ok {release.id}\n", content_type="text/plain; charset=utf-8")

    return app


def _release_or_none() -> live.Opened | None:
    try:
        return current_release()
    except NoRelease:
        return None
