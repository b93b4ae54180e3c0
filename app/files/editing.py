"""Cells of a table file replaced, and everything else left as it is: quotation and encoding of a CSV, formats and other
sheets of a workbook.
"""

import csv
import io
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

from app.files import table
from app.files.source import Place, Unreadable, refused


@dataclass(frozen=True, order=True)
class Cell:
    """A cell by sheet (empty in a CSV), row and column, both counted from 1."""

    sheet: str
    row: int
    column: int


def edited(path: Path, cells: Mapping[Cell, str]) -> bytes:
    """The file with these texts in these cells. Raises ``Unreadable`` for a kind of file that cannot be changed."""
    suffix = path.suffix.lower()
    if suffix == ".csv":
        return _csv(path, {(cell.row, cell.column): text for cell, text in cells.items()})
    if suffix == ".xlsx":
        return _workbook(path, cells)
    message = "不能改写 {found} 文件；请用电子表格软件另存为 .xlsx 放回目录，再重新检查"
    raise Unreadable(refused(Place(path.name), message, suffix))


def _csv(path: Path, cells: Mapping[tuple[int, int], str]) -> bytes:
    content, encoding = table.decoded(path, path.read_bytes())
    lines = list(io.StringIO(content, newline=""))
    reader = csv.reader(iter(lines), strict=True)
    width = max(column for _, column in cells)
    by_row: dict[int, dict[int, str]] = {}
    for (row, column), text in cells.items():
        by_row.setdefault(row, {})[column] = text
    made, begun = [], 0
    for row, record in enumerate(reader, 1):
        written = "".join(lines[begun : reader.line_num])
        begun = reader.line_num
        changed = by_row.get(row, {})
        is_short = len(record) < width and record
        if not changed and not is_short:
            made.append(written)
            continue
        record += [""] * (width - len(record))
        for column, text in changed.items():
            record[column - 1] = text
        out = io.StringIO(newline="")
        csv.writer(out, lineterminator=_end(written)).writerow(record)
        made.append(out.getvalue())
    return "".join(made).encode(encoding)


def _end(line: str) -> str:
    return next((end for end in ("\r\n", "\n", "\r") if line.endswith(end)), "")


def _workbook(path: Path, cells: Mapping[Cell, str]) -> bytes:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what the library does not keep; the original is kept beside
        book = openpyxl.load_workbook(path)
    for cell, text in sorted(cells.items()):
        sheet = book[cell.sheet]
        assert isinstance(sheet, Worksheet)
        _part(sheet, cell)
        target = sheet.cell(cell.row, cell.column)
        target.value = text or None
        if text:
            target.data_type = "s"  # “=…” is text here, and no formula
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _part(sheet: Worksheet, cell: Cell) -> None:
    """Part the merged cells around a cell, each keeping what was shown."""
    for merged in list(sheet.merged_cells.ranges):
        left, top, right, bottom = merged.bounds
        if top <= cell.row <= bottom and left <= cell.column <= right:
            shown = sheet.cell(top, left).value
            sheet.unmerge_cells(str(merged))
            for row in range(top, bottom + 1):
                for column in range(left, right + 1):
                    sheet.cell(row, column).value = shown
