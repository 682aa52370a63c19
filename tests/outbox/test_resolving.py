"""What hireops finds out by itself about unsafe calls without an answer, and what a person then decides."""

import pytest

from hireops.desk import invariants
from hireops.desk.errors import Refused
from hireops.desk.models import AuditEntry
from hireops.feishu.client import Answer
from hireops.outbox import services, timing
from hireops.outbox.models import Attempt, Call
from hireops.outbox.reasons import explain
from hireops.outbox.registry import Found, Resolution
from hireops.outbox.tasks import drain
from tests.outbox.conftest import claim, internal_error, not_sent, refused, unknown

pytestmark = pytest.mark.django_db

DONE, NOT_DONE = Resolution(found=Found.DONE), Resolution(found=Found.NOT_DONE)


@pytest.fixture(autouse=True)
def _all_invariants_hold(db):
    yield
    assert list(invariants.broken()) == []


@pytest.fixture
def looked_up(registered):
    """``looked_up(word, ...)``: what finding out gives each time; the list of calls asked for."""

    def looked_up(*words, **options):
        asked, left = [], list(words)

        def resolve(call):
            asked.append(call.payload["number"])
            word = left.pop(0)
            if isinstance(word, Exception):
                raise word
            return word

        registered("test.unsafe", safe_to_repeat=False, resolve=resolve, **options)
        return asked

    return looked_up


@pytest.fixture
def doubtful(enqueue, feishu):
    """A call that was sent and got no clear answer."""

    def doubtful(number=1, **options):
        feishu.says.append(unknown())
        call = enqueue(number, operation="test.unsafe", **options)
        drain()
        return call

    return doubtful


def later(clock, times=1):
    for _ in range(times):
        clock.advance(61)
        drain()


def of(call):
    call.refresh_from_db()
    return call.state, call.reason


def outcomes(call):
    return list(call.attempts.values_list("outcome", "resolving"))


def test_nothing_is_asked_before_the_request_can_not_land_any_more(doubtful, looked_up, clock):
    asked = looked_up(DONE)
    call = doubtful()
    assert of(call) == ("pending", "finding_out")
    clock.advance(timing.QUIET_S - 1)
    drain()
    assert asked == []
    clock.advance(2)
    drain()
    assert asked == [1]


def test_what_was_done_ends_as_done_with_the_answer_that_was_found(doubtful, looked_up, feishu, clock):
    applied = []
    answer = Answer(data={"id": "7"}, log_id="log-found", http_status=200, duration_ms=1)
    looked_up(
        Resolution(found=Found.DONE, answer=answer),
        on_answer=lambda call, answer: applied.append(answer.data),
    )
    call = doubtful()
    later(clock)
    assert of(call) == ("succeeded", "")
    assert (call.answer, call.log_id, applied, len(feishu.sent)) == (
        {"id": "7"},
        "log-found",
        [{"id": "7"}],
        1,
    )
    assert outcomes(call) == [("unknown", False), ("success", True)]


@pytest.mark.parametrize("done", [True, False])
def test_after_done_then_500_it_is_found_out_first(enqueue, looked_up, feishu, clock, done):
    asked = looked_up(DONE if done else NOT_DONE)
    feishu.says.append(internal_error())
    call = enqueue(1, operation="test.unsafe")
    drain()
    assert Call.objects.may_have_landed().get() == call
    later(clock, 2)
    assert of(call)[0] == "succeeded"
    assert (asked, len(feishu.sent)) == ([1], 1 if done else 2)


def test_what_was_not_done_is_sent_again(doubtful, looked_up, feishu, clock):
    looked_up(NOT_DONE)
    call = doubtful()
    later(clock, 2)
    assert of(call)[0] == "succeeded"
    assert feishu.sent_numbers == [1, 1]
    assert outcomes(call) == [("unknown", False), ("not_done", True), ("success", False)]


def test_what_is_not_clear_waits_for_a_person_with_the_reason(doubtful, looked_up, feishu, clock):
    looked_up(Resolution(found=Found.UNCLEAR, why="Feishu does not show this order to hireops."))
    call = doubtful()
    later(clock, 3)
    assert of(call) == ("waiting", "unclear")
    assert "does not show this order" in explain(call)
    assert len(feishu.sent) == 1


def test_finding_out_is_tried_several_times_and_then_left_to_a_person(doubtful, looked_up, feishu, clock):
    asked = looked_up(*[not_sent()] * 9)
    call = doubtful()
    later(clock, 12)
    assert of(call) == ("waiting", "not_found_out")
    assert (len(asked), len(feishu.sent)) == (timing.RESOLVE_TRIES, 1)


def test_a_refusal_while_finding_out_is_left_to_a_person_at_once(doubtful, looked_up, clock):
    looked_up(refused(99991672))
    call = doubtful()
    later(clock)
    assert of(call) == ("waiting", "not_found_out")


def test_a_worker_that_dies_while_sending_or_finding_out_leaves_the_question(
    enqueue, looked_up, feishu, clock
):
    asked = looked_up(DONE)
    call = enqueue(1, operation="test.unsafe")
    claim()
    clock.advance(61)
    assert claim().attempt.resolving
    clock.advance(61)
    drain()
    assert of(call)[0] == "succeeded"
    assert (asked, feishu.sent) == ([1], [])
    assert outcomes(call) == [("lost", False), ("lost", True), ("success", True)]


def test_calls_that_never_get_an_answer_are_not_asked_about_for_ever(enqueue, looked_up, feishu, clock):
    looked_up(*[NOT_DONE] * 20)
    feishu.says.extend(unknown() for _ in range(20))
    call = enqueue(1, operation="test.unsafe")
    drain()
    later(clock, 30)
    assert of(call) == ("waiting", "unknown_unsafe")
    assert len(feishu.sent) == timing.RESOLVE_TRIES + 1


def test_nothing_else_of_the_target_leaves_before_the_question_is_settled(
    doubtful, looked_up, enqueue, feishu, clock
):
    looked_up(not_sent(), DONE)
    doubtful(1)
    enqueue(2, operation="test.unsafe")
    clock.advance(timing.QUIET_S + 1)
    drain()
    assert feishu.sent_numbers == [1]
    later(clock, 2)
    assert feishu.sent_numbers == [1, 2]


@pytest.fixture
def waiting(doubtful, registered):
    def waiting(**options):
        registered("test.unsafe", safe_to_repeat=False, **options)
        return doubtful()

    return waiting


def test_a_person_who_has_looked_marks_it_as_done(waiting, vera, feishu, clock):
    applied = []
    call = waiting(on_answer=lambda call, answer: applied.append(answer.data))
    services.mark_as_done(call, by=vera, reason="it is in Feishu")
    later(clock)
    assert of(call) == ("succeeded", "done_by_hand")
    assert (applied, len(feishu.sent), call.finished_at is None) == ([{}], 1, False)
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action, entry.reason) == (vera, "call marked as done", "it is in Feishu")


def test_what_needs_the_answer_that_was_lost_can_not_be_marked_as_done(waiting, vera):
    call = waiting(on_answer=lambda call, answer: answer.data["id"])
    with pytest.raises(Refused):
        services.mark_as_done(call, by=vera, reason="it is in Feishu")
    assert of(call)[0] == "waiting"
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("state", ["pending", "succeeded", "refused", "canceled"])
def test_only_what_waits_can_be_marked_as_done(enqueue, vera, state):
    call = enqueue(1, operation="test.unsafe")
    final = {} if state == "pending" else {"finished_at": call.created_at, "answer": {}}
    Call.objects.update(state=state, **final)
    with pytest.raises(Refused):
        services.mark_as_done(Call.objects.get(), by=vera, reason="please")
    assert not AuditEntry.objects.exists()
    Attempt.objects.create(
        call=call, started_at=call.created_at, finished_at=call.created_at, outcome="success"
    )
    Call.objects.update(state="succeeded", finished_at=call.created_at, answer={}, tries=1)


def test_a_safe_call_is_sent_again_and_not_marked_as_done(enqueue, feishu, vera, clock):
    call = enqueue(1)
    Call.objects.update(state="waiting", reason="gave_up")
    with pytest.raises(Refused):
        services.mark_as_done(Call.objects.get(), by=vera, reason="please")
    assert of(call)[0] == "waiting"


def test_sending_again_by_hand_does_not_ask_first(doubtful, looked_up, vera, feishu, clock):
    asked = looked_up(Resolution(found=Found.UNCLEAR))
    call = doubtful()
    later(clock)
    services.resend_call(call, by=vera, reason="not done, looked it up")
    later(clock)
    assert of(call)[0] == "succeeded"
    assert (len(asked), feishu.sent_numbers) == (1, [1, 1])
