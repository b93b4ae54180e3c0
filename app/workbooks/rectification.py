"""整改清单, the rectification workbook: what a department is to put right, and what it says it has put right.

One workbook for each department: a summary with the rules broken, a row for each finding with its cell, and a sheet for
further corrections. Only the cells to fill in can be changed. Written from a report as JSON; ``app.workbooks.returned``
reads what comes back. What stands in it is Chinese, as the tables are that it is about.
"""

import datetime
import re
from typing import Any

from app import names
from app.checking.rules import SEVERITY_NAMES, Rules
from app.files.workbook import MOST_ROWS, Sheet, Workbook
from app.language import pick
from app.ontology.standards import Property, Standards
from app.regions.reading import MADE_UP
from app.store.terms import Iri
from app.workbooks.entry_workbook import code_lists

NAME = "整改清单"
SUMMARY, FINDINGS, FURTHER, CODES = "概要", "整改清单", "其他更正", "代码"
"""The sheets."""

CORRECT, LEAVE, OBJECT = "更正", "暂不更正", "有异议"
CLEAR = "【清空】"
"""Written where a cell is to be emptied."""

NOBODY = "未写明部门"

COLUMNS = {
    "序号": 6, "规则": 8, "程度": 7, "要求": 40, "依据": 24, "事物": 26, "文件": 20, "工作表": 12, "单元格": 8, "列": 16,
    "现内容": 22, "应为": 22, "建议": 30, "整改期限": 12, "处理": 10, "更正为": 26, "说明": 26, "事物标识": 30, "问题编号": 19,
}  # fmt: skip
ANSWERS = TREATMENT, VALUE, NOTE = "处理", "更正为", "说明"
"""What is filled in for a finding; the sheet of further corrections has the last two."""
CODE, BY, DAY = "地区代码", "填报人", "填报日期"
"""Lines of the summary that are read back."""
FURTHER_COLUMNS = {"文件": 24, "工作表": 16, "行": 8, "列": 20, "更正为": 30, "说明": 30}
_FURTHER_ROWS = 200
"""Rows to fill in; a department with more had better send its table."""

_UNSAFE = re.compile(r'[\\/:*?"<>|\x00-\x1f]+')

_NOTES = (
    "只有浅黄色的单元格可以填写。先在本页写明填报人和填报日期。",
    f"“{FINDINGS}”一行是一处问题：在“更正为”写该单元格应有的全部内容，有下拉列表的可以选择；要清空的，选{CLEAR}。",
    f"不更正的，在“处理”选“{LEAVE}”或“{OBJECT}”，并在“说明”写明理由。留空的视为尚未处理。",
    "没有写明单元格的，问题涉及整行，请在“列”选择或填写要更正的列。",
    f"须同时更正别的单元格的，填在“{FURTHER}”；须增加行的，请直接在原表中增加后重新报送。",
    "填好后原样发回。数据管理部门用 zwfw rectify 查看更正后的检查结果，确认后才会写入新的一版表格，原表保留。",
)


def workbooks(
    report: dict[str, Any], standards: Standards, rules: Rules, deadline: datetime.date | None = None
) -> dict[str, bytes]:
    """By file name: the workbook of each department that findings of a report (as JSON) concern; a finding about what
    several answer for is in the workbook of each."""
    departments = {
        one["iri"]: pick(one["label"], "zh") or one["iri"]
        for finding in report["findings"]
        for one in finding["departments"]
    }
    made = {}
    for iri, label in sorted(departments.items(), key=lambda one: (one[1], one[0])):
        same = [other for other, name in departments.items() if name == label]
        told_apart = label if len(same) == 1 else f"{label} {iri.rpartition('/')[2]}"
        made[file_name(report["region"], told_apart)] = workbook(
            report, iri, label, standards, rules, deadline
        )
    if any(not finding["departments"] for finding in report["findings"]):
        made[file_name(report["region"], NOBODY)] = workbook(report, "", NOBODY, standards, rules, deadline)
    return made


def file_name(code: str, department: str) -> str:
    """What the workbook of a department is called; without signs that file systems do not take."""
    return f"{NAME}-{code}-{_UNSAFE.sub(' ', department).strip()}.xlsx"


def workbook(
    report: dict[str, Any],
    department: str,
    label: str,
    standards: Standards,
    rules: Rules,
    deadline: datetime.date | None,
) -> bytes:
    """The workbook of one department, by IRI; of findings nobody is named for where that is empty."""
    findings = [
        one
        for one in report["findings"]
        if (department in [d["iri"] for d in one["departments"]] if department else not one["departments"])
    ]
    book = Workbook(datetime.date.fromisoformat(report["referenceDate"]))
    summary, listed, further, codes = map(book.sheet, (SUMMARY, FINDINGS, FURTHER, CODES))
    _summary(summary, report, label, findings, rules, standards)
    props = [_property(finding, standards) for finding in findings[:MOST_ROWS]]
    kinds = {prop.range for prop in props if prop is not None and prop.range is not None}
    sources = code_lists(codes, sorted(filter(standards.is_coded, kinds), key=str), standards)
    listed.table(
        list(COLUMNS),
        list(COLUMNS.values()),
        ["required" if heading in ANSWERS else "head" for heading in COLUMNS],
    )
    for number, (finding, prop) in enumerate(zip(findings, props, strict=False), 1):
        _finding(listed, number, finding, prop, deadline, standards, rules, sources)
    listed.filters(len(COLUMNS))
    further.table(list(FURTHER_COLUMNS), list(FURTHER_COLUMNS.values()), "required")
    for _ in range(_FURTHER_ROWS):
        further.add(*[""] * len(FURTHER_COLUMNS), style="answer")
    for sheet in (summary, listed, further, codes):
        sheet.protect()
    return book.done()


def _summary(
    sheet: Sheet,
    report: dict[str, Any],
    label: str,
    findings: list[dict[str, Any]],
    rules: Rules,
    standards: Standards,
) -> None:
    sheet.widths(16, 44, 12, 30, 70, 10)
    sheet.add(f"{label}{NAME}", style="title")
    if report["dataStatus"] != "real":
        sheet.add(MADE_UP, style="notice")
    sheet.add("地区", pick(report["title"], "zh"))
    for name, value in (
        (CODE, report["region"]),
        ("部门", label),
        ("基准日期", report["referenceDate"]),
        ("规则版本", report["version"]),
        ("问题数", f"{len(findings)}"),
    ):
        sheet.add(name, value)
    sheet.add(BY, "", style=("text", "answer"))
    sheet.add(DAY, "", style=("text", "answer"))
    sheet.row += 1
    for note in _NOTES:
        sheet.add(note, style="plain")
    sheet.row += 1
    sheet.add("规则", "名称", "程度", "依据", "说明", "问题数", style="head")
    broken: dict[str, list[dict[str, Any]]] = {}
    for finding in findings:
        broken.setdefault(finding["rule_id"], []).append(finding)
    for identifier, found in broken.items():
        rule = rules.find(identifier)
        sheet.add(
            identifier,
            pick(rule.labels, "zh") if rule else "",
            SEVERITY_NAMES.get(found[0]["severity"], found[0]["severity"]),
            standards.citation(rule.clause, "zh") if rule else found[0]["clause"],
            pick(rule.definitions, "zh") if rule else "",
            len(found),
        )
    sheet.row += 1
    sheet.add("所查文件", "SHA-256", style="head")
    for source in report.get("sources", ()):  # reports of before have none
        sheet.add(source["file"], source["sha256"])


def _property(finding: dict[str, Any], standards: Standards) -> Property | None:
    """The stated property a finding is about, if it is about one."""
    path = Iri(finding["path"]) if finding["path"] and names.is_safe_iri(finding["path"]) else None
    stated = next(standards.derived_from(path), None) if path else None
    return standards.properties.get(stated) if stated else None


def _finding(
    sheet: Sheet,
    number: int,
    finding: dict[str, Any],
    prop: Property | None,
    deadline: datetime.date | None,
    standards: Standards,
    rules: Rules,
    sources: dict[Iri, str],
) -> None:
    place, rule = finding["place"] or {}, rules.find(finding["rule_id"])
    column = place.get("column") or (standards.label(prop.iri, "zh") if prop else "")
    at = sheet.row
    cells = {
        "序号": str(number),
        "规则": finding["rule_id"],
        "程度": SEVERITY_NAMES.get(finding["severity"], finding["severity"]),
        "要求": pick(finding["message"], "zh"),
        "依据": standards.citation(rule.clause, "zh") if rule else finding["clause"],
        "事物": pick(finding["label"], "zh"),
        "文件": place.get("file") or "",
        "工作表": place.get("sheet") or "",
        "单元格": place.get("cell") or (f"第 {place['row']} 行" if place.get("row") else ""),
        "列": column,
        "现内容": finding["stated"] or "",
        "应为": pick(finding["expected"] or {}, "zh"),
        "建议": _suggestion(finding, pick(rule.definitions, "zh") if rule else ""),
        "整改期限": deadline.isoformat() if deadline else "",
        "处理": "",
        "更正为": "",
        "说明": "",
        "事物标识": finding["focus"],
        "问题编号": finding["id"],
    }
    answers = ANSWERS if column else (*ANSWERS, "列")
    styles = ["answer" if heading in answers else "text" for heading in COLUMNS]
    sheet.add(*cells.values(), style=styles)
    where = list(COLUMNS)
    sheet.choice(
        where.index("处理"), (at, at), [CORRECT, LEAVE, OBJECT], ("处理", "请从列表中选择，或者留空。")
    )
    if not column and rule is not None:
        named = sorted(
            standards.label(one, "zh")
            for one in rule.terms
            if one in standards.properties.keys() - standards.derived
        )
        sheet.choice(where.index("列"), (at, at), named, ("列", "请填写表中的列标题。"))
    source = sources.get(prop.range) if prop and prop.range else None
    if source:
        sheet.choice(
            where.index("更正为"), (at, at), source, ("代码", f"请选择，或填写代码；要清空的，填{CLEAR}。")
        )
    elif prop and prop.range and prop.range.value == names.XSD + "boolean":
        sheet.choice(where.index("更正为"), (at, at), ["是", "否", CLEAR], ("是或否", "请填“是”或“否”。"))


def _suggestion(finding: dict[str, Any], definition: str) -> str:
    """What to do: the rule's own advice, where it can be done in this workbook."""
    in_table = bool((finding["place"] or {}).get("row"))
    return definition if in_table else "出自 RDF 文件或不在表中，请直接在原文件中更正。"
