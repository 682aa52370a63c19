"""A file of results says that a payment recorded as made has come back since (退票)."""

from html import unescape
from typing import Any

import pytest
from django.urls import reverse
from django.utils import translation

from hireops.desk.audit import entries_about
from referrals.models import PayoutBatch, Reversal, Withdrawal
from referrals.payments import reversing
from referrals.payments.recording import record_paid, record_results
from referrals.payments.results import read_results
from referrals.payments.returns import cause_of
from referrals.payments.services import hand_over
from tests.meanwhile import at_once, two_writers
from tests.referrals.payments.results_files import csv_file, kept, payment_of, state
from tests.referrals.withdrawals import taken

State = Withdrawal.State
HEADER = "打款编号,币种,金额,打款结果,打款凭证号,退回原因"


@pytest.fixture(autouse=True)
def _in_english() -> Any:
    with translation.override("en"):
        yield


@pytest.fixture
def due(account: Any, hira: Any, ada: Any) -> Any:
    def due(*, name: str = "张三", **amounts: Any) -> Withdrawal:
        return taken(account(name=name), by=hira, approver=ada, **amounts)

    return due


@pytest.fixture
def hr(hira: Any, pages: Any) -> Any:
    return pages(hira)


def paid(*withdrawals: Withdrawal, by: Any) -> PayoutBatch:
    batch = hand_over(withdrawals, by=by)
    for payment in batch.payments.all():
        record_paid(payment, by=by, reference="A1")
    return batch


def returned(withdrawal: Withdrawal, said: str, asset: str = "CNY", reference: str = "R9") -> str:
    return f"{payment_of(withdrawal, asset).payment_id},{asset},,退票,{reference},{said}"


def results(batch: PayoutBatch) -> str:
    return reverse("admin:referrals_payoutbatch_results", args=[batch.pk])


def upload(client: Any, batch: PayoutBatch, *lines: str) -> Any:
    answer = client.post(results(batch), {"file": csv_file(HEADER, *lines)})
    assert answer.status_code == 200
    return answer


def record(client: Any, batch: PayoutBatch, page: Any, **button: str) -> list[str]:
    answer = client.post(results(batch), {"kept": page.context["kept"], **button}, follow=True)
    return [str(message) for message in answer.context["messages"]]


def test_what_was_paid_and_is_returned_stands_apart_with_its_totals(hr: Any, hira: Any, due: Any) -> None:
    closed, other, points = due(CNY="1000.50", name="王小明"), due(CNY="2"), due(points=20)
    batch = paid(closed, other, points, by=hira)
    page = upload(
        hr, batch, returned(closed, "对方账户已销户"), returned(other, "?"), returned(points, "?", "points")
    )
    assert page.context["results"].problems == []
    assert page.context["table"].count == 0
    shown = [(row.line, row.employee, row.sum, row.reason) for row in page.context["returned"].rows]
    assert shown == [
        (2, "王**", "1,000.50", "returned by the bank: the account is closed · 对方账户已销户"),
        (3, "张*", "2.00", "another reason · ?"),
        (4, "张*", "20", "another reason · ?"),
    ]
    sums = [(total.asset, total.count, total.sum) for total in page.context["returned"].totals]
    assert sums == [("points", 1, "20"), ("CNY", 2, "1,002.50")]
    text = unescape(page.content.decode())
    assert "a reversal can be proposed" in text
    assert "with the reference “A1”" in text
    assert 'value="Propose reversals (3): came back points\u00a020 · CNY\u00a01,002.50"' in text
    assert not Reversal.objects.exists()


def test_proposing_ends_nothing_before_another_person_confirms(
    hr: Any, hira: Any, ada: Any, due: Any
) -> None:
    withdrawal = due(CNY="12.30", points=5)
    batch = paid(withdrawal, by=hira)
    page = upload(hr, batch, returned(withdrawal, "户名不符"))
    told = record(hr, batch, page, propose="yes")
    assert told == ["Reversals proposed: 1. They wait for a second person, and until then count as paid."]
    reversal = Reversal.objects.get()
    assert (reversal.payment, reversal.proposed_by) == (payment_of(withdrawal), hira)
    assert (reversal.cause, reversal.reason) == ("name_mismatch", "户名不符 · R9 · results.csv:2")
    assert (reversal.state, state(withdrawal)) == ("proposed", State.PAID)
    assert entries_about(payment_of(withdrawal))[0].action == "reversal of a payment proposed"
    reversing.confirm(reversal, by=ada, reason="seen at the bank")
    assert state(withdrawal) == State.BOUNCED
    assert [each.asset for each in hand_over([withdrawal], by=hira).payments.all()] == ["CNY"]


def test_the_same_file_again_does_nothing_twice(hr: Any, hira: Any, ada: Any, due: Any) -> None:
    withdrawal = due(CNY="1")
    batch, line = paid(withdrawal, by=hira), returned(withdrawal, "销户")
    page = upload(hr, batch, line)
    record(hr, batch, page, propose="yes")
    for _stage in ("proposed", "confirmed"):
        again = upload(hr, batch, line)
        assert len(again.context["results"].already) == 1
        assert again.context["returned"].count == 0
        assert record(hr, batch, page, propose="yes") == ["Recorded already, so nothing changed there: 1."]
        reversal = Reversal.objects.get()
        if reversal.state == "proposed":
            reversing.confirm(reversal, by=ada, reason="seen")


def test_after_a_proposal_was_declined_the_page_says_so_and_it_can_be_proposed_anew(
    hr: Any, hira: Any, ada: Any, due: Any
) -> None:
    withdrawal = due(CNY="1")
    batch, line = paid(withdrawal, by=hira), returned(withdrawal, "销户")
    record(hr, batch, upload(hr, batch, line), propose="yes")
    reversing.decline(Reversal.objects.get(), by=ada, reason="it has arrived")
    page = upload(hr, batch, line)
    assert "it has arrived" in page.context["returned"].rows[0].note
    record(hr, batch, page, propose="yes")
    assert [each.state for each in Reversal.objects.order_by("pk")] == ["declined", "proposed"]


def test_results_are_recorded_beside_it_with_or_without_the_proposals(hr: Any, hira: Any, due: Any) -> None:
    back, waits, more = due(CNY="1"), due(CNY="2"), due(CNY="3")
    batch = hand_over([back, waits, more], by=hira)
    record_paid(payment_of(back), by=hira, reference="A1")
    page = upload(hr, batch, returned(back, "销户"), f"{payment_of(waits).payment_id},CNY,2,已打款,A2,")
    text = unescape(page.content.decode())
    assert "Record these results (1): paid CNY\u00a02.00" in text
    assert "Record them and propose reversals (1): came back CNY\u00a01.00" in text
    assert record(hr, batch, page) == [
        "Results recorded: 1.",
        "Still paid, although the file says that they came back: 1. No reversal was proposed.",
    ]
    assert (state(waits), Reversal.objects.count()) == (State.PAID, 0)
    page = upload(hr, batch, returned(back, "销户"), f"{payment_of(more).payment_id},CNY,3,已打款,A3,")
    record(hr, batch, page, propose="yes")
    assert (state(more), Reversal.objects.get().payment) == (State.PAID, payment_of(back))


def test_a_line_that_says_something_else_than_was_handed_over_or_no_reason_proposes_nothing(
    hr: Any, hira: Any, due: Any
) -> None:
    other_sum, silent = due(CNY="1"), due(CNY="2")
    batch = paid(other_sum, silent, by=hira)
    page = upload(hr, batch, f"{payment_of(other_sum).payment_id},CNY,999,退票,R1,销户", returned(silent, ""))
    assert [problem.text for problem in page.context["results"].problems] == [
        "Sum: the file says 999, handed over was CNY\u00a01.00.",
        "The reason is missing: say why the payment came back.",
    ]
    record(hr, batch, page, propose="yes")
    assert not Reversal.objects.exists()


def test_switching_the_language_of_the_preview_keeps_the_file_and_records_nothing(
    hr: Any, hira: Any, due: Any
) -> None:
    back, waits, wrong = due(CNY="1"), due(CNY="2", name="王小明"), due(CNY="3")
    batch = hand_over([back, waits, wrong], by=hira)
    record_paid(payment_of(back), by=hira, reference="A1")
    lines = (
        f"{payment_of(waits).payment_id},CNY,2,已打款,A2,",
        f"{payment_of(wrong).payment_id},CNY,999,已打款,A3,",
    )
    page = upload(hr, batch, returned(back, "销户"), *lines)
    sent = {"kept": page.context["kept"], "next": results(batch), "again": "yes", "language": "zh-hans"}
    redirect = hr.post("/language/", sent)
    assert (redirect.status_code, redirect["Location"]) == (307, results(batch))
    again = hr.post(redirect["Location"], sent)
    assert again["Content-Language"] == "zh-hans"
    counts = [again.context["table"].count, again.context["returned"].count]
    assert [*counts, len(again.context["problems"])] == [1, 1, 1]
    assert (state(waits), Reversal.objects.count()) == (State.HANDED_OVER, 0)
    record(hr, batch, again, propose="yes")
    assert (payment_of(waits).state, Reversal.objects.count()) == ("paid", 1)


@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        ("收款人账户已销户", "account_closed"),
        ("Account closed", "account_closed"),
        ("account_closed", "account_closed"),
        ("户名 不符", "name_mismatch"),
        ("Name mismatch.", "name_mismatch"),
        ("销户，户名不符", "other"),
        ("金额超限", "other"),
    ],
)
def test_the_cause_is_what_the_reason_names(reason: str, cause: str) -> None:
    assert cause_of(reason) == cause


@two_writers
@pytest.mark.django_db(transaction=True)
def test_a_file_recorded_by_two_at_once_proposes_once(due: Any, hira: Any) -> None:
    first, second = due(CNY="1"), due(CNY="2")
    batch = paid(first, second, by=hira)
    file = csv_file(HEADER, returned(first, "销户"), returned(second, "销户"))
    lines = read_results(file, "r.csv").lines
    evidence = kept(batch, by=hira)
    answers = at_once(*[lambda: record_results(batch, lines, by=hira, file=evidence, propose=True)] * 3)
    assert sorted(len(each.returned) for each in answers) == [0, 0, 2]
    assert sorted(len(each.already) for each in answers) == [0, 2, 2]
    assert Reversal.objects.count() == len({first.pk, second.pk})


@two_writers
@pytest.mark.django_db(transaction=True)
def test_what_a_file_proposed_two_people_confirm_at_once_and_it_is_reversed_once(
    due: Any, hira: Any, ada: Any, django_user_model: Any
) -> None:
    withdrawal = due(CNY="1")
    batch = paid(withdrawal, by=hira)
    lines = read_results(csv_file(HEADER, returned(withdrawal, "销户")), "r.csv").lines
    record_results(batch, lines, by=hira, file=kept(batch, by=hira), propose=True)
    boss = django_user_model.objects.create_superuser("boss")
    reversal = Reversal.objects.get()
    answers = at_once(
        *[lambda by=by: reversing.confirm(reversal, by=by, reason="seen") for by in (ada, boss, ada)]
    )
    assert len([each for each in answers if each is None]) == 1
    assert (state(withdrawal), Reversal.objects.get().state) == (State.BOUNCED, "confirmed")
