"""``zwfw ontology``: the ontology held against a reasoner."""

import json
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app import names
from app.cli.options import UNREADABLE, VIOLATIONS, complain, fail, lang_option
from app.cli.progress import progress
from app.files.source import Unreadable, rdf_format, read_rdf
from app.language import text
from app.ontology import sentences, standards
from app.ontology.axioms import Theory
from app.regions import region
from app.store.terms import Graph, Iri, read_turtle

if TYPE_CHECKING:
    from app.ontology.reasoner import Explanation, Verdict


@click.group("ontology")
def ontology_() -> None:
    """本体 · The ontology."""


@ontology_.command("check")
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True)
@lang_option
def check_(paths: tuple[Path, ...], as_json: bool, lang: str) -> None:
    """用推理机检查本体，可连同 RDF 文件或地区目录 · Reason over the ontology: is it consistent, can every class have
    members, what follows; with RDF files or region folders, over them too."""
    try:
        from app.ontology import reasoner
    except ImportError:
        fail(text("没有安装推理机；请运行 pip install 'zwfw[reasoner]'", lang), UNREADABLE)
    system = standards.load()
    folder = names.resources("ontology")
    files = {path.relative_to(folder).as_posix(): read_turtle(path) for path in system.files}
    try:
        files |= {str(path): _read(path, system) for path in paths}
    except Unreadable as error:
        complain(error, lang)
        sys.exit(UNREADABLE)
    theory = Theory(files)
    with progress() as say:
        say(text("推理：{n} 条公理", lang, n=f"{len(theory.axioms):,}"))
        try:
            verdict = reasoner.examine(theory)
        except reasoner.ReasonerFailed as error:
            fail(text("推理机没有给出结果：{error}", lang, error=text(str(error), lang)), UNREADABLE)
        except TimeoutError:
            late = text("推理超过了 {n} 秒的时限，没有结果", lang, n=f"{reasoner.QUESTION_SECONDS:.0f}")
            fail(late, UNREADABLE)
    record = _record(verdict, theory, lang)
    click.echo(json.dumps(record, ensure_ascii=False, indent=1) if as_json else _said(record, lang))
    sys.exit(0 if verdict.is_consistent and not verdict.unsatisfiable else VIOLATIONS)


def _read(path: Path, system: standards.Standards) -> Graph:
    """Tables and region folders as they are read for checking; RDF as it stands, for its blank nodes may be axioms."""
    is_rdf = path.is_file() and rdf_format(path) is not None
    return read_rdf(path) if is_rdf else region.read(path, system).graph


def _record(verdict: "Verdict", theory: Theory, lang: str) -> dict[str, Any]:
    def explained(explanation: "Explanation | None") -> dict[str, Any] | None:
        if explanation is None:
            return None
        return {
            "isMinimal": explanation.is_minimal,
            "axioms": [
                {"said": sentences.said(axiom, theory.facts, lang), "file": axiom.file}
                for axiom in explanation.axioms
            ],
        }

    left_out = theory.left_out + Counter({"推理机没有读入的公理": verdict.unread})
    return {
        "files": len(theory.files),
        "triples": len(theory.facts.graph),
        "axioms": len(theory.axioms),
        "leftOut": {text(why, lang): n for why, n in left_out.items()},
        "isConsistent": verdict.is_consistent,
        "inconsistency": explained(verdict.inconsistency),
        "unsatisfiable": [
            {"term": iri, "label": theory.facts.label(Iri(iri), lang), "explanation": explained(why)}
            for iri, why in verdict.unsatisfiable.items()
        ],
        "subsumptions": [{"of": below, "above": above} for below, above in verdict.subsumptions],
    }


def _said(record: dict[str, Any], lang: str) -> str:
    """The record as a person reads it."""

    def term(iri: str, label: str = "") -> str:
        return f"{label} {names.shorten(iri)}".strip()

    def explained(explanation: dict[str, Any]) -> list[str]:
        listed = [
            f"  {n}. {one['said']}  [{one['file']}]" for n, one in enumerate(explanation["axioms"], start=1)
        ]
        ending = (
            "去掉其中任何一条，矛盾即消除。"
            if explanation["isMinimal"]
            else "时限已到，以上未必是最少的几条。"
        )
        return [*listed, "  " + text(ending, lang)]

    lines = [
        text(
            "{files} 个文件，{triples} 个三元组，{axioms} 条公理",
            lang,
            **{name: f"{record[name]:,}" for name in ("files", "triples", "axioms")},
        ),
        *(
            "  " + text("未交给推理机：{why}（{n}）", lang, why=why, n=f"{n:,}")
            for why, n in record["leftOut"].items()
        ),
    ]
    if not record["isConsistent"]:
        lines += ["✗ " + text("不一致：以下公理不能同时成立", lang), *explained(record["inconsistency"])]
        return "\n".join(lines)
    lines.append("✓ " + text("一致：全部公理可以同时成立", lang))
    for one in record["unsatisfiable"]:
        lines.append(
            "✗ "
            + text("不可能有成员的类或不可能成立的属性：{found}", lang, found=term(one["term"], one["label"]))
        )
        lines += explained(one["explanation"]) if one["explanation"] else []
    if not record["unsatisfiable"]:
        lines.append("✓ " + text("每个类都可以有成员，每个属性都可以成立", lang))
    if record["subsumptions"]:
        lines.append("· " + text("推出了公理未写明的上下位关系：", lang))
        lines += [f"  {term(one['of'])} → {term(one['above'])}" for one in record["subsumptions"]]
    else:
        lines.append("· " + text("没有推出公理未写明的上下位关系", lang))
    return "\n".join(lines)
