"""``zwfw rules`` and ``zwfw doctor``: what the installation holds and whether it is well."""

import json
import sys
from pathlib import Path

import click

from app import doctor, language
from app.checking import rules
from app.cli.options import lang_option, release_option
from app.cli.progress import progress
from app.language import text
from app.ontology import standards


@click.command("rules")
@click.option("--json", "as_json", is_flag=True)
@lang_option
def rules_(as_json: bool, lang: str) -> None:
    """列出规则 · List the rules."""
    system = standards.load()
    listed = [
        {
            "identifier": rule.identifier,
            "name": rule.name,
            "layer": rule.layer,
            "severity": rule.severity,
            "clause": system.citation(rule.clause, lang),
            "labels": rule.labels,
        }
        for rule in rules.load().all
    ]
    if as_json:
        click.echo(json.dumps(listed, ensure_ascii=False, indent=1))
    else:
        for rule, said in zip(rules.load().all, listed, strict=True):
            click.echo(
                f"{rule.identifier:5} {rule.severity:9} {rule.layer:8} {language.pick(rule.labels, lang)}  {said['clause']}"
            )


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True)
@lang_option
@release_option
def doctor_(as_json: bool, lang: str, root: Path) -> None:
    """检查安装与发布目录是否完好 · Find what is wrong with the installation and the releases."""
    with progress() as say:
        say(text("检查 {code}", lang, code=root))
        findings = doctor.examine(root, lang)
    if as_json:
        click.echo(json.dumps([finding.__dict__ for finding in findings], ensure_ascii=False, indent=1))
    else:
        for finding in findings:
            mark = "!" if finding.is_warning else "✓" if finding.is_well else "✗"
            click.echo(f"{mark} {finding.what}：{finding.said}")
    sys.exit(0 if all(finding.is_well for finding in findings) else 1)
