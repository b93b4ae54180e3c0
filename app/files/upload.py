"""A table that somebody sent, read in a process of its own: a file of some kilobytes can claim more cells than any
memory holds, and what reads it then ends at once, with the process it runs in.

That process is run as ``python -m app.files.upload FILE ROWS PARENT_PID`` and writes JSON.
"""

import json
import sys
import unicodedata
from dataclasses import asdict, replace
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from app.files import table
from app.files.source import Place, ReadingError, Unreadable, refused
from app.files.table import Sheet
from app.processes import apart
from app.processes.confinement import confine

DEADLINE_SECONDS = 20
"""A workbook of 37 MB takes three."""

MEMORY_MB = 1024
"""What the process may take; a workbook of 37 MB takes a third of it."""

MOST_HEADINGS = 500
"""Columns of all sheets. The official lists ask for 92 elements in all."""

LONGEST_CELL = 200
"""Characters kept of a cell: enough to see what a column holds."""

MOST_CELLS = 100_000
"""Cells kept of all sheets: a thousand rows of 92 columns. Short files can repeat long texts, and memory holds each."""

MOST_ERRORS = 50
"""Errors kept of all sheets: who has more mends these first."""


def name_of(sent: str) -> str:
    """A file's name as somebody sent it, without the folders of whatever system it comes from, and without what cannot be
    seen."""
    last = PureWindowsPath(PurePosixPath(sent).name).name
    return "".join(sign for sign in last if not unicodedata.category(sign).startswith("C"))


def read(path: Path, name: str, rows: int) -> list[Sheet]:
    """The sheets of a table file, under the name it was sent by, with at most ``rows`` rows each. Raises ``Unreadable``."""
    try:
        answer = apart.run("app.files.upload", [str(path), str(rows)], DEADLINE_SECONDS)
    except apart.TookTooLong as expired:
        message = "{seconds} 秒内没有读完；请删去空白的行、列和无关的工作表"
        raise Unreadable(refused(Place(name), message, seconds=str(DEADLINE_SECONDS))) from expired
    except apart.Ended as ended:
        message = "读取中断，多半是所需内存超过 {mb} MB；请删去空白的行、列和无关的工作表"
        raise Unreadable(refused(Place(name), message, mb=str(MEMORY_MB))) from ended
    if answer["errors"]:
        raise Unreadable(*(_error(said, name) for said in answer["errors"]))
    return [
        Sheet(
            **said
            | {
                "file": name,
                "rows": [(number, cells) for number, cells in said["rows"]],
                "errors": [_error(one, name) for one in said["errors"]],
                "notes": [(number, text) for number, text in said["notes"]],
            }
        )
        for said in answer["sheets"]
    ]


def _error(said: dict[str, Any], name: str) -> ReadingError:
    error = ReadingError.restored(said)
    return replace(error, place=replace(error.place, file=name))


def _main(path: Path, rows: int, parent: int) -> None:
    confine(parent, MEMORY_MB)
    answer: dict[str, list[Any]] = {"errors": [], "sheets": []}
    try:
        sheets = table.read(path, rows)
        columns = sum(len(sheet.headings) for sheet in sheets)
        if columns > MOST_HEADINGS:
            message = "共有 {found} 列，超过上限 {limit} 列"
            raise Unreadable(refused(Place(path.name), message, str(columns), limit=str(MOST_HEADINGS)))
        kept, left = MOST_CELLS // max(columns, 1), MOST_ERRORS
        for sheet in sheets:
            cut = [(number, [one[:LONGEST_CELL] for one in cells]) for number, cells in sheet.rows[:kept]]
            answer["sheets"].append(asdict(replace(sheet, rows=cut, errors=sheet.errors[:left])))
            left -= len(sheet.errors[:left])
    except Unreadable as unreadable:
        answer["errors"] += [asdict(error) for error in unreadable.errors[:MOST_ERRORS]]
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    _main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
