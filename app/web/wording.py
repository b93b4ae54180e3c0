"""The words pages share: what modules, kinds of terms, severities and states are called. Templates say them."""

from typing import Any

from app import names
from app.checking.rules import SEVERITY_NAMES
from app.language import pick
from app.ontology import standards
from app.store.terms import Iri
from app.web.language import language
from app.web.links import address
from app.web.vocabulary import term_label

MODULES = {
    "core": "共用",
    "support": "支撑保障",
    "exchange": "交换共享",
    "item": "服务事项",
    "guide": "实施要素与办事指南",
    "platform": "服务平台",
    "user": "用户服务",
    "governance": "工作机制",
    "dataset": "数据集",
}
"""The modules of the ontology, from what all share to what is kept about data; rules and documents have those of the
layers."""

KINDS = {
    "Class": "类",
    "ObjectProperty": "对象属性",
    "DatatypeProperty": "数据属性",
    "AnnotationProperty": "注解属性",
}
"""Kinds of terms, by the local name of their class in OWL."""

CONFIRMATION = {
    "unconfirmed": "未核实",
    "inferred": "由实例推断",
    "paraphrased": "转述",
    "proposed": "本项目提出",
}
STATUS = {"real": "真实数据", "synthetic": "合成数据", "sample": "示例数据"}
GRAPHS = {
    "graph": "数据",
    "inferred": "推断",
    "report": "检查报告",
    "provenance": "来源记录",
    "summary": "统计",
    "ontology": "本体",
    "standards": "标准与条款",
    "rules": "规则",
    "questions": "所要回答的问题",
}
"""What a graph holds, by its kind or, for one of the standard system, by its name."""


def words() -> dict[str, Any]:
    """For templates."""
    tables = {"MODULES": MODULES, "KINDS": KINDS, "CONFIRMATION": CONFIRMATION}
    return {
        **tables,
        "SEVERITY": SEVERITY_NAMES,
        "STATUS": STATUS,
        "GRAPHS": GRAPHS,
        "pick": pick,
        "cited": lambda iri: standards.load().citation(Iri(iri), language()),
        "shorten": names.shorten,
        "address": address,
        "term_label": term_label,
    }
