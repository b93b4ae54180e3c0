"""Linked data: every IRI of ours leads to a page for people and to RDF for programs.

``/id/…`` and the singular paths answer 303, because what they name is no document; ``/doc/…`` is the document, in the
format Accept asks for or the suffix names.
"""

import contextlib
from urllib.parse import quote

from flask import Blueprint, Response, g, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from app import names
from app.checking import explanation
from app.language import LANGUAGES
from app.ontology import standards
from app.releases.release import NoRelease
from app.store import StoreError
from app.store.terms import Iri
from app.web import description, links
from app.web.datasets import Dataset, of_system
from app.web.formats import PAGE, SUFFIXES, TRIPLE_FORMATS, Format, apart, chosen
from app.web.live import current_store
from app.web.page import confirmed, open_to_all
from app.web.problem import Problem
from app.web.term import term_page
from app.web.thing import Known, datasets_in, known_of, thing_page
from app.web.vocabulary import written

LONGEST_PATH = 4000
"""Characters of a path: four names of the length a file may have, every byte percent-encoded. No name of ours is longer,
and to look for longer ones would only cost."""

DESCRIPTION = "/void.ttl"
"""Where all datasets are described."""

pages = Blueprint("linked", __name__)
pages.after_request(open_to_all)


@pages.before_request
def bounded() -> None:
    """What is longer than a name can be is the name of nothing."""
    if len(request.path) > LONGEST_PATH:
        raise Problem("not-found")


# Names that lead to documents


@pages.get("/id/<path:path>")
def thing(path: str) -> BaseResponse:
    return _see_other(f"/doc/{links.raw_path().removeprefix('/id/')}")


@pages.get("/def")
def definitions() -> BaseResponse:
    return _negotiated("/ontology", "/doc/def")


@pages.get("/<any(rule, standard, finding, clause, code, question):kind>/<path:path>")
def named(kind: str, path: str) -> BaseResponse:
    raw = links.raw_path().lstrip("/")
    return _negotiated(links.address(names.BASE + raw), f"/doc/{raw}")


@pages.get("/<any(graph, inferred, report, provenance, summary):kind>/<code>/<path:path>")
def part_of_graph(kind: str, code: str, path: str) -> BaseResponse:
    """A thing of a graph, such as a file in a provenance; the graphs themselves are ``graphs.direct``."""
    raw = links.raw_path().lstrip("/")
    return _negotiated(f"/doc/{raw}", f"/doc/{raw}")


def _negotiated(human: str, doc: str) -> BaseResponse:
    """303 to the page, or to the document in the RDF format asked for."""
    form = _chosen()
    return _see_other(human if form is PAGE else f"{doc}.{form.name}")


def _see_other(address: str) -> BaseResponse:
    query = request.query_string.decode("ascii", "replace")
    path, hash_, fragment = address.partition("#")
    response = redirect(f"{path}{'?' + query if query else ''}{hash_}{fragment}", 303)
    response.vary.add("Accept")
    return response


def _chosen() -> Format:
    choice = chosen([PAGE, *TRIPLE_FORMATS], request.args.get("format"))
    if choice is None:
        raise Problem("not-acceptable")
    return choice[0]


# Documents


@pages.get("/doc/<path:path>")
def document(path: str) -> BaseResponse:
    """What is known of a thing, in every format."""
    raw = links.raw_path().removeprefix("/doc/")
    bare, suffix = apart(raw)
    if bare == "def":
        return _whole_ontology(suffix)
    found = description.find(current_store(), bare)
    if found is None and suffix:  # a name that happens to end like a suffix
        bare, suffix = raw, ""
        found = description.find(current_store(), bare)
    if found is None:
        raise Problem("not-found")
    iri, said = found
    if bare.startswith("id/"):  # the longer way to say the same
        return _see_other(links.document(iri.value) + suffix)
    form = SUFFIXES[suffix] if suffix else _chosen()
    known = known_of(iri, said)
    response = thing_page(known) if form is PAGE else _rdf(known, form)
    return _linked(response, f"/doc/{bare}", suffix, form, known)


@pages.get("/ontology/term/<path:name>")
def term(name: str) -> Response:
    bare, suffix = apart(name)
    form = SUFFIXES[suffix] if suffix else _chosen()
    iri = Iri(f"{names.DEF}{quote(bare, safe='')}")
    said = description.statements(current_store(), iri)
    if not said:
        raise Problem("not-found")
    # What refers to a class is every thing of it: that is a question for the endpoint.
    known = Known(iri, said, datasets_in(one.graph for one in said))
    response = term_page(bare) if form is PAGE else _rdf(known, form)
    return _linked(response, f"/ontology/term/{iri.value.removeprefix(names.DEF)}", suffix, form, known)


def _rdf(known: Known, form: Format) -> Response:
    return _sent(description.written_as(known.graph(), form), form)


def _sent(content: bytes, form: Format) -> Response:
    # With the charset: browsers in China otherwise take text/* for GBK.
    response = Response(content, content_type=f"{form.media_type}; charset=utf-8")
    response.headers["Content-Language"] = ", ".join(LANGUAGES)
    return confirmed(response)


def _whole_ontology(suffix: str) -> BaseResponse:
    form = SUFFIXES[suffix] if suffix else _chosen()
    if form is PAGE:
        return _see_other("/ontology")
    content = _sent(description.written_as(standards.load().terms, form), form)
    return of_ontology(content, "/doc/def", suffix, form)


def of_ontology(response: Response, path: str, suffix: str, form: Format) -> Response:
    """A document about the ontology or a part of it, with the headers all documents have."""
    return _linked(response, path, suffix, form, Known(Iri(names.BASE + "def"), [], [of_system("ontology")]))


def _linked(response: Response, path: str, suffix: str, form: Format, known: Known) -> Response:
    """The headers that tell a document's other forms, and what programs want to know before they read it. ``path`` has no
    suffix and is percent-encoded."""
    path = quote(path, safe="/%:@!$&'()*+,;=~-._")
    if not suffix:
        response.headers["Content-Location"] = f"{path}.{form.name}"
    response.vary.update(["Accept", "Accept-Language"])
    _link(response, path, "canonical")
    for ending, other in SUFFIXES.items():
        if other is not form:
            _link(response, f"{path}{ending}", "alternate", other.media_type)
    for rel, number in known.paging.neighbours.items():
        _link(response, f"{path}{suffix}?page={number}", rel)
    return _of_datasets(response, known.datasets)


def _of_datasets(response: Response, datasets: list[Dataset]) -> Response:
    """Where the data are described, by which licence they may be used, and in whose words they are written: those of the
    ontology, and of its version where the dataset was found to conform."""
    _link(response, DESCRIPTION, "describedby", "text/turtle")
    for licence in dict.fromkeys(one.licence for one in datasets if one.licence):
        _link(response, licence, "license")
    conforming = [written(value) for one in datasets for value in one.all(names.DCT + "conformsTo")]
    for profile in dict.fromkeys([names.BASE + "def", *conforming]):
        _link(response, profile, "profile")
    return response


def _link(response: Response, target: str, rel: str, media_type: str = "") -> None:
    kind = f'; type="{media_type}"' if media_type else ""
    response.headers.add("Link", f'<{target}>; rel="{rel}"{kind}')


PAGES_OF = {
    "ontology.ontology": names.BASE + "def",
    "rulebook.rule": names.RULE + "{name}",
    "documents.standard": names.STANDARD + "{slug}",
    "documents.clause": names.CLAUSE + "{slug}/{clause}",
    "regions.region": names.BASE + "graph/{code}",
    "regions.finding": names.FINDING + "{id}",
}
"""Pages made for one kind of thing, and the things they are about."""


GRAPH = "graphs_published.direct"
"""Where a graph answers under its own name, with its triples."""


@pages.before_app_request
def look_up() -> None:
    """What is to be told of a graph is asked before the graph is: its answer holds a process of the store until it is read,
    and to ask again meanwhile could wait for ever."""
    if request.endpoint == GRAPH and request.view_args:
        with contextlib.suppress(NoRelease, StoreError, Problem):
            g.datasets = datasets_in([names.graph(request.view_args["code"], request.view_args["kind"])])


@pages.after_app_request
def told(response: Response) -> Response:
    """Those pages tell, as documents do, where the same is to be had as RDF; and a graph, by which licence it may be used."""
    endpoint, args = request.endpoint or "", request.view_args or {}
    if response.status_code in (200, 304) and (endpoint in PAGES_OF or endpoint == GRAPH):
        # What is ready is not held back because the store is busy, nothing is published yet, or the client has asked too much.
        with contextlib.suppress(NoRelease, StoreError, Problem):
            if endpoint == GRAPH:
                found = g.get("datasets", [])
            else:
                iri = Iri(PAGES_OF[endpoint].format(**{name: quote(one) for name, one in args.items()}))
                found = _datasets_of_page(iri)
                for form in TRIPLE_FORMATS:
                    address = f"{links.document(iri.value)}.{form.name}"
                    _link(response, address, "alternate", form.media_type)
            _link(response, quote(request.path), "canonical")
            _of_datasets(response, found)
    return response


def _datasets_of_page(iri: Iri) -> list[Dataset]:
    """The datasets in which the thing of such a page is described."""
    match iri.value.removeprefix(names.BASE).partition("/")[0]:
        case "def":
            return [of_system("ontology")]
        case "rule":
            return [of_system("rules")]
        case "standard" | "clause":
            return [of_system("standards")]
        case "finding":
            rows = current_store().select(explanation.REGION_OF, finding=iri)
            return datasets_in(written(row["graph"]) for row in rows)
    return datasets_in([iri.value])
