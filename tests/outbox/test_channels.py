"""A tenant or an operation that fails, or is limited, slows down nobody but itself."""

from datetime import timedelta

import pytest

from hireops.desk import invariants
from hireops.feishu.endpoints import ENDPOINTS
from hireops.feishu.models import Tenant
from hireops.feishu.quotas import QuotaUsedUpError
from hireops.outbox import sending, timing
from hireops.outbox.models import Call, Channel
from hireops.outbox.reasons import explain, explain_delay
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


def tenant(key, **values):
    known = Tenant.objects.known(app_id="cli_1", tenant_key=key)
    Tenant.objects.filter(pk=known.pk).update(**values)
    known.refresh_from_db()
    return known


def closed_for(clock, **channel):
    return round((Channel.objects.get(**channel).open_from - clock.now()).total_seconds(), 1)


def rate_limited(wait_s):
    return QuotaUsedUpError(ENDPOINTS["eco_account_custom_field.create"], wait_s)


def test_channels_with_something_due_are_served_in_turn(enqueue, feishu, clock):
    for number in range(3):
        enqueue(number, target=f"a{number}", tenant=tenant("big"))
    enqueue(10, tenant=tenant("small"))
    enqueue(20, operation="test.other", tenant=tenant("big"))
    clock.advance(1)  # a channel counts as served when it is made, by the millisecond
    drain()
    assert sorted(feishu.sent_numbers[:3]) == [0, 10, 20]
    assert feishu.sent_numbers[3:] == [1, 2]


@pytest.mark.parametrize(
    ("error", "shut_s"), [(not_sent(), 1), (unknown(), 1), (busy(), 1), (busy(17), 17), (system_error(), 0)]
)
def test_a_failure_closes_the_channel_and_no_other(enqueue, feishu, clock, error, shut_s):
    feishu.says.append(error)
    enqueue(1, tenant=tenant("broken"))
    enqueue(2, target="b", tenant=tenant("broken"))
    enqueue(3, tenant=tenant("well"))
    enqueue(4, target="c", operation="test.other", tenant=tenant("broken"))
    drain()
    if shut_s:
        assert sorted(feishu.sent_numbers) == [1, 3, 4]
        assert closed_for(clock, operation="test.safe", tenant__tenant_key="broken") == pytest.approx(
            shut_s, abs=0.5
        )
        assert explain_delay(Call.objects.get(payload__number=2)) != ""
        clock.advance(shut_s)
        drain()
    assert 2 in feishu.sent_numbers


def test_a_channel_that_keeps_failing_is_closed_for_longer_each_time_and_tried_by_one(enqueue, feishu, clock):
    feishu.says.extend(not_sent() for _ in range(8))
    for number in range(20):
        enqueue(number, target=str(number))
    waits = []
    for tried in range(1, 9):
        drain()
        assert len(feishu.sent) == tried
        waits.append(closed_for(clock))
        clock.advance(waits[-1] + 0.1)
    assert waits == pytest.approx([1, 2, 4, 8, 16, 32, 60, 60], abs=0.5)
    drain()
    clock.advance(61)
    drain()
    assert Call.objects.filter(state="succeeded").count() == 20
    assert Channel.objects.get().failures == 0


def test_while_one_call_tries_a_failing_channel_no_other_leaves(enqueue, feishu, clock):
    feishu.says.append(not_sent())
    for number in range(3):
        enqueue(number, target=str(number))
    drain()
    clock.advance(1)
    probe = claim()
    assert sending.claim() is None
    record(probe, send(probe))
    assert sending.claim() is not None


def test_a_try_whose_worker_is_lost_keeps_a_failing_channel_closed_no_longer_than_its_lease(
    enqueue, feishu, clock
):
    feishu.says.append(not_sent())
    enqueue(1)
    enqueue(2, target="b")
    drain()
    clock.advance(1)
    claim()
    clock.advance(timing.LEASE_S - 1)
    assert sending.claim() is None
    clock.advance(2)
    drain()
    assert sorted(feishu.sent_numbers) == [1, 1, 2]


def test_calls_that_were_under_way_together_count_as_one_failure(enqueue, feishu, clock):
    feishu.says.extend(not_sent() for _ in range(4))
    for number in range(4):
        enqueue(number, target=str(number))
    for taken in [claim() for _ in range(4)]:
        record(taken, send(taken))
    assert Channel.objects.get().failures == 1
    assert closed_for(clock) <= 1


def test_a_refusal_says_that_the_channel_works(enqueue, feishu, clock):
    feishu.says.extend([not_sent(), refused()])
    enqueue(1)
    enqueue(2, target="b")
    drain()
    assert Channel.objects.get().failures == 1
    clock.advance(1)
    drain()
    assert Channel.objects.get().failures == 0


def test_a_call_that_our_own_quota_holds_back_has_not_been_tried(enqueue, feishu, clock):
    feishu.says.extend(rate_limited(40) for _ in range(3))
    call, other = enqueue(1), enqueue(2, target="b")
    for _ in range(3):
        drain()
        clock.advance(20)
    call.refresh_from_db()
    assert (call.state, call.reason, call.tries, call.attempts.count()) == ("pending", "held_back", 0, 0)
    assert (len(feishu.sent), other.attempts.count()) == (2, 0)
    assert "quota" in explain(call) or "配额" in explain(call) or explain(call)
    feishu.says.clear()
    clock.advance(40)
    drain()
    call.refresh_from_db()
    assert (call.state, call.tries) == ("succeeded", 1)
    assert Channel.objects.get().failures == 0


def test_after_our_own_quota_several_may_leave_at_once(enqueue, feishu, clock):
    feishu.says.append(rate_limited(10))
    for number in range(3):
        enqueue(number, target=str(number))
    drain()
    clock.advance(8.5)
    assert sending.claim() is None
    clock.advance(1)
    assert {claim().call.payload["number"] for _ in range(3)} == {0, 1, 2}


def test_nothing_goes_to_a_suspended_tenant_until_it_is_active_again(enqueue, feishu, clock):
    customer = tenant("c", state=Tenant.State.SUSPENDED)
    call = enqueue(1, tenant=customer)
    clock.advance(3600)
    drain()
    assert (feishu.sent, call.attempts.count()) == ([], 0)
    assert explain_delay(Call.objects.select_related("tenant").get()) != ""
    tenant("c", state=Tenant.State.ACTIVE)
    drain()
    assert feishu.sent == [("c", {"number": 1})]


def test_calls_to_a_tenant_that_is_gone_end_refused_and_the_app_is_told(enqueue, feishu, registered):
    told = []
    registered("test.safe", on_refusal=lambda call, error: told.append(call.payload["number"]))
    for number in range(3):
        enqueue(number, target=str(number), tenant=tenant("c", state=Tenant.State.GONE))
    drain()
    assert (feishu.sent, sorted(told)) == ([], [0, 1, 2])
    assert set(Call.objects.values_list("state", "reason")) == {("refused", "tenant_gone")}
    assert all(explain(call) for call in Call.objects.all())


def test_a_call_of_unknown_outcome_to_a_tenant_that_is_gone_waits_for_a_person(
    enqueue, feishu, registered, clock
):
    registered("test.unsafe", safe_to_repeat=False, resolve=lambda call: pytest.fail("asked"))
    feishu.says.append(unknown())
    enqueue(1, operation="test.unsafe", tenant=tenant("c"))
    drain()
    tenant("c", state=Tenant.State.GONE)
    clock.advance(timing.QUIET_S + 1)
    drain()
    assert Call.objects.values_list("state", "reason").get() == ("waiting", "unknown_unsafe")


def test_a_long_queue_is_worked_off_although_the_invariant_knows_no_five_minutes(enqueue, feishu, clock):
    enqueue(1)
    enqueue(2, target="b")
    clock.advance(timedelta(minutes=6).total_seconds())
    taken = claim()
    assert list(invariants.broken()) == []
    record(taken, send(taken))
