"""A report written out: text for people, CSV and JSON for programs, Turtle as a standard ``sh:ValidationReport``."""

import csv
import io
import json

from app import junit, language, names, sarif
from app.language import text
from app.report import Finding, Report, plain
from app.rules import sh
from app.source import Place
from app.standards import TYPE, Standards
from app.store.terms import Graph, Iri, Literal, Term, Triple, boolean, day, def_, integer, turtle

LISTED_PER_RULE = 20
"""How many findings of a rule the text report lists before it says how many more there are; other formats list all."""

CSV_COLUMNS = (
    "severity", "rule_id", "rule", "layer", "clause", "focus", "label", "path", "value", "message",
    "file", "sheet", "row", "column",
)  # fmt: skip


def as_text(found: Report, standards: Standards, lang: str) -> str:
    """For a person: what was checked, how many findings of which rule, then the findings, grouped and capped."""
    counts = found.counts()
    lines = [
        text(
            "检查报告：{title}（{code}）",
            lang,
            title=language.pick(found.title, lang) or "—",
            code=found.code,
        ),
        text(
            "基准日期 {on}，规则版本 {version}，共检查 {n} 个事物",
            lang,
            on=found.on,
            version=found.version,
            n=found.subjects,
        ),
    ]
    if found.status != "real":
        lines.append(text("注意：本数据为合成数据，不代表任何真实情况。", lang))
    lines += [text(note, lang, **values) for note, values in found.notes]
    lines.append(
        text(
            "违反 {v} 处，警告 {w} 处，提示 {i} 处",
            lang,
            v=counts["Violation"],
            w=counts["Warning"],
            i=counts["Info"],
        )
    )
    for rule, findings in found.by_rule():
        lines += [
            "",
            f"{rule.identifier} {language.pick(rule.labels, lang)}  [{text(_SEVERITY[rule.severity], lang)}]  × {len(findings)}",
            "    " + text("依据：{clause}", lang, clause=standards.citation(rule.clause, lang)),
        ]
        said = ""
        for finding in sorted(findings[:LISTED_PER_RULE], key=lambda f: str(f.shape)):
            if finding.message(lang) != said:
                said = finding.message(lang)
                lines.append("    " + said)
            where = finding.place.said(lang) if finding.place else plain(finding.focus)
            lines.append(f"  - {where}  {finding.label(lang)}  {_found(finding, lang)}".rstrip())
        if len(findings) > LISTED_PER_RULE:
            lines.append(
                "  " + text("……另有 {n} 处，全部见 CSV 或 JSON 格式", lang, n=len(findings) - LISTED_PER_RULE)
            )
    return "\n".join(lines) + "\n"


_SEVERITY = {"Violation": "违反", "Warning": "警告", "Info": "提示"}


def _found(finding: Finding, lang: str) -> str:
    return text("现为“{value}”", lang, value=finding.stated) if finding.stated else ""


def as_csv(found: Report, standards: Standards, lang: str) -> str:
    """RFC 4180, the contract's columns; ``row`` is the number the spreadsheet shows."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(CSV_COLUMNS)
    for finding in found.findings:
        place = finding.place or Place("")
        writer.writerow(
            (
                finding.rule.severity,
                finding.rule.identifier,
                finding.rule.iri.value,
                finding.rule.layer,
                standards.citation(finding.rule.clause, lang),
                _full(finding.focus),
                finding.label(lang),
                _full(finding.path),
                _full(finding.value),
                finding.message(lang),
                place.file,
                place.sheet,
                place.row or "",
                place.column,
            )
        )
    return out.getvalue()


def _full(term: Term | None) -> str:
    return "" if term is None else term.value if isinstance(term, Iri | Literal) else str(term)


def as_json(found: Report, standards: Standards, lang: str) -> str:
    """For a program: the same as the CSV with identifiers, counts and both languages."""
    return json.dumps(
        {
            "region": found.code,
            "title": found.title,
            "dataStatus": found.status,
            "referenceDate": found.on.isoformat(),
            "version": found.version,
            "subjects": found.subjects,
            "hasViolation": found.has_violation,
            "counts": found.counts(),
            "rules": {rule.identifier: len(findings) for rule, findings in found.by_rule()},
            "notes": [
                {code: text(note, code, **values) for code in language.LANGUAGES}
                for note, values in found.notes
            ],
            "findings": [
                {
                    "id": finding.id,
                    "severity": finding.rule.severity,
                    "rule_id": finding.rule.identifier,
                    "rule": finding.rule.iri.value,
                    "layer": finding.rule.layer,
                    "clause": standards.citation(finding.rule.clause, lang),
                    "focus": _full(finding.focus),
                    "label": finding.labels,
                    "path": _full(finding.path) or None,
                    "value": _full(finding.value) or None,
                    "stated": finding.stated or None,
                    "message": {code: finding.message(code) for code in language.LANGUAGES},
                    "count": finding.count,
                    "place": {
                        "file": finding.place.file,
                        "sheet": finding.place.sheet or None,
                        "row": finding.place.row or None,
                        "column": finding.place.column or None,
                    }
                    if finding.place
                    else None,
                }
                for finding in found.findings
            ],
        },
        ensure_ascii=False,
        indent=1,
    )


def as_graph(found: Report) -> Graph:
    """A standard ``sh:ValidationReport`` with our terms beside it, without blank nodes; the report's IRI is its graph's."""
    node = Iri(names.graph(found.code, "report"))
    graph = {
        Triple(node, TYPE, sh("ValidationReport")),
        Triple(node, sh("conforms"), boolean(not found.findings)),
        Triple(node, def_("referenceDate"), day(found.on)),
        Triple(node, def_("hasNoViolation"), boolean(not found.has_violation)),
    }
    for finding in found.findings:
        graph.add(Triple(node, sh("result"), finding.iri))
        graph |= {Triple(finding.iri, predicate, value) for predicate, value in _said(finding)}
    return graph


def _said(finding: Finding) -> list[tuple[Iri, Term]]:
    said: list[tuple[Iri, Term]] = [
        (TYPE, sh("ValidationResult")),
        (TYPE, def_("Finding")),
        (sh("focusNode"), finding.focus),
        (sh("sourceShape"), finding.shape),
        (sh("sourceConstraintComponent"), Iri(finding.component)),
        (sh("resultSeverity"), sh(finding.rule.severity)),
        (def_("breaksRule"), finding.rule.iri),
        (def_("occurrences"), integer(finding.count)),
    ]
    said += [
        (sh("resultMessage"), Literal(finding.message(lang), language=lang)) for lang in language.LANGUAGES
    ]
    if finding.path is not None:
        said.append((sh("resultPath"), finding.path))
    if finding.value is not None:
        said.append((sh("value"), finding.value))
    if finding.place is not None:
        said.append((def_("fileName"), Literal(finding.place.file)))
        if finding.place.sheet:
            said.append((def_("sheetName"), Literal(finding.place.sheet)))
        if finding.place.row:
            said.append((def_("row"), integer(finding.place.row)))
        if finding.place.column:
            said.append((def_("heading"), Literal(finding.place.column)))
    return said


def as_turtle(found: Report, standards: Standards, lang: str) -> str:
    """The report as RDF; both languages, whatever ``lang`` is."""
    return turtle(as_graph(found)).decode()


def as_sarif(found: Report, standards: Standards, lang: str) -> str:
    """For code-review tools."""
    return sarif.log([found], standards, lang)


def as_junit(found: Report, standards: Standards, lang: str) -> str:
    """For CI services."""
    return junit.suites([found], standards, lang)


FORMATS = {
    "text": as_text,
    "json": as_json,
    "ttl": as_turtle,
    "csv": as_csv,
    "sarif": as_sarif,
    "junit": as_junit,
}
"""The formats by the name a person asks for them with."""


def together(reports: list[Report], form: str, standards: Standards, lang: str) -> str:
    """Several reports as one output of a format: one CSV table, one JSON list, one log, one set of suites; a
    single report as it is."""
    if form == "sarif":
        return sarif.log(reports, standards, lang)
    if form == "junit":
        return junit.suites(reports, standards, lang)
    written = [FORMATS[form](one, standards, lang) for one in reports]
    if form == "csv":
        return "".join(written[:1] + [table.partition("\r\n")[2] for table in written[1:]])
    if form == "json" and len(written) != 1:
        return "[" + ",\n".join(written) + "]"
    return "\n".join(written)
