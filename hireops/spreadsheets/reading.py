"""CSV and XLSX files that people made in Excel, row by row.

What is read is hostile until proven otherwise: formulas are only ever text, and a small file that unpacks
into a large one is refused.
"""

import codecs
import csv
import io
import re
import warnings
import zipfile
from collections.abc import Iterator
from datetime import datetime, time
from typing import IO, Any

from openpyxl import load_workbook

from hireops.spreadsheets.errors import UnreadableFileError
from hireops.spreadsheets.excel import MOST_DIGITS, unescape_formula

MOST_COLUMNS = 64
MOST_ROWS_OF_A_SHEET = 1_048_576  # Excel's own limit
MOST_BYTES_OF_SHEETS = 128 * 1024 * 1024
MOST_BYTES_OF_OTHER_PARTS = 32 * 1024 * 1024  # openpyxl keeps these in memory, the sheets it streams
MOST_PARTS = 2000

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


def read_rows(file: IO[bytes], file_name: str) -> Iterator[list[str]]:
    """The rows of a CSV file (UTF-8, UTF-16 or GB18030; comma, semicolon or tab) or of an XLSX file's first
    visible sheet, as they stand in the file: an empty row is a list without text.

    What the file is, is read from what it holds, not from its name. Raises ``UnreadableFileError`` while it
    is iterated. Numbers, dates and the values of formulas are text as Excel would show them in full.
    """
    file.seek(0)
    head = file.read(len(COMPOUND_FILE))
    file.seek(0)
    if not head:
        raise UnreadableFileError("empty")
    if head.startswith(ZIP):
        yield from _rows_of_xlsx(file)
    elif head == COMPOUND_FILE:
        raise UnreadableFileError("encrypted" if _mentions(file, ENCRYPTED_PACKAGE) else "old_excel")
    elif file_name.lower().endswith((".xlsx", ".xlsm")) and b"\0" in head:
        raise UnreadableFileError("broken_xlsx")
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
                raise UnreadableFileError("too_many_rows", most=MOST_ROWS_OF_A_SHEET)
            yield [unescape_formula(cell) for cell in row]
    except csv.Error as error:
        raise UnreadableFileError("broken_csv", row=number + 1) from error
    finally:
        text.detach()  # or it would close a file that is not ours


def _encoding(file: IO[bytes]) -> str:
    marked = next((name for mark, name in BYTE_ORDER_MARKS.items() if _begins_with(file, mark)), None)
    for encoding in [marked] if marked else ["utf-8", "gb18030"]:
        if _is_text(file, encoding):
            return encoding
    raise UnreadableFileError("encoding")


def _begins_with(file: IO[bytes], mark: bytes) -> bool:
    file.seek(0)
    return file.read(len(mark)) == mark


def _is_text(file: IO[bytes], encoding: str) -> bool:
    """Whether all of it is text of this encoding. Raises ``UnreadableFileError`` if it is no text at all."""
    file.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while chunk := file.read(CHUNK):
            if CONTROL_CHARACTER.search(decoder.decode(chunk)):
                raise UnreadableFileError("binary")
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
            yield _without_empty_end([unescape_formula(_as_text(value)) for value in row])
    except MemoryError:
        raise
    except Exception as error:  # openpyxl raises whatever its parsers stumble over
        raise UnreadableFileError("broken_xlsx") from error


def _refuse_zip_bombs(file: IO[bytes]) -> None:
    """By the sizes that the file declares; zipfile reads no byte more than these."""
    try:
        parts = zipfile.ZipFile(file).infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise UnreadableFileError("broken_xlsx") from error
    sheets = sum(part.file_size for part in parts if part.filename.startswith("xl/worksheets/"))
    others = sum(part.file_size for part in parts) - sheets
    if sheets > MOST_BYTES_OF_SHEETS or others > MOST_BYTES_OF_OTHER_PARTS or len(parts) > MOST_PARTS:
        raise UnreadableFileError("unpacks_too_large")
    if any(part.flag_bits & 1 for part in parts):
        raise UnreadableFileError("encrypted")


def _as_text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).upper()
        case float():  # a formula's 12.299999999999999 is 12.3 to Excel, too
            is_whole = value.is_integer() and abs(value) < 10**MOST_DIGITS
            return str(int(value)) if is_whole else f"{value:.{MOST_DIGITS}g}"
        case datetime() if value.time() == time.min:
            return value.date().isoformat()
        case datetime():
            return value.isoformat(sep=" ", timespec="seconds")
        case _:
            return str(value)


def _without_empty_end(row: list[str]) -> list[str]:
    filled = max((place for place, cell in enumerate(row, start=1) if cell), default=0)
    return row[:filled]
