"""The report as text: what was checked, how many findings of which rule and department, then the findings, capped."""

from collections import Counter

from app import language
from app.checking.formats import wording
from app.checking.report import Department, Report
from app.checking.rules import RuleKey
from app.language import text
from app.ontology.standards import Standards

LISTED_PER_RULE = 20
"""How many findings of a rule are listed before it says how many more there are; other formats list all."""

LISTED_DEPARTMENTS = 30
"""How many departments are listed, the most concerned first: a district has about as many."""


def write(reports: list[Report], standards: Standards, lang: str) -> bytes:
    """The reports one after the other."""
    return "\n".join(_one(found, standards, lang) for found in reports).encode()


def _one(found: Report, standards: Standards, lang: str) -> str:
    lines = [wording.title(found, lang), *wording.circumstances(found, lang), wording.total(found, lang)]
    lines += _departments(found.by_department(), lang)
    for rule, findings in found.by_rule():
        named = " ".join(filter(None, (rule.identifier, language.pick(rule.labels, lang))))
        lines += [
            "",
            f"{named}  [{wording.severity(rule.severity, lang)}]  × {len(findings)}",
            "    " + text("依据：{clause}", lang, clause=standards.citation(rule.clause, lang)),
        ]
        said = ""
        for finding in sorted(findings[:LISTED_PER_RULE], key=lambda f: str(f.shape)):
            if finding.message(lang) != said:
                said = finding.message(lang)
                lines.append("    " + said)
            parts = (finding.label(lang), wording.values(finding, lang))
            lines.append("  ".join(filter(None, (f"  - {wording.where(finding, lang)}", *parts))))
        if len(findings) > LISTED_PER_RULE:
            rest = len(findings) - LISTED_PER_RULE
            lines.append("  " + text("……另有 {n} 处，全部见 CSV 或 JSON 格式", lang, n=rest))
    return "\n".join(lines) + "\n"


def _departments(counts: list[tuple[Department | None, Counter[RuleKey]]], lang: str) -> list[str]:
    """A line for each department: how many findings of which rule; nothing where nobody is named at all."""
    if all(department is None for department, _ in counts):
        return []
    lines = ["", text("按部门：", lang)]
    for department, by_rule in counts[:LISTED_DEPARTMENTS]:
        name = department.label(lang) if department else text(wording.NOBODY, lang)
        lines.append(
            f"  {name}  {'  '.join(f'{identifier} × {number}' for (_, identifier, _), number in by_rule.items())}"
        )
    if len(counts) > LISTED_DEPARTMENTS:
        rest = len(counts) - LISTED_DEPARTMENTS
        lines.append("  " + text("……另有 {n} 个部门", lang, n=rest))
    return lines
