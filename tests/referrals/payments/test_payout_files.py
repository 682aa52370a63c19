"""The file in which a batch is handed to the paying side, and what it says when it comes back."""

import csv
import io

import pytest
from django.contrib.auth.models import User
from django.utils import timezone, translation
from openpyxl import load_workbook

from referrals.models import Payment, PayoutBatch
from referrals.payments.files import batch_as_csv, batch_as_xlsx
from referrals.payments.recording import record_paid
from referrals.payments.results import read_results
from referrals.payments.services import hand_over
from tests.referrals.payments.results_files import csv_file, record_bounced, record_file, xlsx_file
from tests.referrals.raw_sql import execute, refused
from tests.referrals.withdrawals import TRANS_TIME, taken

HEADER = [
    "Payment ID",
    "Order ID",
    "Employee",
    "Mobile country code",
    "Mobile number",
    "Email",
    "Account ID",
    "Asset",
    "Sum",
    "Requested by",
    "Approved by",
    "Transaction time",
    "Result",
    "Reference",
    "Reason",
]


@pytest.fixture(autouse=True)
def _in_english():
    with translation.override("en"):
        yield


@pytest.fixture
def zhang(account):
    return account("694001", name="张三", mobile="+8618900001111", email="zhang@example.com")


@pytest.fixture
def batch(account, zhang, hira, ada):
    first = taken(zhang, by=hira, approver=ada, points=100, CNY="12.30")
    second = taken(account(name="=1+1"), by=hira, approver=ada, CNY="0.70", USD="5.00")
    return hand_over([first, second], by=hira)


def csv_rows(batch, *, reveal=True):
    text = b"".join(batch_as_csv(batch, reveal=reveal)).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


def sheets(batch, *, reveal=True):
    with batch_as_xlsx(batch, reveal=reveal) as file:
        book = load_workbook(io.BytesIO(file.read()))
    return {sheet.title: [[cell.value for cell in row] for row in sheet.rows] for sheet in book.worksheets}


def test_the_csv_has_one_row_for_each_payment_and_the_totals_below(batch):
    payment = batch.payments.get(asset="CNY", sum="12.30")
    header, *rows = csv_rows(batch)
    assert header == HEADER
    shown = timezone.localtime(TRANS_TIME).isoformat(sep=" ", timespec="seconds")
    order_id = payment.amount.withdrawal.external_order_id
    person = ["张三", "86", "18900001111", "zhang@example.com", "694001"]
    by = ["hira", "ada", shown]
    assert [payment.payment_id, order_id, *person, "CNY", "12.30", *by, "", "", ""] in rows
    assert [f"{order_id}-points-1", order_id, *person, "points", "100", *by, "", "", ""] in rows
    assert len(rows) == 4 + 1 + 3
    assert [(row[0], *row[7:9]) for row in rows[5:]] == [
        ("Total", "points", "100"),
        ("Total", "CNY", "13.00"),
        ("Total", "USD", "5.00"),
    ]


def test_who_asked_approved_and_handed_over_is_there_by_name(batch, hira, ada):
    for person, name in ((hira, "李华"), (ada, "陈安")):
        User.objects.filter(pk=person.pk).update(last_name=name)
    again = PayoutBatch.objects.get(pk=batch.pk)
    assert csv_rows(again)[1][9:11] == ["李华", "陈安"]
    assert "Handed over by 李华, " in sheets(again)["To print"][1][0]


def test_the_xlsx_has_numbers_as_numbers_and_the_totals_on_a_second_sheet(batch):
    with batch_as_xlsx(batch, reveal=True) as file:
        book = load_workbook(io.BytesIO(file.read()))
    payments, totals, _printed = book.worksheets
    sums = [row[8] for row in payments.iter_rows(min_row=2)]
    assert {cell.data_type for cell in sums} == {"n"}
    assert sorted(str(cell.value) for cell in sums) == ["0.7", "100", "12.3", "5"]
    assert {row[8].number_format for row in payments.iter_rows(min_row=2)} == {"0", "0.00"}
    assert [[cell.value for cell in row] for row in totals.rows] == [
        ["Asset", "Payments", "Sum"],
        ["points", 1, 100],
        ["CNY", 2, 13],
        ["USD", 1, 5],
    ]


def book_of(batch):
    with batch_as_xlsx(batch, reveal=True) as file:
        return load_workbook(io.BytesIO(file.read()))


def test_the_table_is_ready_to_be_looked_at(batch):
    payments = book_of(batch).worksheets[0]
    assert (payments.freeze_panes, payments.auto_filter.ref) == ("A2", "A1:O5")
    cells = next(payments.iter_rows(min_row=2))
    assert {cells[column].number_format for column in (0, 1, 4, 6)} == {"@"}
    assert payments.column_dimensions["A"].width > len(cells[0].value)


def test_yen_have_no_decimals(account, hira, ada):
    batch = hand_over([taken(account(), by=hira, approver=ada, JPY="38634")], by=hira)
    assert csv_rows(batch)[1][8] == "38634"
    assert book_of(batch).worksheets[0]["I2"].number_format == "0"


def test_a_sheet_is_ready_to_be_printed_and_signed(batch):
    sheet = book_of(batch).worksheets[2]
    setup = sheet.page_setup
    assert (int(setup.paperSize), int(setup.fitToWidth), int(setup.fitToHeight)) == (9, 1, 0)
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert sheet.print_title_rows == "$3:$3"
    rows = [[cell.value for cell in row] for row in sheet.rows]
    assert rows[0][0] == f"Referral payouts, batch #{batch.pk}"
    assert [row[6] for row in rows[3:7]] == [12.3, 100, 0.7, 5]
    assert [(row[0], row[1], *row[5:7]) for row in rows[7:10]] == [
        ("Total", "Payments: 1", "points", 100),
        ("Total", "Payments: 2", "CNY", 13),
        ("Total", "Payments: 1", "USD", 5),
    ]
    assert rows[11][0] == "In capitals: 人民币壹拾叁元整"
    below = [str(row[0]) for row in rows[12:] if row[0]]
    assert [line.partition(":")[0] for line in below] == ["Prepared by", "Checked by", "Approved by"]
    assert all("Date" in line for line in below)
    assert (sheet["G4"].number_format, sheet["G5"].number_format) == ("#,##0.00", "#,##0")


def test_the_file_comes_back_after_somebody_edits_it_in_excel(batch, hira):
    book = book_of(batch)
    for row in book.worksheets[0].iter_rows(min_row=2):
        row[12].value, row[13].value = "paid", "A1"
    book.worksheets[0]["I2"] = 999
    saved = io.BytesIO()
    book.save(saved)
    read = record_file(batch, saved, "r.xlsx", by=hira)
    assert [(each.number, each.text) for each in read.problems] == [
        (2, "Sum: the file says 999, handed over was CNY\u00a012.30.")
    ]
    assert len(read.good) == 3


def test_the_sheet_to_print_is_not_taken_for_results(batch, hira):
    book = book_of(batch)
    book.move_sheet(book.worksheets[2], -2)
    saved = io.BytesIO()
    book.save(saved)
    assert record_file(batch, saved, "r.xlsx", by=hira).waiting == batch.payments.count()


def test_a_file_that_was_handed_over_masked_comes_back_too(batch, hira):
    rows = csv_rows(batch, reveal=False)
    filled = [rows[0], *([*row[:12], "paid", "A1", ""] for row in rows[1:5])]
    text = io.StringIO(newline="")
    csv.writer(text).writerows(filled)
    read = record_file(batch, io.BytesIO(text.getvalue().encode()), "r.csv", by=hira)
    assert (len(read.good), read.problems) == (4, [])


def test_names_that_look_like_formulas_are_harmless(batch):
    assert [row[2] for row in csv_rows(batch) if "0.70" in row] == ["'=1+1"]
    with batch_as_xlsx(batch, reveal=True) as file:
        book = load_workbook(io.BytesIO(file.read()))
    (cell,) = (row[2] for row in book.worksheets[0].rows if str(row[8].value) == "0.7")
    assert (cell.value, cell.data_type) == ("=1+1", "s")


def test_personal_data_is_masked_for_who_may_not_see_it(batch):
    for rows in (csv_rows(batch, reveal=False), sheets(batch, reveal=False)["Payments"]):
        text = str(rows)
        for hidden in ("张三", "18900001111", "zhang@example.com"):
            assert hidden not in text
        for shown in ("张*", "189****1111", "z***@example.com", "694001", "86"):
            assert shown in text


def test_a_number_of_no_country_stands_in_its_column(account, hira, ada):
    strange = account(mobile="12345")
    batch = hand_over([taken(strange, by=hira, approver=ada, CNY="1")], by=hira)
    assert csv_rows(batch)[1][3:5] == ["", "12345"]


def test_the_header_is_in_the_language_of_the_reader(batch):
    with translation.override("zh-hans"):
        header = csv_rows(batch)[0]
        asset = {row[7] for row in csv_rows(batch)[1:] if row}
    assert header != HEADER
    assert "积分" in asset


def test_the_file_is_the_same_after_results_were_recorded(batch, hira):
    before = csv_rows(batch), sheets(batch)
    first, *others = batch.payments.order_by("pk")
    record_paid(first, by=hira, reference="A1")
    for each in others:
        record_bounced(each, by=hira, reason="closed")
    hand_over([each.amount.withdrawal for each in others[1:]], by=hira)
    assert (csv_rows(batch), sheets(batch)) == before


def test_who_is_to_be_paid_stays_as_it_was_handed_over(batch, zhang, account, hira, ada):
    """Also where somebody changes the account past hireops; what is handed over later goes by the new one."""
    before = csv_rows(batch)
    execute(
        "UPDATE referrals_referralaccount"
        " SET name = 'Eve', mobile = '+8618900009999', email = 'eve@example.com' WHERE id = %s",
        zhang.pk,
    )
    assert csv_rows(batch) == before
    for column in ("payee_name", "payee_mobile", "payee_email"):
        refused("payee_is_only_emptied", f"UPDATE referrals_payment SET {column} = 'Eve'")
    for payment in batch.payments.filter(amount__withdrawal__account=zhang):
        record_bounced(payment, by=hira, reason="wrong number")
    later = hand_over([zhang.withdrawals.get()], by=hira)
    assert csv_rows(later)[1][2:6] == ["Eve", "86", "18900009999", "eve@example.com"]


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_batch_file_itself_comes_back_with_its_last_columns_filled_in(batch, hira, language, kind):
    with translation.override(language):
        rows = csv_rows(batch) if kind == "csv" else next(iter(sheets(batch).values()))
    results = ["paid", "A1", ""], ["bounced", "", "closed"], ["paid", "A3", ""], ["", "", ""]
    filled = [rows[0], *([*row[:12], *told] for row, told in zip(rows[1:5], results, strict=True)), *rows[5:]]
    text = io.StringIO(newline="")
    csv.writer(text).writerows(filled)
    read = record_file(batch, io.BytesIO(text.getvalue().encode()), "r.csv", by=hira)
    assert (len(read.good), read.problems, read.waiting) == (3, [], 1)
    states = list(batch.payments.order_by("pk").values_list("state", flat=True))
    assert states == ["paid", "bounced", "paid", "handed_over"]


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_file_that_comes_back_filled_in_is_read_in_both_languages(batch, hira, kind, language):
    with translation.override(language):
        if kind == "csv":
            header, *rows = csv_rows(batch)
        else:
            header, *rows = next(iter(sheets(batch).values()))
    count = batch.payments.count()
    filled = [[*row[:-3], "成功", f"R{number}", ""] for number, row in enumerate(rows[:count])]
    bounced = [*filled[0][:-3], "失败", "", "户名不符"]
    write = xlsx_file if kind == "xlsx" else lambda *rows: csv_file(*(",".join(row) for row in rows))

    lines = read_results(write(header, bounced, *filled[1:]), f"results.{kind}").lines

    assert [(line.state, line.reference, line.reason) for line in lines] == [
        (Payment.State.BOUNCED, "", "户名不符"),
        *((Payment.State.PAID, f"R{number}", "") for number in range(1, count)),
    ]
    assert {frozenset(line.said) >= {"amount", "asset", "account_id"} for line in lines} == {True}
