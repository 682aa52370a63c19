"""What becomes of a call that is sent: done once, tried again, refused, or left for a person to decide."""

import dataclasses

import pytest
from django.contrib.auth.models import Group
from django.db import connection

from hireops import deadline
from hireops.desk import invariants
from hireops.outbox import registry
from hireops.outbox.models import Attempt, Call
from hireops.outbox.reasons import explain
from hireops.outbox.recording import record
from hireops.outbox.sending import send
from hireops.outbox.tasks import drain
from tests.outbox.conftest import busy, claim, not_sent, refused, system_error, unknown
from tests.selection import also_on_sqlite

pytestmark = [also_on_sqlite, pytest.mark.django_db]


@pytest.fixture(autouse=True)
def _all_invariants_hold(db):
    yield
    assert list(invariants.broken()) == []


def outcomes(call):
    return list(call.attempts.values_list("outcome", flat=True))


def test_a_call_that_succeeds_is_sent_once_and_keeps_its_answer(enqueue, feishu):
    feishu.says.append({"id": "19"})
    call = enqueue(1)
    drain()
    drain()
    call.refresh_from_db()
    assert feishu.sent == [("", {"number": 1})]
    assert (call.state, call.tries, call.answer, call.log_id) == ("succeeded", 1, {"id": "19"}, "log-1")
    assert call.finished_at is not None
    attempt = call.attempts.get()
    assert (attempt.outcome, attempt.http_status, attempt.code, attempt.log_id) == (
        "success",
        200,
        None,
        "log-1",
    )
    assert attempt.started_at <= attempt.finished_at
    assert attempt.duration_ms >= 0


@pytest.mark.django_db(transaction=True)
def test_while_it_is_sent_no_transaction_is_open_and_the_attempt_is_there(enqueue, feishu):
    seen = []

    def look():
        seen.append((connection.in_atomic_block, Attempt.objects.get().outcome, Call.objects.get().tries))
        return {}

    feishu.says.append(look)
    enqueue(1)
    drain()
    assert seen == [(False, "", 1)]


def test_the_answer_takes_effect_in_the_transaction_that_ends_the_call(enqueue, feishu, registered):
    def on_answer(call, answer):
        assert (connection.in_atomic_block, call.state) == (True, "pending")
        Group.objects.create(name=f"{call.payload['number']} {answer.data['name']} {answer.log_id}")

    registered("test.safe", on_answer=on_answer)
    feishu.says.append({"name": "x"})
    enqueue(1)
    drain()
    assert Group.objects.filter(name="1 x log-1").count() == 1


def test_a_permanent_refusal_ends_the_call_at_once_and_is_told(enqueue, feishu, registered):
    registered("test.safe", on_refusal=lambda call, error: Group.objects.create(name=f"code {error.code}"))
    feishu.says.append(refused())
    call = enqueue(1)
    drain()
    call.refresh_from_db()
    assert (call.state, call.tries, call.error_code, call.log_id) == ("refused", 1, 1002002, "log-no")
    assert call.finished_at is not None
    assert "Feishu Hire" in explain(call) or "飞书招聘" in explain(call)
    assert Group.objects.filter(name="code 1002002").count() == 1


def test_a_rate_limit_is_waited_out_and_then_the_call_is_sent_again(enqueue, feishu, clock):
    feishu.says.append(busy(retry_after_s=17))
    call = enqueue(1)
    drain()
    clock.advance(16)
    drain()
    call.refresh_from_db()
    assert (call.state, call.error_code, len(feishu.sent)) == ("pending", 99991400, 1)
    clock.advance(2)
    drain()
    call.refresh_from_db()
    assert (call.state, call.error_code, call.tries) == ("succeeded", None, 2)
    assert outcomes(call) == ["refused", "success"]


def test_what_could_not_leave_is_tried_again_for_a_day_and_then_waits_for_a_person(enqueue, feishu, clock):
    feishu.says.extend(not_sent() for _ in range(3))
    call = enqueue(1, operation="test.unsafe")
    drain()
    clock.advance(3600)
    drain()
    call.refresh_from_db()
    assert (call.state, call.tries) == ("pending", 2)
    clock.advance(23 * 3600)
    drain()
    call.refresh_from_db()
    assert (call.state, call.reason, call.tries, call.finished_at) == ("waiting", "gave_up", 3, None)
    assert "24" in explain(call)


def test_the_catch_all_error_waits_for_a_person_after_five_tries(enqueue, feishu, clock):
    feishu.says.extend(system_error() for _ in range(9))
    call = enqueue(1)
    for _ in range(9):
        drain()
        clock.advance(61)
    call.refresh_from_db()
    assert (call.state, call.reason, call.tries) == ("waiting", "system_error", 5)


def test_an_unknown_outcome_of_a_safe_call_is_repeated_after_a_rest(enqueue, feishu, clock):
    feishu.says.append(unknown())
    call = enqueue(1)
    drain()
    clock.advance(29)
    drain()
    assert len(feishu.sent) == 1
    clock.advance(2)
    drain()
    call.refresh_from_db()
    assert call.state == "succeeded"
    assert outcomes(call) == ["unknown", "success"]


def test_an_unknown_outcome_of_an_unsafe_call_is_never_repeated_by_itself(enqueue, feishu, clock):
    feishu.says.append(unknown())
    call = enqueue(1, operation="test.unsafe")
    for _ in range(3):
        drain()
        clock.advance(3600)
    call.refresh_from_db()
    assert len(feishu.sent) == 1
    assert (call.state, call.reason, call.finished_at) == ("waiting", "unknown_unsafe", None)


def test_an_operation_that_no_app_knows_any_more_waits_for_a_person(enqueue, monkeypatch):
    call = enqueue(1)
    monkeypatch.delitem(registry._operations, "test.safe")
    drain()
    call.refresh_from_db()
    assert (call.state, call.error_message) == ("waiting", "UnknownOperationError")


def test_a_call_whose_worker_died_is_taken_up_when_its_lease_is_over(enqueue, feishu, clock):
    call = enqueue(1)
    assert claim().call == call
    clock.advance(59)
    drain()
    assert feishu.sent == []
    clock.advance(2)
    drain()
    call.refresh_from_db()
    assert (call.state, call.tries) == ("succeeded", 2)
    assert outcomes(call) == ["lost", "success"]


def test_an_unsafe_call_whose_worker_died_waits_for_a_person(enqueue, feishu, clock):
    call = enqueue(1, operation="test.unsafe")
    claim()
    clock.advance(61)
    drain()
    call.refresh_from_db()
    assert (call.state, call.reason, feishu.sent) == ("waiting", "unknown_unsafe", [])
    assert outcomes(call) == ["lost"]


def test_a_worker_that_was_held_up_does_not_send_late(enqueue, feishu, clock):
    call = enqueue(1, operation="test.unsafe")
    held_up = dataclasses.replace(claim(), send_before=0.0)
    result = send(held_up)
    assert feishu.sent == []
    record(held_up, result)
    call.refresh_from_db()
    assert (call.state, call.reason) == ("pending", "too_late")
    drain()
    assert feishu.sent_numbers == [1]


def test_a_worker_that_comes_back_late_changes_nothing(enqueue, feishu, clock, registered, caplog):
    applied = []
    registered(
        "test.safe", on_answer=lambda call, answer: applied.append(Group.objects.create(name=answer.log_id))
    )
    call = enqueue(1)
    late = claim()
    late_result = send(late)
    clock.advance(61)
    drain()
    record(late, late_result)
    call.refresh_from_db()
    assert (call.log_id, outcomes(call)) == ("log-2", ["lost", "success"])
    assert list(Group.objects.filter(name__startswith="log-").values_list("name", flat=True)) == ["log-2"]
    assert "log-1" in caplog.text


def test_the_code_that_sends_can_ask_until_the_last_moment_whether_it_is_too_late(enqueue, feishu):
    enqueue(1)
    taken, seen = claim(), []

    def look():
        with deadline.leave_before(0.0):
            seen.append(deadline.has_passed())
        seen.append(deadline.has_passed())
        return {}

    feishu.says.append(look)
    record(taken, send(taken))
    assert [*seen, deadline.has_passed()] == [True, False, False]


def test_between_claim_and_lease_end_thirty_seconds_are_left_for_the_request_to_rest(enqueue):
    before = deadline.clock()
    enqueue(1)
    assert before + 30 <= claim().send_before <= deadline.clock() + 30
