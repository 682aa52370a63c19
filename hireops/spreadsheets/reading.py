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
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import IO, Any

from openpyxl import load_workbook

from hireops.spreadsheets.errors import UnreadableFileError
from hireops.spreadsheets.excel import MOST_DIGITS, unescape_formula
from hireops.spreadsheets.header import Header, Wanted, find_header
from hireops.spreadsheets.remarks import Remark, names, remark
from hireops.spreadsheets.sheets import choose_sheet, sheet_remarks

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
SEPARATORS = {",": "“,”", ";": "“;”", "\t": "Tab"}
ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "gb18030": "GB18030",
}
ROWS_LOOKED_AT = 60  # for a header, before the rest is read
QUOTED = re.compile(r'"[^"]*"')


@dataclass(slots=True)
class Table:
    """``rows`` as they stand in the file, the header among them: an empty row is a list without text. Raises
    ``UnreadableFileError`` while they are iterated. Numbers, dates and the values of formulas are text as
    Excel would show them in full.

    ``remarks`` is what was noticed; who reads the rows may add to it.
    """

    rows: Iterator[list[str]]
    header: Header | None = None
    remarks: list[Remark] = field(default_factory=list)


def read_rows(file: IO[bytes], file_name: str) -> Iterator[list[str]]:
    """The rows of a CSV file, or of the first visible sheet of an XLSX file. See ``Table``."""
    yield from open_table(file, file_name).rows


def open_table(file: IO[bytes], file_name: str, wanted: Wanted | None = None, *, sheet: str = "") -> Table:
    """A CSV file (UTF-8, UTF-16 or GB18030; comma, semicolon or tab), or the sheet of an XLSX file that has
    the header which is ``wanted``, else the first visible one with text; or that which is called ``sheet``.

    What the file is, is read from what it holds, not from its name. Raises ``UnreadableFileError``, also if
    more than one sheet could be meant.
    """
    file.seek(0)
    head = file.read(len(COMPOUND_FILE))
    file.seek(0)
    if not head:
        raise UnreadableFileError("empty")
    if head.startswith(ZIP):
        return _open_xlsx(file, wanted, sheet)
    if head == COMPOUND_FILE:
        raise UnreadableFileError("encrypted" if _mentions(file, ENCRYPTED_PACKAGE) else "old_excel")
    if file_name.lower().endswith((".xlsx", ".xlsm")) and b"\0" in head:
        raise UnreadableFileError("broken_xlsx")
    return _open_csv(file, wanted)


def _mentions(file: IO[bytes], wanted: bytes) -> bool:
    tail = b""
    while chunk := file.read(CHUNK):
        if wanted in tail + chunk:
            return True
        tail = chunk[-len(wanted) :]
    return False


def _open_csv(file: IO[bytes], wanted: Wanted | None) -> Table:
    encoding = _encoding(file)
    lines = _first_lines(file, encoding)
    delimiter = _delimiter(lines, wanted)
    header = find_header(_parsed(lines, delimiter), wanted) if wanted else None
    is_usual = encoding in {"utf-8", "utf-8-sig"} and delimiter == ","
    read_as = remark("csv", encoding=ENCODINGS[encoding], separator=SEPARATORS[delimiter])
    return Table(_rows_of_csv(file, encoding, delimiter), header, [] if is_usual else [read_as])


def _rows_of_csv(file: IO[bytes], encoding: str, delimiter: str) -> Iterator[list[str]]:
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=encoding, newline="")
    number = 0
    try:
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
    for encoding in [marked] if marked else [*_unmarked_utf_16(file), "utf-8", "gb18030"]:
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


def _unmarked_utf_16(file: IO[bytes]) -> list[str]:
    """Where every other byte of what is not Chinese is zero."""
    file.seek(0)
    head = file.read(CHUNK)
    even, odd = head[::2].count(0), head[1::2].count(0)
    if len(head) % 2 or not (even or odd) or (even and odd):
        return []
    encoding = "utf-16-le" if odd else "utf-16-be"
    return [encoding] if any(each in head.decode(encoding, "ignore") for each in "\n,;\t") else []


def _first_lines(file: IO[bytes], encoding: str) -> list[str]:
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=encoding, newline="")
    try:
        return [line for _number in range(ROWS_LOOKED_AT) if (line := text.readline(CHUNK))]
    finally:
        text.detach()


def _delimiter(lines: Sequence[str], wanted: Wanted | None) -> str:
    """The one by which there is a header; else the one that the first row with one has most of."""
    by_header = (each for each in DELIMITERS if wanted and find_header(_parsed(lines, each), wanted))
    if found := next(by_header, ""):
        return found
    unquoted = (QUOTED.sub("", line) for line in lines)
    telling = next((line for line in unquoted if any(each in line for each in DELIMITERS)), "")
    return max(DELIMITERS, key=telling.count)


def _parsed(lines: Sequence[str], delimiter: str) -> list[list[str]]:
    """As far as it goes: the last of these lines may end within a cell."""
    rows: list[list[str]] = []
    with suppress(csv.Error):
        rows.extend(csv.reader(lines, delimiter=delimiter))
    return rows


# --- XLSX


def _open_xlsx(file: IO[bytes], wanted: Wanted | None, sheet: str) -> Table:
    _refuse_zip_bombs(file)
    with _no_excel_otherwise():
        with warnings.catch_warnings():  # of what openpyxl would lose if it wrote the file again
            warnings.simplefilter("ignore")
            book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        for each in book.worksheets:
            each.reset_dimensions()  # many programs write wrong ones
        chosen = choose_sheet(book.worksheets, wanted, sheet, _sample)
        sample = _sample(chosen)
        header = find_header(sample, wanted) if wanted else None
        others = [each.title for each in [*book.worksheets, *book.chartsheets] if each is not chosen]
        remarks = [remark("sheet", sheet=names([chosen.title])[0], others=names(others))] if others else []
        if wanted:
            remarks.extend(sheet_remarks(file, chosen, header.row if header else 0, sample))
        return Table(_rows_of_xlsx(chosen), header, remarks)


@contextmanager
def _no_excel_otherwise() -> Iterator[None]:
    try:
        yield
    except (MemoryError, UnreadableFileError):
        raise
    except Exception as error:  # openpyxl raises whatever its parsers stumble over
        raise UnreadableFileError("broken_xlsx") from error


def _rows_of_xlsx(sheet: Any, most_rows: int = MOST_ROWS_OF_A_SHEET) -> Iterator[list[str]]:
    with _no_excel_otherwise():
        for row in sheet.iter_rows(max_col=MOST_COLUMNS, max_row=most_rows, values_only=True):
            yield _without_empty_end([unescape_formula(_as_text(value)) for value in row])


def _sample(sheet: Any) -> list[list[str]]:
    return list(_rows_of_xlsx(sheet, ROWS_LOOKED_AT))


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
