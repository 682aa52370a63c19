"""How far our clock is from Feishu's: measured by its answers, shown, and warned of."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from hypothesis import given
from hypothesis import strategies as st

from hireops.database import clock as database_clock
from hireops.feishu.models import Tenant
from hireops.outbox import health
from hireops.outbox.clocks import difference, narrowed
from hireops.outbox.models import Attempt, Call
from referrals.models import ReferralAccount
from tests.referrals.observations import owed

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
milliseconds = st.integers(0, 10_000).map(lambda number: timedelta(milliseconds=number))


def reading(ahead: timedelta, *, started: datetime = NOON, lasted: timedelta, answered: timedelta) -> Any:
    """Of an attempt in which Feishu answered so long after its beginning."""
    there = started + answered - ahead
    return started, started + lasted, there.replace(microsecond=0)


@given(
    ahead=st.integers(-100_000, 100_000).map(lambda number: timedelta(milliseconds=number)),
    lasting=st.lists(st.tuples(milliseconds, milliseconds), min_size=1, max_size=20),
)
def test_the_true_difference_is_always_within_what_all_answers_allow(ahead, lasting):
    readings = [
        reading(
            ahead, started=NOON - timedelta(seconds=20 * n), lasted=lasted, answered=min(lasted, answered)
        )
        for n, (lasted, answered) in enumerate(lasting)
    ]
    found = narrowed(readings)
    assert found is not None
    assert found.at_least <= ahead <= found.at_most
    assert abs(found.certain) <= abs(ahead)
    single = narrowed(readings[:1])
    assert single is not None
    assert found.at_most - found.at_least <= single.at_most - single.at_least


def test_many_quick_answers_tell_it_to_a_tenth_of_a_second():
    ahead, quick = timedelta(seconds=2.5), timedelta(milliseconds=40)
    found = narrowed(
        reading(ahead, started=NOON + timedelta(seconds=7.13 * n), lasted=quick, answered=quick / 2)
        for n in range(50)
    )
    assert found is not None
    assert abs(found.about - ahead) < timedelta(milliseconds=100)


def test_answers_from_before_a_clock_was_set_count_no_more():
    quick = timedelta(milliseconds=40)
    found = narrowed(
        reading(ahead, lasted=quick, answered=quick / 2) for ahead in (timedelta(0), timedelta(hours=1))
    )
    assert found is not None
    assert abs(found.about) < timedelta(seconds=1)


def test_one_slow_answer_is_no_proof_of_anything():
    slow = reading(timedelta(0), lasted=timedelta(seconds=10), answered=timedelta(seconds=9))
    found = narrowed([slow])
    assert found is not None
    assert found.certain == timedelta(0)
    assert narrowed([]) is None


# --- What staff and machines see


def answered(account: Any, *, feishu_ahead: timedelta, ago: timedelta = timedelta(0)) -> None:
    """A call about the account was answered by a Feishu whose clock is so far ahead."""
    now = database_clock.now() - ago
    there = (now + feishu_ahead).replace(microsecond=0)
    ended = {"started_at": now, "finished_at": now + timedelta(milliseconds=100), "outcome": "refused"}
    call = owed(account)
    Attempt.objects.create(call=call, feishu_at=there, **ended)
    Call.objects.filter(pk=call.pk).update(state="refused", finished_at=now, tries=1)


@pytest.fixture
def account(db):
    return ReferralAccount.objects.create(tenant=Tenant.objects.own(), account_id="1", source="event")


def figure() -> Any:
    return next(each for each in health.calls().figures if each.metric is health.AHEAD)


def checked(capsys: pytest.CaptureFixture[str]) -> str:
    call_command("check_invariants")
    return capsys.readouterr().out


def test_without_an_answer_nothing_is_known_and_nothing_warned_of(db, capsys):
    assert (figure().value, figure().tone) == (None, "ok")
    assert difference() is None
    assert "clock" not in checked(capsys)


@pytest.mark.parametrize("seconds", [-1, 0, 1])
def test_a_difference_that_clocks_may_have_is_shown(account, capsys, seconds):
    answered(account, feishu_ahead=timedelta(seconds=seconds))
    assert figure().tone == "ok"
    assert figure().note == ""
    assert re.search(
        r"^our clock is about \d\.\d s (ahead of|behind) Feishu's$", checked(capsys), re.MULTILINE
    )


@pytest.mark.parametrize(("seconds", "side"), [(4, "behind"), (-4, "ahead of"), (-3600, "ahead of")])
def test_a_clock_that_is_wrong_is_warned_of(account, capsys, seconds, side):
    answered(account, feishu_ahead=timedelta(seconds=seconds))
    assert figure().tone == "warn"
    assert abs(figure().value + seconds) < 1.5
    assert re.search(
        rf"^warning: our clock is about [\d.]+ s {side} Feishu's$", checked(capsys), re.MULTILINE
    )


def test_the_page_health_says_what_to_do_about_it(account, client_of, audrey):
    answered(account, feishu_ahead=timedelta(seconds=4))
    browser = client_of(audrey)
    browser.cookies["django_language"] = "en"
    assert "One of the clocks is wrong" in browser.get("/admin/health/").text


def test_what_was_measured_yesterday_counts_no_more(account):
    answered(account, feishu_ahead=timedelta(hours=1), ago=timedelta(hours=25))
    assert difference() is None
