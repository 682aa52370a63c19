"""Columns are found by the names that people write above them, in whichever order and spelling."""

import pytest

from hireops.spreadsheets.header import ColumnNames

NAMES = ColumnNames(mobile="手机号,mobile number|手机,电话", code="国家/地区代码,code", email="email")


@pytest.mark.parametrize(
    "header",
    [
        "手机号",
        " 手机号 ",
        "手机号（必填）",
        "手机号(11位) *",
        "手　机　号",
        "Mobile Number",
        "mobile_number",
        "MOBILE-NUMBER",
    ],
)
def test_a_name_is_known_in_every_spelling(header):
    assert "mobile" in NAMES.find([header])


@pytest.mark.parametrize("header", ["手机号码归属地", "mobile", "mobile number 2", "（手机号）", ""])
def test_a_name_that_says_something_else_is_not_taken_for_it(header):
    assert "mobile" not in NAMES.find([header])


def test_of_two_columns_of_one_meaning_that_with_our_own_name_counts_and_else_none_is_right():
    found = NAMES.find(["手机", "E-mail", "email", "手机号（必填）"])
    assert found.places == {"mobile": 3, "email": 2}
    assert not found.unclear
    assert NAMES.find(["电话", "手机", "email"]).unclear == ["电话", "手机"]


def test_a_value_is_read_by_its_column_wherever_that_stands():
    columns = NAMES.find(["国家地区代码", "remark", "手机号"])

    assert columns.value(["86", "x", "13800138000"], "mobile") == "13800138000"
    assert columns.value(["86", "x", "13800138000"], "code") == "86"


def test_a_column_that_the_table_or_the_row_does_not_have_is_empty():
    columns = NAMES.find(["code", "mobile number"])

    assert columns.value(["86", "13800138000"], "email") == ""
    assert columns.value(["86"], "mobile") == ""
