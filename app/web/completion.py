"""What the editor of queries offers: the terms of the ontology, codes and regions, by name and by pinyin, with how often they
are used; and the list of terms beside it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from flask import Blueprint, Response

from app import names
from app.headings import likeness
from app.language import pick
from app.ontology import standards
from app.ontology.facts import ALT_LABEL
from app.releases.release import NoRelease
from app.store import StoreError
from app.store.terms import Iri, Literal
from app.web.language import language
from app.web.links import address
from app.web.live import Opened, current_release
from app.web.page import confirmed, open_to_all
from app.web.scratch import current_scratch
from app.web.void import Figures, figures_of

REGIONS = 500
"""Regions whose graphs are offered by name; where more are published, codes are typed. A row has some 150 bytes."""

pages = Blueprint("completion", __name__)


@dataclass(frozen=True, slots=True)
class Used:
    """A term in the list beside the editor, and how often data use it."""

    name: str
    label: str
    href: str
    count: int


@pages.get("/sparql/terms.json")
def terms() -> Response:
    """Prefixes and terms as JSON, in both languages; each term with what it is written as in a query (``insert``)."""
    release, figures = _published()
    counts = {**figures.things, **figures.uses} if figures else {}
    offered: list[dict[str, Any]] = [
        {**term, "count": counts[term["iri"]]} if term["iri"] in counts else term for term in _system()
    ]
    if release is not None and len(release.regions) <= REGIONS:
        offered += _regions(release)
    body = json.dumps(
        {"prefixes": names.PREFIXES, "terms": offered}, ensure_ascii=False, separators=(",", ":")
    )
    return open_to_all(confirmed(Response(body, content_type="application/json; charset=utf-8")))


def used() -> tuple[list[Used], list[Used]]:
    """The classes that published data have things of, and the properties they use, the commonest first."""
    _, figures = _published()
    if figures is None:
        return [], []
    return _by_count(figures.things), _by_count(figures.uses)


def _by_count(counts: dict[str, int]) -> list[Used]:
    system = standards.load()
    listed = [
        Used(names.shorten(iri), pick(system.labels(Iri(iri)), language()), address(iri), count)
        for iri, count in counts.items()
    ]
    return sorted(listed, key=lambda one: (-one.count, one.name))


def _published() -> tuple[Opened | None, Figures | None]:
    """The release and its figures; without them where nothing is published, or nobody can be asked at the moment."""
    if current_scratch() is not None:
        return None, None
    try:
        release = current_release()
        return release, figures_of(release)
    except (NoRelease, StoreError):
        return None, None


@cache
def _system() -> list[dict[str, Any]]:
    """The terms and codes of the standard system; they do not change while the service runs."""
    return list(_offered())


def _offered() -> Iterator[dict[str, Any]]:
    system = standards.load()
    kinds = [
        ("class", iri) for iri in {*system.classes.values(), *system.derived} if iri not in system.properties
    ]
    kinds += [("property", iri) for iri in system.properties]
    kinds += [("code", iri) for entries in system.code_lists.values() for iri in set(entries.values())]
    for kind, iri in sorted(kinds, key=lambda one: (one[0], one[1].value)):
        others = [value.value for value in system.values(iri, ALT_LABEL) if isinstance(value, Literal)]
        yield _term(iri.value, kind, system.labels(iri), others)


def _regions(release: Opened) -> Iterator[dict[str, Any]]:
    for code, entry in sorted(release.regions.items()):
        yield _term(names.graph(code), "graph", entry["title"], [code])


def _term(iri: str, kind: str, labels: dict[str, str], others: list[str]) -> dict[str, Any]:
    short = names.shorten(iri)
    found: dict[str, Any] = {
        "iri": iri,
        "insert": f"<{iri}>" if short == iri else short,
        "kind": kind,
        **labels,
    }
    chinese = [text for text in (labels.get("zh", ""), *others) if likeness.is_chinese(text)]
    pinyin = dict.fromkeys(written for text in chinese for written in likeness.Name.of(text).pinyin)
    if others:
        found["others"] = others
    if pinyin:
        found["pinyin"] = " ".join(pinyin)
    return found
