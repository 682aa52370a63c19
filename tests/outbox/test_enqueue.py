"""A call is owed together with the change that causes it, or not at all."""

import pytest
from django.db import IntegrityError, transaction

from hireops.feishu.models import Tenant
from hireops.outbox import sending, services, timing
from hireops.outbox.models import Attempt, Call
from hireops.outbox.recording import record
from hireops.outbox.registry import UnknownOperationError, get, register
from hireops.outbox.sending import send
from hireops.outbox.tasks import drain
from tests.outbox.conftest import claim, not_sent, unknown
from tests.selection import also_on_sqlite

pytestmark = [also_on_sqlite, pytest.mark.django_db]


def test_a_call_holds_what_was_asked_by_whom_and_is_due_at_once(enqueue, vera, clock):
    tenant = Tenant.objects.known(app_id="cli_1", tenant_key="t1")
    call = enqueue(7, tenant=tenant, target="scope 1", by=vera)
    call.refresh_from_db()
    assert (call.operation, call.target, call.tenant, call.payload, call.created_by) == (
        "test.safe",
        "scope 1",
        tenant,
        {"number": 7},
        vera,
    )
    assert (call.state, call.tries, call.finished_at, call.answer) == ("pending", 0, None, None)
    assert call.not_before <= clock.now()


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_nothing_can_be_enqueued(registered):
    with pytest.raises(RuntimeError, match="transaction"):
        services.enqueue(operation="test.safe", target="a", payload={}, tenant=None, by=None)
    assert not Call.objects.exists()


def test_a_call_is_gone_with_the_transaction_that_owed_it(registered, feishu):
    with transaction.atomic():
        services.enqueue(operation="test.safe", target="a", payload={"number": 1}, tenant=None, by=None)
        transaction.set_rollback(True)
    drain()
    assert not Call.objects.exists()
    assert feishu.sent == []


def test_an_operation_nobody_registered_is_refused(registered):
    with pytest.raises(UnknownOperationError, match=r"test\.none"), transaction.atomic():
        services.enqueue(operation="test.none", target="a", payload={}, tenant=None, by=None)
    assert not Call.objects.exists()


def test_an_operation_is_registered_once(registered):
    with pytest.raises(ValueError, match="registered already"):
        register(get("test.safe"))


def test_a_newer_full_replace_takes_the_place_of_what_was_never_sent(enqueue, feishu, states):
    enqueue(1)
    old = enqueue(2)
    new = enqueue(3, supersede=True)
    assert states() == {1: "superseded", 2: "superseded", 3: "pending"}
    old.refresh_from_db()
    assert (old.superseded_by, old.finished_at) == (new, new.created_at)
    drain()
    assert feishu.sent_numbers == [3]


def test_other_operations_targets_and_tenants_are_not_replaced(enqueue, feishu, states):
    tenant = Tenant.objects.known(app_id="cli_1", tenant_key="t1")
    enqueue(1, operation="test.unsafe")
    enqueue(2, target="b")
    enqueue(3, tenant=tenant)
    enqueue(4, supersede=True)
    drain()
    assert states() == {1: "succeeded", 2: "succeeded", 3: "succeeded", 4: "succeeded"}
    assert feishu.sent == [
        ("", {"number": 1}),
        ("", {"number": 2}),
        ("t1", {"number": 3}),
        ("", {"number": 4}),
    ]


def test_one_that_surely_did_not_leave_is_replaced_at_once(enqueue, feishu, clock, states):
    feishu.says.append(not_sent())
    enqueue(1)
    drain()
    enqueue(2, supersede=True)
    assert states() == {1: "superseded", 2: "pending"}
    clock.advance(1)  # their channel is closed for a second after the failure
    drain()
    assert feishu.sent_numbers == [1, 2]


def test_one_of_unknown_outcome_is_not_repeated_and_the_newer_waits_for_its_rest(
    enqueue, feishu, clock, states
):
    feishu.says.append(unknown())
    enqueue(1)
    drain()
    enqueue(2, supersede=True)
    clock.advance(29)
    drain()
    assert feishu.sent_numbers == [1]
    assert states() == {1: "superseded", 2: "pending"}
    clock.advance(2)
    drain()
    assert feishu.sent_numbers == [1, 2]
    assert states() == {1: "superseded", 2: "succeeded"}


@pytest.mark.parametrize(
    ("word", "old_state", "wait_s"),
    [({}, "succeeded", 0), (not_sent(), "superseded", 1), (unknown(), "superseded", 31)],
)
def test_one_that_is_on_its_way_ends_before_the_newer_leaves(
    enqueue, feishu, clock, states, *, word, old_state, wait_s
):
    feishu.says.append(word)
    enqueue(1)
    first = claim()
    new = enqueue(2, supersede=True)
    assert states() == {1: "pending", 2: "pending"}
    assert sending.claim() is None
    record(first, send(first))
    assert states() == {1: old_state, 2: "pending"}
    assert Call.objects.get(pk=first.call.pk).superseded_by == (new if old_state == "superseded" else None)
    if wait_s:
        drain()
        assert feishu.sent_numbers == [1]
    clock.advance(wait_s)
    drain()
    assert feishu.sent_numbers == [1, 2]


def test_one_whose_worker_died_is_replaced_when_its_lease_is_over(enqueue, feishu, clock, states):
    enqueue(1)
    claim()
    enqueue(2, supersede=True)
    clock.advance(59)
    drain()
    assert feishu.sent == []
    clock.advance(2)
    drain()
    assert feishu.sent_numbers == [2]
    assert states() == {1: "superseded", 2: "succeeded"}
    assert Attempt.objects.get(call__superseded_by__isnull=False).outcome == "lost"


@pytest.mark.parametrize("tries", [1, timing.APPLY_TRIES], ids=["to be applied again", "for a person"])
def test_one_that_feishu_has_done_is_not_replaced_and_its_answer_is_applied(
    enqueue, feishu, registered, clock, *, tries
):
    applied: list[int] = []
    mended: list[bool] = []

    def on_answer(call, answer):
        if call.payload["number"] == 1 and not mended:
            raise ValueError("not yet")
        applied.append(call.payload["number"])

    registered("test.applied", on_answer=on_answer)
    old = enqueue(1, operation="test.applied")
    for _ in range(tries):
        drain()
        clock.advance(61)
    enqueue(2, operation="test.applied", supersede=True)
    old.refresh_from_db()
    assert (old.state, old.superseded_by) == ("pending" if tries == 1 else "waiting", None)
    mended.append(True)
    if old.state == "waiting":
        services.resend_call(old, by=None, reason="it is mended")
    drain()
    old.refresh_from_db()
    assert (old.state, applied, feishu.sent_numbers) == ("succeeded", [1, 2], [1, 2])


def test_one_that_waits_for_a_person_needs_none_any_more(enqueue, feishu, clock, states):
    feishu.says.append(unknown())
    enqueue(1, operation="test.unsafe")
    drain()
    assert states() == {1: "waiting"}
    enqueue(2, operation="test.unsafe", supersede=True)
    drain()
    assert states() == {1: "superseded", 2: "pending"}
    clock.advance(31)
    drain()
    assert feishu.sent_numbers == [1, 2]


@pytest.mark.parametrize(
    ("times", "before", "after"), [(1, "pending", "succeeded"), (5, "waiting", "waiting")]
)
def test_one_that_feishu_has_done_is_not_replaced_while_its_answer_is_not_applied(
    registered, enqueue, feishu, clock, states, *, times, before, after
):
    mistakes = [RuntimeError("in the app")] * times

    def apply(call, answer):
        if mistakes:
            raise mistakes.pop()

    registered("test.applied", on_answer=apply)
    done = enqueue(1, operation="test.applied")
    for _ in range(times):
        drain()
        clock.advance(61)
    enqueue(2, operation="test.applied", supersede=True)
    assert states() == {1: before, 2: "pending"}
    drain()
    assert states() == {1: after, 2: "succeeded"}
    assert feishu.sent_numbers == [1, 2]
    done.refresh_from_db()
    assert (done.answer, done.superseded_by) == ({}, None)


@pytest.mark.parametrize(
    "fields",
    [
        {"state": "lost"},
        {"state": "succeeded"},
        {"state": "refused"},
        {"finished_at": "2026-01-01T00:00:00Z"},
        {"state": "succeeded", "finished_at": "2026-01-01T00:00:00Z"},
        {"tries": -1},
        {"lease_key": "6f3c0d9e-6a52-4f0e-9a51-0c7e6f1b2a3d"},
    ],
)
def test_the_database_itself_refuses_an_impossible_call(enqueue, fields):
    enqueue(1)
    with pytest.raises(IntegrityError):
        Call.objects.update(**fields)


def test_the_database_itself_lets_only_one_call_of_a_lane_be_on_its_way(enqueue):
    enqueue(1)
    enqueue(2)
    first = claim()
    with pytest.raises(IntegrityError):
        Call.objects.exclude(pk=first.call.pk).update(
            lease_key="6f3c0d9e-6a52-4f0e-9a51-0c7e6f1b2a3d", lease_until=first.call.lease_until
        )
