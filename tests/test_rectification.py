"""From a finding to a workbook the department can fill in, and from what it fills in to conforming tables."""

import datetime
import io
import json
import shutil
from pathlib import Path

import openpyxl
import pytest

from app.checking import rules
from app.files.source import Unreadable
from app.files.table import read as read_table
from app.ontology import standards
from app.regions import region
from app.regions.above import Folders
from app.submissions.proposal import Judges
from app.workbooks import correction, rectification, returned

ROOT = Path(__file__).parent.parent
SYSTEM, BOOK = standards.load(), rules.load()
ON = datetime.date(2026, 11, 24)
CODE = "370600"
ANSWERS = {"处理", "更正为", "说明"}


def judges(folder):
    return Judges(SYSTEM, BOOK, ON, [Folders(folder.parent, SYSTEM), Folders(ROOT / "data", SYSTEM)])


def report(folder):
    judge = judges(folder)
    return judge.said(judge.examined(region.read_folder(folder, SYSTEM)))


@pytest.fixture
def folder(tmp_path):
    return Path(shutil.copytree(ROOT / "data" / CODE, tmp_path / CODE))


@pytest.fixture(scope="module")
def said():
    return report(ROOT / "data" / CODE)


@pytest.fixture(scope="module")
def made(said):
    return {
        name: openpyxl.load_workbook(io.BytesIO(content))
        for name, content in rectification.workbooks(said, SYSTEM, BOOK, datetime.date(2026, 12, 15)).items()
    }


def rows(book):
    sheet = book[rectification.FINDINGS]
    headings = [cell.value for cell in sheet[1]]
    return [dict(zip(headings, row, strict=True)) for row in sheet.iter_rows(min_row=2)]


def test_every_finding_is_in_the_workbook_of_each_department_that_answers_for_it(said, made):
    listed = {(row["问题编号"].value, name) for name, book in made.items() for row in rows(book)}
    expected = {
        (finding["id"], rectification.file_name(CODE, department))
        for finding in said["findings"]
        for department in [d["label"]["zh"] for d in finding["departments"]] or [rectification.NOBODY]
    }
    assert listed == expected


def test_a_row_names_cell_rule_clause_value_and_deadline(made):
    (row,) = [
        row
        for book in made.values()
        for row in rows(book)
        if (row["规则"].value, row["单元格"].value) == ("R26", "D5")
    ]
    shown = {heading: cell.value for heading, cell in row.items()}
    assert (shown["文件"], shown["列"], shown["现内容"], shown["应为"], shown["整改期限"]) == (
        "ImplementedItem.csv",
        "事项类型",
        "行政确认",
        "行政许可",
        "2026-12-15",
    )
    assert shown["要求"] and shown["建议"] and shown["依据"].startswith("GB/T 39046")


def test_only_what_is_to_be_filled_in_can_be_changed(made):
    for book in made.values():
        assert all(sheet.protection.sheet for sheet in book)
        for row in rows(book):
            unlocked = {heading for heading, cell in row.items() if not cell.protection.locked}
            assert unlocked == ANSWERS | ({"列"} if not row["列"].value else set())


def test_codes_are_chosen_from_their_lists_and_columns_from_those_the_rule_names(made):
    for name, book in made.items():
        sheet = book[rectification.FINDINGS]
        headings = [cell.value for cell in sheet[1]]
        choices = {
            (headings[at.min_col - 1], at.min_row): choice.formula1
            for choice in sheet.data_validations.dataValidation
            for at in choice.sqref.ranges
        }
        for number, row in enumerate(rows(book), 2):
            assert choices["处理", number] == '"更正,暂不更正,有异议"'
            if row["列"].value == "行使层级代码":
                assert "代码" in choices["更正为", number], name
            if row["规则"].value == "R43":
                assert "是否必备材料" in choices["列", number]


def filled(tmp_path, book, answers, by="张三（合成）", further=()):
    """The workbook with answers by finding's cell, as a department fills it in."""
    for row in rows(book):
        for heading, value in answers.get((row["规则"].value, row["单元格"].value), {}).items():
            row[heading].value = value
    for cell in book[rectification.SUMMARY]["A"]:
        if cell.value == "填报人":
            cell.offset(0, 1).value = by
    for number, row in enumerate(further, 2):
        for column, value in enumerate(row, 1):
            book[rectification.FURTHER].cell(number, column).value = value
    path = tmp_path / "清单.xlsx"
    book.save(path)
    return path


def workbook(folder, department):
    found = rectification.workbooks(report(folder), SYSTEM, BOOK)
    return openpyxl.load_workbook(io.BytesIO(found[rectification.file_name(CODE, department)]))


def carried_out(folder, *paths):
    reading = region.read_folder(folder, SYSTEM)
    meant = correction.corrections([returned.read(path) for path in paths], reading, folder, SYSTEM)
    return meant, meant.carried_out(folder)


def cells(folder, name):
    (sheet,) = read_table(folder / name)
    return {
        (number, heading): cell
        for number, row in sheet.rows
        for heading, cell in zip(sheet.headings, row, strict=True)
    }


def test_answers_change_their_cells_and_nothing_else(folder, tmp_path):
    path = filled(
        tmp_path,
        workbook(folder, "交通运输局（合成）"),
        {
            ("R26", "D5"): {"更正为": "行政许可"},
            ("R43", "第 5 行"): {"列": "是否必备材料", "更正为": "否"},
        },
        further=[("Material.csv", None, 5, "复印件份数", "0", "改为共享取得")],
    )
    meant, files = carried_out(folder, path)
    assert {(one.cell.cell, one.before, one.after) for one in meant.made} == {
        ("D5", "行政确认", "行政许可"),
        ("D5", "是", "否"),
        ("H5", "1", "0"),
    }
    before = {name: cells(folder, name) for name in files}
    for name, content in files.items():
        (folder / name).write_bytes(content)
    changed = {
        (name, *at, text)
        for name in files
        for at, text in cells(folder, name).items()
        if before[name][at] != text
    }
    assert changed == {
        ("ImplementedItem.csv", 5, "事项类型", "行政许可"),
        ("Material.csv", 5, "是否必备材料", "否"),
        ("Material.csv", 5, "复印件份数", "0"),
    }
    assert not {"R26", "R43"} & {one["rule_id"] for one in report(folder)["findings"]}


def test_rows_that_moved_since_are_found_again(folder, tmp_path):
    path = filled(tmp_path, workbook(folder, "交通运输局（合成）"), {("R26", "D5"): {"更正为": "行政许可"}})
    table = folder / "ImplementedItem.csv"
    head, *lines = table.read_text("utf-8").splitlines(keepends=True)
    table.write_text(head + "".join(reversed(lines)), "utf-8")
    meant, _ = carried_out(folder, path)
    assert [(one.before, one.after) for one in meant.made] == [("行政确认", "行政许可")]
    assert meant.made[0].cell.row != 5


def test_a_column_the_table_lacks_is_added(folder, tmp_path):
    book = workbook(folder, "交通运输局（合成）")
    path = filled(
        tmp_path, book, {}, further=[("ImplementedItem.csv", None, 5, "行使内容", "取水的许可", None)]
    )
    _, files = carried_out(folder, path)
    (folder / "ImplementedItem.csv").write_bytes(files["ImplementedItem.csv"])
    assert cells(folder, "ImplementedItem.csv")[5, "行使内容"] == "取水的许可"
    assert region.read_folder(folder, SYSTEM)


def test_what_is_left_as_it_is_is_told_and_changes_nothing(folder, tmp_path):
    path = filled(
        tmp_path,
        workbook(folder, "交通运输局（合成）"),
        {
            ("R26", "D5"): {"处理": "有异议", "说明": "目录有误"},
            ("R46", "D5"): {"更正为": "行政确认"},
        },
    )
    meant, files = carried_out(folder, path)
    assert files == {} and meant.made == []
    assert [(one.treatment, one.note) for one in meant.left] == [("有异议", "目录有误"), ("", "")]


@pytest.mark.parametrize(
    ("answers", "further", "message"),
    [
        ({("R26", "D5"): {"处理": "更正"}}, [], "要清空单元格"),
        ({("R26", "D5"): {"处理": "不改"}}, [], "应为 更正、暂不更正、有异议 之一"),
        ({("R26", "D5"): {"处理": "暂不更正"}}, [], "写明理由"),
        ({("R26", "D5"): {"处理": "有异议", "更正为": "x", "说明": "y"}}, [], "只留一处"),
        ({("R43", "第 5 行"): {"更正为": "否"}}, [], "没有写明更正哪一列"),
        ({("R43", "第 5 行"): {"列": "天气", "更正为": "否"}}, [], "没有“天气”列"),
        ({("R26", "D5"): {"更正为": "甲"}, ("R46", "D5"): {"更正为": "乙"}}, [], "只留一处"),
        ({}, [("Material.csv", None, "五", "材料名称", "x", None)], "不是行号"),
        ({}, [("Material.csv", None, 99, "材料名称", "x", None)], "第 99 行没有数据"),
        ({}, [("Material.csv", "甲表", 5, "材料名称", "x", None)], "没有工作表“甲表”"),
        ({}, [("../370600/Material.csv", None, 5, "材料名称", "x", None)], "不是本地区的表格"),
        ({}, [("region.ttl", None, 5, "材料名称", "x", None)], "不是本地区的表格"),
        ({}, [(None, None, 5, "材料名称", "x", None)], "没有写明更正哪个文件"),
    ],
)
def test_answers_that_cannot_be_carried_out_say_where_and_why(folder, tmp_path, answers, further, message):
    path = filled(tmp_path, workbook(folder, "交通运输局（合成）"), answers, further=further)
    with pytest.raises(Unreadable, match=message) as caught:
        carried_out(folder, path)
    assert all(error.place.file == "清单.xlsx" and error.place.row for error in caught.value.errors)


def test_another_workbook_is_not_taken_for_one(tmp_path):
    openpyxl.Workbook().save(tmp_path / "a.xlsx")
    with pytest.raises(Unreadable, match="不是整改清单"):
        returned.read(tmp_path / "a.xlsx")


def test_file_names_are_safe():
    assert rectification.file_name("370600", 'a/b\\c:d*?"<>|') == "整改清单-370600-a b c d.xlsx"


def test_equal_reports_give_equal_workbooks(said):
    assert rectification.workbooks(said, SYSTEM, BOOK) == rectification.workbooks(
        json.loads(json.dumps(said)), SYSTEM, BOOK
    )
