"""The report as CSV (RFC 4180, UTF-8 without BOM): the contract's columns, a row for each finding."""

import csv
import io

from app.checking.report import Report
from app.files.source import Place
from app.ontology.standards import Standards
from app.store.terms import Iri, Literal, Term

COLUMNS = (
    "severity", "rule_id", "rule", "layer", "clause", "focus", "label", "path", "value", "message",
    "file", "sheet", "row", "column",
)  # fmt: skip


def write(reports: list[Report], standards: Standards, lang: str) -> bytes:
    """All findings in one table; ``row`` is the number the spreadsheet shows."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for finding in (finding for found in reports for finding in found.findings):
        place = finding.place or Place("")
        writer.writerow(
            (
                finding.rule.severity,
                finding.rule.identifier,
                finding.rule.iri.value,
                finding.rule.layer,
                standards.citation(finding.rule.clause, lang),
                full(finding.focus),
                finding.label(lang),
                full(finding.path) or finding.along,
                full(finding.value),
                finding.message(lang),
                place.file,
                place.sheet,
                place.row or "",
                place.column,
            )
        )
    return out.getvalue().encode()


def full(term: Term | None) -> str:
    """A term without abbreviation: an IRI, a literal's text; empty for none."""
    return "" if term is None else term.value if isinstance(term, Iri | Literal) else str(term)
