"""CSV and XLSX files for Excel. No cell that is written is one that Excel would take for a formula."""

import codecs
import csv
import io
import tempfile
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import IO, Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Border, Font, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from hireops.invisible import without_invisible
from hireops.spreadsheets.cells import escape_xstring
from hireops.spreadsheets.excel import MOST_DIGITS, escape_formula

Cell = str | int | Decimal | date | None

NARROWEST, WIDEST = 6, 44  # columns, in digits
LINE = Side(style="thin", color="FF999999")
RULED = Border(left=LINE, right=LINE, top=LINE, bottom=LINE)
BOLD = Font(bold=True)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table that is looked at: columns as wide as what they hold, a header that stays, filters.

    ``table`` are the rows of the table, counted from 1, if there is more than it; the first is its header.
    ``for_paper`` is to be printed: A4 across, one page wide, ruled, the header on each page, amounts with
    separators, and no filters. ``bold`` are rows beside the header.
    """

    rows: Sequence[Sequence[Cell]]
    table: range | None = None
    for_paper: bool = False
    bold: Collection[int] = ()

    @property
    def of_table(self) -> range:
        return self.table or range(1, len(self.rows) + 1)


def write_csv(rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """A CSV file for Excel, row by row: UTF-8 with its mark, every cell quoted, formulas escaped."""
    yield codecs.BOM_UTF8
    for row in rows:
        line = io.StringIO(newline="")
        csv.writer(line, quoting=csv.QUOTE_ALL).writerow(
            [escape_formula(without_invisible(cell)) for cell in row]
        )
        yield line.getvalue().encode("utf-8", errors="replace")


def write_xlsx(sheets: Mapping[str, Iterable[Sequence[Cell]] | Sheet]) -> IO[bytes]:
    """An XLSX file, open at its beginning, to be closed by the caller. Sheets by title, in their order.

    Text stays text, whatever it looks like, also after somebody edits it; an amount is a number with its
    decimals, or text if it has more digits than Excel keeps.
    """
    book = Workbook(write_only=True)
    for title, content in sheets.items():
        written = book.create_sheet(title)
        if isinstance(content, Sheet):
            _write_sheet(written, content)
        else:
            for row in content:
                written.append([_written(written, value) for value in row])
    file = tempfile.SpooledTemporaryFile(max_size=1024 * 1024)  # noqa: SIM115  the caller's to close
    book.save(file)
    file.seek(0)
    return file


def _write_sheet(written: Any, sheet: Sheet) -> None:
    table = sheet.of_table
    written.freeze_panes = f"A{table.start + 1}"
    for number, width in enumerate(_widths(sheet), start=1):
        written.column_dimensions[get_column_letter(number)].width = width
    if sheet.for_paper:
        _set_up_paper(written, table.start)
    else:
        last = get_column_letter(max(len(sheet.rows[number - 1]) for number in table))
        written.auto_filter.ref = f"A{table.start}:{last}{table.stop - 1}"
    for number, row in enumerate(sheet.rows, start=1):
        cells = [_written(written, value) for value in row]
        for cell in cells:
            _dress(cell, sheet, number)
        written.append(cells)


def _set_up_paper(written: Any, header: int) -> None:
    written.page_setup.paperSize = Worksheet.PAPERSIZE_A4
    written.page_setup.orientation = Worksheet.ORIENTATION_LANDSCAPE
    written.page_setup.fitToWidth, written.page_setup.fitToHeight = 1, 0
    written.sheet_properties.pageSetUpPr.fitToPage = True
    written.print_title_rows = f"{header}:{header}"
    written.oddFooter.center.text = "&P / &N"


def _dress(cell: Any, sheet: Sheet, number: int) -> None:
    table = sheet.of_table
    if number == table.start or number in sheet.bold:
        cell.font = BOLD
    if sheet.for_paper:
        if number in table:
            cell.border = RULED
        if isinstance(cell.value, int | Decimal):
            cell.number_format = cell.number_format.replace("0", "#,##0", 1)


def _widths(sheet: Sheet) -> list[int]:
    rows = [sheet.rows[number - 1] for number in sheet.of_table]
    columns = max(len(row) for row in rows)
    return [max(width_of(row[column]) for row in rows if column < len(row)) for column in range(columns)]


def width_of(value: Cell) -> int:
    """Of a column that holds it."""
    text = "" if value is None else str(value)
    digits = sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)
    return min(max(digits + 3, NARROWEST), WIDEST)  # 3: room for the filter's button


def _written(sheet: Any, value: Cell) -> Any:
    if isinstance(value, Decimal) and len(value.as_tuple().digits) > MOST_DIGITS:
        value = str(value)
    if isinstance(value, str):
        return _text_cell(sheet, value)
    cell = WriteOnlyCell(sheet, value)
    if isinstance(value, Decimal):
        places = max(-int(value.as_tuple().exponent), 0)
        cell.number_format = f"0.{'0' * places}" if places else "0"
    return cell


def _text_cell(sheet: Any, text: str) -> Any:
    cell = WriteOnlyCell(sheet, escape_xstring(without_invisible(text)))
    cell.data_type = "s"  # it is "f" for what begins with "="
    cell.number_format = "@"
    return cell
