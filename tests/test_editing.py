"""Cells replaced in a table file, and everything else left as it is."""

import csv

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from app.files import editing, table
from app.files.editing import Cell
from app.files.source import Unreadable


@pytest.mark.parametrize(
    ("before", "cells", "after"),
    [
        ("甲,乙\n1,2\n", {(2, 2): "三"}, "甲,乙\n1,三\n"),
        ('甲,乙\r\n"1","2"\r\n"x",y', {(2, 2): "a,b"}, '甲,乙\r\n1,"a,b"\r\n"x",y'),
        ('甲,乙\n"一\n二",2\n3,4\n', {(3, 1): "=1+1"}, '甲,乙\n"一\n二",2\n=1+1,4\n'),
        ("甲,乙\n1,2\n\n3,4\n", {(1, 3): "丙", (2, 3): "9"}, "甲,乙,丙\n1,2,9\n\n3,4,\n"),
        ("甲,乙\n1,2\n", {(2, 1): ""}, "甲,乙\n,2\n"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_csv_keeps_what_is_not_changed(tmp_path, before, cells, after, encoding):
    path = tmp_path / "a.csv"
    path.write_bytes(before.encode(encoding))
    made = editing.edited(path, {Cell("", *at): text for at, text in cells.items()})
    assert made.decode(encoding) == after and made == after.encode(encoding)


@pytest.fixture
def book(tmp_path):
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as made:
        sheet = made.add_worksheet("甲表")
        sheet.write_row(0, 0, ["编码", "名称", "日期"], made.add_format({"bold": True}))
        sheet.write_column(1, 0, ["1", "2", "3"])
        sheet.merge_range(1, 1, 3, 1, "同名")
        sheet.set_column(0, 0, 33)
        made.add_worksheet("乙表").write(0, 0, "另一张")
    return path


def test_a_workbook_keeps_formats_and_other_sheets_and_parts_merged_cells(book):
    made = editing.edited(
        book, {Cell("甲表", 3, 2): "新名", Cell("甲表", 2, 3): "=1+1", Cell("甲表", 4, 1): ""}
    )
    book.write_bytes(made)
    sheets = {sheet.name: sheet.rows for sheet in table.read(book)}
    assert sheets["甲表"] == [(2, ["1", "同名", "=1+1"]), (3, ["2", "新名", ""]), (4, ["", "同名", ""])]
    opened = openpyxl.load_workbook(book)
    assert opened.sheetnames == ["甲表", "乙表"]
    assert opened["甲表"]["A1"].font.bold and opened["甲表"].column_dimensions["A"].width > 30


@pytest.mark.parametrize("suffix", [".xls", ".ods"])
def test_what_cannot_be_changed_is_said(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(b"")
    with pytest.raises(Unreadable, match="另存为"):
        editing.edited(path, {Cell("x", 1, 1): "y"})


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)


@given(st.lists(st.lists(TEXTS, min_size=3, max_size=3), min_size=1, max_size=5), TEXTS, st.data())
def test_any_text_can_stand_in_any_cell(tmp_path_factory, rows, text, data):
    path = tmp_path_factory.mktemp("t") / "a.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    row, column = data.draw(st.integers(1, len(rows))), data.draw(st.integers(1, 3))
    path.write_bytes(editing.edited(path, {Cell("", row, column): text}))
    rows[row - 1][column - 1] = text
    with path.open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file, strict=True)) == rows
