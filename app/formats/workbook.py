"""The report as a workbook: a summary with the table of departments and rules, the findings, and the rules."""

import datetime
import io
from typing import Any

import xlsxwriter

from app import language
from app.formats import wording
from app.language import text
from app.report import Finding, Report
from app.standards import Standards

MOST_ROWS = 1_048_575
"""Rows of a sheet beside its heading (ECMA-376, as spreadsheets implement it); what does not fit is counted."""

MOST_CHARACTERS = 32_767
"""Characters of a cell; longer texts are cut."""

_FINDINGS = {
    "地区": 10, "部门": 18, "规则": 8, "程度": 7, "要求": 48, "依据": 24, "事物": 28, "现值": 24, "应为": 24, "文件": 22,
    "工作表": 12, "行": 6, "列": 16, "事物标识": 40, "问题编号": 19,
}  # fmt: skip
_STYLES: dict[str, dict[str, Any]] = {
    "title": {"bold": True, "font_size": 14},
    "head": {"bold": True, "bottom": 1, "bg_color": "#eceef1", "text_wrap": True},
    "text": {"text_wrap": True},
    "plain": {"num_format": "#,##0"},
    "notice": {"bold": True, "font_color": "#a01c22"},
}
_RULES = {"规则": 8, "名称": 30, "程度": 7, "依据": 28, "说明": 80, "问题数": 8}


def write(reports: list[Report], standards: Standards, lang: str) -> bytes:
    """One workbook for all reports. Every text is written as text: no cell of a clerk becomes a formula."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(
        out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    # The day judged by and not the clock: the same report gives the same bytes.
    book.set_properties(
        {"created": datetime.datetime.combine(reports[0].on, datetime.time()), "title": "zwfw"}
    )
    styles = {name: book.add_format({"valign": "top"} | how) for name, how in _STYLES.items()}
    _summary(book, styles, reports, lang)
    _findings(book, styles, reports, standards, lang)
    _rules(book, styles, reports, standards, lang)
    book.close()
    return out.getvalue()


class _Sheet:
    """A sheet written from the top, row by row."""

    def __init__(self, book: Any, styles: dict[str, Any], name: str) -> None:
        self._sheet, self._styles, self.row = book.add_worksheet(name), styles, 0

    def add(self, *cells: str | int, style: str = "text") -> None:
        for column, value in enumerate(cells):
            if isinstance(value, int):
                self._sheet.write_number(self.row, column, value, self._styles["plain"])
            elif value:
                self._sheet.write_string(self.row, column, value[:MOST_CHARACTERS], self._styles[style])
        self.row += 1

    def table(self, columns: dict[str, int], lang: str) -> None:
        """Headings that stay in sight, with filters, and repeat on every printed page."""
        for at, width in enumerate(columns.values()):
            self._sheet.set_column(at, at, width)
        self.add(*(text(heading, lang) for heading in columns), style="head")
        self._sheet.freeze_panes(1, 0)
        self._sheet.repeat_rows(0)
        self._sheet.set_landscape()
        self._sheet.fit_to_pages(1, 0)

    def filters(self, columns: int) -> None:
        self._sheet.autofilter(0, 0, max(self.row - 1, 1), columns - 1)

    def widths(self, first: int, others: int) -> None:
        self._sheet.set_column(0, 0, first)
        self._sheet.set_column(1, 200, others)


def _summary(book: Any, styles: dict[str, Any], reports: list[Report], lang: str) -> None:
    sheet = _Sheet(book, styles, text("概要", lang))
    sheet.widths(30, 9)
    for found in reports:
        sheet.add(wording.title(found, lang), style="title")
        for said in wording.circumstances(found, lang):
            sheet.add(said, style="plain")
        sheet.add(wording.total(found, lang), style="notice" if found.has_violation else "plain")
        identifiers = [rule.identifier for rule, _ in found.by_rule()]
        if identifiers:
            sheet.row += 1
            sheet.add(text("部门", lang), *identifiers, text("合计", lang), style="head")
            for department, counts in found.by_department():
                name = department.label(lang) if department else text(wording.NOBODY, lang)
                sheet.add(name, *(counts[one] or "" for one in identifiers), counts.total())
        sheet.row += 1


def _findings(
    book: Any, styles: dict[str, Any], reports: list[Report], standards: Standards, lang: str
) -> None:
    sheet = _Sheet(book, styles, text("问题", lang))
    sheet.table(_FINDINGS, lang)
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


def _rules(book: Any, styles: dict[str, Any], reports: list[Report], standards: Standards, lang: str) -> None:
    """The rules that were broken: what they are for and how to put it right."""
    sheet = _Sheet(book, styles, text("规则", lang))
    sheet.table(_RULES, lang)
    broken: dict[str, tuple[Any, int]] = {}
    for found in reports:
        for rule, findings in found.by_rule():
            _, before = broken.get(rule.identifier, (rule, 0))
            broken[rule.identifier] = (rule, before + len(findings))
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
