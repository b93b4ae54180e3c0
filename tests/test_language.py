"""Every Chinese message and page text has its English, with the same placeholders."""

import ast
import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir

from app import language
from app.language import text

APP = Path(language.__file__).parent
CHINESE = re.compile(r"[一-鿿]")
QUOTED = re.compile(r"“\{\w+\}”")
"""A message that is nothing but Chinese quotation marks."""
PLACEHOLDER = re.compile(r"\{(\w+)")
BILINGUAL = " · "
"""Help texts of the command line and head comments give both languages in one string."""

NO_MESSAGES = {
    "codes.py": "no text",
    "entry_workbook.py": "what clerks fill in is Chinese, as its headings are",
    "rectification.py": "what departments fill in is Chinese, as the tables are it is about",
    "__main__.py": "says both languages itself, before anything can be imported",
}


def docstrings(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            body = node.body
            for statement in body:
                if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
                    yield statement.value


def patterns(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "re.compile":
            yield from node.args


def messages():
    for path in sorted(APP.rglob("*.py")):
        if path.name in NO_MESSAGES:
            continue
        tree = ast.parse(path.read_text("utf-8"))
        said = {id(node) for node in [*docstrings(tree), *patterns(tree)]}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
                chinese = CHINESE.search(node.value) or QUOTED.match(node.value)
                yield from [node.value] if chinese and BILINGUAL not in node.value else []
    for _, _, message, _, _ in extract_from_dir(
        APP / "web" / "templates", [("**.html", "jinja2")], keywords={"_": None}
    ):
        yield message


NOT_MESSAGES = {
    "zh",
    "：",
    "是",  # what clerks write in a cell
    "否",
    "是|否|true|false|0|1",
    "中文",
    "【说明】",  # in what clerks fill in
    "【合成示例】",
    "填表说明",
    "政务服务标准体系查询服务",  # a title in RDF, with its English beside it
}


@pytest.mark.parametrize("message", sorted(set(messages()) - NOT_MESSAGES))
def test_message_has_english_with_the_same_placeholders(message):
    english = text(message, "en")
    assert english != message
    assert not CHINESE.search(english)
    assert set(PLACEHOLDER.findall(english)) == set(PLACEHOLDER.findall(message))


def test_nothing_is_translated_that_is_not_said():
    assert set(language._english()) <= set(messages())


def test_a_list_is_enumerated_as_the_language_does():
    message, codes = "没有上级 {codes} 的数据，未与其比较", ["511600", "510000"]
    assert "511600、510000" in text(message, "zh", codes=codes)
    assert "511600, 510000" in text(message, "en", codes=codes)
