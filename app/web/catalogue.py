"""The catalogue of what is published: VoID for whoever queries, DCAT-AP 3 for whoever harvests data portals.

Both are made from the release and from figures prepared at publication; nothing of the nation's size is counted when
somebody asks. A page has some fifty datasets, and says where the next is (Hydra, and a Link).

Whatever is described has its name by the base; addresses to fetch from are those of this service (``links.home``).
"""

import hashlib
from collections.abc import Iterable
from importlib.metadata import version

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from app import names
from app.language import LANGUAGES
from app.web import description, links
from app.web.datasets import described
from app.web.dcat import Dcat
from app.web.formats import PAGE, TRIPLE_FORMATS, Format, chosen
from app.web.live import current_release, current_store, following
from app.web.page import open_to_all, paging
from app.web.problem import Problem
from app.web.void import Void

DATASETS_A_PAGE = 50
"""Of a catalogue: some hundred triples each in DCAT, some four hundred in VoID. A nation of three thousand regions takes
sixty pages, each made in well under a second."""

pages = Blueprint("catalogue", __name__)
pages.after_request(open_to_all)


@pages.get("/.well-known/void")
def well_known() -> BaseResponse:
    """Where those look who know nothing of a site but that it has linked data (RFC 8615; VoID, section 7.2)."""
    return redirect(f"/void.{_chosen(TRIPLE_FORMATS).name}", 303)


@pages.get("/<any(void, dcat):kind>")
def catalogue(kind: str) -> BaseResponse:
    form = _chosen([*TRIPLE_FORMATS, PAGE])
    response = redirect("/dumps", 303) if form is PAGE else _written(kind, form)
    response.vary.add("Accept")
    if form is not PAGE:
        response.headers["Content-Location"] = f"/{kind}.{form.name}{_query()}"
    return response


@pages.get("/<any(void, dcat):kind>.<any(ttl, nt, jsonld, rdf):suffix>")
def catalogue_file(kind: str, suffix: str) -> BaseResponse:
    return _written(kind, next(form for form in TRIPLE_FORMATS if form.name == suffix))


def _chosen(offered: Iterable[Format]) -> Format:
    choice = chosen(offered, request.args.get("format"))
    if choice is None:
        raise Problem("not-acceptable")
    return choice[0]


def _query() -> str:
    return f"?page={request.args['page']}" if "page" in request.args else ""


def _written(kind: str, form: Format) -> Response:
    """One page of a catalogue. Its ETag is that of the release, so that who has it already costs nothing."""
    release, home = current_release(), links.home()
    codes = [*names.SYSTEM_GRAPHS, *release.regions]
    cut = paging(DATASETS_A_PAGE, len(codes))
    live = following()
    made_of = [release.id, version("zwfw"), home, live.settings.operator, kind, form.name, str(cut.number)]
    tag = hashlib.sha256("\n".join(made_of).encode()).hexdigest()[:32]
    if request.if_none_match.contains(tag):
        response = Response(status=304)
    else:
        shown = described(release, current_store(), codes[cut.start : cut.stop])
        catalogued = (Void if kind == "void" else Dcat)(release, home, shown, cut, live.settings.operator)
        content = description.written_as(catalogued.described() | catalogued.pages(kind, form), form)
        response = Response(content, content_type=f"{form.media_type}; charset=utf-8")
        response.headers["Content-Language"] = ", ".join(LANGUAGES)
    response.set_etag(tag)
    response.cache_control.no_cache = True
    for rel, number in cut.neighbours.items():
        response.headers.add("Link", f'</{kind}.{form.name}?page={number}>; rel="{rel}"')
    response.headers.add("Link", f'</{kind}>; rel="canonical"')
    for other in TRIPLE_FORMATS:
        if other is not form:
            address = f"/{kind}.{other.name}{_query()}"
            response.headers.add("Link", f'<{address}>; rel="alternate"; type="{other.media_type}"')
    return response
