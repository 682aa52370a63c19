"""What staff can do with a call: cancel it, or have it sent again, for a reason that is kept."""

import pytest
from django.core.management import call_command
from django.utils import translation

from hireops.desk.errors import Refused
from hireops.desk.models import AuditEntry
from hireops.outbox import cards, services
from hireops.outbox.models import Call
from hireops.outbox.tasks import drain
from tests.outbox.conftest import claim, not_sent, refused, unknown

pytestmark = pytest.mark.django_db


def the_only_audit_entry():
    entry = AuditEntry.objects.get()
    return entry.actor, entry.action, entry.target_id, entry.reason, entry.details


@pytest.mark.parametrize("word", [None, not_sent()])
def test_what_did_not_leave_can_be_cancelled_and_is_never_sent(enqueue, feishu, vera, clock, word):
    call = enqueue(1)
    if word:
        feishu.says.append(word)
        drain()
    sent = len(feishu.sent)
    services.cancel_call(call, by=vera, reason="typing mistake")
    clock.advance(3600)
    drain()
    call.refresh_from_db()
    assert (call.state, len(feishu.sent)) == ("canceled", sent)
    assert call.finished_at is not None
    assert the_only_audit_entry() == (
        vera,
        "call cancelled",
        str(call.pk),
        "typing mistake",
        {"state": "pending"},
    )


def test_a_call_that_waits_for_a_person_can_be_cancelled(enqueue, feishu, vera):
    feishu.says.append(unknown())
    call = enqueue(1, operation="test.unsafe")
    drain()
    services.cancel_call(call, by=vera, reason="done in Feishu, looked it up")
    call.refresh_from_db()
    assert call.state == "canceled"


@pytest.mark.parametrize("do", [services.cancel_call, services.resend_call])
def test_what_decides_something_in_an_app_is_left_to_that_app(enqueue, feishu, registered, vera, do):
    registered("test.kept", kept_by_app="Decide on the page of the payout.")
    feishu.says.append(unknown() if do is services.cancel_call else refused())
    call = enqueue(1, operation="test.kept", target="kept")
    drain()
    Call.objects.filter(state="pending").update(state="waiting")
    with pytest.raises(Refused, match="page of the payout"):
        do(call, by=vera, reason="I know better")
    do(call, by=None, reason="the app itself")
    call.refresh_from_db()
    assert call.state in {"canceled", "pending"}


def _succeeded(enqueue, feishu, registered):
    call = enqueue(1)
    drain()
    return call


def _on_its_way(enqueue, feishu, registered):
    call = enqueue(1)
    claim()
    return call


def _may_have_landed(enqueue, feishu, registered):
    feishu.says.append(unknown())
    call = enqueue(1)
    drain()
    return call


def _unapplied(enqueue, feishu, registered):
    def on_answer(call, answer):
        raise ValueError

    registered("test.safe", on_answer=on_answer)
    return _succeeded(enqueue, feishu, registered)


def _waits_with_its_answer(enqueue, feishu, registered):
    call = _unapplied(enqueue, feishu, registered)
    Call.objects.update(state="waiting")
    return call


@pytest.mark.parametrize(
    ("situation", "why"),
    [
        (_succeeded, "has ended"),
        (_on_its_way, "on its way"),
        (_may_have_landed, "may have done"),
        (_unapplied, "has done this call already"),
        (_waits_with_its_answer, "has done this call already"),
    ],
)
def test_what_feishu_may_have_done_can_not_be_cancelled(enqueue, feishu, registered, vera, *, situation, why):
    call = situation(enqueue, feishu, registered)
    before = Call.objects.values().get()
    with translation.override("en"), pytest.raises(Refused, match=why):
        services.cancel_call(call, by=vera, reason="too late")
    assert Call.objects.values().get() == before
    assert not AuditEntry.objects.exists()


def test_a_call_is_cancelled_although_feishu_may_have_done_another(enqueue, feishu, vera):
    feishu.says.append(unknown())
    enqueue(1)
    drain()
    call = enqueue(2, target="b")
    services.cancel_call(call, by=vera, reason="typing mistake")
    call.refresh_from_db()
    assert call.state == "canceled"


def test_a_refused_call_is_sent_again_as_it_was(enqueue, feishu, vera):
    feishu.says.append(refused())
    call = enqueue(1)
    drain()
    services.resend_call(call, by=vera, reason="permission was added")
    drain()
    call.refresh_from_db()
    assert (call.state, call.tries, call.error_code) == ("succeeded", 2, None)
    assert feishu.sent == [("", {"number": 1})] * 2
    assert the_only_audit_entry() == (
        vera,
        "call sent again",
        str(call.pk),
        "permission was added",
        {"state": "refused"},
    )


def test_a_call_sent_again_by_hand_has_its_whole_day_again(enqueue, feishu, vera, clock):
    feishu.says.append(refused())
    call = enqueue(1)
    drain()
    clock.advance(48 * 3600)
    services.resend_call(call, by=vera, reason="Monday")
    feishu.says.append(not_sent())
    drain()
    call.refresh_from_db()
    assert call.state == "pending"


def test_sending_again_waits_until_the_earlier_request_can_not_land_any_more(enqueue, feishu, vera, clock):
    feishu.says.append(unknown())
    call = enqueue(1, operation="test.unsafe")
    drain()
    services.resend_call(call, by=vera, reason="not done, looked it up")
    drain()
    assert len(feishu.sent) == 1
    clock.advance(31)
    drain()
    assert len(feishu.sent) == 2


def test_sending_again_an_answered_call_only_applies_its_answer(enqueue, feishu, registered, vera, clock):
    applied: list[object] = []

    def on_answer(call, answer):
        if len(applied) < 5:
            applied.append("tried")
            raise ValueError
        applied.append(answer.data)

    registered("test.safe", on_answer=on_answer)
    feishu.says.append({"id": "19"})
    call = enqueue(1)
    for _ in range(5):
        drain()
        clock.advance(61)
    call.refresh_from_db()
    assert call.state == "waiting"
    services.resend_call(call, by=vera, reason="mended")
    drain()
    call.refresh_from_db()
    assert call.state == "succeeded"
    assert applied[5:] == [{"id": "19"}]
    assert len(feishu.sent) == 1


@pytest.mark.parametrize("newer_word", [None, {}, unknown()])
def test_what_a_newer_one_has_replaced_is_not_sent_again(enqueue, feishu, vera, newer_word):
    feishu.says.append(refused())
    call = enqueue(1)
    drain()
    enqueue(2, supersede=True)
    if newer_word is not None:
        feishu.says.append(newer_word)
        drain()
    with pytest.raises(Refused):
        services.resend_call(call, by=vera, reason="please")
    call.refresh_from_db()
    assert call.state == "refused"
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    "other",
    [
        {"target": "b", "supersede": True},
        {"operation": "test.other", "supersede": True},
        {"supersede": False},
    ],
    ids=["of another target", "of another operation", "that replaces nothing"],
)
def test_a_newer_one_keeps_none_from_being_sent_again_that_it_does_not_replace(enqueue, feishu, vera, other):
    feishu.says.append(refused())
    call = enqueue(1)
    drain()
    enqueue(2, **other)
    services.resend_call(call, by=vera, reason="permission was added")
    drain()
    assert sorted(feishu.sent_numbers) == [1, 1, 2]


def test_a_full_replace_is_not_kept_from_being_sent_again_by_itself_or_an_older_one(
    enqueue, feishu, vera, clock
):
    feishu.says.extend([{}, unknown()])
    enqueue(1, operation="test.unsafe", supersede=True)
    drain()
    call = enqueue(2, operation="test.unsafe", supersede=True)
    drain()
    services.resend_call(call, by=vera, reason="not done, looked it up")
    clock.advance(31)
    drain()
    assert feishu.sent_numbers == [1, 2, 2]


def test_what_a_newer_one_was_to_replace_in_vain_can_be_sent_again(enqueue, feishu, vera):
    feishu.says.extend([refused(), refused()])
    call = enqueue(1)
    drain()
    enqueue(2, supersede=True)
    drain()
    services.resend_call(call, by=vera, reason="the newer one was refused too")
    drain()
    assert feishu.sent_numbers == [1, 2, 1]


@pytest.mark.parametrize("state", ["pending", "succeeded", "superseded", "canceled"])
def test_a_call_in_another_state_is_not_sent_again(enqueue, feishu, vera, state):
    call = enqueue(1)
    fields = {} if state == "pending" else {"finished_at": call.created_at, "answer": {}}
    Call.objects.update(state=state, **fields)
    with pytest.raises(Refused):
        services.resend_call(call, by=vera, reason="please")
    assert Call.objects.get().state == state
    assert not AuditEntry.objects.exists()


def shown(card):
    assert card is not None
    return card.value, card.tone


def test_the_home_page_counts_the_calls_that_wait_for_a_person(enqueue, feishu, vera, eve):
    assert shown(cards.calls_waiting(vera)) == (0, "ok")
    feishu.says.append(unknown())
    enqueue(1, operation="test.unsafe")
    drain()
    assert shown(cards.calls_waiting(vera)) == (1, "warn")
    assert cards.calls_waiting(eve) is None


def test_the_home_page_tells_how_long_the_oldest_call_has_been_waiting(enqueue, vera, eve, clock):
    assert shown(cards.oldest_unsent(vera)) == ("无", "ok")
    enqueue(1)
    assert shown(cards.oldest_unsent(vera)) == ("0 秒前", "ok")
    clock.advance(301)
    assert shown(cards.oldest_unsent(vera)) == ("5 分钟前", "bad")
    assert cards.oldest_unsent(eve) is None


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda call: Call.objects.update(tries=5), "was tried 5 times, but has 1 attempts"),
        (lambda call: call.attempts.create(started_at=call.created_at), "open attempt"),
        (lambda call: Call.objects.update(state="refused"), "is refused, but an attempt succeeded"),
    ],
)
def test_check_invariants_names_a_call_whose_attempts_tell_another_story(
    enqueue, feishu, damage, sentence, capsys
):
    call = enqueue(1)
    drain()
    call_command("check_invariants")
    damage(call)
    with pytest.raises(SystemExit):
        call_command("check_invariants")
    output = capsys.readouterr()
    assert f"call {call.pk}" in output.out + output.err
    assert sentence in output.out + output.err


def test_check_invariants_names_a_call_that_is_done_although_nobody_tried(enqueue, capsys):
    call = enqueue(1)
    Call.objects.update(state="succeeded", answer={}, finished_at=call.created_at)
    with pytest.raises(SystemExit):
        call_command("check_invariants")
    assert f"call {call.pk} succeeded, but 0 attempts say so" in "".join(capsys.readouterr())


def test_check_invariants_names_a_call_that_nobody_has_taken_or_finished_for_long(enqueue, clock, capsys):
    forgotten, taken = enqueue(1), enqueue(2, target="b")
    Call.objects.filter(pk=forgotten.pk).update(not_before=clock.now())
    assert claim().call in {forgotten, taken}
    clock.advance(600)
    with pytest.raises(SystemExit):
        call_command("check_invariants")
    output = "".join(capsys.readouterr())
    assert "no worker took it" in output
    assert "gone for more than five minutes" in output
