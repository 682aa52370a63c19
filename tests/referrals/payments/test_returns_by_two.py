"""Returns are confirmed by a second person or a results file, and a file that says *paid* opens a case."""

import csv
import io
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import translation

from hireops.database import clock as database_clock
from hireops.desk.errors import Refused
from hireops.encryption import decrypt_bytes
from referrals.models import Case, Payment, ResultsFile, Reversal, Withdrawal
from referrals.payments import reversing
from referrals.payments.invariants import no_amount_is_paid_twice, payments_are_reversed_by_two
from referrals.payments.recording import record_open_paid, record_paid, without_a_result
from referrals.payments.services import hand_over
from referrals.payments.tasks import empty_payees
from tests.referrals.payments.results_files import csv_file, payment_of, state
from tests.referrals.raw_sql import refused
from tests.referrals.withdrawals import payee_of, taken

State = Withdrawal.State


@pytest.fixture(autouse=True)
def _in_english() -> Any:
    with translation.override("en"):
        yield


@pytest.fixture
def handed(account: Any, hira: User, ada: User) -> Any:
    """``handed(CNY="1")``: a withdrawal that was handed over."""

    def handed(*, name: str = "张三", **amounts: Any) -> Withdrawal:
        withdrawal = taken(account(name=name), by=hira, approver=ada, **amounts)
        hand_over([withdrawal], by=hira)
        return withdrawal

    return handed


@pytest.fixture
def officer(hira: User, pages: Any) -> Any:
    return pages(hira)


def say_it_came_back(client: Any, payment: Payment) -> Reversal:
    address = reverse("admin:referrals_payment_reverse", args=[payment.pk])
    client.post(address, {"cause": "account_closed", "reason": "退票"})
    return Reversal.objects.get(payment=payment, state="proposed")


def upload(client: Any, payment: Payment, *lines: str) -> Any:
    header = "payment_id,result,reference,reason"
    return client.post(results(payment), {"file": csv_file(header, *lines)}, follow=True)


def results(payment: Payment) -> str:
    return reverse("admin:referrals_payoutbatch_results", args=[payment.batch_id])


def record_file(client: Any, payment: Payment, *lines: str, **button: str) -> list[str]:
    page = upload(client, payment, *lines)
    answer = client.post(results(payment), {"kept": page.context["kept"], **button}, follow=True)
    return [str(message) for message in answer.context["messages"]]


def confirmed_return(payment: Payment, hira: User, ada: User) -> None:
    reversal = reversing.propose(payment, by=hira, cause="account_closed", reason="退票")
    reversing.confirm(reversal, by=ada, reason="seen at the bank")


# --- One person alone


def test_one_person_can_not_have_an_amount_paid_twice(handed: Any, officer: Any, hira: User) -> None:
    withdrawal = handed(CNY="12.30")
    payment = payment_of(withdrawal)
    say_it_came_back(officer, payment)
    payment.refresh_from_db()
    assert (payment.state, state(withdrawal)) == ("handed_over", State.HANDED_OVER)
    sent = {"withdrawal": withdrawal.pk, "confirmed": "yes"}
    officer.post("/admin/referrals/payoutbatch/prepare/", sent)
    with pytest.raises(Refused):
        hand_over([withdrawal], by=hira)
    assert Payment.objects.count() == 1


def test_a_second_person_confirms_it_and_then_the_amount_is_free(
    handed: Any, officer: Any, pages: Any, hira: User, ada: User
) -> None:
    withdrawal = handed(CNY="12.30")
    payment = payment_of(withdrawal)
    reversal = say_it_came_back(officer, payment)
    page = "/admin/referrals/reversal/actions/confirm/"
    sent = {"_selected_action": str(reversal.pk), "confirmed": "yes", "reason": "seen at the bank"}
    assert officer.post(page, sent).status_code == 403
    pages(ada).post(page, sent)
    payment.refresh_from_db()
    assert (payment.standing, state(withdrawal)) == ("bounced", State.BOUNCED)
    assert payment.recorded_by == hira
    assert payment.why_not_paid == "returned by the bank: the account is closed · 退票"
    assert hand_over([withdrawal], by=hira).payments.get().instead_of == payment
    assert [*no_amount_is_paid_twice(), *payments_are_reversed_by_two()] == []


def test_the_bank_confirms_it_with_a_file_that_is_kept(
    handed: Any, officer: Any, pages: Any, hira: User
) -> None:
    withdrawal = handed(CNY="12.30", name="王小明")
    payment = payment_of(withdrawal)
    reversal = say_it_came_back(officer, payment)
    record_file(officer, payment, f"{payment.payment_id},退汇,,户名不符")
    payment.refresh_from_db()
    reversal.refresh_from_db()
    file = ResultsFile.objects.get()
    assert (payment.state, payment.evidence, state(withdrawal)) == ("bounced", file, State.BOUNCED)
    assert reversal.state == "canceled"
    assert b"\xe6\x88\xb7\xe5\x90\x8d\xe4\xb8\x8d\xe7\xac\xa6" in (decrypt_bytes(file.content) or b"")
    for person, status in (
        (officer, 200),
        (pages(User.objects.create(username="nobody", is_staff=True)), 403),
    ):
        address = reverse("admin:referrals_payoutbatch_results_file", args=[payment.batch_id, file.pk])
        assert person.post(address).status_code == status
    refused("results_file_stays", "DELETE FROM referrals_resultsfile")


def test_files_that_were_only_looked_at_go_and_the_others_are_emptied_in_their_time(
    handed: Any, officer: Any, clock: Any, settings: Any
) -> None:
    settings.REFERRALS_KEEP_PAYEES_DAYS = 1000
    payment = payment_of(handed(CNY="1"))
    upload(officer, payment, f"{payment.payment_id},退汇,,户名不符")
    record_file(officer, payment, f"{payment.payment_id},退汇,,户名不符")
    for days, lengths in ((2, [True]), (1000, [False])):
        clock.advance(days=days)
        empty_payees()
        assert [bool(file.content) for file in ResultsFile.objects.all()] == lengths


def test_what_waits_for_a_second_person_is_not_recorded_as_paid_by_hand(
    handed: Any, officer: Any, hira: User
) -> None:
    withdrawal = handed(CNY="1")
    payment = payment_of(withdrawal)
    say_it_came_back(officer, payment)
    with pytest.raises(Refused, match="waits for a second person"):
        record_paid(payment, by=hira, reference="A1")
    with pytest.raises(Refused, match="Every payment of this batch has its result"):
        record_open_paid(payment.batch, by=hira, references={"CNY": "A1"}, totals={"CNY": "1"})
    assert not without_a_result(payment.batch).exists()


def test_the_database_refuses_a_return_of_one_person_and_a_second_live_payment(
    handed: Any, officer: Any, hira: User
) -> None:
    withdrawal, other = handed(CNY="1"), handed(CNY="2")
    payment = payment_of(withdrawal)
    say_it_came_back(officer, payment)
    elsewhere = ResultsFile.objects.create(batch=payment_of(other).batch, content=b"x", uploaded_by=hira)
    for evidence in (None, elsewhere.pk):
        statement = (
            "UPDATE referrals_payment SET state = 'bounced', reason = 'x', recorded_by_id = %s,"
            " recorded_at = %s, evidence_id = %s WHERE id = %s"
        )
        refused("payment_comes_back_by_two", statement, hira.pk, database_clock.now(), evidence, payment.pk)
    columns = (
        "batch_id, amount_id, asset, sum, state, reference, reason, payee_name, payee_mobile, payee_email"
    )
    again = (
        f"INSERT INTO referrals_payment ({columns}, payment_id, instead_of_id)"
        f" SELECT {columns}, 'again', id FROM referrals_payment WHERE id = %s"
    )
    refused("payment_|(?i:unique)", again, payment.pk)
    assert payee_of(withdrawal)["payee_name"] == payment.payee_name


# --- The file says that it was made


def test_a_payment_that_came_back_and_was_made_opens_a_case_and_is_not_handed_over_meanwhile(
    handed: Any, officer: Any, pages: Any, hira: User, ada: User
) -> None:
    withdrawal = handed(CNY="12.30")
    payment = payment_of(withdrawal)
    confirmed_return(payment, hira, ada)
    line = f"{payment.payment_id},交易成功,R1,"
    assert b"Not paid again" in upload(officer, payment, line).content
    assert not Case.objects.exists()
    (told,) = record_file(officer, payment, line)
    assert told.startswith("Recorded as come back, and paid by the bank: 1.")
    case = Case.objects.get()
    assert (case.kind, case.payment, case.withdrawal) == ("returned_paid", payment, withdrawal)
    assert (case.ours, case.theirs) == (Decimal(0), payment.sum)
    page = pages(ada).get(reverse("admin:referrals_case_change", args=[case.pk])).content.decode()
    assert "It was not paid again" in page
    assert "record it as paid there under the bank&#x27;s reference" in page
    with pytest.raises(Refused, match=f"See case #{case.pk}"):
        hand_over([withdrawal], by=hira)
    assert len(upload(officer, payment, line).context["results"].already) == 1
    close = {"_selected_action": str(case.pk), "confirmed": "yes", "reason": "never made"}
    pages(ada).post("/admin/referrals/case/actions/close/", close)
    assert len(upload(officer, payment, line).context["results"].already) == 1
    assert hand_over([withdrawal], by=hira).payments.count() == 1


def test_the_case_says_that_it_was_paid_again(
    handed: Any, officer: Any, pages: Any, hira: User, ada: User
) -> None:
    for is_paid, hint in ((False, "have the second payment stopped now"), (True, "has got the money twice")):
        withdrawal = handed(CNY="12.30")
        payment = payment_of(withdrawal)
        confirmed_return(payment, hira, ada)
        again = hand_over([withdrawal], by=hira).payments.get()
        if is_paid:
            record_paid(again, by=hira, reference="R2")
        line = f"{payment.payment_id},paid,R1,"
        assert f"Handed over again: {again}" in upload(officer, payment, line).content.decode()
        record_file(officer, payment, line)
        case = payment.cases.get()
        assert (case.ours, case.theirs) == (payment.sum, 2 * payment.sum)
        page = pages(ada).get(reverse("admin:referrals_case_change", args=[case.pk])).content.decode()
        assert hint in page
        assert again.payment_id in page


def test_a_return_of_one_person_that_the_bank_contradicts_is_recorded_as_paid_with_a_case(
    handed: Any, officer: Any, pages: Any, ada: User
) -> None:
    withdrawal = handed(CNY="12.30")
    payment = payment_of(withdrawal)
    reversal = say_it_came_back(officer, payment)
    record_file(officer, payment, f"{payment.payment_id},paid,R1,")
    payment.refresh_from_db()
    assert (payment.standing, state(withdrawal)) == ("paid", State.PAID)
    case = Case.objects.get()
    page = pages(ada).get(reverse("admin:referrals_case_change", args=[case.pk])).content.decode()
    assert "Only one person has said that it came back" in page
    reversing.decline(reversal, by=ada, reason="the bank has paid")
    assert state(withdrawal) == State.PAID


def test_a_reversed_payment_under_another_reference_opens_a_case_and_the_old_file_does_not(
    handed: Any, officer: Any, hira: User, ada: User
) -> None:
    payment = payment_of(handed(CNY="12.30"))
    record_paid(payment, by=hira, reference="R1")
    confirmed_return(payment, hira, ada)
    page = upload(officer, payment, f"{payment.payment_id},paid,R1,")
    assert len(page.context["results"].already) == 1
    record_file(officer, payment, f"{payment.payment_id},paid,R2,")
    assert Case.objects.get().payment == payment


# --- Lines that are wrong


def test_wrong_lines_carry_name_and_amount_and_can_be_downloaded(handed: Any, officer: Any) -> None:
    payment = payment_of(handed(CNY="1000.50", name="王小明"))
    page = upload(officer, payment, f"{payment.payment_id},成功,R1,户名不符", "nobody-1,paid,R2,")
    row = page.content.decode().split("<tbody>")[1].split("</tr>")[0]
    for text in ("王**", "CNY\u00a01,000.50", "contradicts itself"):
        assert text in row
    file = officer.post(results(payment), {"kept": page.context["kept"], "wrong": "yes"})
    assert file["Content-Disposition"].startswith("attachment")
    header, wrong, _unknown = csv.reader(io.StringIO(file.content.decode("utf-8-sig")))
    assert header == ["Line", "Payment ID", "Employee", "Sum", "What is wrong"]
    assert wrong[:4] == ["2", payment.payment_id, "王**", "CNY\u00a01,000.50"]
    assert "小明" not in file.content.decode("utf-8-sig")
    assert payment_of(payment.amount.withdrawal).state == "handed_over"


# --- References of another batch


def test_a_reference_of_another_batch_is_warned_of_with_a_link_and_confirmed(
    handed: Any, officer: Any, hira: User
) -> None:
    before, by_hand, open_ones = (payment_of(handed(CNY="1")) for _each in range(3))
    record_paid(before, by=hira, reference="V1")
    link = reverse("admin:referrals_payoutbatch_change", args=[before.batch_id])
    for payment, page, sent in (
        (by_hand, reverse("admin:referrals_payoutbatch_record", args=[by_hand.pk]), {"reference": "V1"}),
        (
            open_ones,
            reverse("admin:referrals_payoutbatch_open", args=[open_ones.batch_id]),
            {"reference-CNY": "V1", "total-CNY": "1"},
        ),
    ):
        warned = officer.post(page, sent).content.decode()
        assert "was used in another batch already" in warned
        assert link in warned
        payment.refresh_from_db()
        assert payment.state == "handed_over"
        officer.post(page, {**sent, "is_meant": "on"})
        payment.refresh_from_db()
        assert payment.reference == "V1"


def test_a_file_with_a_reference_of_another_batch_is_confirmed_too(
    handed: Any, officer: Any, hira: User
) -> None:
    before, now = payment_of(handed(CNY="1")), payment_of(handed(CNY="2"))
    record_paid(before, by=hira, reference="V1")
    line = f"{now.payment_id},paid,V1,"
    page = upload(officer, now, line).content.decode()
    assert reverse("admin:referrals_payoutbatch_change", args=[before.batch_id]) in page
    assert 'name="is_meant"' in page
    (told,) = record_file(officer, now, line)
    assert told.startswith("These references were used in other batches already: V1.")
    record_file(officer, now, line, is_meant="yes")
    now.refresh_from_db()
    assert now.reference == "V1"
