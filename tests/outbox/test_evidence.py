"""What attempts keep of requests and answers, and what is left of them after a long time."""

import json

import pytest
from django.db import IntegrityError, transaction

from hireops.desk import invariants
from hireops.desk.errors import Refused
from hireops.outbox import services, trimming
from hireops.outbox.evidence import LONGEST_CHARS
from hireops.outbox.models import Attempt, Call
from hireops.outbox.tasks import drain, trim
from tests.outbox.conftest import busy, refused, unknown

pytestmark = pytest.mark.django_db

DAY_S = 24 * 3600


def test_an_attempt_keeps_what_was_sent_and_answered_without_secrets_and_personal_data(enqueue, feishu):
    feishu.says.append({"account_token": "canary-answer", "id": "7"})
    call = enqueue(payload={"password": "canary-secret", "mobile": "13812345678", "exam_id": "e-1"})
    drain()
    attempt = call.attempts.get()
    assert attempt.request == {"password": "***", "mobile": "138****5678", "exam_id": "e-1"}
    assert attempt.response == {"account_token": "***", "id": "7"}


def test_an_error_keeps_the_content_of_its_answer_where_feishu_gave_one(enqueue, feishu):
    error = refused()
    error.content = {"code": 1002002, "msg": "no", "error": {"field_violations": [{"field": "token"}]}}
    feishu.says.append(error)
    call = enqueue(1)
    drain()
    assert call.attempts.get().response["error"] == {"field_violations": [{"field": "token"}]}


def test_of_a_long_request_the_beginning_is_kept(enqueue, feishu):
    call = enqueue(payload={"msg": "长" * 30_000, "password": "canary"})
    drain()
    kept = call.attempts.get().request
    assert len(kept["beginning"]) == LONGEST_CHARS
    assert kept["characters"] > 30_000
    assert "canary" not in json.dumps(kept)


def test_content_that_no_database_can_store_is_kept_all_the_same(enqueue, feishu):
    feishu.says.append({"msg": "a\0b\ud800"})
    call = enqueue(1)
    drain()
    assert call.attempts.get().response == {"msg": "a\N{REPLACEMENT CHARACTER}b?"}


@pytest.fixture
def old_calls(enqueue, feishu, clock, settings):
    """One that succeeded, one that was refused, one that waits, one that is still to be sent; all old."""
    settings.OUTBOX_KEEP_DAYS = 30
    feishu.says.extend([{"id": "7"}, refused(), unknown(), busy(3600)])
    for number, operation in enumerate(["test.safe", "test.safe", "test.unsafe", "test.other"]):
        enqueue(number, target=str(number), operation=operation)
        drain()
    clock.advance(30 * DAY_S + 3600)
    return {call.payload["number"]: call for call in Call.objects.all()}


def test_the_content_of_calls_that_ended_long_ago_is_removed_and_the_rows_stay(
    old_calls, enqueue, feishu, clock
):
    recent = enqueue(9, target="9", operation="test.safe")
    drain()
    attempts = Attempt.objects.count()
    trim()
    for number in (0, 1):
        call = Call.objects.get(pk=old_calls[number].pk)
        attempt = call.attempts.get()
        assert (call.payload, call.trimmed_at is None) == ({}, False)
        assert (attempt.request, attempt.response, attempt.log_id != "") == (None, None, True)
    assert Call.objects.get(pk=old_calls[0].pk).answer == {}
    assert Call.objects.get(pk=old_calls[1].pk).answer is None
    recent.refresh_from_db()
    assert recent.payload == {"number": 9}
    assert Attempt.objects.count() == attempts
    assert [each for each in invariants.broken() if "outbox" in each[0]] == []


def test_open_calls_keep_their_content_however_old_they_are(old_calls, clock):
    clock.advance(400 * DAY_S)
    trim()
    for number in (2, 3):
        call = Call.objects.get(pk=old_calls[number].pk)
        assert (call.payload, call.trimmed_at) == ({"number": number}, None)
        assert call.attempts.get().request is not None


def test_trimming_goes_piece_by_piece_and_finds_nothing_the_second_time(old_calls, monkeypatch):
    monkeypatch.setattr(trimming, "PIECE", 1)
    assert trimming.trim() == 2
    assert trimming.trim() == 0


def test_a_call_without_its_content_is_not_sent_again(old_calls, vera):
    trim()
    with pytest.raises(Refused):
        services.resend_call(old_calls[1], by=vera, reason="please")
    assert Call.objects.get(pk=old_calls[1].pk).state == "refused"


@pytest.mark.parametrize(
    "changes",
    [
        {"payload": {"number": 2}},
        {"payload": {}},
        {"operation": "test.other"},
        {"target": "b"},
        {"lane": "/b"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_the_database_keeps_what_is_sent_as_it_is(enqueue, changes):
    call = enqueue(1)
    with pytest.raises(IntegrityError), transaction.atomic():
        Call.objects.filter(pk=call.pk).update(**changes)
    assert Call.objects.get().payload == {"number": 1}


@pytest.mark.parametrize(
    "changes", [{"outcome": "refused"}, {"log_id": "x"}, {"finished_at": None, "outcome": ""}]
)
def test_the_database_lets_an_attempt_end_once(enqueue, changes):
    call = enqueue(1)
    drain()
    before = call.attempts.values().get()
    with pytest.raises(IntegrityError), transaction.atomic():
        call.attempts.update(**changes)
    with pytest.raises(IntegrityError), transaction.atomic():
        call.attempts.all().delete()
    assert call.attempts.values().get() == before
