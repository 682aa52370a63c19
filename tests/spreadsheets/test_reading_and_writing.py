"""CSV and XLSX as Excel makes and opens them, and files that mean harm."""

import io
import random
import zipfile
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook, load_workbook

from hireops.spreadsheets.errors import UnreadableFileError, reason_unreadable
from hireops.spreadsheets.writing import write_csv, write_xlsx
from tests.spreadsheets.rows import read_rows

DANGEROUS = ["=1+1", "+86 138", "-2", "@SUM(A1)", "\t=1", "\r=1", "＝1+1", " =1", "=cmd|' /C calc'!A0", "%0A"]


def read(content: bytes, name: str = "file.csv") -> list[list[str]]:
    return list(read_rows(io.BytesIO(content), name))


def why(content: bytes, name: str = "file.csv") -> str:
    with pytest.raises(UnreadableFileError) as unreadable:
        read(content, name)
    assert reason_unreadable(unreadable.value.key, unreadable.value.details)
    return unreadable.value.key


def csv_of(*rows: list[str]) -> bytes:
    return b"".join(write_csv(rows))


def xlsx_of(*rows: list[Any]) -> bytes:
    with write_xlsx({"Sheet": rows}) as file:
        return file.read()


def excel_of(*rows: list[Any]) -> bytes:
    book, file = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(file)
    return file.getvalue()


# --- Reading CSV


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
def test_chinese_is_read_in_every_encoding_that_excel_writes(encoding: str):
    assert read("姓名,手机\r\n张三,13800138000\r\n".encode(encoding)) == [
        ["姓名", "手机"],
        ["张三", "13800138000"],
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_found(delimiter: str):
    text = '"a,b;c",x\n"1",2\n'.replace('",', f'"{delimiter}')

    assert read(text.encode()) == [["a,b;c", "x"], ["1", "2"]]


def test_quoted_cells_may_hold_newlines_quotes_and_delimiters():
    assert read(b'a,b\n"x\ny, ""z""",2\n') == [["a", "b"], ['x\ny, "z"', "2"]]


def test_empty_rows_keep_their_place():
    assert read(b"a\n\n,\nb\n") == [["a"], [], ["", ""], ["b"]]


def test_it_does_not_close_what_it_reads():
    file = io.BytesIO(b"a\nb\n")

    assert next(read_rows(file, "a.csv")) == ["a"]

    assert list(read_rows(file, "a.csv")) == [["a"], ["b"]]


def test_an_uploaded_file_is_read():
    assert list(read_rows(SimpleUploadedFile("a.csv", b"a,b\n"), "a.csv")) == [["a", "b"]]


# --- Reading XLSX


def test_numbers_and_dates_of_excel_are_text_as_excel_shows_them_in_full():
    row = [
        13800138000,
        13800138000.0,
        12.5,
        date(2025, 1, 31),
        datetime(2025, 1, 31, 5, 6, 7),  # noqa: DTZ001  Excel knows no zones
        True,
        None,
        "x",
    ]

    assert read(excel_of(row), "file.xlsx") == [
        ["13800138000", "13800138000", "12.5", "2025-01-31", "2025-01-31 05:06:07", "TRUE", "", "x"]
    ]


def test_empty_rows_of_a_sheet_keep_their_place():
    assert read(excel_of(["a"], [], ["b"])) == [["a"], [], ["b"]]


def test_hidden_sheets_are_passed_over():
    book, file = Workbook(), io.BytesIO()
    book.active.append(["hidden"])
    book.active.sheet_state = "hidden"
    book.create_sheet("seen").append(["seen"])
    book.active = 1
    book.save(file)

    assert read(file.getvalue()) == [["seen"]]


def test_a_formula_is_never_worked_out_nor_told_as_one():
    assert read(excel_of(["=1+1", "a"])) == [["", "a"]]  # nobody has worked it out before


def test_a_file_is_what_it_holds_whatever_it_is_called():
    assert read(excel_of(["a"]), "file.csv") == [["a"]]
    assert read(b"a\n", "file.xlsx") == [["a"]]


def test_a_cell_far_to_the_right_costs_nothing():
    book, file = Workbook(), io.BytesIO()
    book.active["XFD1"] = "far"
    book.active["A2"] = "near"
    book.save(file)

    assert read(file.getvalue()) == [[], ["near"]]


# --- What can't be read


def test_an_empty_file_is_told_as_such():
    assert why(b"") == "empty"


def test_rubbish_is_no_table():
    noise = random.Random(4).randbytes(20_000)

    assert why(noise) in {"binary", "encoding"}
    assert why(b"\x89PNG\r\n\x1a\n\0\0\0", "a.csv") == "picture"
    assert why(b"a,b\0c\n") == "binary"


def test_characters_of_no_known_encoding_are_not_guessed():
    assert why("José, n°1\n".encode("latin-1")) == "encoding"


def test_a_quotation_mark_that_is_not_closed_is_told_with_its_row():
    with pytest.raises(UnreadableFileError) as unreadable:
        read(b'a,b\nc,"d\ne,f\n')

    assert (unreadable.value.key, unreadable.value.details) == ("broken_csv", {"row": 2})


@pytest.mark.parametrize("length", [4, 30, 2000])
def test_a_damaged_excel_file_is_told_as_such(length: int):
    assert why(excel_of(["a"])[:length], "a.xlsx") == "broken_xlsx"


def test_an_archive_that_is_no_excel_file_is_told_as_such():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("hello.txt", "hello")

    assert why(file.getvalue()) == "broken_xlsx"


def test_a_password_is_named_and_so_is_an_old_excel():
    compound = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1000)

    assert why(compound + "EncryptedPackage".encode("utf-16-le")) == "encrypted"
    assert why(compound) == "old_excel"


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "anything.bin"])
def test_a_zip_bomb_is_refused_before_it_is_unpacked(part: str):
    file = io.BytesIO(excel_of(["a"]))
    with zipfile.ZipFile(file) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            if name != part:
                archive.writestr(name, content)
        with archive.open(part, "w") as hole:
            for _ in range(150):
                hole.write(bytes(1024 * 1024))

    assert len(bomb.getvalue()) < 1024 * 1024
    assert why(bomb.getvalue()) == "unpacks_too_large"


# --- Writing


@pytest.mark.parametrize("text", DANGEROUS)
def test_no_cell_of_a_csv_file_is_a_formula_and_it_reads_back_as_it_was(text: str):
    content = csv_of([text, f"'{text}", "正常"])

    assert content.startswith("\ufeff\"'".encode())
    assert read(content) == [[text, f"'{text}", "正常"]]


@pytest.mark.parametrize("text", DANGEROUS)
def test_no_cell_of_an_xlsx_file_is_a_formula_and_it_reads_back_as_it_was(text: str):
    content = xlsx_of([text, "正常"])

    cell = load_workbook(io.BytesIO(content)).active["A1"]
    assert (cell.data_type, cell.number_format) == ("s", "@")
    assert [[each.strip() for each in row] for row in read(content)] == [[text.strip(), "正常"]]


def test_csv_is_for_excel_utf_8_with_its_mark_and_every_cell_quoted():
    assert csv_of(["姓名", 'a"b', "x\ny"]) == '\ufeff"姓名","a""b","x\ny"\r\n'.encode()


def test_amounts_are_numbers_with_their_decimals():
    book = load_workbook(io.BytesIO(xlsx_of([Decimal("12.50"), 3, date(2025, 1, 31), None, "x"])))

    row = next(book.active.iter_rows())
    assert (row[0].value, row[0].number_format, row[0].data_type) == (12.5, "0.00", "n")
    assert (row[1].value, row[2].value.date(), row[3].value) == (3, date(2025, 1, 31), None)


def test_an_amount_with_more_digits_than_excel_keeps_stays_exact():
    assert read(xlsx_of([Decimal("1234567890123456.78")])) == [["1234567890123456.78"]]


def test_sheets_have_their_titles_in_their_order():
    with write_xlsx({"付款": [["a"]], "合计": [["b"]]}) as file:
        assert load_workbook(file).sheetnames == ["付款", "合计"]


def test_control_characters_do_not_break_what_is_written():
    assert read(csv_of(["a\x00\x0bb"])) == [["ab"]]
    assert read(xlsx_of(["a\x00\x0bb"])) == [["ab"]]
