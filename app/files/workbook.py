"""Workbooks to write: sheets from the top, row by row; every text is text, and equal content gives equal bytes."""

import datetime
import io
from collections.abc import Sequence
from typing import Any

import xlsxwriter
from xlsxwriter.utility import xl_rowcol_to_cell

MOST_ROWS = 1_048_575
"""Rows of a sheet beside its heading (ECMA-376, as spreadsheets implement it)."""

MOST_COLUMNS = 16_384

MOST_CHARACTERS = 32_767
"""Characters of a cell; longer texts are cut and end with an ellipsis."""

MOST_LISTED = 255
"""Characters of a list that stands in the drop-down itself."""

_STYLES: dict[str, dict[str, Any]] = {
    "title": {"bold": True, "font_size": 14},
    "head": {"bold": True, "bottom": 1, "bg_color": "#eceef1", "text_wrap": True},
    "required": {
        "bold": True,
        "bottom": 1,
        "bg_color": "#fbeceb",
        "font_color": "#a01c22",
        "text_wrap": True,
    },
    "text": {"text_wrap": True},
    "plain": {"num_format": "#,##0"},
    "given": {},
    "notice": {"bold": True, "font_color": "#a01c22"},
    "quiet": {"italic": True, "font_color": "#565d6b", "text_wrap": True, "num_format": "@"},
    "entry": {"num_format": "@"},
    "answer": {
        "num_format": "@",
        "locked": False,
        "bg_color": "#fffbe6",
        "border": 1,
        "border_color": "#d8cfa8",
        "text_wrap": True,
    },
}


class Workbook:
    """A workbook being written. ``on`` stands as its date of creation, and not the clock."""

    def __init__(self, on: datetime.date) -> None:
        self._out = io.BytesIO()
        options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        self._book = xlsxwriter.Workbook(self._out, options)
        self._book.set_properties({"created": datetime.datetime.combine(on, datetime.time())})
        self._styles = {name: self._book.add_format({"valign": "top"} | how) for name, how in _STYLES.items()}

    def sheet(self, name: str) -> "Sheet":
        """One more sheet."""
        return Sheet(self._book.add_worksheet(name), self._styles)

    def done(self) -> bytes:
        """The workbook as a file."""
        self._book.close()
        return self._out.getvalue()


class Sheet:
    """A sheet written from the top; ``row`` is the next row, from 0."""

    def __init__(self, sheet: Any, styles: dict[str, Any]) -> None:
        self._sheet, self._styles, self.row = sheet, styles, 0

    def add(self, *cells: str | int | float, style: str | Sequence[str] = "text") -> None:
        """A row in one style, or in one for each cell. Text never becomes a formula or a link. Counts have separators, but
        not what is ``given``, for that may be a year; numbers with a fraction are never rounded."""
        for column, value in enumerate(cells):
            named = style if isinstance(style, str) else style[column]
            if isinstance(value, int | float):
                number = "plain" if isinstance(value, int) and named != "given" else "given"
                self._sheet.write_number(self.row, column, value, self._styles[number])
            elif value:
                fitting = value if len(value) <= MOST_CHARACTERS else value[: MOST_CHARACTERS - 1] + "…"
                self._sheet.write_string(self.row, column, fitting, self._styles[named])
            elif named == "answer":
                self._sheet.write_blank(self.row, column, None, self._styles[named])
        self.row += 1

    def protect(self) -> None:
        """Only cells in the style ``answer`` can be changed; whoever means to can lift it, for there is no password."""
        allowed = ("format_columns", "format_rows", "sort", "autofilter")
        self._sheet.protect("", dict.fromkeys(allowed, True))

    def table(
        self, headings: Sequence[str], widths: Sequence[float], styles: str | Sequence[str] = "head"
    ) -> None:
        """Headings that stay in sight and repeat on every printed page."""
        self.widths(*widths)
        self.add(*headings, style=styles)
        self._sheet.freeze_panes(self.row, 0)
        self._sheet.repeat_rows(self.row - 1)
        self._sheet.set_landscape()
        self._sheet.fit_to_pages(1, 0)

    def widths(self, *widths: float, style: str = "") -> None:
        """How wide the columns are, in characters, and in which style what is entered there stands."""
        for column, width in enumerate(widths):
            self._sheet.set_column(column, column, width, self._styles[style] if style else None)

    def range(self, column: int, rows: tuple[int, int]) -> str:
        """A range of cells of one column, as a formula names it."""
        first, last = (xl_rowcol_to_cell(row, column, row_abs=True, col_abs=True) for row in rows)
        return f"='{self._sheet.get_name()}'!{first}:{last}"

    def filters(self, columns: int) -> None:
        """Filters over all that was written."""
        self._sheet.autofilter(0, 0, max(self.row - 1, 1), columns - 1)

    def choice(
        self, column: int, rows: tuple[int, int], source: str | list[str], message: tuple[str, str]
    ) -> None:
        """A drop-down in the cells of a column: from a range of cells (``=…``) or a short list; of others one is
        warned with a title and a message, for a code will do as well as its name. A list too long for a workbook is
        left out."""
        title, said = message
        if isinstance(source, list) and len(",".join(source)) > MOST_LISTED:
            return
        self._sheet.data_validation(
            rows[0],
            column,
            rows[1],
            column,
            {
                "validate": "list",
                "source": source,
                "error_type": "warning",
                "error_title": title,
                "error_message": said,
            },
        )
