"""Regions and what was found in them: the list, a region's report, its files, and a page for each finding."""

import hashlib
import io
import json
import re
from collections import Counter
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, request, send_file
from werkzeug.wrappers import Response as BaseResponse

from app import names
from app.checking import explanation, rules
from app.checking.report import plain
from app.language import pick
from app.ontology import standards
from app.releases.release import sha256
from app.store.terms import Iri, Term
from app.web import allowance, reports
from app.web.formats import WORKBOOK
from app.web.language import language, say
from app.web.live import current_release, current_store
from app.web.page import open_to_all, page, paging
from app.web.problem import Problem
from app.web.reports import Found, RegionReport
from app.web.vocabulary import in_language, last_of, written
from app.workbooks import rectification

REGIONS_A_PAGE = 500
"""A province has some 150 regions down to counties; the nation's list takes seven pages."""

FINDINGS_SHOWN = 10
"""Findings of a rule on a region's page: enough to see what is meant. All are one click away."""

FINDINGS_A_PAGE = 100

DEPARTMENTS_SHOWN = 60
"""Departments in the table of a region; a prefecture has some fifty."""

REWRITINGS_SHOWN = 30

REPORT_FORMATS = {
    "csv": "text/csv; header=present; charset=utf-8",
    "json": "application/json; charset=utf-8",
    "ttl": "text/turtle; charset=utf-8",
}

pages = Blueprint("regions", __name__)


@pages.get("/regions/", strict_slashes=False)
def index() -> Response:
    entries = list(current_release().regions.items())
    shown = paging(REGIONS_A_PAGE, len(entries))
    return page("regions.html", entries=entries[shown.start : shown.stop], paging=shown)


def entry_of(code: str) -> dict[str, Any]:
    """What the manifest says of a region; without that there is no such region here."""
    entry = current_release().regions.get(code)
    if entry is None:
        raise Problem("not-found")
    return entry


@pages.get("/regions/<code>")
def region(code: str) -> Response:
    entry = entry_of(code)
    report = reports.of_region(current_release(), code)
    rule, department = request.args.get("rule"), request.args.get("department")
    about = _about(code, entry)
    if rule or department:
        return _filtered(about, report, rule, department)
    departments = _departments(report)
    return page(
        "region.html",
        **about,
        report=report,
        shown=FINDINGS_SHOWN,
        departments=departments[:DEPARTMENTS_SHOWN],
        departments_in_all=len(departments),
        has_unnamed=any(not finding.departments for finding in report.by_id.values()),
        dataset=names.graph(code),
        facts=_description(code),
        rewritings=_rewritings(code),
        rewritings_shown=REWRITINGS_SHOWN,
    )


def _about(code: str, entry: dict[str, Any]) -> dict[str, Any]:
    return {
        "code": code,
        "entry": entry,
        "title": pick(entry["title"], language()) or code,
        "synthetic": reports.is_synthetic(entry),
    }


def _filtered(
    about: dict[str, Any], report: RegionReport, rule: str | None, department: str | None
) -> Response:
    """The findings of one rule, of one department, or both, page by page."""
    if rule and rule not in report.groups:
        raise Problem("not-found")
    wanted = [report.groups[rule]] if rule else list(report.groups.values())
    findings = [finding for group in wanted for finding in group.findings]
    label = ""
    if department:
        findings = [finding for finding in findings if department in finding.departments]
        label = _name_of_department(about["code"], department)
    cut = paging(FINDINGS_A_PAGE, len(findings))
    groups: dict[str, list[Found]] = {}
    for finding in findings[cut.start : cut.stop]:
        groups.setdefault(finding.rule_id, []).append(finding)
    return page(
        "region_findings.html",
        **about,
        rule=report.groups[rule] if rule else None,
        department=department,
        department_label=label,
        groups=[(report.groups[identifier], found) for identifier, found in groups.items()],
        paging=cut,
    )


@dataclass(frozen=True, slots=True)
class DepartmentCounts:
    """How often each rule is broken by what a department answers for."""

    iri: str
    label: str
    by_rule: Counter[str]

    @property
    def total(self) -> int:
        return self.by_rule.total()


def _departments(report: RegionReport) -> list[DepartmentCounts]:
    """The departments concerned, the most concerned first. A finding about an item of two departments counts for
    each."""
    found: dict[str, DepartmentCounts] = {}
    for finding in report.by_id.values():
        for iri, labels in finding.departments.items():
            one = found.setdefault(
                iri, DepartmentCounts(iri, pick(labels, language()) or last_of(iri), Counter())
            )
            one.by_rule[finding.rule_id] += 1
    return sorted(found.values(), key=lambda one: (-one.total, one.label))


def _name_of_department(code: str, department: str) -> str:
    """Its name; of one that nothing is found of, too. Raises ``Problem`` when there is no such department."""
    if not names.is_safe_iri(department):
        raise Problem("not-found")
    named = current_store().select(_DEPARTMENT, department=Iri(department), data=Iri(names.graph(code)))
    if not named:
        raise Problem("not-found")
    return written(named[0].get("name")) or last_of(department)


_DEPARTMENT = f"""PREFIX zwfw: <{names.DEF}>
SELECT ?name WHERE {{
  GRAPH ?data {{ ?department a zwfw:Department }}
  OPTIONAL {{ GRAPH ?data {{ ?department zwfw:name ?name }} }}
}} LIMIT 1"""


# What is known of the data


@dataclass(frozen=True, slots=True)
class Rewriting:
    """What cells of a column said and how they were read."""

    file: str
    heading: str
    written: str
    read: str
    cells: int


def _description(code: str) -> dict[str, list[Term]]:
    """What the region's folder says of its data, by the local name of the Dublin Core property; of texts those in
    the reader's language where there are any."""
    found: dict[str, list[Term]] = {}
    query = "SELECT ?property ?value WHERE { GRAPH ?data { ?dataset ?property ?value } }"
    dataset = Iri(names.graph(code))
    for row in current_store().select(query, data=dataset, dataset=dataset):
        name = written(row["property"])
        if name.startswith(names.DCT):
            found.setdefault(name.removeprefix(names.DCT), []).append(row["value"])
    return {name: in_language(values) for name, values in found.items()}


def _rewritings(code: str) -> list[Rewriting]:
    query = f"""PREFIX zwfw: <{names.DEF}>
    SELECT ?file ?heading ?written ?read ?cells WHERE {{ GRAPH ?graph {{
      ?how zwfw:writtenAs ?written ; zwfw:readAs ?read ; zwfw:cellCount ?cells .
      OPTIONAL {{ ?how zwfw:fileName ?file }} OPTIONAL {{ ?how zwfw:heading ?heading }}
    }} }}"""
    rows = current_store().select(query, graph=Iri(names.graph(code, "provenance")))
    found = [
        Rewriting(
            file=written(row.get("file")),
            heading=written(row.get("heading")),
            written=written(row["written"]),
            read=written(row["read"]),
            cells=int(written(row["cells"])),
        )
        for row in rows
    ]
    return sorted(found, key=lambda one: (-one.cells, one.heading, one.written))


# Files


@pages.get("/regions/<code>/report.<any(csv, json, ttl):format>")
def report_file(code: str, format: str) -> BaseResponse:
    """A report as it was kept at publication."""
    entry = entry_of(code)
    csv = format == "csv"
    name = f"report.{language()}.csv" if csv else f"report.{format}"
    path = current_release().region_file(code, name)
    suffix = "-synthetic" if reports.is_synthetic(entry) else ""
    response = send_file(
        path,
        as_attachment=True,
        download_name=f"{code}{suffix}-{say('检查报告')}.{format}",
        etag=sha256(path)[:32],
        conditional=True,
    )
    response.content_type = REPORT_FORMATS[format]
    response.cache_control.no_cache = True
    if csv:
        response.headers["Content-Language"] = language()
        response.vary.update(["Accept-Language", "Cookie"])
    return open_to_all(response)


@pages.get("/regions/<code>/rectification.xlsx")
def rectification_file(code: str) -> BaseResponse:
    """The rectification workbook of a department, or of the findings nobody is named for."""
    entry, department = entry_of(code), request.args.get("department", "")
    allowance.spend()
    report = json.loads(current_release().region_file(code, "report.json").read_bytes())
    known = {
        one["iri"]: pick(one["label"], "zh") for found in report["findings"] for one in found["departments"]
    }
    if department and department not in known:
        raise Problem("not-found")
    label = known.get(department) or (last_of(department) if department else rectification.NOBODY)
    content = rectification.workbook(report, department, label, standards.load(), rules.load(), None)
    mark = "-synthetic" if reports.is_synthetic(entry) else ""
    response = send_file(
        io.BytesIO(content),
        mimetype=WORKBOOK.media_type,
        as_attachment=True,
        download_name=rectification.file_name(f"{code}{mark}", label),
        etag=hashlib.sha256(content).hexdigest()[:32],
        conditional=True,
    )
    response.cache_control.no_cache = True
    return open_to_all(response)


# Findings


@pages.get("/findings/<id>")
def finding(id: str) -> Response:
    """Why this is a finding: what was found, where, what is required and by which clause."""
    node = Iri(names.FINDING + id) if re.fullmatch(r"[0-9a-f]{8,64}", id) else None
    rows = current_store().select(explanation.REGION_OF, finding=node) if node else []
    code = written(rows[0]["graph"]).removeprefix(names.BASE + "report/") if rows else ""
    entry = entry_of(code)
    found = reports.of_region(current_release(), code).by_id[id]
    group = reports.of_region(current_release(), code).groups[found.rule_id]
    focus, path = Iri(found.focus), Iri(found.path) if found.path else None
    shown = (
        explanation.again(code, focus, path, group.rule, standards.load())
        if group.rule
        else _ASK_AGAIN.replace("@FINDING", names.FINDING + id)
    )
    beside = (
        explanation.neighbour(current_store(), code, focus, path, group.rule, standards.load())
        if path and group.rule
        else None
    )
    return page(
        "finding.html",
        **_about(code, entry),
        finding=found,
        group=group,
        iri=names.FINDING + id,
        neighbour=beside,
        neighbour_value=plain(beside.value) if beside else "",
        turtle=group.rule.path.read_text("utf-8") if group.rule else "",
        query="/sparql?" + urlencode({"query": shown}),
    )


_ASK_AGAIN = """SELECT ?property ?value WHERE {
  <@FINDING> ?property ?value .
}
"""
