"""Workbooks (XLSX, XLS, ODS) read into grids of text, each cell the way the spreadsheet shows it."""

import contextlib
import datetime
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from xml.etree import ElementTree

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from app.files import archive
from app.files.grid import Fault, Grid
from app.files.source import Place, Unreadable, column_of, letters, refused

SUFFIXES = frozenset({".xlsx", ".xls", ".ods"})

MAX_UNPACKED_BYTES = 1024 * 1024 * 1024
"""What a workbook may unpack to: a compressed bomb is refused before it is opened."""

MAX_CELLS = 50_000_000
"""Cells of the rectangle around all that is filled in: a million rows of fifty columns. The engine allots all of it, and
aborts the process where a single forgotten cell in XFD1048576 makes it too much."""

EXACT_DIGITS = 15
"""A spreadsheet keeps numbers to 15 digits; a longer code stored as a number has lost its end."""

LOST_DIGITS = "编码 {found} 被存成了数字，超过 15 位的部分已经丢失；请把该列设为文本格式后重新填写"
FORMULA_ERROR = "公式出错，显示为 {found}；请改正公式，或直接填写内容"

ERROR_TEXTS = frozenset({"#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A"})
"""What a cell shows whose formula failed (ECMA-376 part 1, 18.17.3)."""

_ENCRYPTED = b"\xd0\xcf\x11\xe0"
"""What an OLE file begins with: an XLS, or an XLSX with a password."""

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_BOOK, _RELATIONS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"

_CELL = rb'<(?:\w+:)?c (?:[^>]*? )?r="([A-Z]{1,3})(\d{1,7})"[^>]*'
_FILLED = re.compile(_CELL + rb"(?<!/)>")
"""A cell with something in it, in a sheet's XML: its column and row."""
_FAILED = re.compile(
    _CELL + rb' t="e"[^>]*>(?:<(?:\w+:)?f\b[^>]*(?:/>|>[^<]*</(?:\w+:)?f>))?<(?:\w+:)?v>([^<]*)<'
)
"""A cell that shows an error: its formula, if it has one, then what it shows."""
_BLOCK = 1 << 20


def read(path: Path, leave_out: tuple[str, ...] = (), most: int | None = None) -> list[Grid]:
    """The sheets of a workbook that are not empty and not named in ``leave_out``, ``most`` rows of each. Raises
    ``Unreadable``."""
    errors = _looked_at(path) if zipfile.is_zipfile(path) else {}
    with _opened(path) as book:
        names = [name for name in book.sheet_names if name not in leave_out]
        grids = [_grid(book.get_sheet_by_name(name), errors.get(name, []), most) for name in names]
    return [grid for grid in grids if any(any(row) for row in grid.rows)]


def names(path: Path) -> list[str]:
    """The names of a workbook's sheets. Raises ``Unreadable``."""
    with _opened(path) as book:
        return list(book.sheet_names)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[CalamineWorkbook]:
    """A workbook; what is wrong with it is ``Unreadable``."""
    try:
        with CalamineWorkbook.from_path(path) as book:
            yield book
    except (CalamineError, OSError, ValueError) as error:
        with path.open("rb") as file:
            if path.suffix.lower() == ".xlsx" and file.read(4) == _ENCRYPTED:
                raise _refused(path, "工作簿加了密码，或者是旧格式；请去掉密码，另存为 .xlsx") from error
        raise _unopenable(path, error) from error


def _refused(path: Path, message: str, found: str = "", **values: str) -> Unreadable:
    return Unreadable(refused(Place(path.name), message, found, **values))


def _grid(sheet: CalamineSheet, errors: list[tuple[int, int, str]], most: int | None) -> Grid:
    faults = [Fault(row, column, FORMULA_ERROR, shown) for row, column, shown in errors]
    rows = [
        [_cell(cell, row, column, faults) for column, cell in enumerate(cells, 1)]
        for row, cells in enumerate(sheet.to_python(skip_empty_area=False, nrows=most), 1)
    ]
    merged = [(*first, *last) for first, last in sheet.merged_cell_ranges or ()]
    grid = Grid(sheet.name, rows, merged, faults)
    grid.fill()
    return grid


def _cell(value: object, row: int, column: int, faults: list[Fault]) -> str:
    """A cell as text, without guessing digits it no longer has."""
    if isinstance(value, str):
        if value in ERROR_TEXTS:
            faults.append(Fault(row, column, FORMULA_ERROR, value))
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if abs(value) >= 10**EXACT_DIGITS:
            faults.append(Fault(row, column, LOST_DIGITS, f"{value:g}"))
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, datetime.datetime) and value.time() == datetime.time.min:
        return value.date().isoformat()
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    return str(value)


# What the engine does not say, or does not survive


def _looked_at(path: Path) -> dict[str, list[tuple[int, int, str]]]:
    """By sheet: the cells whose formula failed, which the engine reads as empty. Raises ``Unreadable`` for a workbook that
    would be too large, and for one that cannot be looked at: the engine might be able to read it, and not survive it."""
    found = {}
    try:
        with archive.opened(path) as package:
            unpacked = sum(entry.file_size for entry in package.infolist())
            if unpacked > MAX_UNPACKED_BYTES:
                message = "工作簿解压后为 {found} 字节，超过上限 {limit} 字节"
                raise _refused(path, message, str(unpacked), limit=str(MAX_UNPACKED_BYTES))
            for name, part in _parts(package):
                with package.open(part) as file:
                    found[name] = _errors(file, path, name)
    except (archive.Broken, ElementTree.ParseError) as error:
        raise _unopenable(path, error) from error
    return found


def _unopenable(path: Path, error: Exception) -> Unreadable:
    message = "不是可以打开的工作簿（{found}）；请用电子表格软件打开，另存为 .xlsx"
    return _refused(path, message, str(error))


def _parts(package: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """The sheets of an XLSX by name, and the files they are in; nothing of other packages. Raises ``Broken``."""
    files = set(package.namelist())
    if _BOOK not in files:
        return
    if _RELATIONS not in files:
        raise archive.Broken(f"{_RELATIONS} is missing")
    relations = ElementTree.fromstring(package.read(_RELATIONS))
    targets = {one.get("Id"): one.get("Target", "") for one in relations}
    for sheet in ElementTree.fromstring(package.read(_BOOK)).iter(f"{_MAIN}sheet"):
        target = targets.get(sheet.get(_RELATION), "")
        part = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        if part in files and "worksheets/" in part:
            yield sheet.get("name", ""), part


def _errors(file: IO[bytes], path: Path, name: str) -> list[tuple[int, int, str]]:
    """The cells of a sheet's XML that show an error, if the rectangle around all that is filled in is not too large."""
    found: list[tuple[int, int, str]] = []
    columns, rows = {0}, {0}
    for text in _blocks(file):
        cells = set(_FILLED.findall(text))
        columns |= {column_of(at.decode()) for at, _ in cells}
        rows |= {int(row) for _, row in cells}
        if max(columns) * max(rows) > MAX_CELLS:
            far = f"{letters(max(columns))}{max(rows)}"
            message = "工作表一直填到 {found}，太大了；请删去远处多余的行和列"
            raise Unreadable(refused(Place(path.name, name), message, far))
        if b't="e"' in text:
            found += [
                (int(row), column_of(at.decode()), shown.decode()) for at, row, shown in _FAILED.findall(text)
            ]
    return found


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    """A file in blocks that end before a cell begins."""
    rest = b""
    while block := file.read(_BLOCK):
        text = rest + block
        # Searched from the end: the last of thousands of cells.
        end = max(text.rfind(b"<c "), text.rfind(b"<", 0, text.rfind(b":c ") + 1), 0)
        yield text[:end]
        rest = text[end:]
    yield rest
