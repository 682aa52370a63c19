"""CSV and XLSX files for Excel. No cell that is written is one that Excel would take for a formula."""

import codecs
import csv
import io
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import IO, Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from hireops.invisible import without_invisible
from hireops.spreadsheets.excel import MOST_DIGITS, escape_formula

Cell = str | int | Decimal | date | None


def write_csv(rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """A CSV file for Excel, row by row: UTF-8 with its mark, every cell quoted, formulas escaped."""
    yield codecs.BOM_UTF8
    for row in rows:
        line = io.StringIO(newline="")
        csv.writer(line, quoting=csv.QUOTE_ALL).writerow(
            [escape_formula(without_invisible(cell)) for cell in row]
        )
        yield line.getvalue().encode("utf-8", errors="replace")


def write_xlsx(sheets: Mapping[str, Iterable[Sequence[Cell]]]) -> IO[bytes]:
    """An XLSX file, open at its beginning, to be closed by the caller. Sheets by title, in their order.

    Text stays text, whatever it looks like, also after somebody edits it; an amount is a number with its
    decimals, or text if it has more digits than Excel keeps.
    """
    book = Workbook(write_only=True)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append([_written(sheet, value) for value in row])
    file = tempfile.SpooledTemporaryFile(max_size=1024 * 1024)  # noqa: SIM115  the caller's to close
    book.save(file)
    file.seek(0)
    return file


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
    cell = WriteOnlyCell(sheet, without_invisible(text))
    cell.data_type = "s"  # it is "f" for what begins with "="
    cell.number_format = "@"
    return cell
