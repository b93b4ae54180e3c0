"""``zwfw explain``: why a finding is one, who answers for it, and how to put it right."""

import contextlib
import json
import re
import sys
from pathlib import Path
from typing import Any

import click

from app import language, names
from app.checking import comparison, explanation, rules
from app.checking.report import plain
from app.checking.rules import Rule
from app.cli.options import UNREADABLE, USAGE, complain, current, fail, lang_option, release_option
from app.files.source import Place, Unreadable
from app.language import text
from app.ontology import standards
from app.ontology.standards import Standards
from app.regions.reading import MADE_UP
from app.releases.release import Release
from app.store import open_store
from app.store.terms import Iri, def_
from app.web.wording import CONFIRMATION

Found = dict[str, Any]
"""A finding as the JSON report has it."""

_TOLD = {"rule", "path", "label", "stated", "expected", "departments", "place"}


@click.command()
@click.argument("finding")
@click.option(
    "--report",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="问题在这份 JSON 报告中，不在当前发布中 · The finding is in this JSON report, not in the current release.",
)
@click.option("--json", "as_json", is_flag=True)
@lang_option
@release_option
def explain(finding: str, file: Path | None, as_json: bool, lang: str, root: Path) -> None:
    """说明一个问题为什么是问题、由谁整改、怎样整改 · Say why a finding of the current release or of a report is one, who
    answers for it and how to put it right; FINDING is its identifier or IRI.
    """
    identifier, system = finding.removeprefix(names.FINDING), standards.load()
    if file is None:
        code, report, found, beside = _published(identifier, current(root, lang), lang)
    else:
        code, report, found = _reported(identifier, file, lang)
        beside = None
    rule = _rule(found, lang)
    said = {
        **{
            name: found[name]
            for name in ("id", "rule_id", "severity", "message", "focus", "label", "path", "stated", "place")
        },
        "expected": found["expected"],
        "region": code,
        "title": report["title"],
        "dataStatus": report["dataStatus"],
        "referenceDate": report["referenceDate"],
        "departments": [
            {"iri": one["iri"], "name": language.pick(one["label"], lang)} for one in found["departments"]
        ],
        "why": rule.definitions,
        "clause": {
            "iri": rule.clause.value,
            "citation": system.citation(rule.clause, lang),
            **_clause(rule, system, lang),
        },
        "neighbour": {"iri": beside.thing.value, "name": beside.name, "value": plain(beside.value)}
        if beside
        else None,
        "query": explanation.again(code, Iri(found["focus"]), _path(found), rule, system),
        "shape": rule.path.read_text("utf-8"),
    }
    if as_json:
        click.echo(json.dumps(said, ensure_ascii=False, indent=1))
        return
    click.echo("\n".join(_lines(said, rule, system, lang)))


def _published(
    identifier: str, release: Release, lang: str
) -> tuple[str, Found, Found, explanation.Neighbour | None]:
    """The region, report and finding of a release, and a thing that keeps the rule."""
    with contextlib.closing(open_store(release.index, workers=1)) as store:
        known = re.fullmatch(r"[0-9a-f]{16}", identifier) is not None
        rows = store.select(explanation.REGION_OF, finding=Iri(names.FINDING + identifier)) if known else []
        if not rows:
            message = text(
                "当前发布中没有问题 {finding}；编号见 zwfw check --json 或地区页面", lang, finding=identifier
            )
            fail(message, USAGE)
        code = str(rows[0]["graph"]).strip("<>").removeprefix(names.BASE + "report/")
        report = json.loads(release.region_file(code, "report.json").read_bytes())
        (found,) = [one for one in report["findings"] if one["id"] == identifier]
        focus, path, rule = Iri(found["focus"]), _path(found), _rule(found, lang)
        return (
            code,
            report,
            found,
            explanation.neighbour(store, code, focus, path, rule, standards.load()) if path else None,
        )


def _reported(identifier: str, file: Path, lang: str) -> tuple[str, Found, Found]:
    """The region, report and finding of a file that ``zwfw check --format json`` wrote."""
    try:
        reports = comparison.read(file)
    except Unreadable as error:
        complain(error, lang)
        sys.exit(UNREADABLE)
    for code, report in reports.items():
        for found in report["findings"]:
            if found["id"] == identifier and not set(found) >= _TOLD:
                fail(text("报告 {file} 由较早的版本写出，请重新检查", lang, file=file), USAGE)
            if found["id"] == identifier:
                return code, report, found
    fail(text("报告 {file} 中没有问题 {finding}", lang, file=file, finding=identifier), USAGE)


def _rule(found: Found, lang: str) -> Rule:
    rule = rules.load().find(found["rule"])
    if rule is None:
        fail(text("软件中已没有规则 {rule}；请重新发布", lang, rule=found["rule_id"]), USAGE)
    return rule


def _path(found: Found) -> Iri | None:
    return Iri(found["path"]) if found["path"] and names.is_safe_iri(found["path"]) else None


def _clause(rule: Rule, system: Standards, lang: str) -> dict[str, str]:
    """What is known of the clause: its words, its document and since when that is in force, and how sure it is."""
    document = system.value(rule.clause, def_("isClauseOf"))
    of = document if isinstance(document, Iri) else rule.clause
    return {
        "document": system.label(of, lang),
        "inForceFrom": system.text(of, def_("inForceFrom")),
        "text": language.pick(system.texts(rule.clause, def_("clauseText")), lang),
        "confirmation": system.text(rule.clause, def_("confirmation")),
    }


def _lines(said: dict[str, Any], rule: Rule, system: Standards, lang: str) -> list[str]:
    def line(key: str, value: str) -> list[str]:
        return [f"{text(key, lang)}{'：' if lang == 'zh' else ': '}{value}"] if value else []

    clause, place = said["clause"], said["place"] or {}
    stood = Place(
        place.get("file") or "", place.get("sheet") or "", place.get("row") or 0, place.get("column") or ""
    )
    confirmed = text(CONFIRMATION.get(clause["confirmation"], ""), lang)
    basis = [clause["citation"], clause["document"], clause["inForceFrom"], confirmed]
    beside = said["neighbour"]
    lines = [
        f"{rule.identifier} {language.pick(rule.labels, lang)}",
        language.pick(said["message"], lang),
        "",
    ]
    if said["dataStatus"] != "real":
        lines.append(text(MADE_UP, lang))
    lines += line("事物", f"{language.pick(said['label'], lang)} <{said['focus']}>".strip())
    lines += line("所在位置", stood.said(lang))
    lines += line("属性", system.label(Iri(said["path"]), lang) if said["path"] else "")
    lines += line("现值", said["stated"] or "")
    lines += line("应为", language.pick(said["expected"] or {}, lang))
    lines += line("责任部门", "、".join(one["name"] or one["iri"] for one in said["departments"]))
    lines += line("地区", f"{language.pick(said['title'], lang)} {said['region']}")
    lines += line("检查日期", said["referenceDate"])
    lines += line("条款", "，".join(filter(None, basis)) if lang == "zh" else ", ".join(filter(None, basis)))
    lines += line("条款内容", clause["text"])
    if beside:
        lines += line("合规示例", f"{beside['name']} <{beside['iri']}> {beside['value']}")
    return [
        *lines,
        "",
        language.pick(said["why"], lang),
        "",
        text("再次查看所依据的事实：", lang),
        said["query"],
        text("规则的形状：", lang),
        said["shape"],
    ]
