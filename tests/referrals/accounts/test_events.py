"""Balance events, as they come through the inbox (contract 2.7)."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from hireops.inbox.models import Event
from hireops.inbox.registry import changed_by, followed_by, in_words
from hireops.outbox.models import Call
from referrals.accounts import services as accounts
from referrals.cases.services import open_case
from referrals.models import Balance, BalanceChange, Case, ReferralAccount
from tests.deliveries import deliver, envelope
from tests.kept_events import keep_event
from tests.outbox.test_concurrency import in_threads
from tests.referrals.conftest import BALANCE_EVENT, MORNING, balances, handle_events, tell
from tests.referrals.observations import answer, handle, owed, steps
from tests.selection import also_on_sqlite

pytestmark = [also_on_sqlite, pytest.mark.django_db]


def found(account_id="1"):
    return ReferralAccount.objects.get(account_id=account_id)


def body(**changes):
    """An event's content with a balance of seven points, changed as said; None takes the field away."""
    bonus = {"point_bonus": 7, "cash_bonus": changes.pop("cash", [])}
    content = {
        "account_id": "1",
        "assets": {"confirmed_bonus": bonus},
        "modify_time": str(int(MORNING.timestamp() * 1000)),
        **changes,
    }
    return {key: value for key, value in content.items() if value is not None}


def arrives(content):
    return tell("1", payload={"schema": "2.0", "header": {}, "event": content})


def waiting(event_id, content):
    """An event that has arrived and was not handled yet."""
    return keep_event(
        app_id=settings.FEISHU_APP_ID,
        event_id=event_id,
        event_type=BALANCE_EVENT,
        tenant_key="tenant_a",
        created_at=MORNING,
        payload={"event": content},
    )


def test_an_event_makes_its_account_known_and_tells_its_balance():
    event = tell("1", points=100, cash={"CNY": "12.30", "USD": "0.07"})
    account = found()
    assert (event.state, account.source, account.modify_time) == ("handled", "event", MORNING)
    assert (account.figure_event, account.figure_at) == (event, MORNING)
    assert account.seen_at is not None
    assert balances(account) == {"points": 100, "CNY": Decimal("12.30"), "USD": Decimal("0.07")}
    assert BalanceChange.objects.filter(cause="event", event=event).count() == 3


def test_an_event_of_an_account_that_was_registered_here_joins_it(account):
    known = account("1")
    tell("1", points=5)
    assert ReferralAccount.objects.get() == known
    assert found().source == "registered"


def test_the_first_event_of_all_finds_the_account_that_was_registered_before_it(account):
    """A custom app's tenant has no key until an event tells it."""
    known = account("1")
    tell("1", points=5, tenant_key="the key")
    assert ReferralAccount.objects.get() == known
    assert found().tenant.tenant_key == "the key"


def test_every_change_keeps_before_after_and_difference():
    tell("1", points=100, minutes=1)
    tell("1", points=70, cash={"CNY": "0.30"}, minutes=2)
    assert set(steps(found())) == {
        ("points", 0, 100, "event"),
        ("points", 100, 70, "event"),
        ("CNY", 0, Decimal("0.30"), "event"),
    }
    assert set(BalanceChange.objects.values_list("difference", flat=True)) == {100, -30, Decimal("0.30")}


def test_an_older_event_is_kept_and_changes_nothing():
    tell("1", points=70, minutes=2)
    stale = tell("1", points=100, minutes=1)
    assert stale.state == "handled"
    assert changed_by(stale) == []
    assert balances(found()) == {"points": 70}
    assert found().modify_time == MORNING + timedelta(minutes=2)
    assert len(steps(found())) == 1


def test_of_two_events_of_one_moment_the_one_with_the_later_header_counts():
    for first, second in [(1, 2), (2, 1)]:
        account_id = str(first)
        for number in (first, second):
            created_at = MORNING + timedelta(minutes=number)
            tell(account_id, points=number, at=MORNING, created_at=created_at)
        assert balances(found(account_id)) == {"points": 2}


def test_of_two_events_with_equal_times_the_same_one_counts_in_any_order():
    tell("1", points=1, event_id="a")
    tell("1", points=2, event_id="b")
    tell("2", points=2, event_id="d")
    tell("2", points=1, event_id="c")
    assert balances(found("1")) == balances(found("2")) == {"points": 2}


def test_what_a_newer_event_does_not_name_any_more_is_gone():
    tell("1", points=3, cash={"CNY": "5"}, minutes=1)
    tell("1", cash={"USD": "1"}, minutes=2)
    assert balances(found()) == {"points": 0, "CNY": 0, "USD": 1}


def test_an_event_with_the_same_balance_is_the_newest_figure_and_no_change():
    tell("1", points=3, minutes=1)
    event = tell("1", points=3, minutes=2)
    assert len(steps(found())) == 1
    assert found().figure_event == event
    assert changed_by(event) == [found()]


def test_an_account_without_anything_has_no_balances():
    tell("1")
    assert balances(found()) == {}
    assert found().figure_at == MORNING


def test_handling_an_event_again_changes_nothing():
    first = tell("1", points=3, minutes=1)
    second = tell("1", points=5, minutes=2)
    before = ReferralAccount.objects.values().get()
    for event in (first, second, second, first):
        handle(event)
    assert len(steps(found())) == 2
    assert ReferralAccount.objects.values().get() == before


def test_events_of_other_companies_have_accounts_of_their_own():
    tell("1", points=3, tenant_key="tenant_a")
    tell("1", points=5, tenant_key="tenant_b")
    by_company = dict(Balance.objects.values_list("account__tenant__tenant_key", "amount"))
    assert by_company == {"tenant_a": 3, "tenant_b": 5}


@pytest.mark.parametrize("currency", ["CNY", "1", 1])
def test_a_currency_is_the_same_as_text_and_as_number(currency):
    arrives(body(cash=[{"currency_type": currency, "amount": 12.3}]))
    assert balances(found())["CNY"] == Decimal("12.30")


@pytest.mark.parametrize("number", ["0.07", "100", "1234567890123.45", "0.1e2"])
def test_a_number_on_the_wire_is_the_same_amount_to_the_cent(client, number):
    cash = body(cash=[{"currency_type": "CNY", "amount": "the number"}])
    content = json.dumps(envelope(BALANCE_EVENT, cash))
    deliver(client, content.replace('"the number"', number))
    handle_events()
    assert Balance.objects.get(asset="CNY").amount == Decimal(number)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "'event'"),
        (body(account_id=None), "account_id"),
        (body(account_id=12), "account_id"),
        (body(account_id=" "), "account_id"),
        (body(account_id="x" * 201), "200"),
        (body(modify_time=None), "modify_time"),
        (body(modify_time="1685431415"), "modify_time"),
        (body(modify_time="today"), "modify_time"),
        (body(modify_time=True), "modify_time"),
        (body(assets=None), "confirmed_bonus"),
        (body(assets=[]), "confirmed_bonus"),
        (body(assets={"confirmed_bonus": None}), "confirmed_bonus"),
        (body(assets={"confirmed_bonus": {"point_bonus": "many"}}), "confirmed_bonus"),
        (body(assets={"confirmed_bonus": {"point_bonus": "1.5"}}), "confirmed_bonus"),
        (body(cash=[{"amount": 1}]), "confirmed_bonus"),
        (body(cash=[{"currency_type": "CNY"}]), "confirmed_bonus"),
        (body(cash=[{"currency_type": "CNY", "amount": "NaN"}]), "confirmed_bonus"),
        (body(cash=[{"currency_type": "x" * 17, "amount": 1}]), "currency_type"),
        (body(cash=[{"currency_type": "CNY", "amount": -1}]), "below zero"),
    ],
)
def test_an_event_that_can_not_be_read_fails_with_a_reason_and_changes_nothing(content, words):
    event = arrives(content)
    assert event.state == "failed"
    assert words in event.reason
    assert not ReferralAccount.objects.exists()


def test_a_missing_list_of_cash_and_missing_points_are_nothing():
    arrives(body(assets={"confirmed_bonus": {}}))
    assert found().figure_at == MORNING
    assert balances(found()) == {}


def test_an_event_that_failed_does_no_harm_to_the_events_beside_it():
    for number in range(4):
        content = body(account_id=str(number), modify_time=None if number == 2 else "1685431415036")
        waiting(f"beside-{number}", content)
    handle_events()
    assert sorted(ReferralAccount.objects.values_list("account_id", flat=True)) == ["0", "1", "3"]


def test_an_event_that_explains_what_a_query_found_closes_its_case(account):
    known = account("1", points=100)
    change = drift(known, ours=100, theirs=120, minutes=10)
    tell("1", points=110, minutes=8)
    assert Case.objects.get(change=change).closed_at is None
    event = tell("1", points=120, minutes=9)
    case = Case.objects.get(change=change)
    assert (event.state, case.closed_by) == ("handled", None)
    assert case.closed_at is not None
    assert "later" in case.note
    assert balances(known) == {"points": 120}


@pytest.mark.parametrize("minutes", [-1, 11])
def test_an_event_from_before_the_last_change_or_after_the_query_explains_nothing(account, minutes):
    known = account("1", points=100)
    drift(known, ours=100, theirs=120, minutes=10)
    tell("1", points=120, minutes=minutes)
    assert Case.objects.get().closed_at is None


def drift(account, *, ours, theirs, minutes):
    """A query has found another balance than the last event told."""
    (change,) = answer(account, points=theirs, asked_at=MORNING + timedelta(minutes=minutes, seconds=5))
    open_case(kind=Case.Kind.DRIFT, account=account, asset="points", ours=ours, theirs=theirs, change=change)
    return change


def test_an_ordinary_event_needs_few_queries(account):
    account("1", points=100)
    later = str(int((MORNING + timedelta(hours=1)).timestamp() * 1000))
    event = Event.objects.select_related("content").get(pk=waiting("ordinary", body(modify_time=later)).pk)
    with CaptureQueriesContext(connection) as queries:
        handle(event)
    assert balances(found()) == {"points": 7}
    # The last one, because it went down: for withdrawals that were ended as not done.
    assert len(queries) <= 8, [query["sql"] for query in queries]


@pytest.mark.django_db(transaction=True)
def test_workers_with_events_of_one_new_account_at_the_same_time_make_one_account_and_one_history():
    order = [7, 2, 9, 4, 1, 8, 3, 6, 5, 0] * 3
    for place, minutes in enumerate(order):
        content = body(
            modify_time=str(int((MORNING + timedelta(minutes=minutes)).timestamp() * 1000)),
            assets={"confirmed_bonus": {"point_bonus": 100 + minutes}},
        )
        waiting(f"at-once-{place}", content)
    events = list(Event.objects.order_by("pk"))

    def work(number):
        for event in events[number::4]:
            with transaction.atomic():
                handle(event)

    in_threads(4, work)
    account = ReferralAccount.objects.get()
    assert balances(account) == {"points": 109}
    written = steps(account)
    assert [before for _asset, before, *_ in written] == [0, *(after for *_, after, _cause in written[:-1])]


# --- What its page tells


def test_an_event_is_told_in_words():
    event = tell("1", points=1200, cash={"USD": "0.10", "CNY": "12.30"})
    assert in_words(event) == (
        "Balance of account 1 as of 2026-11-02 09:00:00: points\u00a01,200, CNY\u00a012.30, USD\u00a00.10"
    )


def test_an_event_that_can_not_be_read_is_not_told_in_words():
    assert in_words(arrives(body(modify_time=None))) == ""
    assert in_words(Event(event_type=BALANCE_EVENT)) == ""


def test_the_calls_about_the_account_since_then_followed_the_event(account):
    known = account("1")
    with transaction.atomic():
        accounts.refresh(known, by=None)
    event = tell("1", points=5)
    for number in range(12):
        account_id = "other" if number == 3 else "1"
        owed(account(account_id) if account_id == "other" else known)

    calls = Call.objects.filter(pk__in=[call.pk for call in followed_by(event)])
    assert len(calls) == 10
    assert {call.target for call in calls} == {"referral_account:1"}
    assert min(call.created_at for call in calls) >= event.received_at


def test_an_event_about_nobody_was_followed_by_nothing():
    assert followed_by(arrives(body(account_id=None))) == []
