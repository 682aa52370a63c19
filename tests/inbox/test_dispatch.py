"""What the worker does with events: each takes effect once, and a bad one harms no other."""

import re
import threading
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, connection, transaction
from django.db.models import F

from hireops.database import clock
from hireops.feishu.callbacks import Unreadable
from hireops.inbox import dispatch, registry, services, tasks
from hireops.inbox.models import Attempt, Batch, Event
from hireops.inbox.registry import EventType
from hireops.inbox.tasks import drain
from tests.deliveries import deliver, envelope
from tests.selection import also_on_sqlite, on_postgresql

pytestmark = [also_on_sqlite, pytest.mark.django_db]


def _claimed():
    batch = dispatch.claim()
    assert batch is not None
    return batch


def _make_due():
    """A minute passes: pauses are over, and batches have timed out."""
    Batch.objects.update(started_at=F("started_at") - timedelta(minutes=1))
    Event.objects.update(not_before=clock.now() - timedelta(minutes=2))


def test_an_event_is_handled_once_and_its_effect_is_committed_with_it(client, handles):
    handles("test.x_v1", lambda event: Group.objects.create(name=event.body["name"]))
    deliver(client, envelope("test.x_v1", {"name": "effect"}))
    drain()
    drain()
    event = Event.objects.get()
    assert (event.state, event.not_before, event.tries) == ("handled", None, 1)
    assert event.handled_at is not None
    assert Group.objects.filter(name="effect").count() == 1
    attempt = event.attempts.get()
    assert attempt.outcome == "handled"
    assert attempt.finished_at
    assert attempt.started_at <= attempt.finished_at


def test_only_a_look_that_found_something_makes_the_next_event_wait(client, handles, monkeypatch):
    handles("test.x_v1", lambda _event: None)
    waited: list[float] = []
    monkeypatch.setattr(tasks, "_coalesce", waited.append)
    drain.push_request(called_directly=False)  # as beat, or a ring, asks a worker for it
    drain.run()
    assert not waited
    deliver(client, envelope("test.x_v1"))
    drain.run()
    assert len(waited) == 1
    drain.pop_request()


def test_an_event_type_nobody_handles_is_kept_as_unhandled(client):
    deliver(client, envelope("test.unknown_v9"))
    drain()
    event = Event.objects.get()
    assert (event.state, event.not_before) == ("unhandled", None)
    assert event.attempts.get().outcome == "unhandled"


def _raise_value_error(event):
    Group.objects.create(name="half done")
    raise ValueError("not a number: 13812345678")


def _raise_database_error(event):
    Group.objects.create(name="half done")
    Group.objects.create(name="half done")


@pytest.mark.parametrize(
    ("handler", "reason"),
    [
        (_raise_value_error, r"ValueError at test_dispatch.py:\d+"),
        (_raise_database_error, r"IntegrityError at \w+.py:\d+"),
    ],
)
def test_a_handler_that_raises_leaves_a_reason_without_values_and_the_others_go_on(
    client, handles, caplog, handler, reason
):
    handles("test.bad_v1", handler)
    handles("test.good_v1", lambda event: Group.objects.create(name=event.event_id))
    for event_type in ("test.good_v1", "test.bad_v1", "test.good_v1"):
        deliver(client, envelope(event_type))
    drain()
    bad = Event.objects.get(event_type="test.bad_v1")
    assert bad.state == "failed"
    assert re.fullmatch(reason, bad.reason)
    assert "13812345678" not in caplog.text
    assert bad.not_before
    assert bad.not_before > clock.now()
    assert bad.attempts.get().error == bad.reason
    assert Event.objects.filter(state="handled").count() == 2
    assert not Group.objects.filter(name="half done").exists()


def test_an_event_that_can_not_be_read_fails_at_once_and_its_handler_sees_the_others_together(
    client, monkeypatch
):
    seen = []
    event_type = EventType(
        name="test.x_v1",
        label="x",
        read=lambda payload: payload["event"].get("number") or Unreadable("number is missing"),
        handle=lambda received: seen.append([one.content for one in received]),
    )
    monkeypatch.setitem(registry._event_types, "test.x_v1", event_type)
    for body in ({"number": 1}, {}, {"number": 3}):
        deliver(client, envelope("test.x_v1", body))
    drain()
    assert seen == [[1, 3]]
    failed = Event.objects.get(state="failed")
    assert (failed.reason, failed.cause, failed.body) == ("number is missing", "content", {})
    assert failed.attempts.get().error == "number is missing"
    assert failed.not_before is not None
    assert Event.objects.filter(state="handled").count() == 2


def test_a_fault_in_reading_an_event_fails_that_event_alone(client, handles):
    handles("test.x_v1", lambda event: None, read=lambda payload: 1 / payload["event"]["number"])
    for number in (1, 0, 2):
        deliver(client, envelope("test.x_v1", {"number": number}))
    drain()
    states = Event.objects.order_by("pk").values_list("state", "cause")
    assert list(states) == [("handled", ""), ("failed", "error"), ("handled", "")]


def test_of_a_batch_in_which_one_raises_the_others_take_effect_once_each_and_in_their_order(
    client, monkeypatch
):
    given = []

    def raise_over_three(received):
        numbers = [one.content for one in received]
        given.append(numbers)
        Group.objects.bulk_create(Group(name=f"effect of {number}") for number in numbers)
        if 3 in numbers:
            raise ValueError

    event_type = EventType(
        name="test.x_v1",
        label="x",
        read=lambda payload: payload["event"]["number"],
        handle=raise_over_three,
    )
    monkeypatch.setitem(registry._event_types, "test.x_v1", event_type)
    for number in range(1, 6):
        deliver(client, envelope("test.x_v1", {"number": number}))
    drain()
    assert given == [[1, 2, 3, 4, 5], [1, 2], [3, 4, 5], [3], [4, 5]]
    effects = Group.objects.filter(name__startswith="effect of").order_by("pk")
    assert [group.name[-1] for group in effects] == ["1", "2", "4", "5"]
    assert list(Event.objects.order_by("pk").values_list("state", flat=True)) == [
        "handled",
        "handled",
        "failed",
        "handled",
        "handled",
    ]


def test_a_failure_is_retried_with_growing_pauses_and_then_waits_for_a_person(client, handles):
    handles("test.bad_v1", _raise_value_error)
    deliver(client, envelope("test.bad_v1"))
    pauses = []
    drain()
    while due := Event.objects.get().not_before:
        pauses.append(round((due - clock.now()).total_seconds(), -0))
        _make_due()
        drain()
    assert pauses == [5, 30, 120, 600, 3600]
    event = Event.objects.get()
    assert (event.state, event.tries) == ("failed", 6)
    assert [attempt.outcome for attempt in event.attempts.all()] == ["raised"] * 6
    drain()
    assert event.attempts.count() == 6


def test_a_retry_that_succeeds_ends_as_handled_and_keeps_the_failed_attempt(client, handles):
    handles("test.x_v1", _raise_value_error)
    deliver(client, envelope("test.x_v1"))
    drain()
    handles("test.x_v1", lambda event: None)
    _make_due()
    drain()
    event = Event.objects.get()
    assert (event.state, event.reason) == ("handled", "")
    assert [attempt.outcome for attempt in event.attempts.all()] == ["raised", "handled"]


def test_the_event_of_a_worker_that_died_is_taken_up_again(client, handles):
    handles("test.x_v1", lambda event: None)
    deliver(client, envelope("test.x_v1"))
    assert len(_claimed().events) == 1  # and then this worker dies
    _make_due()
    drain()
    event = Event.objects.get()
    assert event.state == "handled"
    assert [attempt.outcome for attempt in event.attempts.all()] == ["lost", "handled"]


def test_an_event_that_kills_three_workers_waits_for_a_person_and_takes_no_other_with_it(client, handles):
    handles("test.good_v1", lambda event: None)
    handles("test.poison_v1", lambda event: None)
    deliver(client, envelope("test.poison_v1"))
    for _ in range(3):
        assert _claimed().events == [Event.objects.get(event_type="test.poison_v1").pk]
        _make_due()
    deliver(client, envelope("test.good_v1"))
    drain()
    poison = Event.objects.get(event_type="test.poison_v1")
    assert (poison.state, poison.cause, poison.not_before) == ("failed", "lost", None)
    assert "worker died" in poison.reason
    assert [attempt.outcome for attempt in poison.attempts.all()] == ["lost"] * 3
    assert Event.objects.get(event_type="test.good_v1").state == "handled"


def test_a_worker_that_lost_its_lease_leaves_no_effect(client, handles):
    handles("test.x_v1", lambda event: Group.objects.create(name=f"effect {Group.objects.count()}"))
    groups = Group.objects.count()
    deliver(client, envelope("test.x_v1"))
    slow_workers_batch = _claimed()
    _make_due()
    drain()
    assert Group.objects.count() == groups + 1
    dispatch.handle(slow_workers_batch)
    assert Group.objects.count() == groups + 1
    assert [attempt.outcome for attempt in Attempt.objects.order_by("id")] == ["lost", "handled"]


def test_a_worker_that_was_too_slow_leaves_the_event_to_the_one_that_has_claimed_it_since(client, handles):
    handles("test.x_v1", lambda event: None)
    deliver(client, envelope("test.x_v1"))
    slow_workers_batch = _claimed()
    _make_due()
    claimed_since = _claimed()
    dispatch.handle(slow_workers_batch)
    assert Event.objects.get().state == "pending"
    dispatch.handle(claimed_since)
    assert [attempt.outcome for attempt in Attempt.objects.order_by("id")] == ["lost", "handled"]


def test_what_one_worker_has_claimed_no_other_claims(client, handles):
    deliver(client, envelope("test.x_v1"))
    first = _claimed()
    assert dispatch.claim() is None
    later = _event_of(client)
    assert _claimed().events == [later.pk]
    assert list(Batch.objects.order_by("id").values_list("events", flat=True)) == [first.events, [later.pk]]


def test_a_batch_has_events_of_one_type(client):
    first, other, same = (_event_of(client, each) for each in ("test.x_v1", "test.y_v1", "test.x_v1"))
    assert _claimed().events == [first.pk, same.pk]
    assert _claimed().events == [other.pk]


def test_only_the_worker_whose_time_is_over_counts_as_dead(client, handles):
    handles("test.x_v1", lambda event: None)
    deliver(client, envelope("test.x_v1"))
    dead, event_lost = _claimed(), Event.objects.get()
    Batch.objects.filter(pk=dead.pk).update(started_at=F("started_at") - timedelta(minutes=1))
    Event.objects.update(not_before=F("not_before") - timedelta(minutes=2))
    alive = Batch.objects.create(events=[_event_of(client).pk], started_at=clock.now())
    dispatch.release_expired_batches(clock.now())
    assert list(Batch.objects.all()) == [alive]
    lost = Attempt.objects.get()
    assert (lost.event, lost.outcome) == (event_lost, "lost")


def test_what_staff_have_set_aside_before_its_worker_begins_is_not_handled(client, handles, vera):
    def fail(event):
        raise RuntimeError

    handles("test.x_v1", fail)
    event = _event_of(client)
    drain()
    Event.objects.update(not_before=F("not_before") - timedelta(minutes=2))
    batch = _claimed()
    event.refresh_from_db()
    services.set_aside(event, by=vera, reason="seen to")
    dispatch.handle(batch)
    event.refresh_from_db()
    assert (event.state, event.attempts.count()) == ("set_aside", 1)


def test_a_batch_that_goes_one_by_one_leaves_the_batches_of_others_alone(client, handles, monkeypatch):
    handles("test.x_v1", lambda event: None)
    record = dispatch._record

    def record_one_at_a_time(batch, results):
        if len(batch.events) > 1:
            raise IntegrityError
        record(batch, results)

    monkeypatch.setattr(dispatch, "_record", record_one_at_a_time)
    for _ in range(2):
        deliver(client, envelope("test.x_v1"))
    batch = _claimed()
    another = Batch.objects.create(events=[_event_of(client).pk], started_at=clock.now())
    dispatch.handle(batch)
    assert list(Batch.objects.values_list("events", flat=True)) == [another.events]
    assert Event.objects.filter(state="handled").count() == 2


def _event_of(client, event_type="test.x_v1"):
    deliver(client, envelope(event_type))
    return Event.objects.latest("id")


def test_an_error_that_only_the_commit_finds_fails_one_event_and_not_its_batch(client, handles, monkeypatch):
    record = dispatch._record

    def record_or_refuse(batch, results):
        if any(r.event.event_type == "test.bad_v1" and r.outcome == "handled" for r in results):
            raise IntegrityError("deferred constraint")
        record(batch, results)

    monkeypatch.setattr(dispatch, "_record", record_or_refuse)
    handles("test.bad_v1", lambda event: None)
    handles("test.good_v1", lambda event: None)
    for event_type in ("test.good_v1", "test.bad_v1", "test.good_v1"):
        deliver(client, envelope(event_type))
    drain()
    assert Event.objects.get(event_type="test.bad_v1").reason.startswith("IntegrityError at test_dispatch")
    assert Event.objects.filter(state="handled").count() == 2


def test_a_worker_that_dies_while_its_batch_goes_one_by_one_died_once_for_each_event(client, handles):
    handles("test.x_v1", lambda event: None)
    for _ in range(3):
        deliver(client, envelope("test.x_v1"))
    next(dispatch._singles(_claimed()))  # and then this worker dies
    _make_due()
    drain()
    for event in Event.objects.all():
        assert [attempt.outcome for attempt in event.attempts.all()] == ["lost", "handled"]


@pytest.mark.django_db(transaction=True)
@on_postgresql
def test_an_event_whose_row_somebody_holds_for_long_fails_alone_and_the_others_take_effect(client, handles):
    group = Group.objects.create(name="held")
    handles("test.held_v1", lambda event: Group.objects.select_for_update().get(pk=group.pk))
    handles("test.good_v1", lambda event: None)
    for event_type in ("test.good_v1", "test.held_v1", "test.good_v1"):
        deliver(client, envelope(event_type))

    def work():
        try:
            drain()
        finally:
            connection.close()

    with transaction.atomic():
        Group.objects.select_for_update().get(pk=group.pk)
        worker = threading.Thread(target=work)
        worker.start()
        worker.join()
    assert Event.objects.filter(event_type="test.good_v1", state="handled").count() == 2
    held = Event.objects.get(event_type="test.held_v1")
    assert held.state == "failed"
    assert held.not_before is not None


@pytest.mark.django_db(transaction=True)
def test_two_hundred_events_five_times_each_by_four_workers_take_effect_once(client, handles):
    handled = []
    handles("test.x_v1", lambda event: handled.append(event.event_id))
    for number in range(200):
        deliver(client, envelope("test.x_v1", event_id=f"event-{number}"))

    def work():
        try:
            drain()
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    drain()
    assert Event.objects.filter(state="handled", tries=1).count() == 200
    assert sorted(handled) == sorted(f"event-{number}" for number in range(200))
    assert Attempt.objects.count() == 200
