"""What a failed try means for its call, as one table."""

from datetime import timedelta

import pytest

from hireops.feishu.errors import Advice
from hireops.outbox import timing
from hireops.outbox.verdicts import CallHistory, TooLateError, UnappliedError, WorkerLostError, judge
from tests.outbox.conftest import busy, not_sent, refused, system_error, unknown

SAFE = CallHistory(safe_to_repeat=True, age=timedelta(minutes=1))
UNSAFE = CallHistory(safe_to_repeat=False, age=timedelta(minutes=1))
DAY_OLD = CallHistory(safe_to_repeat=True, age=timedelta(hours=24))
SYSTEM_ERRORS = [("refused", 1002001), ("refused", 1020001)]


@pytest.mark.parametrize(
    ("error", "history", "outcome", "state", "quiet_s"),
    [
        (refused(), SAFE, "refused", "refused", 0),
        (refused(99991672), SAFE, "refused", "refused", 0),
        (refused(123456), UNSAFE, "refused", "refused", 0),
        (busy(), SAFE, "refused", "pending", 0),
        (busy(), UNSAFE, "refused", "pending", 0),
        (busy(), DAY_OLD, "refused", "waiting", 0),
        (system_error(), SAFE, "refused", "pending", 0),
        (not_sent(), SAFE, "not_sent", "pending", 0),
        (not_sent(), UNSAFE, "not_sent", "pending", 0),
        (not_sent(Advice.ASK_PERSON), SAFE, "not_sent", "pending", 0),
        (not_sent(Advice.NEVER), SAFE, "not_sent", "refused", 0),
        (not_sent(), DAY_OLD, "not_sent", "waiting", 0),
        (unknown(), SAFE, "unknown", "pending", 30),
        (unknown(), UNSAFE, "unknown", "waiting", 30),
        (unknown(), DAY_OLD, "unknown", "waiting", 30),
        (WorkerLostError(), SAFE, "lost", "pending", 0),
        (WorkerLostError(), UNSAFE, "lost", "waiting", 0),
        (WorkerLostError(), DAY_OLD, "lost", "waiting", 0),
        (TooLateError(), UNSAFE, "not_sent", "pending", 0),
        (UnappliedError(), UNSAFE, "unapplied", "pending", 0),
        (TypeError("a mistake of ours"), SAFE, "failed", "waiting", 30),
    ],
)
def test_what_becomes_of_a_call(error, history, outcome, state, quiet_s):
    verdict = judge(error, history)
    assert (verdict.outcome, verdict.state, verdict.quiet_s) == (outcome, state, quiet_s)


def test_the_wait_that_feishu_demands_comes_before_our_own():
    assert judge(busy(retry_after_s=17.0), SAFE).pause_s == 17.0


def test_a_call_comes_back_no_sooner_than_its_own_rest_ends():
    verdict = judge(unknown(), SAFE)
    assert verdict.pause_s == verdict.quiet_s == timing.QUIET_S


@pytest.mark.parametrize(
    ("tries", "longest"), [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 32), (7, 60), (20, 60)]
)
def test_pauses_grow_to_a_minute_and_are_spread_evenly(tries, longest):
    history = CallHistory(safe_to_repeat=True, age=timedelta(), earlier=[("not_sent", None)] * (tries - 1))
    pauses = [judge(not_sent(), history).pause_s for _ in range(400)]
    assert 0 <= min(pauses) < longest * 0.1
    assert longest * 0.9 < max(pauses) <= longest


@pytest.mark.parametrize(("earlier", "state"), [(3, "pending"), (4, "waiting")])
def test_the_catch_all_error_is_tried_five_times_whatever_else_happened(earlier, state):
    tries = (SYSTEM_ERRORS * 2)[:earlier] + [("refused", 99991400)] * 5
    history = CallHistory(safe_to_repeat=True, age=timedelta(), earlier=tries)
    assert judge(system_error(), history).state == state


@pytest.mark.parametrize(("earlier", "state"), [(3, "pending"), (4, "waiting")])
def test_an_answer_is_applied_five_times_whatever_else_happened(earlier, state):
    tries = [("unapplied", None)] * earlier + [("not_sent", None)] * 5
    assert (
        judge(UnappliedError(), CallHistory(safe_to_repeat=False, age=timedelta(), earlier=tries)).state
        == state
    )


def test_a_rest_ends_before_a_lease_and_is_longer_than_a_request(settings):
    assert settings.FEISHU_CONNECT_TIMEOUT + settings.FEISHU_READ_TIMEOUT < timing.QUIET_S
    assert timing.QUIET_S <= timing.LEASE_S / 2
