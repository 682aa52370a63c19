"""Odd answers, internal errors, answers that can't be taken in: nothing is lost, nothing is sent twice."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import Group
from django.db import OperationalError

from hireops.desk import invariants
from hireops.outbox.models import Attempt, Call
from hireops.outbox.reasons import explain
from hireops.outbox.tasks import drain
from tests.outbox.conftest import internal_error, refused

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _all_invariants_hold(db):
    yield
    assert list(invariants.broken()) == []


def outcomes(call):
    return list(call.attempts.values_list("outcome", flat=True))


def test_a_safe_call_that_ended_in_an_internal_error_is_sent_again_without_a_rest(enqueue, feishu, clock):
    feishu.says.append(internal_error(5000))
    call = enqueue(1)
    drain()
    assert Call.objects.may_have_landed().get() == call
    clock.advance(2)
    drain()
    call.refresh_from_db()
    assert (call.state, outcomes(call)) == ("succeeded", ["unknown", "success"])


def test_the_catch_all_with_http_500_waits_for_a_person_after_five_tries_too(enqueue, feishu, clock):
    feishu.says.extend(internal_error() for _ in range(9))
    call = enqueue(1)
    for _ in range(9):
        drain()
        clock.advance(61)
    call.refresh_from_db()
    assert (call.state, call.reason, call.tries) == ("waiting", "system_error", 5)
    assert Call.objects.may_have_landed().exists()


@pytest.mark.parametrize("code", [1002001, 5000, 2200, 424242])
def test_an_unsafe_call_that_ended_in_an_internal_error_is_never_repeated_by_itself(
    enqueue, feishu, clock, code
):
    feishu.says.append(internal_error(code))
    call = enqueue(1, operation="test.unsafe")
    for _ in range(3):
        drain()
        clock.advance(3600)
    call.refresh_from_db()
    assert (call.state, call.reason, len(feishu.sent)) == ("waiting", "unknown_unsafe", 1)
    assert Call.objects.may_have_landed().get() == call


def nested(levels):
    value: dict[str, object] = {}
    for _ in range(levels):
        value = {"deeper": value}
    return value


@pytest.mark.parametrize(
    "word",
    [
        {"x": float("nan")},
        {"x": float("inf")},
        nested(5000),
        {"x": object()},
        refused(10**30),
        RecursionError("in the app"),
    ],
    ids=["NaN", "Infinity", "deep", "no JSON", "a code beyond every column", "a mistake"],
)
@pytest.mark.parametrize("operation", ["test.safe", "test.unsafe"])
def test_nothing_that_an_answer_contains_leaves_a_try_open_or_has_it_sent_again(
    enqueue, feishu, clock, operation, word
):
    feishu.says.append(word)
    call = enqueue(1, operation=operation)
    enqueue(2, target="b")
    for _ in range(3):
        drain()
        clock.advance(3600)
    call.refresh_from_db()
    assert (len(feishu.sent), call.tries) == (2, 1)
    assert call.state == ("refused" if call.reason == "refused" else "waiting")
    assert not Attempt.objects.filter(finished_at=None).exists()


def test_what_the_database_says_of_a_mistake_is_not_logged(enqueue, registered, caplog):
    def on_answer(call, answer):
        raise ValueError("DETAIL: Key (mobile)=(13812345678)")

    registered("test.safe", on_answer=on_answer)
    enqueue(1)
    drain()
    assert "ValueError at test_answers.py" in caplog.text
    assert "13812345678" not in caplog.text


@pytest.mark.django_db(transaction=True)
def test_an_answer_that_waits_for_the_database_may_wait_for_long(
    enqueue, feishu, registered, clock, monkeypatch
):
    away = [True]

    def on_answer(call, answer):
        if away:
            raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr("hireops.outbox.recording.WAITS_FOR_THE_DATABASE_S", (0.0,))
    registered("test.safe", on_answer=on_answer)
    call = enqueue(1)
    for _ in range(8):
        drain()
        clock.advance(61)
    away.clear()
    drain()
    call.refresh_from_db()
    assert (call.state, len(feishu.sent)) == ("succeeded", 1)


def test_a_mistake_of_our_own_waits_for_a_person_and_tells_nothing_secret(enqueue, feishu, caplog):
    feishu.says.append(KeyError("a password"))
    call = enqueue(1)
    drain()
    call.refresh_from_db()
    assert (call.state, call.reason, call.error_message) == ("waiting", "failed_here", "KeyError")
    assert "KeyError at conftest.py" in caplog.text
    assert "a password" not in caplog.text
    assert "KeyError" in explain(call)
    assert outcomes(call) == ["failed"]


def test_an_answer_that_can_not_be_applied_is_kept_and_applied_later_without_sending(
    enqueue, feishu, registered, clock
):
    mended: list[bool] = []

    def on_answer(call, answer):
        Group.objects.create(name=f"applied {answer.data['amount']!r} {answer.log_id} {answer.http_status}")
        if not mended:
            raise ValueError("no such account")

    registered("test.unsafe", safe_to_repeat=False, on_answer=on_answer)
    feishu.says.append({"amount": Decimal("0.30")})
    call = enqueue(1, operation="test.unsafe")
    drain()
    call.refresh_from_db()
    assert (call.state, call.reason, call.answer, call.log_id) == (
        "pending",
        "unapplied",
        {"amount": "0.30"},
        "log-1",
    )
    assert "ValueError" in explain(call)
    assert not Group.objects.filter(name__startswith="applied").exists()
    mended.append(True)
    clock.advance(61)
    drain()
    call.refresh_from_db()
    assert call.state == "succeeded"
    assert outcomes(call) == ["unapplied", "success"]
    assert Group.objects.filter(name="applied '0.30' log-1 200").count() == 1
    assert len(feishu.sent) == 1


def test_an_answer_that_can_never_be_applied_waits_for_a_person(enqueue, feishu, registered, clock):
    def on_answer(call, answer):
        raise ValueError("no such account")

    registered("test.safe", on_answer=on_answer)
    call = enqueue(1)
    for _ in range(8):
        drain()
        clock.advance(61)
    call.refresh_from_db()
    assert (call.state, call.reason, call.tries, call.answer) == ("waiting", "unapplied_still", 5, {})
    assert len(feishu.sent) == 1


def test_a_refusal_that_can_not_be_noted_waits_for_a_person(enqueue, feishu, registered):
    def on_refusal(call, error):
        raise ValueError("no such account")

    registered("test.safe", on_refusal=on_refusal)
    feishu.says.append(refused())
    call = enqueue(1)
    drain()
    call.refresh_from_db()
    assert (call.state, call.reason, call.error_code) == ("waiting", "refusal_unapplied", 1002002)


def test_an_answer_that_no_database_can_store_as_it_is_is_stored_all_the_same(enqueue, feishu):
    feishu.says.append({"name": "a\0b\ud800", "list": ["\0"]})
    call = enqueue(1)
    drain()
    call.refresh_from_db()
    assert (call.state, call.answer) == ("succeeded", {"name": "a\ufffdb?", "list": ["\ufffd"]})


@pytest.mark.django_db(transaction=True)
def test_the_word_of_feishu_survives_a_moment_without_the_database(enqueue, feishu, registered, clock):
    def on_answer(call, answer):
        if answer.duration_ms:
            raise OperationalError("server closed the connection unexpectedly")

    registered("test.unsafe", safe_to_repeat=False, on_answer=on_answer)
    call = enqueue(1, operation="test.unsafe")
    drain()
    clock.advance(61)
    drain()
    call.refresh_from_db()
    assert (call.state, call.log_id, len(feishu.sent)) == ("succeeded", "log-1", 1)
