"""Tables as people keep them, CSV and workbooks, read into rows of text that still know where they stood."""

import csv
import datetime
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook

from app.source import Place, ReadingError, Unreadable, refused

MAX_FILE_BYTES = 128 * 1024 * 1024
"""A clerk's table is a few megabytes; ten times the largest list seen leaves room and still fits in memory."""

MAX_UNPACKED_BYTES = 1024 * 1024 * 1024
"""What a workbook may unpack to: a compressed bomb is refused before it is opened."""

MAX_CELL_CHARACTERS = 1_000_000
"""A cell of more is not text a person wrote. (Python's csv module stops at 131,072 unless told.)"""

EXACT_DIGITS = 15
"""A spreadsheet keeps numbers to 15 digits; a longer code stored as a number has lost its end."""

WORKBOOKS = frozenset({".xlsx", ".xls", ".ods"})
TABLES = WORKBOOKS | {".csv"}

NOTES = ("【说明】", "【合成示例】")
"""A row whose first cell begins so explains the columns or shows how to fill them in, and is nobody's data."""

NOTE_SHEETS = ("填表说明", "代码")
"""Sheets of a template beside the one to fill in."""


@dataclass
class Sheet:
    """One table: its headings and rows, each with its number as the spreadsheet shows it."""

    file: str
    name: str
    headings: list[str]
    rows: list[tuple[int, list[str]]]
    encoding: str = ""
    errors: list[ReadingError] = field(default_factory=list)

    def place(self, row: int = 0, column: str = "") -> Place:
        """A place in this table."""
        return Place(self.file, self.name, row, column)


def read(path: Path, rows: int | None = None) -> list[Sheet]:
    """The sheets of a table file, at most ``rows`` rows of each below the headings. Raises ``Unreadable`` when the file as a
    whole makes no sense."""
    size = path.stat().st_size
    if size > MAX_FILE_BYTES:
        raise _refused(
            path, "文件为 {found} 字节，超过上限 {limit} 字节", str(size), limit=str(MAX_FILE_BYTES)
        )
    most = None if rows is None else rows + 1
    return [_csv(path, most)] if path.suffix.lower() == ".csv" else _workbook(path, most)


def _refused(path: Path, message: str, found: str = "", **values: str) -> Unreadable:
    return Unreadable(refused(Place(path.name), message, found, **values))


def _csv(path: Path, most: int | None) -> Sheet:
    data = path.read_bytes()
    content, encoding = _decoded(path, data)
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
    return _sheet(path.name, "", enumerate(records, 1), encoding)


def _decoded(path: Path, data: bytes) -> tuple[str, str]:
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


def _workbook(path: Path, most: int | None) -> list[Sheet]:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
        if unpacked > MAX_UNPACKED_BYTES:
            raise _refused(
                path,
                "工作簿解压后为 {found} 字节，超过上限 {limit} 字节",
                str(unpacked),
                limit=str(MAX_UNPACKED_BYTES),
            )
    try:
        with CalamineWorkbook.from_path(path) as book:
            sheets = []
            for name in (name for name in book.sheet_names if name not in NOTE_SHEETS):
                grid = book.get_sheet_by_name(name).to_python(skip_empty_area=False, nrows=most)
                errors: list[ReadingError] = []
                rows = [
                    (number, [_cell(cell, Place(path.name, name, number), errors) for cell in row])
                    for number, row in enumerate(grid, 1)
                ]
                if any(any(row) for _, row in rows):
                    sheet = _sheet(path.name, name, iter(rows), "")
                    sheet.errors = sorted(errors) + sheet.errors
                    sheets.append(sheet)
    except (CalamineError, OSError, ValueError) as error:
        raise _refused(path, "不是可以打开的工作簿（{found}）", str(error)) from error
    return sheets


def _cell(value: object, place: Place, errors: list[ReadingError]) -> str:
    """A cell as text, the way the spreadsheet shows it, without guessing digits it no longer has."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if abs(value) >= 10**EXACT_DIGITS:
            errors.append(
                ReadingError(
                    place,
                    "编码 {found} 被存成了数字，超过 15 位的部分已经丢失；请把该列设为文本格式后重新填写",
                    f"{value:g}",
                )
            )
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, datetime.datetime) and value.time() == datetime.time.min:
        return value.date().isoformat()
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    return str(value)


def _sheet(file: str, name: str, rows: Iterator[tuple[int, list[str]]], encoding: str) -> Sheet:
    """A table with its first row as headings; empty rows are passed over, their numbers kept."""
    first, cells = next(rows, (1, []))
    headings = [cell.strip() for cell in cells]
    while headings and not headings[-1]:
        headings.pop()
    sheet = Sheet(file, name, headings, [], encoding)
    if not headings:
        sheet.errors.append(ReadingError(sheet.place(first), "没有标题行；第一行应为各列的标题"))
    for column, heading in enumerate(headings, 1):
        if not heading:
            sheet.errors.append(ReadingError(sheet.place(first), "第 {found} 列没有标题", str(column)))
    for heading in sorted({h for h in headings if h and headings.count(h) > 1}):
        sheet.errors.append(
            ReadingError(sheet.place(first, heading), "标题“{found}”出现多次；请只保留一列", heading)
        )
    for number, row in rows:
        if not any(cell.strip() for cell in row) or row[0].lstrip().startswith(NOTES):
            continue
        if any(cell.strip() for cell in row[len(headings) :]) or (encoding and len(row) < len(headings)):
            sheet.errors.append(
                ReadingError(
                    sheet.place(number),
                    "有 {found} 个单元格，而标题有 {expected} 个；请检查逗号和引号",
                    str(len(row)),
                    (("expected", str(len(headings))),),
                )
            )
            continue
        padded = row[: len(headings)] + [""] * (len(headings) - len(row))
        sheet.rows.append((number, padded))
    return sheet
