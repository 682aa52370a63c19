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
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count, islice
from typing import IO, Any

from hireops.spreadsheets.errors import UnreadableFileError
from hireops.spreadsheets.excel import unescape_formula
from hireops.spreadsheets.foreign import (
    LONGEST_SIGNATURE,
    refuse_archive,
    refuse_markup,
    refuse_signature,
)
from hireops.spreadsheets.header import Header, NumberedRow, Wanted, find_header
from hireops.spreadsheets.remarks import Remark, names, remark
from hireops.spreadsheets.sheets import choose_sheet, sheet_remarks
from hireops.spreadsheets.workbooks import MOST_COLUMNS, SHEETS, SheetParser, open_workbook

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
DELIMITERS = (",", ";", "\t", "|")
SEPARATORS = {",": "“,”", ";": "“;”", "\t": "Tab", "|": "“|”"}
ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "gb18030": "GB18030",
}
ROWS_LOOKED_AT = 200  # for a header, before the rest is read
QUOTED = re.compile(r'"[^"]*"')


@dataclass(slots=True)
class Table:
    """``rows`` with their numbers in the file, the header among them; those without text may be left out.
    Raises ``UnreadableFileError`` while they are iterated. Numbers, dates and the values of formulas are text
    as Excel would show them in full.

    ``remarks`` is what was noticed; who reads the rows may add to it, and more comes with the last row.
    """

    rows: Iterator[tuple[int, list[str]]]
    header: Header | None = None
    remarks: list[Remark] = field(default_factory=list)


def open_table(file: IO[bytes], file_name: str, wanted: Wanted | None = None, *, sheet: str = "") -> Table:
    """A CSV file (UTF-8, UTF-16 or GB18030; comma, semicolon, tab or bar), or the sheet of an XLSX file that
    has the header which is ``wanted``, else the first visible one with text; or that which is called
    ``sheet``.

    What the file is, is read from what it holds, not from its name. Raises ``UnreadableFileError``, also if
    more than one sheet could be meant, or more than one column.
    """
    table = _open(file, file_name, wanted, sheet)
    if table.header and (unclear := table.header.columns.unclear):
        raise UnreadableFileError("same_columns", names=names(unclear))
    return table


def _open(file: IO[bytes], file_name: str, wanted: Wanted | None, sheet: str) -> Table:
    file.seek(0)
    head = file.read(LONGEST_SIGNATURE)
    file.seek(0)
    if not head:
        raise UnreadableFileError("empty")
    if head.startswith(ZIP):
        return _open_xlsx(file, wanted, sheet)
    if head.startswith(COMPOUND_FILE):
        raise UnreadableFileError("encrypted" if _mentions(file, ENCRYPTED_PACKAGE) else "old_excel")
    refuse_signature(head)
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
    refuse_markup("".join(lines)[:CHUNK])
    delimiter = _delimiter(lines, wanted)
    header = find_header(_parsed(lines, delimiter), wanted) if wanted else None
    is_usual = encoding in {"utf-8", "utf-8-sig"} and delimiter == ","
    read_as = remark("csv", encoding=ENCODINGS[encoding], separator=SEPARATORS[delimiter])
    remarks = [] if is_usual else [read_as]
    return Table(_rows_of_csv(file, encoding, delimiter, remarks), header, remarks)


def _rows_of_csv(
    file: IO[bytes], encoding: str, delimiter: str, remarks: list[Remark]
) -> Iterator[tuple[int, list[str]]]:
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=encoding, newline="")
    is_wider = False
    try:
        for number, row in enumerate(_records(text, delimiter), start=1):
            if number > MOST_ROWS_OF_A_SHEET:
                raise UnreadableFileError("too_many_rows", most=MOST_ROWS_OF_A_SHEET)
            is_wider = is_wider or any(row[MOST_COLUMNS:])
            yield number, [unescape_formula(cell) for cell in row[:MOST_COLUMNS]]
    finally:
        with suppress(ValueError):  # it may be closed by now
            text.detach()  # or it would close a file that is not ours
    if is_wider:
        remarks.append(remark("far_columns", most=MOST_COLUMNS))


def _records(text: Iterable[str], delimiter: str) -> Iterator[list[str]]:
    """The rows, each of which may go on over several lines."""
    lines = _Lines(text)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    for number in count(1):
        lines.of_row = 0
        try:
            row = next(reader, None)
        except csv.Error as error:
            row = _row_of_one_line(lines, delimiter)
            if row is None:
                raise UnreadableFileError("broken_csv", row=number) from error
            reader = csv.reader(lines, delimiter=delimiter, strict=True)
        if row is None:
            return
        yield row


def _row_of_one_line(lines: "_Lines", delimiter: str) -> list[str] | None:
    """A row with text behind a closing quotation mark, such as ``"王"先生``. None if it has several lines, or
    would go on: then nobody knows where the cell ends."""
    if lines.of_row != 1:
        return None
    with suppress(csv.Error):
        row, *below = csv.reader([lines.last, ""], delimiter=delimiter)
        return row if below else None
    return None


class _Lines:
    """The lines of a text, one after the other: how many the row in hand has, and its last one."""

    def __init__(self, text: Iterable[str]) -> None:
        self._text = iter(text)
        self.of_row, self.last = 0, ""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        self.last = next(self._text)
        self.of_row += 1
        return self.last


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


def _parsed(lines: Sequence[str], delimiter: str) -> list[NumberedRow]:
    """As far as it goes: the last of these lines may end within a cell."""
    rows: list[NumberedRow] = []
    with suppress(csv.Error):
        rows.extend(enumerate(csv.reader(lines, delimiter=delimiter), start=1))
    return rows


# --- XLSX


def _open_xlsx(file: IO[bytes], wanted: Wanted | None, sheet: str) -> Table:
    _refuse_archive(file)
    with _no_excel_otherwise():
        with warnings.catch_warnings():  # of what openpyxl would lose if it wrote the file again
            warnings.simplefilter("ignore")
            book = open_workbook(file)
        chosen = choose_sheet(book.worksheets, wanted, sheet, _sample)
        sample = _sample(chosen)
        header = find_header(sample, wanted) if wanted else None
        others = [each.title for each in [*book.worksheets, *book.chartsheets] if each is not chosen]
        remarks = [remark("sheet", sheet=names([chosen.title])[0], others=names(others))] if others else []
        width = max((len(row) for _number, row in sample), default=0)
        rows = _rows_of_xlsx(chosen, remarks, header.row if header else 0, width)
        return Table(rows, header, remarks)


@contextmanager
def _no_excel_otherwise() -> Iterator[None]:
    try:
        yield
    except (MemoryError, UnreadableFileError):
        raise
    except Exception as error:  # openpyxl raises whatever its parsers stumble over
        raise UnreadableFileError("broken_xlsx") from error


def _rows_of_xlsx(
    sheet: Any, remarks: list[Remark], header_row: int, width: int
) -> Iterator[tuple[int, list[str]]]:
    with _no_excel_otherwise(), _part_of(sheet) as part:
        parser = SheetParser(sheet, part)
        yield from parser.rows()
        remarks.extend(sheet_remarks(sheet, parser.marks, header_row, width))


def _sample(sheet: Any) -> list[NumberedRow]:
    with _part_of(sheet) as part:
        return list(islice(SheetParser(sheet, part).rows(), ROWS_LOOKED_AT))


def _part_of(sheet: Any) -> IO[bytes]:
    part: IO[bytes] = sheet.parent._archive.open(sheet._worksheet_path)  # noqa: SLF001  as in workbooks
    return part


def _refuse_archive(file: IO[bytes]) -> None:
    """Of another kind, or a zip bomb by the sizes that it declares; zipfile reads no byte more than these."""
    try:
        parts = zipfile.ZipFile(file).infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise UnreadableFileError("broken_xlsx") from error
    refuse_archive(parts)
    sheets = sum(part.file_size for part in parts if part.filename.startswith(SHEETS))
    others = sum(part.file_size for part in parts) - sheets
    if sheets > MOST_BYTES_OF_SHEETS or others > MOST_BYTES_OF_OTHER_PARTS or len(parts) > MOST_PARTS:
        raise UnreadableFileError("unpacks_too_large")
    if any(part.flag_bits & 1 for part in parts):
        raise UnreadableFileError("encrypted")
