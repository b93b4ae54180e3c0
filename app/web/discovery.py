"""What robots, search engines and finders of security holes look for at addresses that are the same everywhere.

The site map is made from the release: an index, one part for the pages of the service, and for each region's things as many
parts as its number of subjects takes. A part is read from the region's dump, which is sorted, line by line; no query runs, and
nothing is held in memory.
"""

import datetime
import gzip
import hashlib
import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from flask import Blueprint, Response, current_app, request

from app import names
from app.checking import rules
from app.ontology import standards
from app.ontology.facts import IN_SCHEME, TYPE
from app.questions import question
from app.releases.release import Release
from app.store.terms import Iri
from app.web import links
from app.web.documents import documents
from app.web.live import current_release, following
from app.web.ontology import modules
from app.web.problem import Problem
from app.web.term import terms

URLS_A_PART = 50_000
"""What the protocol of site maps allows in one file (https://www.sitemaps.org/protocol.html)."""

LINES_AT_ONCE = 1000
"""Entries sent in one piece, some hundred kilobytes: a piece for each would cost more than its content."""

SECURITY_DAYS = 180
"""For how long a contact counts from the start of the service. RFC 9116 advises less than a year; an operator who starts the
service anew says again whom to write to."""

NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
XML = "application/xml; charset=utf-8"
TEXT = "text/plain; charset=utf-8"

SECTIONS = ("/", "/regions", "/rules", "/standards", "/ontology", "/questions", "/dumps", "/sparql", "/map")

pages = Blueprint("discovery", __name__)


@pages.record_once
def started(state: Any) -> None:
    """Remember when the service began: the contact of its operator is as old as that."""
    state.app.extensions["started"] = datetime.datetime.now(datetime.UTC).replace(microsecond=0)


@pages.get("/robots.txt")
def robots() -> Response:
    """Documents may be read by any robot; queries cost, and have no end."""
    lines = [
        "User-agent: *",
        "Allow: /doc",
        "Disallow: /sparql?",
        "Disallow: /search",
        f"Sitemap: {links.home()}/sitemap.xml",
    ]
    return _kept("\n".join([*lines, ""]), TEXT)


@pages.get("/.well-known/security.txt")
def security() -> Response:
    """Whom to tell of a hole (RFC 9116). Where the operator named nobody there is no such file."""
    settings = following().settings
    if not settings.contact:
        raise Problem("not-found")
    expires = current_app.extensions["started"] + datetime.timedelta(days=SECURITY_DAYS)
    lines = [
        f"Contact: {settings.contact}",
        f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages: zh, en",
    ]
    if settings.public.startswith("https:"):
        lines.append(f"Canonical: {settings.public}/.well-known/security.txt")
    return _kept("\n".join([*lines, ""]), TEXT)


@pages.get("/sitemap.xml")
def sitemap() -> Response:
    """The index of the parts."""
    release = current_release()
    return _streamed("sitemapindex", "sitemap", _parts(release, links.home()), [release.id])


@pages.get("/sitemap/pages.xml")
def sitemap_of_pages() -> Response:
    """The pages of the service, and those of the standard system."""
    release, home = current_release(), links.home()
    made = str(release.manifest.get("made", ""))
    found = ((f"{home}{path}", made) for path in _of_service(release))
    return _streamed("urlset", "url", found, [release.id])


@pages.get("/sitemap/<code>.<int:number>.xml")
def sitemap_of_region(code: str, number: int) -> Response:
    """Some of the documents of a region's things."""
    release, home = current_release(), links.home()
    entry = release.regions.get(code)
    if entry is None or not 1 <= number <= _number_of_parts(entry):
        raise Problem("not-found")
    first = (number - 1) * URLS_A_PART
    documents_ = itertools.islice(_things(_dump(release, entry)), first, first + URLS_A_PART)
    found = ((f"{home}{links.document(iri)}", entry["published"]) for iri in documents_)
    return _streamed("urlset", "url", found, [entry["digest"], entry["published"], str(number)])


def _parts(release: Release, home: str) -> Iterator[tuple[str, str]]:
    yield f"{home}/sitemap/pages.xml", str(release.manifest.get("made", ""))
    for code, entry in release.regions.items():
        for number in range(1, _number_of_parts(entry) + 1):
            yield f"{home}/sitemap/{code}.{number}.xml", entry["published"]


def _number_of_parts(entry: dict[str, Any]) -> int:
    """By its subjects. Not all of them have a document; so the last part may be shorter, or empty."""
    return max(1, -(-int(entry["subjects"]) // URLS_A_PART))


def _of_service(release: Release) -> Iterator[str]:
    system = standards.load()
    yield from SECTIONS
    yield from (f"/regions/{code}" for code in release.regions)
    yield from (links.address(rule.iri.value) for rule in rules.load().all)
    for document in documents():
        yield links.address(document.iri.value)
        yield from (links.address(clause.iri.value) for clause in document.clauses)
    yield from (f"/questions/{one.name}" for one in question.load().all)
    yield from (f"/ontology/{name}" for name in modules())
    yield from (f"/ontology/term/{name}" for name in terms())
    schemes = system.subjects(TYPE, Iri(names.SKOS + "ConceptScheme"))
    for scheme in schemes:
        entries = [scheme, *system.subjects(IN_SCHEME, scheme)]
        yield from (links.address(one.value) for one in entries if isinstance(one, Iri))


def _dump(release: Release, entry: dict[str, Any]) -> Path:
    return release.dumps / str(next(name for name in entry["dumps"] if name.endswith(".nt.gz")))


def _things(dump: Path) -> Iterator[str]:
    """The things a sorted dump speaks of, each once."""
    start, last = f"<{names.BASE}id/".encode(), b""
    with gzip.open(dump) as lines:
        for line in lines:
            subject = line.partition(b" ")[0]
            if subject != last and subject.startswith(start):
                yield subject.strip(b"<>").decode()
            last = subject


def _streamed(root: str, element: str, found: Iterable[tuple[str, str]], made_of: list[str]) -> Response:
    """A site map as it is read, under an ETag of what it is made from."""
    tag = hashlib.sha256("\n".join([root, links.home(), *made_of]).encode()).hexdigest()[:32]
    if request.if_none_match.contains(tag):
        response = Response(status=304)
    else:
        body: Iterator[str] = iter(()) if request.method == "HEAD" else _written(root, element, found)
        response = Response(body, content_type=XML)
    response.set_etag(tag)
    response.cache_control.no_cache = True
    return response


def _written(root: str, element: str, found: Iterable[tuple[str, str]]) -> Iterator[str]:
    yield f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="{NAMESPACE}">\n'
    entries = (
        f"<{element}><loc>{escape(address)}</loc>"
        + (f"<lastmod>{date}</lastmod>" if date else "")
        + f"</{element}>\n"
        for address, date in found
    )
    while some := list(itertools.islice(entries, LINES_AT_ONCE)):
        yield "".join(some)
    yield f"</{root}>\n"


def _kept(content: str, media_type: str) -> Response:
    response = Response(content, content_type=media_type)
    response.cache_control.no_cache = True
    response.add_etag()
    response.make_conditional(request)
    return response
