"""Tables as people keep them, CSV and workbooks, read into headings and rows that still know where they stood."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from app.files import grid, spreadsheet
from app.files.grid import Fault, Grid
from app.files.source import Place, ReadingError, Unreadable, letters, refused

MAX_FILE_BYTES = 128 * 1024 * 1024
"""A clerk's table is a few megabytes; ten times the largest list seen leaves room and still fits in memory."""

MAX_CELL_CHARACTERS = 1_000_000
"""A cell of more is not text a person wrote. (Python's csv module stops at 131,072 unless told.)"""

TABLES = spreadsheet.SUFFIXES | {".csv"}

NOTES = ("【说明】", "【合成示例】")
"""A row whose first cell begins so explains the columns or shows how to fill them in, and is nobody's data."""

NOTE_SHEETS = ("填表说明", "代码")
"""Sheets of a template beside the one to fill in."""

_SCIENTIFIC = re.compile(r"\d(\.\d+)?[Ee]\+\d{2}")
"""What a spreadsheet leaves of a long code it took for a number, once saved as text."""


@dataclass
class Sheet:
    """One table: its headings and rows, each with its number as the spreadsheet shows it."""

    file: str
    name: str
    headings: list[str]
    rows: list[tuple[int, list[str]]]
    groups: list[str] = field(default_factory=list)
    """Of each column what stands above its heading in a first row of headings; none where there is one row."""
    heading_row: int = 1
    encoding: str = ""
    errors: list[ReadingError] = field(default_factory=list)
    notes: list[tuple[int, str]] = field(default_factory=list)
    """Rows that were passed over as being about the table and not in it, with what they say."""

    def __post_init__(self) -> None:
        self._letters = {heading: letters(number) for number, heading in enumerate(self.headings, 1)}

    def place(self, row: int = 0, column: str = "") -> Place:
        """A place in this table; the column by its heading."""
        return Place(self.file, self.name, row, column, self._letters.get(column, ""))

    def above(self, heading: str) -> str:
        """What stands above a heading in a first row of headings."""
        return self.groups[self.headings.index(heading)] if self.groups else ""


def read(path: Path, rows: int | None = None) -> list[Sheet]:
    """The sheets of a table file, of each at most ``rows`` rows. Raises ``Unreadable`` when the file as a
    whole makes no sense."""
    size = path.stat().st_size
    if size > MAX_FILE_BYTES:
        raise _refused(
            path, "文件为 {found} 字节，超过上限 {limit} 字节", str(size), limit=str(MAX_FILE_BYTES)
        )
    most = None if rows is None else rows + grid.MOST_TITLE_ROWS + 2
    is_text = path.suffix.lower() == ".csv"
    grids = (
        [_csv(path, most)] if is_text else [(one, "") for one in spreadsheet.read(path, NOTE_SHEETS, most)]
    )
    sheets = [_sheet(path.name, table, encoding) for table, encoding in grids]
    for sheet in sheets:
        sheet.rows = sheet.rows[:rows]
    return sheets


def sheet_names(path: Path) -> list[str]:
    """The sheets of a workbook that are tables; one without a name for a CSV. Raises ``Unreadable``."""
    if path.suffix.lower() == ".csv":
        return [""]
    return [name for name in spreadsheet.names(path) if name not in NOTE_SHEETS]


def _refused(path: Path, message: str, found: str = "", **values: str) -> Unreadable:
    return Unreadable(refused(Place(path.name), message, found, **values))


def _csv(path: Path, most: int | None) -> tuple[Grid, str]:
    data = path.read_bytes()
    content, encoding = decoded(path, data)
    if "\0" in content:
        raise _refused(path, "文件含有空字节，不是 CSV 文本；请另存为 UTF-8 编码的 CSV")
    csv.field_size_limit(MAX_CELL_CHARACTERS)
    records: list[list[str]] = []
    try:
        records.extend(islice(csv.reader(io.StringIO(content, newline=""), strict=True), most))
    except csv.Error as error:
        place = Place(path.name, row=len(records) + 1)
        message = "不是合法的 CSV（{found}）；请检查本行起的引号是否成对"
        raise Unreadable(ReadingError(place, message, str(error))) from error
    return Grid("", records, faults=list(_faults(content, records))), encoding


def _faults(content: str, records: list[list[str]]) -> Iterator[Fault]:
    """What a spreadsheet wrote of codes it took for numbers and of formulas that failed."""
    if not _SCIENTIFIC.search(content) and not any(shown in content for shown in spreadsheet.ERROR_TEXTS):
        return
    for number, record in enumerate(records, 1):
        for column, cell in enumerate(record, 1):
            if _SCIENTIFIC.fullmatch(cell.strip()):
                yield Fault(number, column, spreadsheet.LOST_DIGITS, cell.strip())
            elif cell.strip() in spreadsheet.ERROR_TEXTS:
                yield Fault(number, column, spreadsheet.FORMULA_ERROR, cell.strip())


def decoded(path: Path, data: bytes) -> tuple[str, str]:
    """The text of a CSV and the encoding found: UTF-8 with or without mark, else GB18030, which Excel in China writes."""
    if data.startswith(b"\xef\xbb\xbf"):
        candidates = ["utf-8-sig"]
    elif data.startswith((b"\xff\xfe", b"\xfe\xff")):
        candidates = ["utf-16"]
    else:
        candidates = ["utf-8", "gb18030"]
    for encoding in candidates:
        try:
            return data.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    raise _refused(path, "编码既不是 UTF-8 也不是 GB18030；请另存为 UTF-8 编码的 CSV")


def _sheet(file: str, table: Grid, encoding: str) -> Sheet:
    """A table with its headings; rows that are empty or about the table are passed over, their numbers kept."""
    found = grid.headings(table)
    names = found.told_apart()
    sheet = Sheet(file, table.name, names, [], found.groups, found.last + 1, encoding)
    sheet.notes = [
        (number, said) for number, row in enumerate(table.rows[: found.first], 1) if (said := _said(row))
    ]
    _check_headings(sheet)
    for number, row in enumerate(table.rows[found.last + 1 :], found.last + 2):
        if not any(cell.strip() for cell in row) or row[0].lstrip().startswith(NOTES):
            continue
        if table.is_note(number - 1, len(names)):
            sheet.notes.append((number, _said(row)))
            continue
        if any(cell.strip() for cell in row[len(names) :]) or (encoding and len(row) < len(names)):
            sheet.errors.append(
                refused(
                    sheet.place(number),
                    "有 {found} 个单元格，而标题有 {expected} 个；请检查逗号和引号",
                    str(len(row)),
                    expected=str(len(names)),
                )
            )
            continue
        sheet.rows.append((number, row[: len(names)] + [""] * (len(names) - len(row))))
    for fault in table.faults:
        column = names[fault.column - 1] if fault.column <= len(names) else ""
        sheet.errors.append(refused(sheet.place(fault.row, column), fault.message, fault.found))
    return sheet


def _said(row: list[str]) -> str:
    """The texts of a row, those of merged cells once."""
    return " ".join(dict.fromkeys(cell.strip() for cell in row if cell.strip()))


def _check_headings(sheet: Sheet) -> None:
    place = sheet.place(sheet.heading_row)
    if not sheet.headings:
        sheet.errors.append(refused(place, "没有标题行；第一行应为各列的标题"))
    for column, heading in enumerate(sheet.headings, 1):
        if not heading:
            sheet.errors.append(refused(place, "第 {found} 列没有标题", letters(column)))
    for heading in sorted({h for h in sheet.headings if h and sheet.headings.count(h) > 1}):
        place = sheet.place(sheet.heading_row, heading)
        sheet.errors.append(refused(place, "标题“{found}”出现多次；请只保留一列", heading))
