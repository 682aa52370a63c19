"""What Excel and other programs make of a table before it is uploaded."""

import io
import time
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from openpyxl import Workbook

from hireops.spreadsheets.cells import DateCell, clean_id, is_error, is_made_a_date
from hireops.spreadsheets.errors import UnreadableFileError, reason_unreadable
from hireops.spreadsheets.header import ColumnNames, Wanted
from hireops.spreadsheets.moments import read_moment
from hireops.spreadsheets.reading import open_table
from hireops.spreadsheets.remarks import names
from hireops.spreadsheets.tables import Line, lines
from hireops.spreadsheets.writing import write_csv, write_xlsx
from tests.spreadsheets.rows import read_rows

NAMES = ColumnNames(
    ids=frozenset({"code"}), longest={"notes": 300}, code="编码|编号", name="名称", notes="备注"
)
WANTED = Wanted(NAMES, lambda columns: "code" in columns)


def read(content: bytes, most: int = 50_000) -> list[Line]:
    return list(lines(open_table(io.BytesIO(content), "a", WANTED), most=most))


def codes(content: bytes) -> list[str]:
    return [line.cell("code") for line in read(content)]


def why(content: bytes, name: str = "a.xlsx") -> str:
    with pytest.raises(UnreadableFileError) as unreadable:
        list(lines(open_table(io.BytesIO(content), name, WANTED), most=9))
    assert reason_unreadable(unreadable.value.key, unreadable.value.details)
    return unreadable.value.key


def excel(*rows: list[Any], formats: dict[str, str] | None = None) -> bytes:
    book, file = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    for place, number_format in (formats or {}).items():
        book.active[place].number_format = number_format
    book.save(file)
    return file.getvalue()


def changed(content: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    """An XLSX file whose parts are as ``change(name, part)`` gives them."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(file, "w") as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return file.getvalue()


def replaced(content: bytes, before: bytes, after: bytes) -> bytes:
    return changed(content, lambda _name, part: part.replace(before, after))


# --- Cells


@pytest.mark.parametrize(
    ("value", "number_format", "shown"),
    [
        (0.85, "0%", "85%"),
        (0.57, "0.00%", "57%"),
        (0.8555, "0.00%", "85.55%"),
        (123, "000000", "000123"),
        (123, '"KH"0000', "KH0123"),
        (123, "0", "123"),
        (-5, "000", "-5"),
        (12.5, "000", "12.5"),
        ("123", "000000", "123"),
    ],
)
def test_a_number_is_read_as_it_is_shown(value: Any, number_format: str, shown: str) -> None:
    content = excel([value], formats={"A1": number_format})
    assert next(read_rows(io.BytesIO(content), "a.xlsx")) == [shown]


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("属实_x000D_", "属实\r"),
        ("_x005F_x000D_", "_x000D_"),
        ("_xD83D__xDE00_", "😀"),
        ("a_x00_b_xZZZZ_", "a_x00_b_xZZZZ_"),
    ],
)
def test_what_xml_can_not_say_is_decoded_wherever_it_stands(written: str, text: str) -> None:
    shared = excel(["x"])
    with write_xlsx({"Sheet": [["x"]]}) as file:
        inline = file.read()
    for content in (shared, inline):
        given = replaced(content, b">x</t>", f">{written}</t>".encode())
        assert next(read_rows(io.BytesIO(given), "a.xlsx")) == [text]


@pytest.mark.parametrize("text", ["_x000D_", "a_x005F_b"])
def test_what_looks_encoded_is_written_so_that_it_reads_back(text: str) -> None:
    with write_xlsx({"Sheet": [[text]]}) as file:
        assert next(read_rows(file, "a.xlsx")) == [text]


@pytest.mark.parametrize(
    "code",
    ['="00123"', "'00123", "`00123 ", "\u200b00123", "\u202a00123\u202c", "00\u200d123", "00123\ufeff"],
)
def test_an_id_is_the_same_however_it_was_kept_a_text(code: str) -> None:
    assert clean_id(code) == "00123"
    assert codes(b"".join(write_csv([["编码"], [code]]))) == ["00123"]


def test_a_cell_that_holds_no_value_is_a_fault_with_the_name_of_its_column() -> None:
    header, row = ["编号", "名称", "备注"], [datetime(2026, 3, 1), "#DIV/0!", "x" * 301]  # noqa: DTZ001
    (line,) = read(excel(header, row))
    assert line.faults() == {
        "date_cell": ["编号"],
        "error_cell": ["名称"],
        "long_cell": ["备注 (≤ 300)"],
    }
    (line,) = read("编码,名称\n3月1日,红\n".encode())
    assert line.faults() == {"date_cell": ["编码"]}
    (line,) = read("编码,名称,备注\n2026-03-01,#1,### 3\n".encode())
    assert line.faults() == {}


def test_errors_and_dates_are_known() -> None:
    assert all(map(is_error, ["#N/A", "#REF!", "#DIV/0!", " #name? ", "####"]))
    assert not any(map(is_error, ["N/A", "#1", "##", "# N/A"]))
    assert all(map(is_made_a_date, [DateCell("2026-03-01"), "1-Mar", "Mar-26", "3月1日"]))
    assert not any(map(is_made_a_date, ["2026-03-01", "KH-1", "1-mars"]))


NOW = datetime(2026, 11, 25, 1, 30, tzinfo=UTC)  # half past nine in the morning in China


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026-11-25", NOW),
        ("2026-11-24", datetime(2026, 11, 24, 4, tzinfo=UTC)),
        ("2026/11/24 14:30", datetime(2026, 11, 24, 6, 30, tzinfo=UTC)),
        ("2026年11月24日 14：30", datetime(2026, 11, 24, 6, 30, tzinfo=UTC)),
        ("2026-11-24T14:30:05+08:00", datetime(2026, 11, 24, 6, 30, 5, tzinfo=UTC)),
        ("2026-11-24T06:30:05.123Z", datetime(2026, 11, 24, 6, 30, 5, tzinfo=UTC)),
        ("2026-11-24 01:30 -0500", datetime(2026, 11, 24, 6, 30, tzinfo=UTC)),
        ("2026-11-24 14:30 UTC+8", datetime(2026, 11, 24, 6, 30, tzinfo=UTC)),
        ("2026-13-24", None),
        ("2026-11-24T14:30+99:00", None),
        ("soon", None),
    ],
)
def test_a_time_is_read_with_its_offset_and_today_is_never_later_than_now(
    written: str, moment: datetime | None
) -> None:
    assert read_moment(written, now=NOW) == moment


# --- Which column


@pytest.mark.parametrize(
    ("header", "code"), [(["编号", "编码"], "B"), (["编码", "编号"], "A"), (["编号", "编码（必填）"], "B")]
)
def test_the_name_of_our_own_file_wins_wherever_it_stands(header: list[str], code: str) -> None:
    assert codes(excel(header, ["A", "B"])) == [code]


def test_two_columns_of_one_meaning_are_refused_by_name() -> None:
    with pytest.raises(UnreadableFileError) as unreadable:
        read("名称,编号,编 号\n红,A,B\n".encode())
    told = reason_unreadable(unreadable.value.key, unreadable.value.details)
    assert "“编号”, “编 号”" in told or "“编号”、“编 号”" in told


# --- The whole file


def strict(content: bytes) -> bytes:
    """As Excel saves it as *Strict Open XML Spreadsheet*."""
    old, new = b"http://schemas.openxmlformats.org/", b"http://purl.oclc.org/ooxml/"

    def change(_name: str, part: bytes) -> bytes:
        part = part.replace(old + b"spreadsheetml/2006/main", new + b"spreadsheetml/main")
        return part.replace(old + b"officeDocument/2006/", new + b"officeDocument/")

    return changed(content, change)


def test_strict_files_and_fills_without_a_kind_are_read() -> None:
    content = excel(["编码"], [123], formats={"A2": "000000"})
    assert codes(strict(content)) == ["000123"]
    bare = replaced(content, b"<fill><patternFill /></fill>", b"<fill/>")
    assert b"<fill/>" in zipfile.ZipFile(io.BytesIO(bare)).read("xl/styles.xml")
    assert codes(bare) == ["000123"]


def archive(**parts: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as new:
        for name, part in parts.items():
            new.writestr(name, part)
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (
            archive(**{"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": b""}),
            "opendocument",
        ),
        (archive(**{"[Content_Types].xml": b"", "xl/workbook.bin": b""}), "binary_excel"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old_excel"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)), "picture"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(range(256)), "picture"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "pdf"),
        (
            b"\xef\xbb\xbf\r\n<html><table><tr><td>\xe7\xbc\x96\xe7\xa0\x81</td></tr></table></html>",
            "web_page",
        ),
        ("<table><tr><td>编码</td></tr></table>".encode("gb18030"), "web_page"),
        (b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook/>', "web_page"),
    ],
)
@pytest.mark.parametrize("name", ["a.xlsx", "a.csv"])
def test_a_file_of_another_kind_is_named_whatever_it_is_called(content: bytes, kind: str, name: str) -> None:
    assert why(content, name) == kind


def test_a_bar_separates_and_a_header_may_stand_far_below() -> None:
    assert codes("编码|名称\nA1|红,蓝\n".encode()) == ["A1"]
    assert codes(excel(*(["注意"] for _row in range(60)), ["编码"], ["A1"])) == ["A1"]


def test_what_stands_far_to_the_right_is_said() -> None:
    for content in (excel(["编码", *[""] * 299, "远"], ["A1"]), f"编码{',' * 300}远\nA1\n".encode()):
        table = open_table(io.BytesIO(content), "a", WANTED)
        assert [line.cell("code") for line in lines(table, most=9)] == ["A1"]
        assert "far_columns" in [remark.key for remark in table.remarks]
    header = [f"列{number}" for number in range(100)]
    assert codes(excel([*header, "编码"], [*header, "A1"])) == ["A1"]


def test_quotation_marks_within_a_cell_are_read_and_one_that_is_left_open_is_not() -> None:
    assert codes('编码,名称\n"王"先生,1\n"A,1",2\n'.encode()) == ["王先生", "A,1"]
    assert why('编码,名称\nA1,红\n"A2,蓝\nA3,"绿",x\n'.encode()) == "broken_csv"
    assert why('编码,名称\n"A1"x,"蓝\n'.encode()) == "broken_csv"


# --- As much as it takes


def test_one_formatted_cell_in_the_last_row_costs_nothing() -> None:
    content = replaced(
        excel(["编码"], ["A1"]),
        b"</sheetData>",
        b'<row r="1048576"><c r="A1048576" s="0"/></row></sheetData>',
    )
    began = time.perf_counter()
    assert codes(content) == ["A1"]
    assert time.perf_counter() - began < 2


def test_a_comment_of_the_xml_is_no_cell_and_takes_no_time() -> None:
    comment = b"<!--" + b"<f " * 100_000 + b"--></worksheet>"
    content = replaced(excel(["编码"], ["A1"]), b"</worksheet>", comment)
    began = time.perf_counter()
    assert codes(content) == ["A1"]
    assert time.perf_counter() - began < 2


@pytest.mark.parametrize(
    "text", ["合计" + " " * 100_000 + "x", "total:" + " " * 100_000 + "x", "1," * 50_000 + "x"]
)
def test_a_long_cell_takes_no_time(text: str) -> None:
    began = time.perf_counter()
    (line,) = read(f'名称,编码,备注\n"{text}",A1,\n'.encode())
    assert line.faults() == {"long_cell": ["名称 (≤ 255)"]}
    assert names(["a" * 100_000 + " 13800138000"]) == ["a" * 40]
    assert time.perf_counter() - began < 2
