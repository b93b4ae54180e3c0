"""The reports kept with a release, as pages show them: the findings of a region, grouped by rule."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from app import language, names
from app.checking import rules
from app.checking.rules import SEVERITIES, Rule
from app.ontology import standards
from app.releases.release import Release

KEPT = 16
"""Reports held in memory once read. One of ten thousand findings takes some ten megabytes and a second to read."""


@dataclass(frozen=True, slots=True)
class Found:
    """A finding as the report has it."""

    id: str
    rule_id: str
    severity: str
    focus: str
    labels: dict[str, str]
    path: str
    value: str
    stated: str
    expected: dict[str, str]
    departments: dict[str, dict[str, str]]
    """Who answers for it, by IRI, each with its names."""
    messages: dict[str, str]
    count: int
    file: str
    sheet: str
    row: int
    column: str
    clause: str

    def label(self, lang: str) -> str:
        """The name of the thing, else the readable end of its IRI."""
        return language.pick(self.labels, lang)

    def message(self, lang: str) -> str:
        """The sentence the finding breaks."""
        return language.pick(self.messages, lang)


@dataclass(frozen=True, slots=True)
class Group:
    """The findings of one rule."""

    identifier: str
    findings: list[Found]

    @property
    def rule(self) -> Rule | None:
        """The rule, unless the report is of rules this software no longer has."""
        return rules.load().find(self.identifier)

    @property
    def severity(self) -> str:
        return self.findings[0].severity

    def label(self, lang: str) -> str:
        return language.pick(self.rule.labels, lang) if self.rule else self.identifier

    def citation(self, lang: str) -> str:
        """The clause as one cites it."""
        return standards.load().citation(self.rule.clause, lang) if self.rule else self.findings[0].clause

    @property
    def clause(self) -> str:
        """The IRI of the clause, empty where the rule is gone."""
        return self.rule.clause.value if self.rule else ""

    def by_message(self, findings: Iterable[Found], lang: str) -> list[tuple[str, list[Found]]]:
        """``findings`` under the sentence they break, so that it is said once."""
        said: dict[str, list[Found]] = {}
        for finding in findings:
            said.setdefault(finding.message(lang), []).append(finding)
        return list(said.items())


@dataclass(frozen=True, slots=True)
class RegionReport:
    """The report of one region."""

    groups: dict[str, Group]
    notes: list[dict[str, str]]
    by_id: dict[str, Found]

    @property
    def findings(self) -> list[Found]:
        return list(self.by_id.values())


def of_region(release: Release, code: str) -> RegionReport:
    """The report of a region of this release."""
    return _read(release.region_file(code, "report.json"))


def is_synthetic(entry: dict[str, Any]) -> bool:
    """Whether a region's data are made up, which every page that shows them must say."""
    return bool(entry["status"] != "real")


def rule_totals(release: Release) -> dict[str, dict[str, int]]:
    """By rule number: how many findings each region has."""
    totals: dict[str, dict[str, int]] = {}
    for code, entry in release.regions.items():
        for identifier, number in entry["rules"].items():
            totals.setdefault(identifier, {})[code] = number
    return totals


@lru_cache(maxsize=KEPT)
def _read(path: Path) -> RegionReport:
    """A release never changes, so a file read once stays true."""
    said = json.loads(path.read_bytes())
    groups: dict[str, Group] = {}
    by_id: dict[str, Found] = {}
    for entry in said["findings"]:
        place = entry["place"] or {}
        finding = Found(
            id=entry["id"],
            rule_id=entry["rule_id"],
            severity=entry["severity"],
            focus=entry["focus"],
            labels=entry["label"],
            path=entry["path"] or "",
            value=entry["value"] or "",
            stated=entry["stated"] or "",
            expected=entry["expected"] or {},
            departments={one["iri"]: one["label"] for one in entry["departments"]},
            messages=entry["message"],
            count=entry["count"],
            file=place.get("file") or "",
            sheet=place.get("sheet") or "",
            row=place.get("row") or 0,
            column=place.get("column") or "",
            clause=entry["clause"],
        )
        by_id[finding.id] = finding
        groups.setdefault(finding.rule_id, Group(finding.rule_id, [])).findings.append(finding)
    return RegionReport(_graver_first(groups), said["notes"], by_id)


def _graver_first(groups: dict[str, Group]) -> dict[str, Group]:
    """Violations before warnings, and within each in the order of rules."""
    return dict(sorted(groups.items(), key=lambda one: SEVERITIES.index(one[1].severity)))


def finding_code(graph: str) -> str:
    """The region whose report graph this is."""
    return graph.removeprefix(names.BASE + "report/")
