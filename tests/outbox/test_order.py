"""One at a time and in order for each target; targets do not wait for each other."""

from time import sleep

import pytest

from hireops.feishu.models import Tenant
from hireops.jobs.tasks import work
from hireops.outbox import recording, sending, tasks, timing
from hireops.outbox.tasks import drain
from tests.outbox.conftest import claim, refused, system_error, unknown
from tests.selection import also_on_sqlite

pytestmark = [also_on_sqlite, pytest.mark.django_db]


def test_calls_of_one_target_leave_in_the_order_in_which_they_were_enqueued(enqueue, feishu):
    for number in range(5):
        enqueue(number, operation="test.unsafe" if number % 2 else "test.safe")
    drain()
    assert feishu.sent_numbers == [0, 1, 2, 3, 4]


def test_a_call_waits_for_the_earlier_one_and_other_targets_do_not(enqueue, feishu, clock):
    feishu.says.append(system_error())
    enqueue(1)
    enqueue(2)
    enqueue(3, target="b")
    enqueue(4, tenant=Tenant.objects.known(app_id="cli_1", tenant_key="t1"))
    drain()
    assert sorted(feishu.sent_numbers[:3]) == [1, 3, 4]
    clock.advance(2)
    drain()
    assert feishu.sent_numbers[-2:] == [1, 2]


def test_while_a_call_is_on_its_way_no_other_of_its_target_can_be_claimed(enqueue):
    first, second = enqueue(1), enqueue(2, target="b")
    enqueue(3)
    assert {claim().call, claim().call} == {first, second}
    assert sending.claim() is None


@pytest.mark.parametrize("operation", ["test.safe", "test.unsafe"])
def test_after_an_unknown_outcome_the_target_rests_and_others_do_not(enqueue, feishu, clock, operation):
    feishu.says.append(unknown())
    enqueue(1, operation=operation)
    enqueue(2)
    enqueue(3, target="b", operation="test.other")
    drain()
    assert feishu.sent_numbers == [1, 3]
    clock.advance(29)
    drain()
    assert feishu.sent_numbers == [1, 3]
    clock.advance(2)
    drain()
    assert feishu.sent_numbers == ([1, 3, 1, 2] if operation == "test.safe" else [1, 3, 2])


@pytest.fixture
def tried_for_ever(registered):
    retry = timing.RetryPolicy(give_up_after=None)
    registered("test.for_ever", retry=retry, definite_refusals=frozenset())


@pytest.mark.usefixtures("tried_for_ever")
def test_what_is_tried_for_ever_holds_nothing_up_while_it_pauses_and_goes_first_after_that(
    enqueue, feishu, clock
):
    feishu.says.append(refused())
    enqueue(1, operation="test.for_ever")
    enqueue(2)
    drain()
    assert feishu.sent_numbers == [1, 2]
    clock.advance(61)
    enqueue(3)
    drain()
    assert feishu.sent_numbers == [1, 2, 1, 3]


@pytest.mark.usefixtures("tried_for_ever")
def test_nothing_passes_it_before_its_first_try_on_its_way_or_while_it_may_still_land(enqueue, feishu, clock):
    feishu.says.append(unknown())
    enqueue(1)
    enqueue(2, operation="test.for_ever")
    enqueue(3)
    first = claim()
    assert sending.claim() is None
    recording.record(first, sending.send(first))
    clock.advance(31)
    while (tried := claim()).call.payload["number"] != 2:  # the first is repeated before
        recording.record(tried, sending.send(tried))
    assert sending.claim() is None
    feishu.says.append(unknown())
    recording.record(tried, sending.send(tried))
    clock.advance(29)
    assert sending.claim() is None
    clock.advance(2)
    drain()
    assert feishu.sent_numbers == [1, 1, 2, 2, 3]


def test_a_refused_call_lets_the_next_one_go(enqueue, feishu, states):
    feishu.says.append(refused())
    enqueue(1)
    enqueue(2)
    drain()
    assert states() == {1: "refused", 2: "succeeded"}


def test_a_drain_that_has_worked_long_enough_rings_for_the_rest(enqueue, feishu, monkeypatch, states):
    rung: list[object] = []
    monkeypatch.setattr(tasks, "ring", rung.append)
    monkeypatch.setattr(timing, "DRAIN_FOR_S", 0.1)

    def take_long():
        sleep(0.1)
        return {}

    feishu.says.append(take_long)
    enqueue(1)
    enqueue(2)
    drain()
    assert states() == {1: "succeeded", 2: "pending"}
    assert rung == [drain, work]
