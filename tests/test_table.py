"""Tables as people really write them: what is read, from which row, and what is refused with a place and a way out."""

import datetime
import zipfile
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st
from xlsxwriter.utility import xl_col_to_name

from app.files import spreadsheet, table
from app.files.grid import Grid, headings
from app.files.source import Unreadable, letters

TABLES = Path(__file__).parent / "tables"


def drawn(picture):
    """A grid drawn as text, cells between strokes."""
    return Grid("", [[cell.strip() for cell in line.split("|")] for line in picture.splitlines()])


@pytest.mark.parametrize(
    ("picture", "names", "rows"),
    [
        pytest.param("甲 | 乙 | 丙\n 1 | 2 | 3", ["甲", "乙", "丙"], (0, 0), id="one row"),
        pytest.param(
            "某区清单 | |\n 甲 | 乙 | 丙\n 1 | 2 | 3", ["甲", "乙", "丙"], (1, 1), id="a title above"
        ),
        pytest.param(
            "某区清单 | |\n 填报单位：某局 | | 日期：2026年\n 甲 | 乙 | 丙\n 1 | 2 | 3",
            ["甲", "乙", "丙"],
            (2, 2),
            id="a title and who fills it in",
        ),
        pytest.param(" | | \n 甲 | 乙 | \n 1 | 2 | ", ["甲", "乙"], (1, 1), id="an empty row above"),
        pytest.param(
            "甲 | 法定时限 | | 承诺时限 | | 乙\n | 数值 | 单位 | 数值 | 单位 |\n 1 | 2 | 日 | 1 | 日 | 3",
            ["甲", "法定时限 数值", "法定时限 单位", "承诺时限 数值", "承诺时限 单位", "乙"],
            (0, 1),
            id="two rows, names that occur twice told apart",
        ),
        pytest.param(
            "甲 | 材料 |\n | 名称 | 份数\n 1 | 表 | 1", ["甲", "名称", "份数"], (0, 1), id="two rows"
        ),
        pytest.param("甲 | | 丙\n 1 | 2 | 3", ["甲", "", "丙"], (0, 0), id="a missing name is no group"),
        pytest.param("甲\n 1\n 2", ["甲"], (0, 0), id="one column"),
        pytest.param("甲 | 乙", ["甲", "乙"], (0, 0), id="nothing but headings"),
        pytest.param("", [], (0, 0), id="nothing"),
    ],
)
def test_where_the_headings_are(picture, names, rows):
    found = headings(drawn(picture))
    assert (found.told_apart(), (found.first, found.last)) == (names, rows)


@pytest.mark.parametrize("suffix", ["xls", "ods"])
def test_old_and_open_workbooks_with_titles_merged_cells_and_notes(suffix):
    (sheet,) = table.read(TABLES / f"as-written.{suffix}")
    assert (sheet.name, sheet.errors) == ("实施清单事项", [])
    assert sheet.headings == ["实施编码", "事项名称", "法定办结时限", "单位", "计划生效日期"]
    assert sheet.above("单位") == "法定办结时限"
    assert sheet.rows == [
        (4, ["甲-1", "食品经营许可", "20", "工作日", "2026-01-31"]),
        (5, ["甲-2", "名称二", "20个工作日", "", "2026年1月31日"]),
    ]
    assert sheet.notes == [(1, "某区政务服务事项实施清单（合成）"), (7, "填表人：某某（合成）")]


def written(tmp_path, write):
    path = tmp_path / "事项.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("实施清单事项")
        sheet.write_row(0, 0, ["实施编码", "事项名称", "计划生效日期"])
        write(book, sheet)
    return path


def test_merged_cells_say_in_each_row_what_is_shown_there(tmp_path):
    def write(book, sheet):
        sheet.write_column(1, 0, ["甲", "乙", "丙"])
        sheet.merge_range(1, 1, 2, 1, "同名")

    (sheet,) = table.read(written(tmp_path, write))
    assert [cells[1] for _, cells in sheet.rows] == ["同名", "同名", ""]


def test_numbers_and_dates_as_shown(tmp_path):
    def write(book, sheet):
        sheet.write_row(1, 0, ["甲", 20])
        sheet.write_datetime(1, 2, datetime.date(2026, 1, 31), book.add_format({"num_format": "yyyy/m/d"}))

    (sheet,) = table.read(written(tmp_path, write))
    assert sheet.rows == [(2, ["甲", "20", "2026-01-31"])]


def test_a_formula_that_failed_is_no_empty_cell(tmp_path):
    path = written(tmp_path, lambda book, sheet: sheet.write_formula("B3", "=1/0", None, "#DIV/0!"))
    (sheet,) = table.read(path)
    (error,) = sheet.errors
    assert (error.place.cell, error.place.column, error.found) == ("B3", "事项名称", "#DIV/0!")


def test_a_forgotten_cell_far_away_is_named_and_does_not_end_the_process(tmp_path):
    with pytest.raises(Unreadable) as caught:
        table.read(written(tmp_path, lambda book, sheet: sheet.write("XFD1048576", "x")))
    (error,) = caught.value.errors
    assert (error.place.sheet, error.found) == ("实施清单事项", "XFD1048576")


def test_a_format_far_away_is_nothing(tmp_path):
    path = written(
        tmp_path, lambda book, sheet: sheet.write_blank("XFD1048576", None, book.add_format({"bold": True}))
    )
    assert table.read(path)[0].errors == []


def test_a_bomb_is_refused_before_it_is_opened(tmp_path, monkeypatch):
    monkeypatch.setattr(spreadsheet, "MAX_UNPACKED_BYTES", 1000)
    with pytest.raises(Unreadable, match="上限 1000 字节"):
        table.read(written(tmp_path, lambda book, sheet: None))


@pytest.mark.parametrize(
    ("name", "content", "advice"),
    [
        ("a.xlsx", b"PK\x03\x04 nonsense", "另存为 .xlsx"),
        ("a.xls", b"<html><table><tr><td>x</td></tr></table></html>", "另存为 .xlsx"),
        ("a.xlsx", b"\xd0\xcf\x11\xe0" + bytes(600), "去掉密码"),
        ("a.ods", b"", "另存为 .xlsx"),
    ],
)
def test_what_is_no_workbook_is_said_with_a_way_out(tmp_path, name, content, advice):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(Unreadable, match=advice):
        table.read(tmp_path / name)


def repacked(path, change):
    """A workbook with the content of some of its parts changed, by name; nothing where a part is to go."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts |= {name: make(parts.get(name, b"")) for name, make in change.items()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            if content is not None:
                archive.writestr(name, content)
    return path


BOOK, RELATIONS, SHEET = "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/worksheets/sheet1.xml"


@pytest.mark.parametrize(
    "change",
    [
        {BOOK: lambda _: b"<workbook><!ENTITY"},
        {RELATIONS: lambda _: None},
        {RELATIONS: lambda _: b""},
    ],
)
def test_a_workbook_that_cannot_be_looked_at_is_not_given_to_the_engine(tmp_path, change):
    """Even if the engine could read it: it has a cell far away that it would not survive."""
    path = written(tmp_path, lambda book, sheet: sheet.write("XFD1048576", "x"))
    with pytest.raises(Unreadable, match="另存为"):
        table.read(repacked(path, change))


@pytest.mark.parametrize("cell", ["XFD1048576", "B3"])
def test_cells_are_seen_whatever_the_prefix_of_their_namespace(tmp_path, cell):
    def write(book, sheet):
        sheet.write_formula(cell, "=1/0", None, "#DIV/0!")

    def prefixed(content):
        text = content.decode().replace("<c ", "<x:c ").replace("</c>", "</x:c>").replace("<v>", "<x:v>")
        return text.replace("</v>", "</x:v>").replace("<f>", "<x:f>").replace("</f>", "</x:f>").encode()

    path = repacked(written(tmp_path, write), {SHEET: prefixed})
    if cell == "B3":
        (looked_at,) = spreadsheet._looked_at(path).values()
        assert looked_at == [(3, 2, "#DIV/0!")]
    else:
        with pytest.raises(Unreadable, match="XFD1048576"):
            table.read(path)


def test_an_error_without_a_shown_value_takes_none_from_its_neighbour(tmp_path):
    path = written(tmp_path, lambda book, sheet: sheet.write_row(1, 0, ["甲", 7, 8]))
    path = repacked(
        path, {SHEET: lambda content: content.replace(b'<c r="B2"><v>7</v>', b'<c r="B2" t="e">')}
    )
    assert spreadsheet._looked_at(path) == {"实施清单事项": []}


@pytest.mark.parametrize("code", ["1.1E+17", "1.13706E+17", "#REF!"])
def test_what_a_spreadsheet_made_of_a_code_is_refused_in_text_too(tmp_path, code):
    (tmp_path / "a.csv").write_text(f"实施编码,事项名称\n甲,乙\n{code},丙\n", "utf-8")
    (sheet,) = table.read(tmp_path / "a.csv")
    (error,) = sheet.errors
    assert (error.place.cell, error.place.column, error.found) == ("A3", "实施编码", code)


@given(st.integers(1, 16384))
def test_letters_count_as_spreadsheets_do(number):
    assert letters(number) == xl_col_to_name(number - 1)


@given(st.lists(st.lists(st.text("甲乙：: 1\n", max_size=3), max_size=6), max_size=9))
def test_any_grid_has_headings_or_none_and_loses_no_row_below(rows):
    found = headings(Grid("", [list(row) for row in rows]))
    assert 0 <= found.first <= found.last <= max(len(rows) - 1, 0)
    assert len(found.told_apart()) == len(found.names)
    assert not found.names or found.names[-1]
