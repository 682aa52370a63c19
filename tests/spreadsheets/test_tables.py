"""Tables as people have them: below a title, on the second sheet, with pictures, filters and totals."""

import io
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.utils import translation
from openpyxl import Workbook
from openpyxl.chart import BarChart
from openpyxl.comments import Comment

from hireops.spreadsheets.closing import is_note, is_total
from hireops.spreadsheets.errors import UnreadableFileError, reason_unreadable
from hireops.spreadsheets.header import ColumnNames, Wanted
from hireops.spreadsheets.reading import open_table
from hireops.spreadsheets.remarks import in_words
from hireops.spreadsheets.tables import lines

NAMES = ColumnNames(
    ids=frozenset({"code"}),
    longest={"name": 300},
    code="客户编码,code|编号",
    name="客户名称,name",
    mobile="手机号|手机,电话,mobile",
    email="邮箱,email",
)
WANTED = Wanted(NAMES, lambda columns: "code" in columns)
HEADER = ["客户编码", "客户名称"]


@pytest.fixture(autouse=True)
def _in_english(_language_of_the_house: None) -> Iterator[None]:
    with translation.override("en"):
        yield


def read(content: bytes, name: str = "a.csv", sheet: str = "") -> tuple[list[tuple[int, str]], list[str]]:
    """The code of each row with its number, and what was noticed."""
    table = open_table(io.BytesIO(content), name, WANTED, sheet=sheet)
    rows = [(line.number, line.cell("code")) for line in lines(table, most=50_000)]
    return rows, in_words([each.as_json() for each in table.remarks])


def excel(*sheets: list[list[Any]], with_it: Callable[[Workbook], None] = lambda book: None) -> bytes:
    book = Workbook()
    for number, rows in enumerate(sheets):
        sheet = book.worksheets[0] if number == 0 else book.create_sheet()
        sheet.title = f"表{number + 1}"
        for row in rows:
            sheet.append(row)
    with_it(book)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def why(content: bytes, sheet: str = "") -> str:
    with pytest.raises(UnreadableFileError) as unreadable:
        read(content, sheet=sheet)
    return reason_unreadable(unreadable.value.key, unreadable.value.details)


# --- The header


def test_a_header_in_the_first_row_needs_no_word() -> None:
    assert read(excel([HEADER, ["A1", "红"]])) == ([(2, "A1")], [])


def test_a_header_below_a_title_and_notes_is_found_and_said() -> None:
    def merged(book: Workbook) -> None:
        book.worksheets[0].merge_cells("A1:D1")

    rows, said = read(excel([["2026 年客户名单"], ["请勿修改"], [], HEADER, ["A1", "红"]], with_it=merged))
    assert rows == [(5, "A1")]
    assert said == ["The header was found in row 4. What stands above it was not read."]


def test_a_title_in_a_csv_file_hides_neither_header_nor_separator() -> None:
    rows, said = read("客户名单,,\n客户编码;客户名称\nA1;红,蓝\n".encode("gb18030"))
    assert rows == [(3, "A1")]
    assert said[0] == "The file was read as GB18030, with “;” between the cells."


@pytest.mark.parametrize(
    ("above", "below"),
    [
        (["客户编码", "联系方式", ""], ["", "手机", "邮箱"]),
        (["客户", "", "联系方式"], ["客户编码", "客户名称", "手机"]),
        (["客户编码", "", "联系方式"], ["", "客户名称", "手机"]),
    ],
)
def test_a_header_of_two_rows_is_one(above: list[str], below: list[str]) -> None:
    table = open_table(io.BytesIO(excel([above, below, ["A1", "x", "y"]])), "a.xlsx", WANTED)
    assert table.header
    assert "mobile" in table.header.columns
    assert [line.number for line in lines(table, most=9)] == [3]


def test_columns_that_nobody_reads_are_named_without_numbers_of_people() -> None:
    rows, said = read(excel([[*HEADER, "部门", "13800138000", "编号"], ["A1", "红"]]))
    assert rows == [(2, "A1")]
    assert "部门" in said[0]
    assert "13800138000" not in said[0]
    assert "mean the same as one with the name of the empty file: “编号”" in said[1]


# --- Sheets


def test_the_sheet_with_the_header_is_taken_and_the_others_are_named() -> None:
    rows, said = read(excel([["说明"]], [HEADER, ["A1", "红"]], [["x"]]))
    assert rows == [(2, "A1")]
    assert said == ["The sheet “表2” was read. Not read: “表1”, “表3”."]


def test_of_two_that_fit_the_one_with_rows_is_meant_else_somebody_has_to_say() -> None:
    rows, _said = read(excel([HEADER], [HEADER, ["A1", "红"]]))
    assert rows == [(2, "A1")]
    two = excel([HEADER, ["A1", "红"]], [HEADER, ["B1", "蓝"]])
    assert "“表1”, “表2”" in why(two)
    assert read(two, sheet="表2")[0] == [(2, "B1")]
    assert "No sheet of the file is called so. It has: “表1”, “表2”" in why(two, sheet="三月")


# --- What else is in a file


def everything(book: Workbook) -> None:
    sheet = book.worksheets[0]
    sheet.row_dimensions[3].hidden = True
    sheet.column_dimensions["B"].hidden = True
    sheet.auto_filter.ref = "A1:B4"
    sheet["A2"].comment = Comment("wer", "x")
    sheet["B2"] = "=1+1"
    sheet.merge_cells("B3:B4")


def test_what_is_harmless_is_said_as_what_it_is() -> None:
    rows, said = read(excel([HEADER, ["A1", "红"], ["A2", "蓝"], ["A3", ""]], with_it=everything))
    assert rows == [(2, "A1"), (3, "A2"), (4, "A3")]
    told = " ".join(said)
    for part in (
        "A filter hides rows of the file: 1.",
        "hidden columns",
        "Formulas without a value: 1",
        "Merged cells below the header: 1",
        "Cells have comments",
    ):
        assert part in told


def with_a_picture(content: bytes) -> bytes:
    """Of a file with a drawing: it refers to a picture, too."""
    relation = b'<Relationship Id="rId9" Type="http://x/relationships/image" Target="/xl/media/a.png"/></Rel'
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(changed, "w") as new:
        for part in old.namelist():
            held = old.read(part)
            is_drawing = part.startswith("xl/drawings/_rels/")
            new.writestr(part, held.replace(b"</Rel", relation) if is_drawing else held)
    return changed.getvalue()


def test_a_picture_and_a_chart_are_said() -> None:
    content = excel(
        [HEADER, ["A1", "红"]], with_it=lambda book: book.worksheets[0].add_chart(BarChart(), "D9")
    )
    chart = "The sheet has charts (1). They were not read."
    assert read(content)[1] == [chart]
    assert read(with_a_picture(content))[1] == ["The sheet has pictures (1). They were not read.", chart]


def test_empty_rows_totals_and_signatures_are_left_out_and_said() -> None:
    rows, said = read(
        excel(
            [HEADER, ["A1", "红"], [], [], ["A2", "蓝"], [], ["合计", 2], ["制表人：张三", "2026-11-01"], []]
        )
    )
    assert rows == [(2, "A1"), (5, "A2")]
    assert said == [
        "Empty rows between the others: 2. They were left out.",
        "Totals, left out: row 7.",
        "Notes or signatures, left out: row 8.",
    ]


@pytest.mark.parametrize(
    "cells", [["合计", "200"], ["", "总计（人）：", "1,200.00 元"], ["共 200 人"], ["Total", "CNY 5"]]
)
def test_a_row_of_totals_is_known(cells: list[str]) -> None:
    assert is_total(cells)


@pytest.mark.parametrize(
    "cells", [["TOTAL", "TotalEnergies"], ["A1", "合计", "2"], ["", ""], ["总计科技有限公司"]]
)
def test_a_customer_that_is_called_so_is_a_row(cells: list[str]) -> None:
    assert not is_total(cells)
    assert not is_note(cells)


# --- Encodings


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "gbk", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_every_encoding_with_every_separator(encoding: str, separator: str) -> None:
    text = "\r\n".join(separator.join(row) for row in (HEADER, ["A1", "红杉，资本"]))
    assert read(text.encode(encoding))[0] == [(2, "A1")]
