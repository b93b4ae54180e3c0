"""What would have been right, in words, where the constraint that was broken says so by itself."""

import datetime
from dataclasses import replace
from pathlib import Path

import pytest

from app import names
from app.checking import report, rules
from app.checking.expectation import expected
from app.ontology import standards
from app.regions import above, region
from app.store.terms import Iri, RdfFormat, parse

ROOT = Path(__file__).parent.parent
SYSTEM, BOOK = standards.load(), rules.load()
SHAPE = Iri("http://example.org/shape")
SAID = {
    "sh:minCount 1": ("MinCount", "至少填 1 个值", "at least 1 value(s)"),
    "sh:maxCount 0": ("MaxCount", "不填", "nothing"),
    "sh:maxCount 2": ("MaxCount", "至多填 2 个值", "at most 2 value(s)"),
    'sh:pattern "^[0-9]{3}$"': ("Pattern", "符合格式 ^[0-9]{3}$", "of the form ^[0-9]{3}$"),
    'sh:in ( "甲" "乙" )': ("In", "甲、乙 之一", "one of 甲, 乙"),
    "sh:class zwfw:ItemType": ("Class", "代码表“事项类型”所列的一项", None),
    "sh:class zwfw:Department": ("Class", "部门", None),
    "sh:lessThan zwfw:name": ("LessThan", "小于“名称”", None),
    "sh:hasValue true": ("HasValue", "", ""),  # a verdict of ours is nobody's to enter
    "sh:minCount 1 ; sh:class zwfw:Department": ("Pattern", "", ""),
    'sh:sparql [ sh:select "…" ]': ("SPARQL", "", ""),
    f"sh:in ( {' '.join(map(str, range(13)))} )": ("In", "", ""),
}


@pytest.mark.parametrize("constraint", SAID)
def test_a_constraint_says_what_it_expects(constraint):
    component, chinese, english = SAID[constraint]
    text = f"@prefix sh: <{names.SH}> . @prefix zwfw: <{names.DEF}> . {SHAPE} {constraint} ."
    rule = replace(BOOK.all[0], graph={quad.triple for quad in parse(text, format=RdfFormat.TURTLE)})
    iri = f"{names.SH}{component}ConstraintComponent"
    assert expected(rule, SHAPE, iri, SYSTEM, "zh") == chinese
    if english is not None:
        assert expected(rule, SHAPE, iri, SYSTEM, "en") == english


def test_a_query_says_what_stands_elsewhere():
    reading = region.read_folder(ROOT / "data" / "370600", SYSTEM)
    ground, _ = above.gather(reading.graph, reading.code, [above.Folders(ROOT / "data", SYSTEM)])
    found = report.examine(reading, ground, [], BOOK, SYSTEM, datetime.date(2026, 11, 24))
    said = {(f.rule.identifier, f.stated): f.expected.get("zh") for f in found.findings}
    assert said["R46", "002005005000"] == "002005004000"
    assert said["R46", "20"].endswith(" 其他类别事项")
    assert said["R26", "行政确认"] == "行政许可"
