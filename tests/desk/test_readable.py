"""What Feishu says is shown as it reads: no character that nobody sees turns or hides a part of it."""

import io
import json

import pytest
from openpyxl import load_workbook

from hireops.contacts import mask
from hireops.desk.display import pretty_json
from hireops.invisible import INVISIBLE, without_invisible
from hireops.spreadsheets.writing import write_csv, write_xlsx

MISLEADING = "甲\u202e乙\u2066丙\u2069丁\u200b戊\ufeff己\u00ad庚\U000e0041辛"
READS = "甲乙丙丁戊己庚辛"


@pytest.mark.parametrize(
    "character", [chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))]
)
def test_no_direction_override_is_left(character):
    assert without_invisible(f"a{character}b") == "ab"


@pytest.mark.parametrize("text", ["张三 (Ω) é ü ñ", "👨‍👩‍👧 ❤️", "می‌خواهم", "a\tb\nc\r\n", "עברית العربية"])
def test_what_people_write_stays_as_it_is(text):
    assert without_invisible(text) == text


def test_the_content_of_an_event_shows_that_it_is_there():
    shown = pretty_json({"text": MISLEADING}, reveal=True)
    assert not INVISIBLE.search(shown)
    assert r"甲\u202e乙" in shown
    assert json.loads(shown.partition(">")[2].partition("<")[0].replace("&quot;", '"')) == {
        "text": MISLEADING
    }


def test_a_masked_name_begins_with_what_is_seen():
    assert mask("\u202e张三") == "张*"


def test_files_for_excel_have_nothing_invisible():
    _mark, *lines = write_csv([[MISLEADING, "b"]])
    assert b"".join(lines).decode() == f'"{READS}","b"\r\n'
    with write_xlsx({"sheet": [[MISLEADING]]}) as file:
        sheet = load_workbook(io.BytesIO(file.read())).active
        assert sheet["A1"].value == READS
