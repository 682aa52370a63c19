"""What a failed try means for its call, as one table."""

from datetime import timedelta

import pytest

from hireops.feishu.errors import Advice
from hireops.outbox import timing
from hireops.outbox.history import CallHistory
from hireops.outbox.registry import Operation
from hireops.outbox.timing import RetryPolicy
from hireops.outbox.try_errors import TenantGoneError, TooLateError, UnappliedError, WorkerLostError
from hireops.outbox.verdicts import ChannelSignal, judge, judge_unapplied_refusal
from tests.outbox.conftest import busy, endpoint_of, internal_error, not_sent, refused, system_error, unknown


def operation(name="test", *, safe_to_repeat=True, **options):
    endpoint = endpoint_of(name, safe_to_repeat=safe_to_repeat)
    return Operation(name=name, label=name, endpoint=endpoint, send=NotImplemented, **options)


def known(of=None, *, age=timedelta(minutes=1), **history):
    return CallHistory(**{"operation": of or operation(), "age": age, "pending_for": age, **history})


SAFE = known()
UNSAFE = known(operation(safe_to_repeat=False))
DAY_OLD = known(age=timedelta(hours=24))
FOR_EVER = RetryPolicy(give_up_after=None, part_of_age=0.1, longest_pause=timedelta(hours=1))
PAYOUT = operation("payout", retry=FOR_EVER, definite_refusals={1002002})
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
    history = known(earlier=[("not_sent", None)] * (tries - 1))
    pauses = [judge(not_sent(), history).pause_s for _ in range(400)]
    assert 0 <= min(pauses) < longest * 0.1
    assert longest * 0.9 < max(pauses) <= longest


@pytest.mark.parametrize(("earlier", "state"), [(3, "pending"), (4, "waiting")])
def test_the_catch_all_error_is_tried_five_times_whatever_else_happened(earlier, state):
    tries = (SYSTEM_ERRORS * 2)[:earlier] + [("refused", 99991400)] * 5
    history = known(earlier=tries)
    assert judge(system_error(), history).state == state


def test_the_catch_all_error_is_taken_for_a_refusal_where_the_operation_says_after_how_many():
    of = operation(refused_after=2, safe_to_repeat=False)
    assert judge(system_error(), known(of)).state == "pending"
    again = judge(system_error(), known(of, earlier=SYSTEM_ERRORS[:1]))
    assert (again.state, again.signal, again.in_doubt) == ("refused", ChannelSignal.WORKS, False)
    broken = [("unknown", 1002001)]  # something broke then, maybe after the work was done
    assert judge(system_error(), known(of, earlier=broken)).state == "pending"
    assert judge(internal_error(), known(of, earlier=SYSTEM_ERRORS)).state == "waiting"


@pytest.mark.parametrize(("earlier", "state"), [(3, "pending"), (4, "waiting")])
def test_an_answer_is_applied_five_times_whatever_else_happened(earlier, state):
    tries = [("unapplied", None)] * earlier + [("not_sent", None)] * 5
    assert judge(UnappliedError(), known(UNSAFE.operation, earlier=tries)).state == state


def test_the_catch_all_counts_where_it_is_the_last_word_and_repeating_is_safe():
    earlier = [("refused", 1002001)] * 4
    assert judge(busy(), known(earlier=earlier)).state == "pending"
    unsafe = known(operation(safe_to_repeat=False), earlier=earlier)
    assert judge(internal_error(), unsafe).reason == "unknown_unsafe"
    assert judge(system_error(), unsafe).reason == "system_error"


def test_a_request_that_could_not_leave_says_nothing_good_of_its_channel():
    assert judge(not_sent(Advice.ASK_PERSON), SAFE).signal is ChannelSignal.FAILS


@pytest.mark.parametrize(
    ("error", "state", "quiet_s"),
    [
        (refused(), "waiting", 0),
        (busy(), "pending", 0),
        (not_sent(Advice.ASK_PERSON), "pending", 0),
        (unknown(), "pending", 30),
        (internal_error(), "pending", 0),
    ],
)
def test_a_try_to_find_out_that_failed_is_made_again_unless_it_was_refused(error, state, quiet_s):
    verdict = judge(error, known(operation(safe_to_repeat=False), resolving=True))
    assert (verdict.state, verdict.quiet_s, verdict.unresolved) == (state, quiet_s, True)


def test_finding_out_waits_as_long_as_feishu_demands():
    verdict = judge(busy(retry_after_s=17.0), known(operation(safe_to_repeat=False), resolving=True))
    assert (verdict.pause_s, verdict.demanded_s) == (17.0, 17.0)


def test_a_worker_that_dies_over_an_answer_leaves_no_doubt_about_the_request():
    assert not judge(WorkerLostError(), known(answered=True)).in_doubt
    assert judge(WorkerLostError(), known()).in_doubt


def test_a_rest_ends_before_a_lease_and_is_longer_than_a_request(settings):
    assert settings.FEISHU_CONNECT_TIMEOUT + settings.FEISHU_READ_TIMEOUT < timing.QUIET_S
    assert timing.QUIET_S <= timing.LEASE_S / 2


# --- What is tried for ever, and called refused only if nothing may have landed


def test_only_what_is_safe_to_repeat_can_be_tried_for_ever():
    with pytest.raises(ValueError, match="not safe to repeat"):
        operation(safe_to_repeat=False, retry=FOR_EVER)


ANYTHING_ELSE = [
    refused(1009999),
    refused(99991672),
    busy(),
    system_error(),
    internal_error(),
    not_sent(),
    unknown(),
    WorkerLostError(),
    TooLateError(),
    UnappliedError(),
    TypeError("a mistake of ours"),
]
OFTEN = [*SYSTEM_ERRORS * 5, *[("unapplied", None)] * 9]


@pytest.mark.parametrize("error", ANYTHING_ELSE, ids=lambda error: f"{type(error).__name__}-{error}")
@pytest.mark.parametrize("age", [timedelta(), timedelta(days=400)])
@pytest.mark.parametrize("earlier", [(), OFTEN])
def test_it_never_waits_for_a_person_and_is_never_called_refused(error, age, earlier):
    assert judge(error, known(PAYOUT, age=age, earlier=earlier)).state == "pending"


@pytest.mark.parametrize(("landed", "state"), [(False, "refused"), (True, "pending")])
@pytest.mark.parametrize("refusal", [refused(1002002), TenantGoneError()])
def test_a_definite_refusal_ends_it_unless_an_earlier_request_may_have_landed(refusal, landed, state):
    verdict = judge(refusal, known(PAYOUT, may_have_landed=landed))
    assert (verdict.state, verdict.in_doubt) == (state, landed)


def test_a_refusal_that_could_not_be_noted_is_asked_for_again():
    assert judge_unapplied_refusal(refused(1002002), known(PAYOUT), KeyError()).state == "pending"
    assert judge_unapplied_refusal(refused(1002002), SAFE, KeyError()).state == "waiting"


@pytest.mark.parametrize(
    ("error", "in_doubt"),
    [
        (refused(1009999), True),
        (system_error(), True),
        (internal_error(), True),
        (unknown(), True),
        (WorkerLostError(), True),
        (TypeError("a mistake of ours"), True),
        (busy(), False),
        (not_sent(), False),
        (TooLateError(), False),
        (UnappliedError(), False),
    ],
    ids=str,
)
def test_it_is_in_doubt_when_feishu_may_have_done_it(error, in_doubt):
    assert judge(error, known(PAYOUT)).in_doubt is in_doubt


@pytest.mark.parametrize("error", [busy(), not_sent(), TooLateError()], ids=str)
def test_once_in_doubt_it_stays_so_whatever_comes_next(error):
    assert judge(error, known(PAYOUT, may_have_landed=True)).in_doubt


@pytest.mark.parametrize(("failed", "in_doubt"), [(3, False), (4, True)])
def test_an_answer_that_can_not_be_applied_for_long_is_a_doubt_too(failed, in_doubt):
    history = known(PAYOUT, answered=True, may_have_landed=True, earlier=[("unapplied", None)] * failed)
    assert judge(UnappliedError(), history).in_doubt is in_doubt


@pytest.mark.parametrize(
    ("age", "after_a_refusal", "without_an_answer"),
    [
        (timedelta(), 60, 30),
        (timedelta(minutes=10), 60, 60),
        (timedelta(hours=1), 360, 360),
        (timedelta(hours=10), 3600, 3600),
        (timedelta(days=30), 3600, 3600),
    ],
)
def test_its_pause_is_a_tenth_of_its_age_but_never_over_an_hour(age, after_a_refusal, without_an_answer):
    assert judge(refused(1009999), known(PAYOUT, age=age)).pause_s == after_a_refusal
    assert judge(unknown(), known(PAYOUT, age=age)).pause_s == without_an_answer
