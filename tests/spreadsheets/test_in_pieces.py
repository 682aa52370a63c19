"""A table is the same file in however many pieces it is written, and Excel calculates nothing in it."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal

import openpyxl
import pytest

from hireops.spreadsheets import in_pieces
from hireops.spreadsheets.in_pieces import CsvTable, Row, SheetTable, Table, Written

HEADER = ["姓名", "amount", "at"]
ROWS: list[Row] = [
    ["=1+1", Decimal("-1234.50"), datetime(2026, 11, 2, 9, 30, tzinfo=UTC)],
    ["<&> \u202egpj.exe", Decimal(800), date(2026, 11, 2)],
    ["6942778198054125570", 12345678901234567890, None],
]


def written(table: Table, pieces: int) -> tuple[list[bytes], Written]:
    first, so_far = in_pieces.first_piece(table, HEADER, ROWS, Written())
    made = [first]
    for _piece in range(pieces - 1):
        piece, so_far = in_pieces.next_piece(table, ROWS, so_far)
        made.append(piece)
    last, so_far = in_pieces.last_piece(table, len(HEADER), so_far)
    return [*made, last], so_far


def sheet(pieces: int) -> bytes:
    made, so_far = written(SheetTable(), pieces)
    before, after = in_pieces.around_the_sheet(so_far, sum(map(len, made)), "a/b: [x]", ("About", [["x", 1]]))
    return before + b"".join(made) + after


@pytest.mark.parametrize("pieces", [1, 3])
def test_a_sheet_opens_with_all_its_rows(pieces: int) -> None:
    book = openpyxl.load_workbook(io.BytesIO(sheet(pieces)))

    table, about = book.worksheets
    cells = list(table.iter_rows(min_row=2))

    assert book.sheetnames == ["a b   x", "About"]
    assert len(cells) == 3 * pieces
    assert [cell.value for cell in cells[-1]] == ["6942778198054125570", "12345678901234567890", None]
    assert table.auto_filter.ref == f"A1:C{1 + 3 * pieces}"
    assert about["B1"].value == 1


def test_text_is_text_and_numbers_are_numbers_with_their_decimals() -> None:
    table = openpyxl.load_workbook(io.BytesIO(sheet(1))).worksheets[0]

    formula, amount, moment = table[2]
    assert (formula.value, formula.data_type, formula.number_format) == ("=1+1", "s", "@")
    assert (amount.value, amount.number_format) == (-1234.5, "0.00")
    assert moment.value == datetime(2026, 11, 2, 9, 30)  # noqa: DTZ001  Excel knows no time zones
    assert table["A3"].value == "<&> gpj.exe"
    assert (table["B3"].value, table["B3"].number_format) == (800, "0")


def test_a_csv_file_is_read_as_it_was_written() -> None:
    made, _so_far = written(CsvTable(), 2)
    text = b"".join(in_pieces.unpacked(made)).decode()

    assert text.startswith("\ufeff")
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    assert rows[0] == HEADER
    assert rows[1:4] == rows[4:]
    assert rows[1] == ["'=1+1", "-1234.50", "2026-11-02 09:30:00"]
    assert rows[2] == ["<&> gpj.exe", "800", "2026-11-02"]
