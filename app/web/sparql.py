"""The SPARQL 1.1 Protocol at ``/sparql``: parameters in, frames of the store out; a page where a browser
asks."""

from flask import Blueprint, Response

from app.store import Answer, Query, StoreError, dataset, syntax
from app.store.scratch import Change
from app.web import problem, rewriting
from app.web.answers import sent
from app.web.asked import asked
from app.web.description import written_as
from app.web.formats import GRAPH_FORMATS, PAGE, WORKBOOK, chosen, formats_of
from app.web.live import current_release, following
from app.web.page import allowing, confirmed, open_to_all
from app.web.problem import Problem
from app.web.query_page import query_page
from app.web.scratch import current_scratch, write
from app.web.service import service
from app.web.workbooks import query_workbook

pages = Blueprint("sparql", __name__)
pages.after_request(open_to_all)


@pages.route("/sparql", methods=["GET", "POST"], provide_automatic_options=False)
@pages.route("/sparql/", methods=["GET", "POST"], provide_automatic_options=False)
def endpoint() -> Response:
    wanted = asked()
    if wanted.update is not None:
        return _updated(wanted.update)
    if wanted.query is None:
        return _description(wanted.format)
    if wanted.is_stopped:
        return query_page(wanted.query, stopped=True)
    return _answer(wanted.query, wanted.format)


@pages.route("/sparql", methods=["OPTIONS"])
@pages.route("/sparql/", methods=["OPTIONS"])
def options() -> Response:
    return allowing("GET", "HEAD", "POST", "OPTIONS")


def _updated(change: Change) -> Response:
    dataset = current_scratch()
    if dataset is None:
        return rewriting.update(change)
    try:
        write(dataset, change)
    except StoreError as error:
        raise problem.of_store(error, change.text, following().settings.timeout) from error
    return Response(status=204)


def _answer(query: Query, format_name: str | None) -> Response:
    try:
        read = syntax.read(query.text)
    except ValueError:
        read = syntax.Syntax(query.text, "", False, False, False, -1)  # the store will say what is wrong
    choice = chosen([*formats_of(read.form), PAGE], format_name)
    if choice is None:
        raise Problem("not-acceptable")
    form, media_type = choice
    release = current_release()
    graphs = dataset.seen(query, read)
    state = release.id if graphs is None else sorted((graph, release.state_of(graph)) for graph in graphs)
    seen = [state, query.text, query.default_graphs, query.named_graphs, media_type]
    differs = read.is_volatile or read.uses_service
    if form is PAGE:
        return query_page(query, read.form, None if differs else seen)
    if form is WORKBOOK:
        return query_workbook(query)

    def answer() -> Answer:
        try:
            return release.store.answer(query, form.media_type)
        except StoreError as error:
            raise problem.of_store(error, query.text, following().settings.timeout) from error

    return sent(answer, media_type, None if differs else seen)


def _description(format_name: str | None) -> Response:
    """The page with an empty box, or a SPARQL 1.1 Service Description of what is really offered."""
    choice = chosen([*GRAPH_FORMATS, PAGE], format_name)
    if choice is None:
        raise Problem("not-acceptable")
    form, media_type = choice
    if form is PAGE:
        return query_page(None)
    body = written_as(set(service()), form)
    response = confirmed(Response(body, content_type=f"{media_type}; charset=utf-8"))
    response.vary.add("Accept")
    return response
