"""The report as JSON: what the CSV has, with identifiers, counts, departments and both languages."""

import json
from typing import Any

from app import language
from app.checking.conformance import Conformance
from app.checking.formats.rows import full
from app.checking.report import Finding, Report
from app.language import text
from app.ontology.standards import Standards


def write(reports: list[Report], standards: Standards, lang: str) -> bytes:
    """An object for one report, else an array of them."""
    said = [record(found, standards, lang) for found in reports]
    return json.dumps(said[0] if len(said) == 1 else said, ensure_ascii=False, indent=1).encode() + b"\n"


def record(found: Report, standards: Standards, lang: str) -> dict[str, Any]:
    """One report as an object; of texts ``clause`` alone depends on the language."""
    return {
        "region": found.code,
        "title": found.title,
        "dataStatus": found.status,
        "referenceDate": found.on.isoformat(),
        "version": found.version,
        "subjects": found.subjects,
        "hasViolation": found.has_violation,
        "counts": found.counts(),
        "rules": {rule.identifier: len(findings) for rule, findings in found.by_rule()},
        "conformance": _measured(found.measured.in_all),
        "departments": [
            {
                "iri": one.value,
                "label": found.departments[one].labels,
                "conformance": _measured(measured),
            }
            for one, measured in sorted(found.measured.by_department.items(), key=lambda each: each[0].value)
        ],
        "notes": [
            {code: text(note, code, **values) for code in language.LANGUAGES} for note, values in found.notes
        ],
        "sources": [{"file": one.file, "sha256": one.sha256} for one in found.sources],
        "findings": [_finding(finding, standards, lang) for finding in found.findings],
    }


def _measured(measured: dict[str, Conformance]) -> dict[str, dict[str, int]]:
    return {rule: {"applies": one.applies, "breaking": one.breaking} for rule, one in measured.items()}


def _finding(finding: Finding, standards: Standards, lang: str) -> dict[str, Any]:
    place = finding.place
    return {
        "id": finding.id,
        "severity": finding.rule.severity,
        "rule_id": finding.rule.identifier,
        "rule": finding.rule.iri.value,
        "layer": finding.rule.layer,
        "clause": standards.citation(finding.rule.clause, lang),
        "focus": full(finding.focus),
        "label": finding.labels,
        "path": full(finding.path) or finding.along or None,
        "value": full(finding.value) or None,
        "stated": finding.stated or None,
        "expected": finding.expected or None,
        "message": {code: finding.message(code) for code in language.LANGUAGES},
        "count": finding.count,
        "departments": [{"iri": one.iri.value, "label": one.labels} for one in finding.departments],
        "place": {
            "file": place.file,
            "sheet": place.sheet or None,
            "row": place.row or None,
            "column": place.column or None,
            "cell": place.cell or None,
        }
        if place
        else None,
    }
