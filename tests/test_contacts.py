"""What people write as a mobile number or an address, and what Feishu is asked with."""

import pytest

from hireops import contacts


@pytest.mark.parametrize(
    "text",
    [
        "13800138000",
        "138 0013 8000",
        "138-0013-8000",
        "138.0013.8000",
        "+86-138-0013-8000",
        "0086 13800138000",
        "008613800138000",
        "(86) 138 0013 8000",
        "(+86)13800138000",
        "（＋86）１３８００１３８０００",
        "86 13800138000",
        "8613800138000",
        "1.3800138e10",
        "1.3800138000E+10",
        "13800138000.0",
        "'13800138000",
        "\u202d13800138000\u202c",
        "\u00a0138\u30000013\u00a08000 ",
    ],
)
def test_a_chinese_number_is_understood_in_any_usual_spelling(text: str):
    assert contacts.read_mobile(text) == "+8613800138000"


@pytest.mark.parametrize(
    ("text", "mobile"),
    [
        ("+1 415 555 2671", "+14155552671"),
        ("001 (415) 555-2671", "+14155552671"),
        ("+852 9123 4567", "+85291234567"),
        ("+44 7400 123456", "+447400123456"),
    ],
)
def test_a_number_of_another_country_is_understood_with_its_code(text: str, mobile: str):
    assert contacts.read_mobile(text) == mobile


@pytest.mark.parametrize(
    "text",
    [
        "1380013800",  # a digit is missing
        "138001380000",  # one too many
        "14155552671",  # must not become somebody's in America
        "010 12345678",  # a telephone on a desk
        "13800138000/13900139000",
        "13800138000 转 8",
        "13800138000.5",
        "1-800-FLOWERS",
        "张三",
        "a@b.com",
        "=1+1",
        "+",
        "()",
        "0.0",
    ],
)
def test_what_is_no_mobile_number_is_refused(text: str):
    with pytest.raises(contacts.UnreadableContactError) as refused:
        contacts.read_mobile(text)

    assert refused.value.key == "bad_mobile"


@pytest.mark.parametrize("text", ["1.38E+10", "8.6138E+12", "1.38001E+10"])
def test_a_number_that_excel_has_shortened_is_not_guessed(text: str):
    with pytest.raises(contacts.UnreadableContactError) as refused:
        contacts.read_mobile(text)

    assert refused.value.key == "cut_mobile"


def test_the_region_without_a_code_is_a_setting(settings):
    settings.REFERRALS_PHONE_REGION = "SG"

    assert contacts.read_mobile("8123 4567") == "+6581234567"


def test_no_contact_is_no_mistake():
    assert contacts.read_mobile("  ") == ""
    assert contacts.read_email(" ") == ""


def test_feishu_is_told_code_and_number_apart():
    assert contacts.parts_of("+8613800138000") == {"code": "86", "number": "13800138000"}
    assert contacts.parts_of("+85291234567") == {"code": "852", "number": "91234567"}


@pytest.mark.parametrize(
    ("code", "mobile", "read"),
    [
        ("86", "13800138000", "+8613800138000"),
        ("+86", "8613800138000", "+8613800138000"),
        ("0086", "+8613800138000", "+8613800138000"),
        ("86.0", "13800138000.0", "+8613800138000"),
        ("中国 +86", "13800138000", "+8613800138000"),
        ("852", "9123 4567", "+85291234567"),
        ("1", "(415) 555 2671", "+14155552671"),
        ("", "13800138000", "+8613800138000"),
        ("86", "", ""),
    ],
)
def test_a_code_in_a_column_of_its_own_belongs_to_the_number(code: str, mobile: str, read: str):
    assert contacts.read_mobile(contacts.with_code(code, mobile)) == read


def test_a_code_that_contradicts_the_number_is_refused():
    with pytest.raises(contacts.UnreadableContactError):
        contacts.read_mobile(contacts.with_code("1", "+8613800138000"))


@pytest.mark.parametrize(
    ("text", "email"),
    [
        ("Hire@Open.com", "hire@open.com"),
        (" a@b.com\u200b", "a@b.com"),
        ("ａ＠ｂ。ｃｏｍ", "a@b.com"),
        ("mailto:a@b.com", "a@b.com"),
    ],
)
def test_an_address_is_read_in_lower_case_and_half_width(text: str, email: str):
    assert contacts.read_email(text) == email


@pytest.mark.parametrize("text", ["a@", "a@b", "a b@c.com", "13800138000", f"{'a' * 250}@b.com"])
def test_what_is_no_address_is_refused(text: str):
    with pytest.raises(contacts.UnreadableContactError) as refused:
        contacts.read_email(text)

    assert refused.value.key == "bad_email"


def test_an_error_does_not_repeat_the_contact():
    with pytest.raises(contacts.UnreadableContactError) as refused:
        contacts.read_mobile("1380013800")

    assert "138" not in repr(refused.value)
