"""Handing over what was taken, recording what became of it, and what the database itself refuses."""

import re
import threading
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import translation

from hireops.desk.audit import entries_about
from hireops.desk.errors import Refused
from referrals.models import Payment, PayoutBatch, Withdrawal, WithdrawalAmount
from referrals.payments import services as payments
from referrals.payments.invariants import withdrawal_states_follow_from_payments
from referrals.payments.recording import record_open_paid, record_paid
from referrals.payments.services import hand_over
from tests.referrals.payments.results_files import (
    csv_file,
    payment_of,
    record_bounced,
    record_file,
    state,
    xlsx_file,
)
from tests.referrals.withdrawals import break_into, taken
from tests.selection import also_on_sqlite

pytestmark = also_on_sqlite

State = Withdrawal.State


@pytest.fixture(autouse=True)
def _in_english():
    with translation.override("en"):
        yield


@pytest.fixture
def due(account, hira, ada):
    """``due(points=100, CNY="12.30")``: a withdrawal that is to be paid, of an account of its own."""

    def due(**amounts):
        return taken(account(), by=hira, approver=ada, **amounts)

    return due


def results_of(batch, *lines):
    """What the paying side sends back: the header, then these lines."""
    return csv_file("payment_id,result,reference,reason", *lines)


# --- Handing over


def test_each_amount_taken_becomes_a_payment(due, hira):
    both, cash = due(points=100, CNY="12.30"), due(USD="0.01")
    batch = hand_over([both, cash], by=hira, note=" November ")
    rows = batch.payments.values_list("payment_id", "asset", "sum", "state")
    assert set(rows) == {
        (f"{both.external_order_id}-points-1", "points", Decimal(100), "handed_over"),
        (f"{both.external_order_id}-CNY-1", "CNY", Decimal("12.30"), "handed_over"),
        (f"{cash.external_order_id}-USD-1", "USD", Decimal("0.01"), "handed_over"),
    }
    assert (batch.created_by, batch.note) == (hira, "November")
    assert state(both) == state(cash) == State.HANDED_OVER
    entry = entries_about(batch).get()
    assert (entry.actor, entry.reason, entry.details) == (
        hira,
        "November",
        {"withdrawals": [both.pk, cash.pk]},
    )


def test_an_amount_of_which_nothing_was_taken_is_not_paid(due, hira):
    withdrawal = due(points=100, CNY="0")
    assert [each.asset for each in hand_over([withdrawal], by=hira).payments.all()] == ["points"]
    record_paid(payment_of(withdrawal, "points"), by=hira, reference="A1")
    assert state(withdrawal) == State.PAID


def test_one_that_is_not_to_be_paid_is_named_and_stops_the_whole_batch(due, account, hira):
    good, handed, paid = due(CNY="1"), due(CNY="2"), due(CNY="3")
    batch = hand_over([handed, paid], by=hira)
    record_paid(payment_of(paid), by=hira, reference="A1")
    asked = Withdrawal.objects.create(
        account=account(), external_order_id="x", takes_points=True, takes_cash=False, requested_by=hira
    )
    with pytest.raises(Refused) as refusal:
        hand_over([good, handed, paid, asked], by=hira)
    text = str(refusal.value)
    assert f"#{handed.pk} (handed over for payment, batch #{batch.pk})" in text
    assert f"#{paid.pk} (paid, batch #{batch.pk})" in text
    assert f"#{asked.pk} (waits for approval)" in text
    assert f"#{good.pk} " not in text
    assert PayoutBatch.objects.count() == 1
    assert state(good) == State.TAKEN


def test_nothing_chosen_is_refused(hira):
    with pytest.raises(Refused, match="choose at least one"):
        hand_over([], by=hira)


@pytest.mark.parametrize("many", [2, 5])
@pytest.mark.django_db(transaction=True)
def test_hand_overs_at_the_same_time_make_one_batch(due, hira, many):
    withdrawals = [due(CNY="1"), due(points=7)]
    together, outcomes = threading.Barrier(many), list[PayoutBatch | str]()

    def press(order):
        together.wait()
        try:
            with translation.override("en"):
                outcomes.append(hand_over(order, by=hira))
        except Refused as refusal:
            outcomes.append(str(refusal))
        finally:
            connection.close()

    run([lambda turn=turn: press(withdrawals[:: 1 if turn % 2 else -1]) for turn in range(many)])
    (batch,) = PayoutBatch.objects.all()
    assert [each for each in outcomes if isinstance(each, PayoutBatch)] == [batch]
    assert [f"batch #{batch.pk}" in each for each in outcomes if isinstance(each, str)] == [True] * (many - 1)
    assert Payment.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_results_at_the_same_time_are_recorded_once(due, hira, ada):
    payment = payment_of(handed(due(CNY="1"), by=hira))
    together, outcomes = threading.Barrier(2), []

    def press(record):
        together.wait()
        try:
            record()
            outcomes.append("recorded")
        except Refused:
            outcomes.append("refused")
        finally:
            connection.close()

    paid = lambda: record_paid(payment, by=hira, reference="A1")  # noqa: E731
    back = lambda: record_bounced(payment, by=ada, reason="closed")  # noqa: E731
    run([lambda: press(paid), lambda: press(back)])
    assert sorted(outcomes) == ["recorded", "refused"]
    assert entries_about(payment).count() == 1


def run(jobs):
    threads = [threading.Thread(target=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def handed(withdrawal, *, by):
    hand_over([withdrawal], by=by)
    return withdrawal


# --- What became of it


def test_a_withdrawal_is_paid_when_all_its_amounts_are(due, hira, ada):
    withdrawal = handed(due(points=100, CNY="12.30"), by=hira)
    record_paid(payment_of(withdrawal, "points"), by=hira, reference=" A1 ")
    assert state(withdrawal) == State.HANDED_OVER
    record_paid(payment_of(withdrawal), by=ada, reference="A2")
    assert state(withdrawal) == State.PAID
    payment = payment_of(withdrawal, "points")
    assert (payment.state, payment.reference, payment.recorded_by) == ("paid", "A1", hira)
    assert payment.recorded_at is not None
    entry = entries_about(payment).get()
    assert (entry.actor, entry.action) == (hira, "payment recorded as made")
    assert entry.details == {"reference": "A1"}


def test_what_came_back_is_paid_by_a_new_payment_and_nothing_else_is(due, hira):
    withdrawal = handed(due(points=100, CNY="12.30"), by=hira)
    record_paid(payment_of(withdrawal, "points"), by=hira, reference="A1")
    record_bounced(payment_of(withdrawal), by=hira, reason="account closed")
    assert state(withdrawal) == State.BOUNCED
    second = hand_over([withdrawal], by=hira)
    (payment,) = second.payments.all()
    assert payment.payment_id == f"{withdrawal.external_order_id}-CNY-2"
    assert state(withdrawal) == State.HANDED_OVER
    record_bounced(payment, by=hira, reason="again")
    third = hand_over([withdrawal], by=hira).payments.get()
    assert third.payment_id == f"{withdrawal.external_order_id}-CNY-3"
    record_paid(third, by=hira, reference="A3")
    assert state(withdrawal) == State.PAID


def test_what_came_back_is_paid_again_while_the_other_amounts_are_on_their_way(due, hira):
    withdrawal = handed(due(points=100, CNY="12.30"), by=hira)
    first = payment_of(withdrawal)
    record_bounced(first, by=hira, reason="account closed")
    assert state(withdrawal) == State.BOUNCED
    second = hand_over([withdrawal], by=hira).payments.get()
    assert (second.asset, second.instead_of, state(withdrawal)) == ("CNY", first, State.HANDED_OVER)
    with pytest.raises(Refused):
        hand_over([withdrawal], by=hira)
    record_paid(second, by=hira, reference="A2")
    assert state(withdrawal) == State.HANDED_OVER
    record_paid(payment_of(withdrawal, "points"), by=hira, reference="A3")
    assert state(withdrawal) == State.PAID
    assert list(withdrawal_states_follow_from_payments()) == []


def test_a_result_needs_its_reference_or_its_reason(due, hira):
    payment = payment_of(handed(due(CNY="1"), by=hira))
    with pytest.raises(Refused, match="reference of the payment is missing"):
        record_paid(payment, by=hira, reference="  ")
    with pytest.raises(Refused, match="reason is missing"):
        record_bounced(payment, by=hira, reason="")
    with pytest.raises(Refused, match="255"):
        record_paid(payment, by=hira, reference="1" * 256)
    assert Payment.objects.get().state == "handed_over"


def test_a_recorded_result_is_final(due, hira):
    payment = payment_of(handed(due(CNY="1"), by=hira))
    record_paid(payment, by=hira, reference="A1")
    record_paid(payment, by=hira, reference="A1")
    with pytest.raises(Refused, match="already recorded as “paid” with the reference “A1”"):
        record_paid(payment, by=hira, reference="A2")
    with pytest.raises(Refused):
        record_bounced(payment, by=hira, reason="closed")
    assert entries_about(payment).count() == 1


def test_all_open_payments_are_recorded_with_a_reference_for_each_asset_once_totals_were_typed(due, hira):
    first, second, third = due(CNY="1"), due(CNY="38631"), due(CNY="3", points=1200)
    batch = hand_over([first, second, third], by=hira)
    record_bounced(payment_of(first), by=hira, reason="closed")
    typed = {"CNY": "￥３８，６３４．００", "points": "1200"}
    references = {"CNY": "A1", "points": "A2"}
    assert record_open_paid(batch, by=hira, references=references, totals=typed) == 3
    recorded = set(Payment.objects.filter(state="paid").values_list("asset", "reference"))
    assert recorded == {("CNY", "A1"), ("points", "A2")}
    assert [state(each) for each in (first, second, third)] == [State.BOUNCED, State.PAID, State.PAID]
    with pytest.raises(Refused, match="Every payment of this batch has its result"):
        record_open_paid(batch, by=hira, references=references, totals=typed)


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ({"CNY": "4.00"}, "points"),
        ({"CNY": "4.00", "points": "8"}, "points"),
        ({"CNY": "4.01", "points": "7"}, "CNY"),
        ({"CNY": "USD 4", "points": "7"}, "CNY"),
        ({"CNY": "4.00", "points": "7", "USD": "1"}, "USD"),
        ({"CNY": "7", "points": "4"}, "points, CNY"),
        ({}, "points, CNY"),
    ],
)
def test_with_another_total_nothing_is_recorded_and_the_right_one_is_not_told(due, hira, typed, wrong):
    batch = hand_over([due(CNY="1", points=7), due(CNY="3")], by=hira)
    with pytest.raises(Refused) as refusal:
        record_open_paid(batch, by=hira, references={"CNY": "A1", "points": "A2"}, totals=typed)
    assert f"add up to: {wrong}. Compare" in str(refusal.value)
    assert not re.search(r"\d", str(refusal.value))
    assert not Payment.objects.exclude(state="handed_over").exists()


def test_recording_all_open_needs_a_reference(due, hira):
    batch = hand_over([due(CNY="1")], by=hira)
    with pytest.raises(Refused, match="reference"):
        record_open_paid(batch, by=hira, references={"CNY": " "}, totals={"CNY": "1"})


# --- Results from a file


def test_a_results_file_is_recorded_and_the_same_file_again_changes_nothing(due, hira):
    good, bad, later = due(CNY="1"), due(CNY="2"), due(CNY="3")
    batch = hand_over([good, bad, later], by=hira)
    lines = [
        "",
        f"{payment_of(good).payment_id},paid,A1,",
        ",,,",
        f"{payment_of(bad).payment_id},bounced,,account closed",
        f"{payment_of(later).payment_id},,,",
        "Total,,,",
    ]
    results = record_file(batch, results_of(batch, *lines), "r.csv", by=hira)
    assert ([line.number for line in results.good], results.problems, results.waiting) == ([3, 5], [], 1)
    assert [state(each) for each in (good, bad, later)] == [State.PAID, State.BOUNCED, State.HANDED_OVER]
    assert payment_of(bad).reason == "account closed"
    audited = entries_about(batch).count()
    again = record_file(batch, results_of(batch, *lines), "r.csv", by=hira)
    assert ([line.number for line in again.already], again.good, again.problems) == ([3, 5], [], [])
    assert entries_about(batch).count() == audited
    assert entries_about(payment_of(good)).count() == 1


@pytest.mark.parametrize(
    ("header", "paid", "bounced"),
    [
        ("payment_id,result,reference,reason", "paid", "bounced"),
        ("Payment ID,Result,Reference,Reason", "Success", "FAILED"),
        ("打款编号,打款结果,打款流水号,退回原因", "已打款", "退回"),
        ("打款编号,结果,流水号,原因", "成功", "失败"),
        ("付款单号,付款结果,打款凭证号,失败原因", "打款成功", "退票"),
        ("付款单号,付款结果,银行流水号,失败原因", "交易成功", "退汇"),
        ("付款单号,付款结果,打款凭证号,失败原因", "支付成功", "银行退票"),
        ("付款单号,付款结果,打款凭证号,失败原因", "转账成功", "交易失败"),
    ],
)
def test_results_are_understood_in_both_languages(due, hira, header, paid, bounced):
    good, bad = due(CNY="1"), due(CNY="2")
    batch = hand_over([good, bad], by=hira)
    good_id, bad_id = payment_of(good).payment_id, payment_of(bad).payment_id
    file = csv_file(header, f"{good_id},{paid},A1,", f"{bad_id},{bounced},,账户已注销", "合计,,,")
    assert record_file(batch, file, "r.csv", by=hira).problems == []
    assert (state(good), state(bad)) == (State.PAID, State.BOUNCED)


def test_a_payment_that_the_bank_is_still_at_has_no_result_yet(due, hira):
    waits, done = due(CNY="1"), due(CNY="2")
    batch = hand_over([waits, done], by=hira)
    lines = [
        f"{payment_of(waits).payment_id},处理中,R1,银行处理中",
        f"{payment_of(done).payment_id},交易成功,R2,无",
    ]
    results = record_file(batch, results_of(batch, *lines), "r.csv", by=hira)
    assert (results.waiting, results.problems) == (1, [])
    assert (state(waits), state(done)) == (State.HANDED_OVER, State.PAID)


def test_the_column_of_our_own_file_is_read_and_of_two_others_none(due, hira):
    withdrawal = due(CNY="1")
    batch = hand_over([withdrawal], by=hira)
    row = f"{payment_of(withdrawal).payment_id},成功,R1,失败,户名不符"
    file = csv_file("打款编号,状态,打款凭证号,打款结果,失败原因", row)
    (line,) = record_file(batch, file, "r.csv", by=hira).good
    assert (line.state, line.reason) == ("bounced", "户名不符")
    with pytest.raises(Refused, match="付款结果"):
        record_file(batch, csv_file("打款编号,状态,打款凭证号,付款结果,失败原因", row), "r.csv", by=hira)


@pytest.mark.parametrize("line", ["{id},paid,#N/A,", "{id},#REF!,R1,"])
def test_an_error_of_excel_is_recorded_as_nothing(due, hira, line):
    withdrawal = due(CNY="1")
    batch = hand_over([withdrawal], by=hira)
    file = results_of(batch, line.format(id=payment_of(withdrawal).payment_id))
    (problem,) = record_file(batch, file, "r.csv", by=hira).problems
    assert "Excel shows an error such as #N/A" in problem.text
    assert payment_of(withdrawal).state == "handed_over"


def test_a_line_that_contradicts_itself_or_says_too_much_is_an_error(due, hira):
    paid, back, long = due(CNY="1"), due(CNY="2"), due(CNY="3")
    batch = hand_over([paid, back, long], by=hira)
    file = results_of(
        batch,
        f"{payment_of(paid).payment_id},成功,R1,户名不符",
        f"{payment_of(back).payment_id},失败,,交易成功",
        f"{payment_of(long).payment_id},{'x' * 51},R3,",
    )
    contradiction, other, too_long = record_file(batch, file, "r.csv", by=hira).problems
    assert contradiction.text == (
        "The line contradicts itself: the result is “成功” and the reason “户名不符”."
    )
    assert "contradicts itself" in other.text
    assert too_long.number == 4
    assert "longer than a value can be: “result (≤ 50)”" in too_long.text
    assert not Payment.objects.exclude(state="handed_over").exists()


def test_extra_columns_in_any_order_and_excel_are_allowed(due, hira):
    withdrawal = due(CNY="1")
    batch = hand_over([withdrawal], by=hira)
    rows = [
        ["bank", "reference", "payment_id", "result"],
        ["ICBC", 20261102001, payment_of(withdrawal).payment_id, "paid"],
    ]
    record_file(batch, xlsx_file(*rows), "r.xlsx", by=hira)
    assert payment_of(withdrawal).reference == "20261102001"


def test_every_wrong_line_is_named_and_the_others_are_recorded(due, hira):
    names = ["good", "word", "no_reference", "no_reason", "twice", "done"]
    withdrawals = {name: due(CNY="1") for name in names}
    elsewhere = handed(due(CNY="9"), by=hira)
    batch = hand_over(withdrawals.values(), by=hira)
    ids = {name: payment_of(each).payment_id for name, each in withdrawals.items()}
    record_paid(payment_of(withdrawals["done"]), by=hira, reference="A1")
    file = results_of(
        batch,
        f"{ids['good']},paid,B1,",
        f"{ids['word']},maybe,B2,",
        f"{ids['no_reference']},paid,,",
        f"{ids['no_reason']},bounced,B4,",
        f"{ids['twice']},paid,B5,",
        f"{ids['twice']},bounced,,closed",
        f"{ids['done']},paid,A9,",
        "nobody-CNY-1,paid,B7,",
        f"{payment_of(elsewhere).payment_id},paid,B8,",
        ",paid,B9,",
    )
    results = record_file(batch, file, "r.csv", by=hira)
    reasons = {problem.number: problem.text for problem in results.problems}
    assert [line.number for line in results.good] == [2]
    assert sorted(reasons) == list(range(3, 12))
    for number, words in {
        3: "“maybe” is no result",
        4: "reference of the payment is missing",
        5: "reason is missing",
        6: "on 2 lines",
        7: "on 2 lines",
        8: "already recorded as “paid”",
        9: "No payment has this ID",
        10: f"in batch #{payment_of(elsewhere).batch_id}",
        11: "no payment ID on this line",
    }.items():
        assert words in reasons[number]
    assert Payment.objects.exclude(state="handed_over").count() == 2


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"\r\n\r\n", "no rows"),
        (b"a,b\r\n1,2", "of the first rows names the columns"),
        (b"payment_id,reference\r\n1,2", "of the first rows names the columns"),
        (b"PK\x03\x04nothing", "damaged"),
    ],
)
def test_what_is_no_results_file_is_refused(due, hira, content, words):
    batch = hand_over([due(CNY="1")], by=hira)
    file = csv_file()
    file.seek(0)
    file.truncate()
    file.write(content)
    with pytest.raises(Refused, match=words):
        record_file(batch, file, "r.csv", by=hira)


def test_a_file_with_too_many_lines_is_refused(due, hira, monkeypatch):
    monkeypatch.setattr("referrals.payments.results.MOST_LINES", 2)
    batch = hand_over([due(CNY="1")], by=hira)
    with pytest.raises(Refused, match="more than 2 rows"):
        record_file(batch, results_of(batch, *["a,paid,b,"] * 3), "r.csv", by=hira)


# --- What the database refuses


def refused(statement, *values):
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)


def test_what_was_handed_over_never_changes(due, hira, ada):
    first, other = handed(due(CNY="1"), by=hira), due(CNY="1", USD="1")
    payment = payment_of(first)
    elsewhere = PayoutBatch.objects.create(created_by=hira)
    amount = other.amounts.get(asset="CNY").pk
    for change in [
        "id = id + 1000",
        "payment_id = 'x'",
        "asset = 'USD'",
        "sum = 2",
        f"batch_id = {elsewhere.pk}",
        f"amount_id = {amount}",
    ]:
        refused(f"UPDATE referrals_payment SET {change} WHERE id = %s", payment.pk)
    for change in ["note = 'x'", f"created_by_id = {ada.pk}", "created_at = '2020-01-01 00:00:00+00:00'"]:
        refused(f"UPDATE referrals_payoutbatch SET {change} WHERE id = %s", payment.batch_id)
    for table in ["referrals_payment", "referrals_payoutbatch"]:
        refused(f"DELETE FROM {table}")
    assert Payment.objects.values().get() == {**Payment.objects.values().get(), "sum": Decimal(1)}


def test_a_recorded_result_never_changes(due, hira, ada):
    payment = payment_of(handed(due(CNY="1"), by=hira))
    record_paid(payment, by=hira, reference="A1")
    for change in [
        "state = 'handed_over', recorded_by_id = NULL, recorded_at = NULL",
        "state = 'bounced', reason = 'x'",
        "reference = 'A2'",
        "reason = 'x'",
        f"recorded_by_id = {ada.pk}",
        "recorded_at = '2020-01-01 00:00:00+00:00'",
    ]:
        refused(f"UPDATE referrals_payment SET {change} WHERE id = %s", payment.pk)


def test_a_result_says_who_recorded_it_and_its_reference_or_reason(due, hira):
    payment = payment_of(handed(due(CNY="1"), by=hira))
    by = f"recorded_by_id = {hira.pk}, recorded_at = '2026-11-02 00:00:00+00:00'"
    for change in [
        "state = 'paid', reference = 'A1'",
        f"state = 'paid', {by}",
        f"state = 'paid', reference = ' ', {by}",
        f"state = 'bounced', reference = 'A1', {by}",
        f"state = 'lost', reference = 'A1', reason = 'x', {by}",
        by,
        "reference = 'A1'",
        "reason = 'x'",
    ]:
        refused(f"UPDATE referrals_payment SET {change} WHERE id = %s", payment.pk)


def test_a_payment_pays_what_was_taken_and_once(due, account, hira):
    withdrawal = due(CNY="12.30")
    batch, amount = PayoutBatch.objects.create(created_by=hira), withdrawal.amounts.get().pk
    payee = withdrawal.account.name, withdrawal.account.mobile, withdrawal.account.email
    asked = Withdrawal.objects.create(
        account=account(), external_order_id="x", takes_points=False, takes_cash=True, requested_by=hira
    )
    untaken = WithdrawalAmount.objects.create(withdrawal=asked, asset="CNY", seen="12.30").pk
    for values in [
        (amount, "CNY", "12.31", "handed_over", ""),
        (amount, "CNY", "-12.30", "handed_over", ""),
        (amount, "USD", "12.30", "handed_over", ""),
        (amount, "CNY", "12.30", "paid", "A1"),
        (amount, "CNY", "12.30", "handed_over", "A1"),
        (untaken, "CNY", "12.30", "handed_over", ""),
        (amount + 1000, "CNY", "12.30", "handed_over", ""),
    ]:
        refused(INSERT, batch.pk, "new", *values, *payee)
    for other in [("", payee[1], payee[2]), (payee[0], "+8618900009999", payee[2]), (*payee[:2], "x@y.cn")]:
        refused(INSERT, batch.pk, "new", amount, "CNY", "12.30", "handed_over", "", *other)
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [batch.pk, "one", amount, "CNY", "12.30", "handed_over", "", *payee])
    refused(INSERT, batch.pk, "two", amount, "CNY", "12.30", "handed_over", "", *payee)
    if connection.vendor == "sqlite":
        replace = INSERT.replace("INSERT", "INSERT OR REPLACE")
        refused(replace, batch.pk, "two", amount, "CNY", "12.30", "handed_over", "", *payee)
    assert list(Payment.objects.values_list("payment_id", "sum")) == [("one", Decimal("12.30"))]


INSERT = (
    "INSERT INTO referrals_payment (batch_id, payment_id, amount_id, asset, sum, state, reference, reason,"
    " payee_name, payee_mobile, payee_email)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, '', %s, %s, %s)"
)


def test_figures_are_exact(due, hira):
    batch = hand_over([due(CNY="0.10"), due(CNY="0.20"), due(CNY="9999999999999.99"), due(points=3)], by=hira)
    record_paid(Payment.objects.get(sum="0.20"), by=hira, reference="A1")
    told = {(each.asset, each.state): (each.count, each.sum) for each in payments.payment_totals([batch.pk])}
    assert told == {
        ("CNY", "handed_over"): (2, Decimal("10000000000000.09")),
        ("CNY", "paid"): (1, Decimal("0.20")),
        ("points", "handed_over"): (1, Decimal("3.00")),
    }


def test_a_withdrawal_that_does_not_stand_where_its_payments_do_is_told(due, hira):
    untouched, back, twice, done = due(CNY="1"), due(CNY="2"), due(CNY="3", points=1), due(CNY="4")
    hand_over([back, twice, done], by=hira)
    record_bounced(payment_of(back), by=hira, reason="closed")
    record_paid(payment_of(twice), by=hira, reference="A1")
    record_paid(payment_of(done), by=hira, reference="A2")
    assert list(withdrawal_states_follow_from_payments()) == []
    for pk, wrong in ((twice.pk, "paid"), (untouched.pk, "handed_over")):
        break_into(
            "referrals_withdrawal", f"UPDATE referrals_withdrawal SET state = '{wrong}' WHERE id = {pk}"
        )
    assert list(withdrawal_states_follow_from_payments()) == [
        f"withdrawal #{untouched.pk} is handed_over, but by its payments it should be taken",
        f"withdrawal #{twice.pk} is paid, but by its payments it should be handed_over",
    ]
