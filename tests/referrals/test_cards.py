"""What the home page says is waiting among accounts and payouts."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hireops.database.clock import now
from hireops.desk import cards
from referrals.accounts.cards import accounts_with_old_figures
from referrals.cases.cards import open_cases
from referrals.cases.services import close_case
from referrals.models import (
    Case,
    Ending,
    Payment,
    ReferralAccount,
    Registration,
    RegistrationImport,
    Reversal,
    Withdrawal,
)
from referrals.payments import reversing
from referrals.payments import services as payments
from referrals.payments.cards import payments_without_a_result, payouts_returned, payouts_to_pay
from referrals.payments.recording import record_paid
from referrals.payouts.cards import payouts_to_approve, payouts_without_answer
from referrals.registrations.cards import imports_to_confirm, registrations_to_correct
from tests.home import figures_and_rows
from tests.referrals.withdrawals import answered, approved, come_back, handed_over, taken

pytestmark = pytest.mark.django_db

DOUBTS = [
    ("approved", 0, "ok"),
    ("unknown", 0, "ok"),
    ("approved", 10, "warn"),
    ("unknown", 10, "warn"),
    ("unknown", 61, "bad"),
]

CARDS = [
    accounts_with_old_figures,
    imports_to_confirm,
    open_cases,
    payouts_to_approve,
    payments_without_a_result,
    payouts_returned,
    payouts_to_pay,
    payouts_without_answer,
    registrations_to_correct,
]


AFTER_APPROVAL = {
    "unknown": lambda made: Withdrawal.objects.filter(pk=made.pk).update(state="unknown"),
    "taken": lambda made: answered(made, at=now(), points=1),
    "handed_over": handed_over,
    "bounced": come_back,
}


@pytest.fixture
def payout(account, hira):
    """``payout("unknown", minutes=5)``: a payout in that state, approved so long ago."""

    def payout(state="requested", *, by=None, minutes=0):
        if state == "requested":
            return Withdrawal.objects.create(
                account=account(points=1),
                external_order_id=f"asked-{Withdrawal.objects.count()}",
                takes_points=True,
                takes_cash=False,
                requested_by=by or hira,
            )
        at, seen = now() - timedelta(minutes=minutes), {"points": Decimal(1)}
        made = approved(account(points=1), at=at, seen=seen)
        for step in [*AFTER_APPROVAL][: ["approved", *AFTER_APPROVAL].index(state)]:
            AFTER_APPROVAL[step](made)
        return made

    return payout


def seen(function, person):
    card = function(person)
    assert card is not None
    return card


def shown(card):
    return (int(card.value), card.tone)


def opens(pages, person, card):
    """How many rows the list has that the card leads to."""
    return pages(person).get(card.url).context["cl"].result_count


def test_an_approver_sees_what_waits_for_approval_but_not_the_own_requests(payout, pages, ada, hira):
    assert shown(seen(payouts_to_approve, ada)) == (0, "ok")
    payout()
    payout(by=ada)
    payout("approved")
    assert shown(seen(payouts_to_approve, ada)) == (1, "warn")
    assert opens(pages, ada, seen(payouts_to_approve, ada)) == 1
    assert payouts_to_approve(hira) is None


def test_own_requests_count_where_the_setting_lets_them_be_approved(payout, settings, ada):
    settings.REFERRALS_SELF_APPROVAL = True
    payout(by=ada)
    assert shown(seen(payouts_to_approve, ada)) == (1, "warn")


@pytest.mark.parametrize(("state", "minutes", "tone"), DOUBTS)
def test_the_longer_feishu_does_not_answer_the_louder_the_card(payout, hira, state, minutes, tone):
    payout(state, minutes=minutes)
    payout("approved")
    payout("taken")
    card = seen(payouts_without_answer, hira)
    assert shown(card) == (2, tone)
    assert f"The oldest for {minutes} {'min' if minutes else 's'}." in str(card.note)


def test_the_card_of_payouts_without_an_answer_leads_to_them(payout, pages, hira):
    for state in ("requested", "approved", "unknown", "taken"):
        payout(state)
    assert opens(pages, hira, seen(payouts_without_answer, hira)) == 2


def test_without_a_payout_in_doubt_the_card_is_quiet(hira):
    card = seen(payouts_without_answer, hira)
    assert (shown(card), card.note) == ((0, "ok"), "")


def test_what_is_taken_is_to_be_paid_and_what_came_back_has_to_be_looked_into(payout, pages, hira, ada):
    for state in ("taken", "taken", "bounced", "handed_over", "unknown"):
        payout(state)
    for function, expected in (
        (payouts_to_pay, (2, "warn")),
        (payouts_returned, (1, "bad")),
        (payments_without_a_result, (1, "busy")),
    ):
        card = seen(function, hira)
        assert shown(card) == expected
        assert opens(pages, hira, card) == expected[0]
        assert function(ada) is None
    assert list(seen(payouts_to_pay, hira).sums) == ["points\u00a02"]
    assert list(seen(payouts_returned, hira).sums) == ["points\u00a01"]


def test_what_is_to_be_paid_leaves_out_what_was_paid_already(account, hira):
    """Of a withdrawal in two currencies one came back, and the other one arrived."""
    both = taken(account(points=5, CNY="7.10"), points=5, CNY="7.10", at=now())
    points, cny = sorted(handed_over(both), key=lambda payment: payment.asset != "points")
    points.state, points.reference, points.recorded_by, points.recorded_at = "paid", "b-1", hira, now()
    points.save(update_fields=["state", "reference", "recorded_by", "recorded_at"])
    come_back(both)
    assert list(seen(payouts_returned, hira).sums) == ["CNY\u00a07.10"]
    assert cny.asset == "CNY"


def test_an_approver_sees_how_much_and_for_how_long_what_is_not_the_own(account, ada, hira):
    for person, points in ((hira, "30"), (hira, "1200"), (ada, "7")):
        asked = Withdrawal.objects.create(
            account=account(points=int(points), CNY="0.10", EUR="3"),
            external_order_id=f"asked-{points}",
            takes_points=True,
            takes_cash=person == hira,
            requested_by=person,
        )
        asked.amounts.create(asset="points", seen=1)
    card = seen(payouts_to_approve, ada)
    assert list(card.sums) == ["points\u00a01,230", "CNY\u00a00.20", "EUR\u00a06.00"]  # as of today
    assert card.since == Withdrawal.objects.earliest("id").requested_at


def test_registrations_that_are_wrong_or_were_refused_are_to_be_corrected(pages, hira):
    for state in ("invalid", "refused", "duplicate", "discarded"):
        Registration.objects.create(state=state, mobile="+8613800138000", created_by=hira)
    card = seen(registrations_to_correct, hira)
    assert shown(card) == (2, "warn")
    assert opens(pages, hira, card) == 2


def test_imports_that_were_checked_wait_for_confirmation(pages, hira):
    for state in ("checked", "checking", "done"):
        RegistrationImport.objects.create(file_name="x.csv", state=state, uploaded_by=hira)
    card = seen(imports_to_confirm, hira)
    assert shown(card) == (1, "warn")
    assert opens(pages, hira, card) == 1


def test_open_cases_are_counted_and_closed_ones_not(account, pages, ada):
    Case.objects.create(kind="points", account=account())
    close_case(Case.objects.create(kind="points", account=account()), by=ada, note="x")
    card = seen(open_cases, ada)
    assert shown(card) == (1, "bad")
    assert opens(pages, ada, card) == 1


def test_enabled_accounts_of_which_nothing_was_heard_for_two_sweeps_have_old_figures(
    account, settings, pages, audrey
):
    settings.REFERRALS_SWEEP_HOURS = 24
    for hours, status in ((47, 1), (49, 1), (49, 2)):
        made = account(points=1)
        ReferralAccount.objects.filter(pk=made.pk).update(
            seen_at=now() - timedelta(hours=hours), status=status
        )
    card = seen(accounts_with_old_figures, audrey)
    assert shown(card) == (1, "warn")
    assert "48 hours" in str(card.note)
    assert opens(pages, audrey, card) == 1


@pytest.mark.parametrize("who", ["vera", "eve"])
def test_who_has_nothing_to_do_with_rewards_sees_no_card(request, who):
    person = request.getfixturevalue(who)
    assert [card(person) for card in CARDS] == [None] * len(CARDS)


def test_every_figure_leads_to_a_list_with_just_as_many_rows(payout, account, pages, hira, ada):
    ada.groups.add(*hira.groups.all())  # so that there are own ones of everything
    both, boss = User.objects.get(pk=ada.pk), User.objects.create_superuser("boss")
    for person in (hira, both, both, boss):
        payout(by=person)
        proposed_ending(payout("unknown"), by=person)
        proposed_reversal(payout("handed_over"), by=person)
    for made in ("approved", "taken", "bounced", "bounced"):
        payout(made)
    reversing.decline(Reversal.objects.earliest("pk"), by=boss, reason="it has arrived")
    payments.hand_over([payout("taken")], by=hira)
    ended = proposed_ending(payout("unknown"), by=hira)
    Withdrawal.objects.filter(pk=ended.withdrawal_id).update(state="refused")
    Registration.objects.create(state="invalid", mobile="+8613800138000", created_by=hira)
    Registration.objects.create(state="discarded", mobile="+8613800138001", created_by=hira)
    RegistrationImport.objects.create(file_name="x.csv", state="checked", uploaded_by=hira)
    Case.objects.create(kind="points", account=account())

    for person in (hira, both, boss):
        shown = figures_and_rows(person, pages(person))
        assert {title: rows for title, (_figure, rows) in shown.items()} == {
            title: figure for title, (figure, _rows) in shown.items()
        }
    own_left_out = {title: rows for title, (_figure, rows) in figures_and_rows(both, pages(both)).items()}
    assert own_left_out["Payouts waiting for approval"] == 2
    assert own_left_out["Unanswered payouts to be ended"] == 2
    assert own_left_out["Returns and reversals to confirm"] == 1


def proposed_ending(withdrawal, *, by):
    return Ending.objects.create(withdrawal=withdrawal, outcome="not_done", proposed_by=by, reason="asked")


def proposed_reversal(withdrawal, *, by):
    payment = Payment.objects.get(amount__withdrawal=withdrawal)
    record_paid(payment, by=by, reference=f"A{payment.pk}")
    return Reversal.objects.create(payment=payment, cause="account_closed", proposed_by=by)


def test_no_card_counts_a_whole_table(hira, ada, monkeypatch):
    monkeypatch.setattr(cards, "MOST_COUNTED", 2)
    for person in (hira, ada):
        person.has_perm("referrals.view_case")  # remembers all rights
        with CaptureQueriesContext(connection) as queries:
            for card in CARDS:
                card(person)
        counts = [each["sql"] for each in queries if "COUNT(" in each["sql"]]
        assert len(counts) <= 7
        assert all("LIMIT 3" in sql for sql in counts)
        assert len(queries) <= 12
