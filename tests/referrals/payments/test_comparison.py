"""What a results file repeats of what was handed over: other writings are the same, other amounts are not."""

import timeit
from decimal import Decimal

import pytest
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from referrals.payments.amounts import read_amount
from referrals.payments.capitals import in_capitals
from referrals.payments.services import hand_over
from tests.referrals.payments.results_files import csv_file, payment_of, record_file, state
from tests.referrals.withdrawals import taken

FULL_WIDTH = str.maketrans(
    {character: chr(ord(character) + 0xFEE0) for character in "0123456789,.¥$"} | {"¥": "￥"}
)
SIGNS = {"CNY": ["", "¥", "RMB ", "cny ", "人民币"], "USD": ["", "$", "US$ ", "USD"], "JPY": ["", "¥", "JP¥"]}
UNITS = {"CNY": ["", "元", " CNY"], "USD": ["", "美元"], "JPY": ["", "円", " 日元"]}
SUMS = st.integers(1, 10**14).map(lambda cents: Decimal(cents).scaleb(-2))


@st.composite
def writings(draw, amount, asset):
    """``amount`` as somebody may have written it."""
    grouped = f"{amount:,.2f}".replace(",", draw(st.sampled_from([",", "", " ", "\u00a0", "'", "’"])))
    shortened = grouped.removesuffix(".00") if draw(st.booleans()) else grouped
    text = f"{draw(st.sampled_from(SIGNS[asset]))}{shortened}{draw(st.sampled_from(UNITS[asset]))}"
    text = text.translate(FULL_WIDTH) if draw(st.booleans()) else text
    return f" {text} " if draw(st.booleans()) else text


@settings(max_examples=500, deadline=None, derandomize=True)
@given(data=st.data(), amount=SUMS, other=SUMS, asset=st.sampled_from(sorted(SIGNS)))
def test_any_writing_of_an_amount_is_that_amount_and_none_is_another(data, amount, other, asset):
    assert read_amount(data.draw(writings(amount, asset)), asset) == amount
    assert (read_amount(data.draw(writings(other, asset)), asset) == amount) == (other == amount)


@pytest.mark.parametrize(
    "text",
    [
        "12,30",
        "1,12,300",
        "1.123.00",
        "-12.30",
        "(12.30)",
        "+12.30",
        "12.30 USD",
        "€12.30",
        "1e3",
        "12 or 30",
        "12.30 12.30",
        "=12.30",
        "一十二",
        "١٢",
        "CNY",
        "",
    ],
)
def test_what_could_mean_something_else_is_no_amount(text):
    assert read_amount(text, "CNY") is None


@pytest.mark.parametrize("seed", [" ", "a", "1", ",", ".", "1,", "1 ", "111,", "a "])
def test_the_time_to_read_an_amount_grows_with_the_text(seed):
    def best(times):
        text = f"a{seed * times}b"
        return min(timeit.repeat(lambda: read_amount(text, "CNY"), number=1, repeat=5))

    assert best(40_000) < 3 * best(20_000)


# --- Lines of a file


@pytest.fixture(autouse=True)
def _in_english():
    with translation.override("en"):
        yield


@pytest.fixture
def payment(account, hira, ada):
    someone = account("6942778198054125570", name="王小明", mobile="+8618900001111", email="wang@example.com")
    withdrawal = taken(someone, by=hira, approver=ada, CNY="1123.00")
    hand_over([withdrawal], by=hira)
    return payment_of(withdrawal)


def line_that_says(payment, column, text):
    quoted = '"' + text.replace('"', '""') + '"'
    return csv_file(f"payment_id,result,reference,{column}", f"{payment.payment_id},paid,A1,{quoted}")


SAME = [
    ("金额", "１，１２３．００"),
    ("金额（元）", "￥1 123"),
    ("Sum", ""),
    ("币种", "人民币"),
    ("Asset", "cny"),
    ("姓名", "王 小 明"),
    ("员工", "王**"),
    ("收款户名", "*小明"),
    ("收款户名", "＊明"),
    ("户名", "王*明"),
    ("户名", "***"),
    ("手机号", "*******1111"),
    ("账户 ID", "6.94278E+18"),
    ("Account ID", "6942778198054120000"),
    ("手机号", "+86 189-0000-1111"),
    ("手机号码", "189****1111"),
    ("Email", "Wang@Example.com"),
    ("收款账号", "6222 0000 1111"),
]
DIFFERENT = [
    ("金额", "999", "Sum: the file says 999, handed over was CNY\u00a01,123.00."),
    ("Sum", "1123.01", "the file says 1123.01"),
    ("付款金额", "USD 1123", "the file says USD 1123"),
    ("amount", "unpaid", "the file says unpaid"),
    ("币种", "USD", "Currency: the file says USD, handed over was CNY."),
    ("收款人", "李四", "Employee: the file says 李*, handed over was 王**."),
    ("收款户名", "*二", "Employee: the file says **, handed over was 王**."),
    ("户名", "李*明", "Employee: the file says"),
    ("手机号", "*******1112", "Mobile number: the file says"),
    ("姓名", "王小红", "Employee: the file says something else than was handed over (王**)."),
    ("账户 ID", "6.94279E+18", "Account ID: the file says 6.94279E+18"),
    ("手机号", "18900001112", "Mobile number: the file says 189****1112, handed over was +86****1111."),
    ("邮箱", "li@example.com", "Email: the file says l***@example.com, handed over was w***@example.com."),
]


@pytest.mark.parametrize(("column", "text"), SAME)
def test_another_writing_of_what_was_handed_over_is_recorded(payment, hira, column, text):
    assert record_file(payment.batch, line_that_says(payment, column, text), "r.csv", by=hira).problems == []
    assert state(payment.amount.withdrawal) == "paid"


@pytest.mark.parametrize(("column", "text", "said"), DIFFERENT)
def test_what_differs_from_what_was_handed_over_is_refused(payment, hira, column, text, said):
    results = record_file(payment.batch, line_that_says(payment, column, text), "r.csv", by=hira)
    assert said in results.problems[0].text
    for personal in ("小", "18900001111", "wang@"):
        assert personal not in results.problems[0].text
    assert state(payment.amount.withdrawal) == "handed_over"


# --- On the printed sheet


VALUES = {"拾": 10, "佰": 100, "仟": 1000, "万": 10**4, "亿": 10**8}


def number_in(capitals):
    """As a reader adds them up: a digit with the unit behind it, 万 and 亿 with all that stands before."""
    total = section = digit = 0
    for character in capitals:
        if character in "零壹贰叁肆伍陆柒捌玖":
            digit = "零壹贰叁肆伍陆柒捌玖".index(character)
        elif VALUES[character] < 10**4:
            section, digit = section + digit * VALUES[character], 0
        elif character == "万":
            total, section, digit = total + (section + digit) * 10**4, 0, 0
        else:
            total, section, digit = (total + section + digit) * 10**8, 0, 0
    return total + section + digit


@settings(max_examples=500, deadline=None, derandomize=True)
@given(st.one_of(SUMS, st.integers(1, 10**10).map(lambda cents: Decimal(cents).scaleb(-2))))
def test_capitals_say_the_amount(amount):
    yuan, _, small = in_capitals(amount).removeprefix("人民币").rpartition("元")
    jiao, _, rest = small.removesuffix("整").rpartition("角")
    cents = number_in(jiao) * 10 + number_in(rest.removesuffix("分"))
    assert number_in(yuan) + Decimal(cents).scaleb(-2) == amount


@pytest.mark.parametrize(
    ("amount", "capitals"),
    [
        ("38634.00", "人民币叁万捌仟陆佰叁拾肆元整"),
        ("1409.50", "人民币壹仟肆佰零玖元伍角整"),
        ("325.04", "人民币叁佰贰拾伍元零肆分"),
        ("0.05", "人民币伍分"),
        ("100000001", "人民币壹亿零壹元整"),
        ("10", "人民币壹拾元整"),
    ],
)
def test_capitals_are_those_of_the_banks(amount, capitals):
    assert in_capitals(Decimal(amount)) == capitals
