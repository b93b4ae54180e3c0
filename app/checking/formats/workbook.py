"""The report as a workbook: a summary with the table of departments and rules, the findings, and the rules."""

from app import language
from app.checking.formats import wording
from app.checking.report import Finding, Report
from app.checking.rules import Rule, RuleKey
from app.files.workbook import MOST_ROWS, Workbook
from app.language import text
from app.ontology.standards import Standards

_FINDINGS = {
    "地区": 10, "部门": 18, "规则": 8, "程度": 7, "要求": 48, "依据": 24, "事物": 28, "现值": 24, "应为": 24, "文件": 22,
    "工作表": 12, "行": 6, "列": 16, "事物标识": 40, "问题编号": 19,
}  # fmt: skip
_RULES = {"规则": 8, "名称": 30, "程度": 7, "依据": 28, "说明": 80, "问题数": 8}


def write(reports: list[Report], standards: Standards, lang: str) -> bytes:
    """One workbook for all reports."""
    book = Workbook(reports[0].on)
    _summary(book, reports, lang)
    _findings(book, reports, standards, lang)
    _rules(book, reports, standards, lang)
    return book.done()


def _summary(book: Workbook, reports: list[Report], lang: str) -> None:
    sheet = book.sheet(text("概要", lang))
    sheet.widths(30, *[9] * 80)
    for found in reports:
        sheet.add(wording.title(found, lang), style="title")
        for said in wording.circumstances(found, lang):
            sheet.add(said, style="plain")
        sheet.add(wording.total(found, lang), style="notice" if found.has_violation else "plain")
        rules = [rule for rule, _ in found.by_rule()]
        if rules:
            sheet.row += 1
            sheet.add(
                text("部门", lang), *(rule.identifier for rule in rules), text("合计", lang), style="head"
            )
            for department, counts in found.by_department():
                name = department.label(lang) if department else text(wording.NOBODY, lang)
                sheet.add(name, *(counts[rule.key] or "" for rule in rules), counts.total())
        sheet.row += 1


def _findings(book: Workbook, reports: list[Report], standards: Standards, lang: str) -> None:
    sheet = book.sheet(text("问题清单", lang))
    sheet.table([text(heading, lang) for heading in _FINDINGS], list(_FINDINGS.values()))
    findings = [(found.code, finding) for found in reports for finding in found.findings]
    fitting = findings if len(findings) <= MOST_ROWS else findings[: MOST_ROWS - 1]
    for code, finding in fitting:
        sheet.add(*_finding(code, finding, standards, lang))
    sheet.filters(len(_FINDINGS))
    if len(fitting) < len(findings):
        sheet.add(text("……另有 {n} 处，全部见 CSV 或 JSON 格式", lang, n=len(findings) - len(fitting)))


def _finding(code: str, finding: Finding, standards: Standards, lang: str) -> list[str | int]:
    place = finding.place
    return [
        code,
        wording.departments(finding, lang),
        finding.rule.identifier,
        wording.severity(finding.rule.severity, lang),
        finding.message(lang),
        standards.citation(finding.rule.clause, lang),
        finding.label(lang),
        finding.stated,
        language.pick(finding.expected, lang),
        place.file if place else "",
        place.sheet if place else "",
        (place.row or "") if place else "",
        place.column if place else "",
        str(finding.focus).strip("<>"),
        finding.id,
    ]


def _rules(book: Workbook, reports: list[Report], standards: Standards, lang: str) -> None:
    """The rules that were broken: what they are for and how to put it right."""
    sheet = book.sheet(text("规则", lang))
    sheet.table([text(heading, lang) for heading in _RULES], list(_RULES.values()))
    broken: dict[RuleKey, tuple[Rule, int]] = {}
    for found in reports:
        for rule, findings in found.by_rule():
            _, before = broken.get(rule.key, (rule, 0))
            broken[rule.key] = (rule, before + len(findings))
    for rule, number in broken.values():
        sheet.add(
            rule.identifier,
            language.pick(rule.labels, lang),
            wording.severity(rule.severity, lang),
            standards.citation(rule.clause, lang),
            language.pick(rule.definitions, lang),
            number,
        )
    sheet.filters(len(_RULES))
