"""Tables that people make and open in Excel: CSV and XLSX, read row by row and written.

What is read is hostile until proven otherwise: formulas are only ever text, and a small file that unpacks
into a large one is refused. What is written has no cell that Excel would take for a formula.
"""

import codecs
import csv
import io
import re
import tempfile
import warnings
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import IO, Any

from django.utils.translation import gettext as _
from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

Cell = str | int | Decimal | date | None

MOST_COLUMNS = 64
MOST_ROWS_OF_A_SHEET = 1_048_576  # Excel's own limit
MOST_BYTES_OF_SHEETS = 128 * 1024 * 1024
MOST_BYTES_OF_OTHER_PARTS = 32 * 1024 * 1024  # openpyxl keeps these in memory, the sheets it streams
MOST_PARTS = 2000
DIGITS_EXCEL_KEEPS = 15

CHUNK = 64 * 1024
ZIP, COMPOUND_FILE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
CONTROL_CHARACTER = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
DELIMITERS = (",", ";", "\t")
QUOTED = re.compile(r'"[^"]*"')

# Full-width signs are taken for formulas by Excel in Chinese and Japanese. The quotation marks in front
# make disarming reversible: what began with one gets another.
FORMULA = re.compile(r"'*(?:[\t\r\n]|\s*[=+\-@|%＝＋－＠])")


class UnreadableFile(Exception):  # noqa: N818  the interface names it so
    """The file is no table that can be read. ``reason_unreadable(key, details)`` says why, for staff."""

    def __init__(self, key: str, **details: int) -> None:
        super().__init__(key)
        self.key = key
        self.details = details


def reason_unreadable(key: str, details: Mapping[str, object]) -> str:
    """Why the file can't be read and what to do, in the reader's language."""
    texts: dict[str, Callable[[], str]] = {
        "empty": lambda: _("The file is empty."),
        "encrypted": lambda: _(
            "The file is protected by a password. Save it without a password and upload it again."
        ),
        "old_excel": lambda: _(
            "This is a file of an old Excel (.xls). Open it, save it as .xlsx or .csv and upload that."
        ),
        "broken_xlsx": lambda: _(
            "The Excel file is damaged or was not transferred completely. Open it in Excel, save it again "
            "as .xlsx and upload that."
        ),
        "unpacks_too_large": lambda: _(
            "The Excel file is small but unpacks into a very large one. Copy the rows that matter into a new "
            "file and upload that."
        ),
        "binary": lambda: _("This is neither a CSV nor an XLSX file."),
        "encoding": lambda: _(
            "The characters of the CSV file can't be read. Save it as “CSV UTF-8” or .xlsx and upload that."
        ),
        "broken_csv": lambda: _(
            "Row %(row)s of the CSV file can't be read: a quotation mark is not closed or a cell is too long."
        ),
        "too_many_rows": lambda: _(
            "The file has more than %(most)s rows. Split it into smaller ones and upload them one by one."
        ),
    }
    text = texts.get(key, lambda: _("The file can't be read."))
    return text() % details


# --- Reading


def read_rows(file: IO[bytes], file_name: str) -> Iterator[list[str]]:
    """The rows of a CSV file (UTF-8, UTF-16 or GB18030; comma, semicolon or tab) or of an XLSX file's first
    visible sheet, as they stand in the file: an empty row is a list without text.

    What the file is, is read from what it holds, not from its name. Raises ``UnreadableFile`` while it is
    iterated. Numbers, dates and the values of formulas are text as Excel would show them in full.
    """
    file.seek(0)
    head = file.read(len(COMPOUND_FILE))
    file.seek(0)
    if not head:
        raise UnreadableFile("empty")
    if head.startswith(ZIP):
        yield from _rows_of_xlsx(file)
    elif head == COMPOUND_FILE:
        raise UnreadableFile("encrypted" if _mentions(file, ENCRYPTED_PACKAGE) else "old_excel")
    elif file_name.lower().endswith((".xlsx", ".xlsm")) and b"\0" in head:
        raise UnreadableFile("broken_xlsx")
    else:
        yield from _rows_of_csv(file)


def _mentions(file: IO[bytes], wanted: bytes) -> bool:
    tail = b""
    while chunk := file.read(CHUNK):
        if wanted in tail + chunk:
            return True
        tail = chunk[-len(wanted) :]
    return False


def _rows_of_csv(file: IO[bytes]) -> Iterator[list[str]]:
    text = io.TextIOWrapper(file, encoding=_encoding(file), newline="")
    number = 0
    try:
        delimiter = _delimiter(text)
        text.seek(0)
        for number, row in enumerate(csv.reader(text, delimiter=delimiter, strict=True), start=1):
            if number > MOST_ROWS_OF_A_SHEET:
                raise UnreadableFile("too_many_rows", most=MOST_ROWS_OF_A_SHEET)
            yield [_rearmed(cell) for cell in row]
    except csv.Error as error:
        raise UnreadableFile("broken_csv", row=number + 1) from error
    finally:
        text.detach()  # or it would close a file that is not ours


def _encoding(file: IO[bytes]) -> str:
    marked = next((name for mark, name in BYTE_ORDER_MARKS.items() if _begins_with(file, mark)), None)
    for encoding in [marked] if marked else ["utf-8", "gb18030"]:
        if _is_text(file, encoding):
            return encoding
    raise UnreadableFile("encoding")


def _begins_with(file: IO[bytes], mark: bytes) -> bool:
    file.seek(0)
    return file.read(len(mark)) == mark


def _is_text(file: IO[bytes], encoding: str) -> bool:
    """Whether all of it is text of this encoding. Raises ``UnreadableFile`` if it is no text at all."""
    file.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while chunk := file.read(CHUNK):
            if CONTROL_CHARACTER.search(decoder.decode(chunk)):
                raise UnreadableFile("binary")
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    finally:
        file.seek(0)
    return True


def _delimiter(text: io.TextIOWrapper) -> str:
    """The one that the first row with text has most of; a comma if it has none."""
    line = next((line for line in _first_lines(text) if line.strip()), "")
    unquoted = QUOTED.sub("", line)
    return max(DELIMITERS, key=unquoted.count)


def _first_lines(text: io.TextIOWrapper) -> Iterator[str]:
    while line := text.readline(CHUNK):
        yield line


def _rearmed(cell: str) -> str:
    """The text that ``_disarmed`` has been given."""
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell) else cell


def _rows_of_xlsx(file: IO[bytes]) -> Iterator[list[str]]:
    _refuse_zip_bombs(file)
    try:
        with warnings.catch_warnings():  # of what openpyxl would lose if it wrote the file again
            warnings.simplefilter("ignore")
            book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        sheet = next(each for each in book.worksheets if each.sheet_state == "visible")
        sheet.reset_dimensions()  # many programs write wrong ones
        rows = sheet.iter_rows(max_col=MOST_COLUMNS, max_row=MOST_ROWS_OF_A_SHEET, values_only=True)
        for row in rows:
            yield _without_empty_end([_rearmed(_as_text(value)) for value in row])
    except MemoryError:
        raise
    except Exception as error:  # openpyxl raises whatever its parsers stumble over
        raise UnreadableFile("broken_xlsx") from error


def _refuse_zip_bombs(file: IO[bytes]) -> None:
    """By the sizes that the file declares; zipfile reads no byte more than these."""
    try:
        parts = zipfile.ZipFile(file).infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise UnreadableFile("broken_xlsx") from error
    sheets = sum(part.file_size for part in parts if part.filename.startswith("xl/worksheets/"))
    others = sum(part.file_size for part in parts) - sheets
    if sheets > MOST_BYTES_OF_SHEETS or others > MOST_BYTES_OF_OTHER_PARTS or len(parts) > MOST_PARTS:
        raise UnreadableFile("unpacks_too_large")
    if any(part.flag_bits & 1 for part in parts):
        raise UnreadableFile("encrypted")


def _as_text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).upper()
        case float() if value.is_integer() and abs(value) < 10**DIGITS_EXCEL_KEEPS:
            return str(int(value))
        case datetime() if value.time() == time.min:
            return value.date().isoformat()
        case datetime():
            return value.isoformat(sep=" ", timespec="seconds")
        case _:
            return str(value)


def _without_empty_end(row: list[str]) -> list[str]:
    filled = max((place for place, cell in enumerate(row, start=1) if cell), default=0)
    return row[:filled]


# --- Writing


def write_csv(rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """A CSV file for Excel, row by row: UTF-8 with its mark, every cell quoted, formulas disarmed."""
    yield codecs.BOM_UTF8
    for row in rows:
        line = io.StringIO(newline="")
        csv.writer(line, quoting=csv.QUOTE_ALL).writerow([_disarmed(cell) for cell in row])
        yield line.getvalue().encode("utf-8", errors="replace")


def _disarmed(cell: str) -> str:
    text = ILLEGAL_CHARACTERS_RE.sub("", cell)
    return f"'{text}" if FORMULA.match(text) else text


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
    if isinstance(value, Decimal) and len(value.as_tuple().digits) > DIGITS_EXCEL_KEEPS:
        value = str(value)
    if isinstance(value, str):
        return _text_cell(sheet, value)
    cell = WriteOnlyCell(sheet, value)
    if isinstance(value, Decimal):
        places = max(-int(value.as_tuple().exponent), 0)
        cell.number_format = f"0.{'0' * places}" if places else "0"
    return cell


def _text_cell(sheet: Any, text: str) -> Any:
    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", text))
    cell.data_type = "s"  # it is "f" for what begins with "="
    cell.number_format = "@"
    return cell
