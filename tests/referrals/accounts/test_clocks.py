"""Clocks that differ, and times that are none: no balance stays behind Feishu's because of them."""

from datetime import UTC, datetime, timedelta
from importlib import import_module

import pytest
from django.apps import apps

from hireops.database.clock import now
from hireops.feishu.models import Tenant
from hireops.inbox.registry import changed_by
from hireops.outbox.models import Attempt, Call
from referrals.accounts import services as accounts
from referrals.accounts import sweep
from referrals.cases.services import close_case
from referrals.ledger import invariants
from referrals.models import Case, ReferralAccount
from tests.outbox.test_clocks import answered
from tests.referrals.conftest import MORNING, balances, history, tell
from tests.referrals.observations import answer, answer_withdrawal
from tests.referrals.withdrawals import approved, take_guards_from

pytestmark = pytest.mark.django_db

ID = "6942778198054125570"
FUTURE = datetime(2286, 11, 20, 17, 46, 39, tzinfo=UTC)  # 9999999999999, or nearly
SECOND = timedelta(seconds=1)


def queries(**state):
    return Call.objects.filter(operation=accounts.GET_ASSETS, **state)


def owed():
    """Whose balances are to be asked for."""
    return [call.payload["referral_account_id"] for call in queries(state="pending").order_by("pk")]


# --- A clock that differs


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seconds", [-3600, -20, 20, 3600])
def test_a_change_right_after_a_query_counts_however_much_feishus_clock_differs(
    feishu, account, drain, seconds
):
    feishu.add_employees({"name": "张三", "email": "hire@open.com", "account_id": ID})
    feishu.let_pass(seconds)
    ours = account(ID)
    accounts.refresh(ours, by=None)
    drain()
    told = feishu.reward(ID, points=150)

    event = tell(ID, points=150, at=datetime.fromtimestamp(told["modified_ms"] / 1000, UTC))

    assert event.state == "handled"
    assert balances(ours) == {"points": 150}
    assert not Case.objects.exists()
    assert owed() == []
    ((started_at, feishu_at),) = Attempt.objects.values_list("started_at", "feishu_at")
    assert feishu_at is not None
    assert abs(feishu_at - started_at - seconds * SECOND) < 5 * SECOND


def test_an_event_that_counts_as_older_than_an_answer_and_says_something_else_is_asked_about(account):
    """Where Feishu's answers do not tell the time and our clock is a minute ahead."""
    ours = account(ID, queried_at=now() - timedelta(minutes=5))
    answer(ours, points=100, asked_at=now() + timedelta(minutes=1))
    tell(ID, points=130, at=now())
    assert balances(ours) == {"points": 100}
    assert owed() == [ID]
    tell(ID, points=140, at=now())
    assert owed() == [ID]


def test_an_event_that_the_answer_knew_is_not_asked_about(account):
    ours = account(ID)
    before_the_query = tell(ID, points=70, minutes=1, received_at=now() - timedelta(minutes=9))
    ReferralAccount.objects.update(queried_at=now() - timedelta(minutes=5))
    answer(ours, points=100, asked_at=now())
    tell(ID, points=100, at=now() - timedelta(minutes=4))  # says the same
    tell(ID, points=60, minutes=0, received_at=now() - timedelta(minutes=9))  # came before
    assert balances(ours) == {"points": 100}
    assert changed_by(before_the_query) == [ours]
    assert owed() == []


def test_events_that_overtake_each_other_cost_no_query(account):
    account(ID)
    for minutes in (3, 1, 2):
        tell(ID, points=minutes, minutes=minutes)
    assert balances(ReferralAccount.objects.get()) == {"points": 3}
    assert owed() == []


def test_a_company_that_has_suspended_the_app_is_not_asked(account, tenant):
    account(ID)
    Tenant.objects.filter(pk=tenant.pk).update(state=Tenant.State.SUSPENDED)
    tell(ID, points=1, at=FUTURE)
    assert Case.objects.count() == 1
    assert owed() == []


# --- A time from the future


def test_an_event_from_the_future_changes_nothing_becomes_a_case_and_the_balance_is_asked_for(account):
    ours = account(ID, points=100)
    event = tell(ID, points=999, at=FUTURE)
    case = Case.objects.get()
    assert event.state == "handled"
    assert balances(ours) == {"points": 100}
    assert (case.kind, case.account, case.event, case.closed_at) == ("future", ours, event, None)
    assert changed_by(event) == [case]
    assert owed() == [ID]
    ours.refresh_from_db()
    assert ours.modify_time == ours.figure_at == MORNING


def test_later_events_of_its_account_are_heard_before_and_after_a_query(account):
    ours = account(ID, points=100)
    tell(ID, points=999, at=FUTURE)
    tell(ID, points=110, minutes=1)
    assert balances(ours) == {"points": 110}
    answer(ours, points=120, asked_at=MORNING + timedelta(minutes=5))
    tell(ID, points=130, minutes=6)
    assert balances(ours) == {"points": 130}
    assert [cause for *_step, cause in history(ours)] == ["event", "event", "call", "event"]


def test_an_account_that_only_such_an_event_names_becomes_known_and_is_asked_for():
    tell(ID, points=999, at=FUTURE)
    ours = ReferralAccount.objects.get()
    assert (ours.account_id, ours.figure_at, balances(ours)) == (ID, None, {})
    assert owed() == [ID]


def test_more_of_them_are_one_case_until_somebody_has_closed_it(account, hira):
    account(ID)
    first, _second = (tell(ID, points=points, at=FUTURE) for points in (1, 2))
    case = Case.objects.get()
    assert case.event == first
    close_case(case, by=hira, note="Feishu's support knows of it")
    first.not_before, first.state, first.handled_at = now(), "pending", None
    first.save()
    tell("another", points=1)  # the worker handles both
    assert Case.objects.count() == 1
    third = tell(ID, points=3, at=FUTURE)
    assert Case.objects.get(closed_at=None).event == third


def test_five_minutes_are_no_future_and_more_are_none_either_if_our_clock_is_known_to_be_behind(account):
    ours = account(ID)
    tell(ID, points=1, at=now() + timedelta(minutes=4))
    assert balances(ours) == {"points": 1}
    tell(ID, points=2, at=now() + timedelta(hours=2))
    assert balances(ours) == {"points": 1}
    answered(ours, feishu_ahead=timedelta(hours=2))
    tell(ID, points=3, at=now() + timedelta(hours=2))
    assert balances(ours) == {"points": 3}
    assert Case.objects.count() == 1


def test_what_counts_as_later_than_the_moment_at_which_an_event_comes_does_not_silence_it(account):
    ours = account(ID)
    tell(ID, points=1, at=now() + timedelta(minutes=4))
    tell(ID, points=2, at=now())
    assert balances(ours) == {"points": 1}
    assert owed() == [ID]


def test_its_case_says_what_it_means_and_leads_to_the_event(account, pages, hira):
    account(ID)
    event = tell(ID, points=1, at=FUTURE)
    page = pages(hira).get(f"/admin/referrals/case/{Case.objects.get().pk}/change/").text
    assert "had not happened yet when the event came" in page
    assert f"/admin/inbox/event/{event.pk}/change/" in page


# --- Databases in which one has counted


def recover():
    import_module("referrals.migrations.0016_events_from_the_future").hear_again(apps, None)


def deafened(account_id, *, points, **columns):
    """As the release before this one left an account after such an event."""
    tell(account_id, points=points, minutes=1)
    ours = ReferralAccount.objects.get(account_id=account_id)
    times = {"figure_at": FUTURE, "modify_time": FUTURE, **columns}
    ReferralAccount.objects.filter(pk=ours.pk).update(**times)
    return ours


def test_an_account_that_was_deafened_hears_again_after_the_update_and_is_asked_for_first(account):
    deaf, other = deafened(ID, points=999, queried_at=now()), account("2", points=5, queried_at=now())
    take_guards_from("referrals_referralaccount")
    before = ReferralAccount.objects.values().get(pk=other.pk)
    recover()
    recover()
    deaf.refresh_from_db()
    assert (deaf.modify_time, deaf.queried_at) == (None, None)
    assert deaf.figure_at <= now()
    assert Case.objects.get().event == deaf.figure_event
    assert ReferralAccount.objects.values().get(pk=other.pk) == before
    assert [str(finding) for finding in invariants.findings()] == []
    assert sweep.sweep() == 1
    assert owed() == [ID]
    tell(ID, points=7, at=now() + SECOND)
    assert balances(deaf) == {"points": 7}


def test_what_withdrawals_and_queries_have_made_of_such_an_account_stays_proven(account, hira, ada):
    ours = deafened(ID, points=100)
    answer_withdrawal(approved(ours, by=hira, approver=ada), now(), points=70)
    queried = deafened("2", points=100)
    answer(queried, points=90, asked_at=now())
    ReferralAccount.objects.filter(pk=queried.pk).update(figure_at=FUTURE, cash_taken_at=FUTURE)
    take_guards_from("referrals_referralaccount")
    recover()
    assert [str(finding) for finding in invariants.findings()] == []
    assert not ReferralAccount.objects.filter(cash_taken_at__gt=now()).exists()
    assert ReferralAccount.objects.filter(figure_at__gt=now()).count() == 0
    assert Case.objects.filter(kind="future").count() == 2


# --- A status that changed at Feishu


def test_an_event_of_a_deactivated_account_has_its_status_asked_for(account):
    ours = account(ID, status=ReferralAccount.Status.DISABLED)
    tell(ID, points=5, minutes=1)
    assert balances(ours) == {"points": 5}
    assert owed() == [ID]


@pytest.mark.django_db(transaction=True)
def test_an_account_that_was_enabled_at_feishu_is_enabled_here_after_its_event(feishu, account, drain):
    feishu.add_employees({"name": "张三", "email": "hire@open.com", "account_id": ID})
    ours = account(ID, status=ReferralAccount.Status.DISABLED)
    feishu.reward(ID, points=5)
    tell(ID, points=5, minutes=1)
    drain()
    ours.refresh_from_db()
    assert ours.status == ReferralAccount.Status.AVAILABLE
    assert not Case.objects.exists()


def test_deactivated_accounts_are_swept_too_but_less_often_and_after_the_others(account, settings):
    settings.REFERRALS_SWEEP_HOURS = 24
    off = ReferralAccount.Status.DISABLED
    account("off lately", status=off, queried_at=now() - timedelta(days=6))
    account("off", status=off, queried_at=now() - timedelta(days=8))
    account("on", queried_at=now() - timedelta(days=2))
    assert sweep.sweep() == 2
    assert owed() == ["on", "off"]
    assert sweep.sweep() == 0


def test_deactivated_accounts_wait_while_enabled_ones_use_all_the_room(account, monkeypatch):
    monkeypatch.setattr(sweep, "MOST_SWEPT", 2)
    account("off", status=ReferralAccount.Status.DISABLED)
    account("1"), account("2")
    assert sweep.sweep() == 2
    assert owed() == ["1", "2"]
