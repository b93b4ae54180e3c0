"""Reports as SARIF 2.1.0 (OASIS), which code-review tools show beside the files; one run for each region."""

import json
from typing import Any
from urllib.parse import quote

from app import language
from app.checking.report import Finding, Report
from app.checking.rules import Rule
from app.ontology.standards import Standards

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {"Violation": "error", "Warning": "warning", "Info": "note"}


def write(reports: list[Report], standards: Standards, lang: str) -> bytes:
    """The log of several reports."""
    runs = [_run(one, standards, lang) for one in reports]
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": runs}
    return json.dumps(log, ensure_ascii=False, indent=1).encode() + b"\n"


def _run(found: Report, standards: Standards, lang: str) -> dict[str, Any]:
    rules = [rule for rule, _ in found.by_rule()]
    at = {rule.key: number for number, rule in enumerate(rules)}
    return {
        "tool": {
            "driver": {
                "name": "zwfw",
                "version": found.version,
                "language": lang,
                "rules": [_rule(rule, standards, lang) for rule in rules],
            }
        },
        "automationDetails": {"id": f"{found.code}/"},
        "columnKind": "unicodeCodePoints",
        "results": [_result(one, at[one.rule.key], lang) for one in found.findings],
        "properties": {
            "region": found.code,
            "dataStatus": found.status,
            "referenceDate": found.on.isoformat(),
        },
    }


def _rule(rule: Rule, standards: Standards, lang: str) -> dict[str, Any]:
    return {
        "id": rule.identifier,
        "name": rule.name,
        "shortDescription": {"text": language.pick(rule.labels, lang)},
        "fullDescription": {"text": rule.message(rule.iri, lang)},
        "help": {
            "text": f"{language.pick(rule.definitions, lang)}\n\n{standards.citation(rule.clause, lang)}"
        },
        "helpUri": rule.iri.value,
        "defaultConfiguration": {"level": _LEVELS.get(rule.severity, "note")},
        "properties": {"layer": rule.layer, "clause": rule.clause.value},
    }


def _result(one: Finding, index: int, lang: str) -> dict[str, Any]:
    said = " ".join(filter(None, (one.message(lang), one.label(lang), one.stated)))
    result: dict[str, Any] = {
        "ruleId": one.rule.identifier,
        "ruleIndex": index,
        "level": _LEVELS.get(one.rule.severity, "note"),
        "message": {"text": said},
        "partialFingerprints": {"finding/v1": one.id},
        "occurrenceCount": one.count,
        "properties": {"focus": str(one.focus).strip("<>")},
    }
    if one.place is not None and one.place.file:
        where: dict[str, Any] = {"artifactLocation": {"uri": quote(one.place.file)}}
        if one.place.row:
            # The row as the spreadsheet shows it; in a CSV without line breaks in cells it is the line of the file.
            where["region"] = {"startLine": one.place.row}
        logical = "/".join(filter(None, (one.place.sheet, one.place.column)))
        result["locations"] = [
            {
                "physicalLocation": where,
                **({"logicalLocations": [{"fullyQualifiedName": logical}]} if logical else {}),
            }
        ]
    return result
