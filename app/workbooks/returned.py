"""Rectification workbooks that came back: what departments answer to findings."""

from dataclasses import dataclass, field
from pathlib import Path

from app.files import spreadsheet
from app.files.grid import Grid
from app.files.source import Place, ReadingError, Unreadable, refused
from app.workbooks.rectification import (
    ANSWERS,
    BY,
    CLEAR,
    CODE,
    COLUMNS,
    CORRECT,
    DAY,
    FINDINGS,
    FURTHER,
    FURTHER_COLUMNS,
    LEAVE,
    NOTE,
    OBJECT,
    SUMMARY,
    TREATMENT,
    VALUE,
)


@dataclass(frozen=True)
class Answer:
    """What a department says to one finding, or of another cell (then without a finding)."""

    place: Place
    """Where it stands in the workbook."""
    finding: str
    focus: str
    target: Place
    """The cell meant: of a finding's its file, sheet and column; of another's its row, too."""
    treatment: str
    value: str | None
    """What the cell is to hold; nothing where it is to stay."""
    note: str


@dataclass
class Returned:
    """A workbook that came back."""

    file: str
    region: str
    department: str
    by: str
    day: str
    answers: list[Answer] = field(default_factory=list)


def read(path: Path) -> Returned:
    """The answers of a workbook. Raises ``Unreadable`` with all that is wrong with it."""
    grids = {grid.name: grid for grid in spreadsheet.read(path)}
    missing = [name for name in (SUMMARY, FINDINGS) if name not in grids]
    if missing:
        message = "不是整改清单：缺少工作表 {found}；整改清单由 zwfw check --rectify 写出"
        raise Unreadable(refused(Place(path.name), message, "、".join(missing)))
    said = {row[0].strip(): row[1].strip() for row in grids[SUMMARY].rows if len(row) > 1}
    found = Returned(
        path.name,
        said.get(CODE, ""),
        said.get("部门", ""),
        said.get(BY, ""),
        said.get(DAY, ""),
    )
    errors: list[ReadingError] = []
    if not found.region:
        errors.append(refused(Place(path.name, SUMMARY), "缺少地区代码；请用原样的整改清单填写"))
    for name, columns in ((FINDINGS, list(COLUMNS)), (FURTHER, list(FURTHER_COLUMNS))):
        grid = grids.get(name)
        if grid is None:
            continue
        errors += [refused(Place(path.name, name, f.row), f.message, f.found) for f in grid.faults]
        headings = [heading.strip() for heading in grid.rows[0]]
        lacking = [heading for heading in columns if heading not in headings]
        if lacking:
            message = "缺少“{expected}”列；请用原样的整改清单填写"
            errors.append(refused(Place(path.name, name, 1), message, expected="、".join(lacking)))
            continue
        for number, cells in _entries(grid, headings):
            place = Place(path.name, name, number)
            answer = _answer(place, cells) if name == FINDINGS else _further(place, cells, errors)
            if answer is not None:
                _check(answer, errors)
                found.answers.append(answer)
    if errors:
        raise Unreadable(*sorted(errors))
    return found


def _entries(grid: Grid, headings: list[str]) -> list[tuple[int, dict[str, str]]]:
    return [
        (number, dict(zip(headings, map(str.strip, row), strict=False)))
        for number, row in enumerate(grid.rows[1:], 2)
        if any(map(str.strip, row))
    ]


def _answer(place: Place, cells: dict[str, str]) -> Answer | None:
    """What a row of findings says; nothing where nobody has filled it in."""
    if not any(cells[heading] for heading in ANSWERS):
        return None
    target = Place(cells["文件"], cells["工作表"], 0, cells["列"])
    return Answer(
        place,
        cells["问题编号"],
        cells["事物标识"],
        target,
        cells[TREATMENT],
        _value(cells[VALUE]),
        cells[NOTE],
    )


def _further(place: Place, cells: dict[str, str], errors: list[ReadingError]) -> Answer | None:
    if not any(cells[heading] for heading in FURTHER_COLUMNS):
        return None
    row = cells["行"]
    if not row.isdecimal():
        errors.append(refused(place, "“{found}”不是{expected}", row, expected="行号（如 5）"))
        return None
    target = Place(cells["文件"], cells["工作表"], int(row), cells["列"])
    return Answer(place, "", "", target, CORRECT, _value(cells[VALUE]), cells[NOTE])


def _value(text: str) -> str | None:
    return "" if text == CLEAR else text or None


def _check(answer: Answer, errors: list[ReadingError]) -> None:
    """What an answer lacks to be understood."""
    if answer.treatment not in ("", CORRECT, LEAVE, OBJECT):
        message = "“处理”应为 {expected} 之一，实为“{found}”"
        expected = "、".join((CORRECT, LEAVE, OBJECT))
        errors.append(refused(answer.place, message, answer.treatment, expected=expected))
    elif answer.treatment in (LEAVE, OBJECT) and answer.value is not None:
        message = "“处理”选了“{found}”，“更正为”又有内容；请只留一处"
        errors.append(refused(answer.place, message, answer.treatment))
    elif answer.treatment in (LEAVE, OBJECT) and not answer.note:
        errors.append(refused(answer.place, "选了“{found}”，请在“说明”写明理由", answer.treatment))
    elif answer.treatment == CORRECT and answer.value is None:
        message = "选了“更正”，“更正为”却是空的；要清空单元格，请填{expected}"
        errors.append(refused(answer.place, message, expected=CLEAR))
    elif answer.value is not None and not answer.target.column:
        errors.append(refused(answer.place, "没有写明更正哪一列；请在“列”填写列标题"))
    elif answer.value is not None and not answer.target.file:
        errors.append(refused(answer.place, "没有写明更正哪个文件"))
