"""Answers of departments carried out: which cells of a region's tables they mean, and the tables with these changed.

A finding's thing is looked up where it stands now, so that rows moved since the workbook was written do no harm.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from app.files import table
from app.files.editing import Cell, edited
from app.files.source import Place, ReadingError, Unreadable, column_of, letters, refused
from app.files.table import Sheet
from app.ontology.standards import Standards
from app.regions.history import Correction
from app.regions.reading import Reading
from app.workbooks.returned import Answer, Returned


@dataclass
class Corrections:
    """The cells to change, with what they hold now."""

    made: list[Correction] = field(default_factory=list)
    left: list[Answer] = field(default_factory=list)
    """Answers that change nothing: left as it is, objected to, remarked upon, or as it stands already."""
    headings: dict[Place, str] = field(default_factory=dict)
    """The headings of columns that a table does not have yet."""

    def carried_out(self, folder: Path) -> dict[str, bytes]:
        """By name: the files of the folder that change, changed. Raises ``Unreadable``."""
        files: dict[str, dict[Cell, str]] = {}
        texts = {one.cell: one.after for one in self.made} | self.headings
        for place, text in texts.items():
            cell = Cell(place.sheet, place.row, column_of(place.letters))
            files.setdefault(place.file, {})[cell] = text
        return {name: edited(folder / name, cells) for name, cells in files.items()}


def corrections(
    returned: Iterable[Returned], reading: Reading, folder: Path, standards: Standards
) -> Corrections:
    """What the answers of workbooks mean in the tables of a folder, which ``reading`` was read from.

    Raises ``Unreadable`` with every answer that cannot be carried out, by its place in the workbook.
    """
    found, errors = Corrections(), list[ReadingError]()
    cells = _Cells(reading, folder, standards, found)
    meant: dict[Place, Answer] = {}
    for answer in (one for workbook in returned for one in workbook.answers):
        if answer.value is None:
            found.left.append(answer)
            continue
        try:
            cell, before = cells(answer)
        except Unreadable as unreadable:
            errors += unreadable.errors
            continue
        other = meant.setdefault(cell, answer)
        if other.value != answer.value:
            message = "同一单元格（{found}）的更正与 {other} 不同；请只留一处"
            errors.append(
                refused(answer.place, message, f"{cell.file} {cell.cell}", other=other.place.said("zh"))
            )
        elif before == answer.value:
            found.left.append(answer)
        elif other is answer:
            found.made.append(Correction(cell, before, answer.value, answer.finding))
    if errors:
        raise Unreadable(*sorted(errors))
    return found


class _Cells:
    """Finds the cell an answer means, and what it holds."""

    def __init__(self, reading: Reading, folder: Path, standards: Standards, found: Corrections) -> None:
        self._places, self._folder, self._standards = reading.places, folder, standards
        self._found = found
        self._files = {source.file for source in reading.sources}
        self._sheets: dict[str, dict[str, tuple[Sheet, dict[int, list[str]]]]] = {}
        self._added: dict[tuple[str, str], list[str]] = {}

    def __call__(self, answer: Answer) -> tuple[Place, str]:
        row = answer.target if answer.target.row else self._places.row(answer.focus)
        if row is None:
            raise Unreadable(
                refused(answer.place, "{found} 已不在表中；请重新检查，用新的整改清单", answer.focus)
            )
        sheet, rows = self._sheet(row, answer)
        cells = rows.get(row.row)
        if cells is None:
            message = "{found} 中第 {row} 行没有数据"
            raise Unreadable(refused(answer.place, message, row.file, row=str(row.row)))
        heading = self._heading(sheet, answer)
        if heading in sheet.headings:
            return sheet.place(row.row, heading), cells[sheet.headings.index(heading)]
        added = self._added.setdefault((sheet.file, sheet.name), [])
        if heading not in added:
            added.append(heading)
        at = letters(len(sheet.headings) + added.index(heading) + 1)
        self._found.headings[Place(sheet.file, sheet.name, sheet.heading_row, heading, at)] = heading
        return Place(sheet.file, sheet.name, row.row, heading, at), ""

    def _sheet(self, row: Place, answer: Answer) -> tuple[Sheet, dict[int, list[str]]]:
        path = self._folder / row.file
        if row.file not in self._files or path.suffix.lower() not in table.TABLES:
            message = "{found} 不是本地区的表格；出自 RDF 文件的，请直接在原文件中更正"
            raise Unreadable(refused(answer.place, message, row.file))
        if row.file not in self._sheets:
            self._sheets[row.file] = {one.name: (one, dict(one.rows)) for one in table.read(path)}
        sheets = self._sheets[row.file]
        if row.sheet not in sheets:
            message = "{found} 中没有工作表“{sheet}”"
            raise Unreadable(refused(answer.place, message, row.file, sheet=row.sheet))
        return sheets[row.sheet]

    def _heading(self, sheet: Sheet, answer: Answer) -> str:
        """The column meant: by its heading, else by the property of that name, which the table may head otherwise or not
        have at all."""
        named = answer.target.column
        if named in sheet.headings:
            return named
        prop = self._standards.property_by_heading(named)
        if prop is None or prop.is_derived:
            message = "{file} 中没有“{found}”列，它也不是本体中的列标题"
            raise Unreadable(refused(answer.place, message, named, file=sheet.file))
        here = self._places.headings.get((sheet.file, sheet.name), {})
        return here.get(prop.iri.value) or self._standards.label(prop.iri, "zh")
