"""The score card: how far each rule is kept, by region or by the departments of one; the index and its method; the trend."""

import contextlib
import csv
import io
import itertools
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from app import names
from app.checking import rules, standardisation
from app.checking.conformance import Conformance
from app.checking.rules import SEVERITIES, SEVERITY_NAMES, Rule
from app.checking.standardisation import Index
from app.language import pick
from app.ontology import standards
from app.ontology.codes import region_rank
from app.releases.release import Release
from app.store.terms import Iri
from app.web import allowance
from app.web.language import language, say
from app.web.live import current_release, kept
from app.web.page import confirmed, open_to_all, page, paging
from app.web.problem import Problem
from app.web.tiles import Tile, provinces, tiles
from app.web.vocabulary import last_of
from app.web.wording import MODULES

ROWS_A_PAGE = 50
"""Regions on one page: a province has some twenty prefectures and a prefecture a dozen counties."""

RELEASES_HELD = 4
"""Earlier releases whose manifests are held in memory once read; that of the nation has some megabytes."""

LEVELS = ("nation", "province", "prefecture", "county")
"""Codes of the list of region levels, by the rank of a region's code."""

SHOWN = {"share": "符合率", "count": "不合规数"}
"""What the cells show."""

STEPS = (100, 95, 80, 50)
"""Where the shades of the cells change; a colour says no more than the number in it."""

pages = Blueprint("scorecard", __name__)


@dataclass(frozen=True, slots=True)
class Choice:
    """What of the score card is asked for; an empty text is everything."""

    severity: str
    layer: str
    level: str
    show: str
    release: Release
    region: str
    within: str
    """A province: only regions in it."""
    is_current: bool

    @property
    def rules(self) -> list[Rule]:
        """The rules chosen."""
        return [
            rule
            for rule in rules.load().all
            if self.severity in ("", rule.severity) and self.layer in ("", rule.layer)
        ]

    def address(self, path: str, **changed: str) -> str:
        """The address of what is chosen, with something else."""
        asked = {
            "severity": self.severity,
            "layer": self.layer,
            "level": self.level,
            "show": self.show if self.show != "share" else "",
            "release": "" if self.is_current else self.release.id,
            "region": self.region,
            "within": self.within,
        } | changed
        query = urlencode({name: value for name, value in asked.items() if value})
        return f"{path}?{query}" if query else path


@dataclass(frozen=True, slots=True)
class Row:
    """A region, or a department of one, with what was measured of it."""

    code: str
    label: str
    address: str
    status: str
    """Of the data: real, synthetic or sample."""
    measured: Mapping[str, Conformance]
    findings: str
    """The address of its findings of a rule, but for the rule's number; empty for a release that is not in force."""

    @property
    def is_synthetic(self) -> bool:
        return self.status != "real"

    def index(self, chosen: Iterable[Rule]) -> Index:
        """Its index over some rules."""
        return standardisation.index(self.measured, chosen, standardisation.weights(standards.load()))


def percent(share: float) -> str:
    """A share as a whole number of hundredths that says 100 or 0 only where it is so."""
    return str(max(1, min(99, round(100 * share))) if 0 < share < 1 else round(100 * share))


def shade(share: float) -> int:
    """Which of the shades a share has, by the number shown: 0 where everything is kept."""
    return next((number for number, step in enumerate(STEPS) if int(percent(share)) >= step), len(STEPS))


def legend() -> list[tuple[int, str]]:
    """The shades, each with the shares it stands for."""
    bounds = [*STEPS, 0]
    said = [str(STEPS[0])] + [f"{low}–{above - 1}" for above, low in itertools.pairwise(bounds)]
    return list(enumerate(said))


@pages.get("/scorecard")
def scorecard() -> Response:
    chosen = _choice()
    rows = _departments(chosen) if chosen.region else _regions(chosen)
    cut = paging(ROWS_A_PAGE, len(rows))
    shown = rows[cut.start : cut.stop]
    columns = [rule for rule in chosen.rules if any(rule.identifier in row.measured for row in shown)]
    return page(
        "scorecard.html",
        chosen=chosen,
        rows=shown,
        columns=columns,
        paging=cut,
        title_of_region=_title(chosen),
        releases=_releases(),
        legend=legend(),
        grid=[] if chosen.region or chosen.within else _grid(rows, chosen),
        province=provinces().get(chosen.within, ""),
        options=_options(),
        has_measures=any(row.measured for row in shown),
        some_synthetic=any(row.is_synthetic for row in shown),
        all_synthetic=all(row.is_synthetic for row in shown),
    )


@pages.get("/scorecard.csv")
def table() -> Response:
    """What the score card shows, a line for each region or department and rule (RFC 4180)."""
    chosen = _choice()
    rows = _departments(chosen) if chosen.region else _regions(chosen)
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(("code", "label", "data_status", "rule_id", "severity", "layer", "applies", "breaking"))
    for row in rows:
        for rule in chosen.rules:
            if one := row.measured.get(rule.identifier):
                line = (rule.identifier, rule.severity, rule.layer, one.applies, one.breaking)
                writer.writerow((row.code, row.label, row.status, *line))
    mark = "-synthetic" if any(row.is_synthetic for row in rows) else ""
    response = Response(written.getvalue(), content_type="text/csv; header=present; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="scorecard{mark}.csv"'
    response.vary.update(["Accept-Language", "Cookie"])
    return open_to_all(confirmed(response))


@pages.get("/scorecard/index")
def index() -> Response:
    """The standardisation index of each region and layer, by which method, and what it is made of."""
    chosen = _choice()
    rows = _regions(chosen)
    cut = paging(ROWS_A_PAGE, len(rows))
    shown = rows[cut.start : cut.stop]
    of_layer = {layer: [rule for rule in chosen.rules if rule.layer == layer] for layer in _layers()}
    region = next((row for row in rows if row.code == chosen.region), None)
    return page(
        "standardisation.html",
        chosen=chosen,
        rows=[(row, row.index(chosen.rules), _by_layer(row, of_layer)) for row in shown],
        layers=_layers(),
        paging=cut,
        weights=standardisation.weights(standards.load()),
        severities=SEVERITIES,
        region=region,
        parts=region.index(chosen.rules) if region else None,
        some_synthetic=any(row.is_synthetic for row in shown),
    )


def _by_layer(row: Row, of_layer: Mapping[str, list[Rule]]) -> dict[str, Index]:
    return {layer: row.index(some) for layer, some in of_layer.items()}


# What is asked for


def _choice() -> Choice:
    """Raises ``Problem`` where something is asked for that there is not."""
    asked = {
        name: request.args.get(name, "")
        for name in ("severity", "layer", "level", "show", "release", "region", "within")
    }
    for name, values in _options().items():
        if asked[name] and asked[name] not in values:
            message = "{name} 只能是 {values} 之一。"
            raise Problem("malformed-request", say(message, name=name, values=list(values)))
    current: Release = current_release()
    release = current
    if asked["release"] not in ("", current.id):
        release = _earlier(asked["release"])
    if asked["region"] and asked["region"] not in release.regions:
        raise Problem("not-found", say("这个发布中没有该地区。"))
    if asked["within"] and asked["within"] not in provinces():
        raise Problem("malformed-request", say("within 是省级行政区划的代码，如 370000。"))
    return Choice(
        asked["severity"],
        asked["layer"],
        asked["level"],
        asked["show"] or "share",
        release,
        asked["region"],
        asked["within"],
        release is current,
    )


def _options() -> dict[str, dict[str, str]]:
    """What may be asked for, by parameter, in the reader's words."""
    system, lang = standards.load(), language()
    levels = {one: system.label(Iri(names.concept("region-level", one)), lang) for one in LEVELS}
    said = {"severity": SEVERITY_NAMES, "layer": _layers(), "show": SHOWN}
    return {name: {one: say(text) for one, text in some.items()} for name, some in said.items()} | {
        "level": levels
    }


def _layers() -> dict[str, str]:
    """The layers that have rules, in order."""
    used = {rule.layer for rule in rules.load().all}
    return {layer: name for layer, name in MODULES.items() if layer in used}


def _earlier(identity: str) -> Release:
    """A release that is kept, but not in force. Raises ``Problem``."""
    path = next((one.path for one in kept() if one.id == identity), None)
    with contextlib.suppress(FileNotFoundError):  # removed at this moment
        if path is not None and _held(path).regions:
            return _held(path)
    raise Problem("not-found", say("没有这个发布，或者已不再保留。"))


@lru_cache(maxsize=RELEASES_HELD)
def _held(path: Path) -> Release:
    """A release never changes, so what was read of it stays true."""
    return Release(path)


def _releases() -> list[str]:
    """The identities of the releases there are, newest first."""
    return [release.id for release in kept()]


# What was measured


def of_regions(release: Release, is_current: bool = True) -> list[Row]:
    """What was measured of each region of a release; findings have addresses only in the one in force."""
    return [
        Row(
            code,
            pick(entry["title"], language()) or code,
            f"/scorecard?region={code}",
            entry["status"],
            {rule: Conformance(*one) for rule, one in entry.get("conformance", {}).items()},
            f"/regions/{code}?rule=" if is_current else "",
        )
        for code, entry in release.regions.items()
    ]


def _regions(chosen: Choice) -> list[Row]:
    return [
        replace(row, address=chosen.address("/scorecard", region=row.code, level=""))
        for row in of_regions(chosen.release, chosen.is_current)
        if chosen.level in ("", LEVELS[region_rank(row.code[:6])])
        and (not chosen.within or row.code[:2] == chosen.within[:2])
    ]


def _grid(rows: list[Row], chosen: Choice) -> list[Tile]:
    return tiles(((row.code, row.status, dict(row.measured)) for row in rows), chosen.rules)


def _departments(chosen: Choice) -> list[Row]:
    """By name: the order is none of merit. Raises ``Problem``."""
    allowance.spend()  # a report may have ten megabytes
    try:
        said = json.loads(chosen.release.region_file(chosen.region, "report.json").read_bytes())
    except FileNotFoundError:  # removed at this moment
        raise Problem("not-found", say("没有这个发布，或者已不再保留。")) from None
    found = []
    for one in said.get("departments", ()):
        asked = urlencode({"department": one["iri"]})
        there = f"/regions/{chosen.region}?{asked}" if chosen.is_current else ""
        found.append(
            Row(
                last_of(one["iri"]),
                pick(one["label"], language()) or last_of(one["iri"]),
                there,
                said["dataStatus"],
                {rule: Conformance(**measured) for rule, measured in one["conformance"].items()},
                f"{there}&rule=" if there else "",
            )
        )
    return sorted(found, key=lambda row: (row.label, row.code))


def _title(chosen: Choice) -> str:
    entry = chosen.release.regions.get(chosen.region)
    return (pick(entry["title"], language()) or chosen.region) if entry else ""
