"""Replaying one event, a selection or all that failed; and deciding that nothing is to be done."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from hireops.database import clock
from hireops.desk.models import AuditEntry
from hireops.feishu.callbacks import Unreadable
from hireops.inbox import replaying, tasks
from hireops.inbox.models import Event, Replay
from tests.deliveries import deliver, envelope
from tests.long_work import claimed, work
from tests.selection import also_on_sqlite, on_postgresql

pytestmark = [also_on_sqlite, pytest.mark.django_db]

REPLAY_FAILED = "/admin/inbox/event/replay-failed/"
REPLAY = "/admin/inbox/event/actions/replay/"
SET_ASIDE = "/admin/inbox/event/actions/set_aside/"


@pytest.fixture
def browser(client_of: Any, vera: Any) -> Any:
    browser = client_of(vera)
    browser.cookies["django_language"] = "en"
    return browser


@pytest.fixture
def failed(client: Any, handles: Any) -> Any:
    """``failed(3)`` events of a type whose handler has been mended meanwhile."""

    def failed(
        count: int, event_type: str = "test.mended_v1", body: Any = None, **values: Any
    ) -> list[Event]:
        handles(event_type, lambda event: None)
        for _ in range(count):
            deliver(client, envelope(event_type, body))
        Event.objects.filter(event_type=event_type, state="pending").update(
            state="failed", reason="KeyError at x.py:1", not_before=None, tries=6, **values
        )
        return list(Event.objects.filter(event_type=event_type).order_by("id"))

    return failed


def local(moment: Any) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%dT%H:%M}"


def test_confirming_a_replay_of_many_asks_as_much_of_the_database_as_of_one(
    browser: Any, failed: Any
) -> None:
    events = failed(5)

    def asked(some: list[Event]) -> int:
        with CaptureQueriesContext(connection) as queries:
            page = browser.post(REPLAY, {"_selected_action": [each.pk for each in some]})
        assert f"Replay {len(some)} event" in page.content.decode()
        return len(queries)

    assert asked(events) == asked(events[:1])


def test_all_that_failed_since_a_time_is_replayed_in_pieces_and_told_to_the_audit(
    browser: Any, vera: Any, failed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replaying, "PIECE", 2)
    now = clock.now()
    old = failed(1, "test.old_v1", received_at=now - timedelta(days=3))
    new = failed(5)

    sent = {"since": local(now - timedelta(days=1)), "event_type": "", "reason": "the release is out"}
    page = browser.post(REPLAY_FAILED, sent, follow=True)
    assert "The failed events are being replayed" in page.text
    work()
    tasks.drain()

    assert set(Event.objects.filter(state="handled")) == set(new)
    assert list(Event.objects.filter(state="failed")) == old
    assert [event.attempts.count() for event in new] == [1] * 5
    replay = Replay.objects.get()
    assert (replay.replayed, replay.asked_by, bool(replay.finished_at)) == (5, vera, True)
    told = AuditEntry.objects.filter(actor=vera, reason="the release is out")
    assert told.filter(action="replayed", details__replay=replay.pk).count() == 5
    assert told.filter(action="replay of failed events asked for", target_id=replay.pk).count() == 1
    assert "Done" in browser.get("/admin/inbox/replay/").text


def test_only_one_type_can_be_replayed(browser: Any, failed: Any) -> None:
    failed(2, "hire.eco_account.created_v1", {"account_id": "a"})
    failed(2, "test.other_v1")

    browser.post(
        REPLAY_FAILED,
        {
            "since": local(clock.now() - timedelta(hours=1)),
            "event_type": "hire.eco_account.created_v1",
            "reason": "x",
        },
    )
    work()

    states = set(Event.objects.values_list("event_type", "state"))
    assert states == {("hire.eco_account.created_v1", "pending"), ("test.other_v1", "failed")}


def test_events_that_a_person_may_not_see_are_left_out_of_all_that_is_replayed(
    browser: Any, failed: Any, handles: Any, client_of: Any, otto: Any
) -> None:
    failed(2, "test.salary_v1")
    permission = "desk.view_auditentry"
    handles("test.salary_v1", lambda event: None, label="Salary paid", permission=permission)
    failed(1, "test.other_v1")
    sent = {"since": local(clock.now() - timedelta(hours=1)), "event_type": "", "reason": "x"}

    form = browser.get(REPLAY_FAILED).text
    assert "Events whose content you may not see are left out." in form
    assert "Salary paid" not in form
    assert browser.post(REPLAY_FAILED, {**sent, "event_type": "test.salary_v1"}).context["form"].errors
    browser.post(REPLAY_FAILED, sent)
    work()
    states = set(Event.objects.values_list("event_type", "state"))
    assert states == {("test.salary_v1", "failed"), ("test.other_v1", "pending")}

    client_of(otto).post(REPLAY_FAILED, sent)
    work()
    assert set(Event.objects.values_list("state", flat=True)) == {"pending"}


def test_what_fails_again_is_not_replayed_a_second_time_by_the_same_wish(
    browser: Any, failed: Any, handles: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replaying, "PIECE", 1)
    failed(3)
    handles("test.mended_v1", lambda event: 1 / 0)
    since = local(clock.now() - timedelta(hours=1))
    browser.post(REPLAY_FAILED, {"since": since, "event_type": "", "reason": "x"})

    lease = claimed()
    pieces = 0
    while lease.keep(lambda: replaying.replay_piece(lease.job)).outcome is None:
        pieces += 1
        tasks.drain()

    assert pieces == 3  # one for each
    assert AuditEntry.objects.filter(action="replayed").count() == 3
    assert set(Event.objects.values_list("state", flat=True)) == {"failed"}


@on_postgresql
def test_an_event_that_a_worker_has_is_left_to_it(browser: Any, failed: Any) -> None:
    event = failed(1)[0]
    since = local(clock.now() - timedelta(hours=1))
    browser.post(REPLAY_FAILED, {"since": since, "event_type": "", "reason": "x"})

    def meanwhile() -> None:
        work()
        connection.close()

    with transaction.atomic():
        Event.objects.select_for_update().get(pk=event.pk)
        other = threading.Thread(target=meanwhile)
        other.start()
        other.join()

    event.refresh_from_db()
    assert event.state == "failed"
    assert Replay.objects.get().replayed == 0


@pytest.mark.parametrize(
    "sent",
    [
        {"reason": "x"},
        {"since": "yesterday", "reason": "x"},
        {"since": "2026-01-01T00:00"},
        {"since": "2199-01-01T00:00", "reason": "x"},
        {"since": "2026-01-01T00:00", "reason": "x", "event_type": "test.nobody_knows_v1"},
    ],
)
def test_a_form_that_says_too_little_replays_nothing(browser: Any, failed: Any, sent: dict[str, str]) -> None:
    failed(1)
    page = browser.post(REPLAY_FAILED, sent)

    assert page.status_code == 200
    assert page.context["form"].errors
    assert not Replay.objects.exists()


def test_who_may_not_replay_does_not_see_the_form(client_of: Any, audrey: Any, failed: Any) -> None:
    browser = client_of(audrey)

    assert browser.get(REPLAY_FAILED).status_code == 403
    assert browser.post(REPLAY_FAILED, {"since": "2026-01-01T00:00", "reason": "x"}).status_code == 403
    assert REPLAY_FAILED not in browser.get("/admin/inbox/event/").text
    assert not Replay.objects.exists()


def test_replaying_what_was_handled_runs_the_handler_once_more_and_adds_an_attempt(
    browser: Any, client: Any, handles: Any
) -> None:
    handled: list[int] = []
    handles("test.x_v1", lambda event: handled.append(event.pk))
    deliver(client, envelope("test.x_v1"))
    tasks.drain()
    event = Event.objects.get()

    browser.post("/admin/inbox/event/actions/replay/", {"_selected_action": event.pk, "confirmed": "yes"})
    tasks.drain()

    event.refresh_from_db()
    assert handled == [event.pk] * 2
    assert event.state == "handled"
    assert [attempt.outcome for attempt in event.attempts.all()] == ["handled"] * 2


def test_an_event_that_is_set_aside_no_longer_waits_and_can_come_back(
    browser: Any, failed: Any, vera: Any
) -> None:
    event = failed(1)[0]
    browser.post(
        SET_ASIDE, {"_selected_action": event.pk, "confirmed": "yes", "reason": "a test of Feishu's"}
    )

    event.refresh_from_db()
    assert (event.state, event.not_before) == ("set_aside", None)
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action, entry.reason) == (vera, "set aside", "a test of Feishu's")
    browser.post("/admin/inbox/event/actions/replay/", {"_selected_action": event.pk, "confirmed": "yes"})
    tasks.drain()
    event.refresh_from_db()
    assert event.state == "handled"


def test_what_took_effect_cannot_be_set_aside(browser: Any, client: Any, handles: Any) -> None:
    handles("test.x_v1", lambda event: None)
    deliver(client, envelope("test.x_v1"))
    tasks.drain()
    event = Event.objects.get()

    browser.post(SET_ASIDE, {"_selected_action": event.pk, "confirmed": "yes", "reason": "x"})

    event.refresh_from_db()
    assert event.state == "handled"
    assert not AuditEntry.objects.exists()


def test_a_failure_names_its_cause_and_the_next_step(browser: Any, client: Any, handles: Any) -> None:
    unreadable = Unreadable("account_id is missing")
    handles("test.incomplete_v1", lambda event: None, read=lambda payload: unreadable)
    handles("test.broken_v1", lambda event: 1 / 0)
    steps = {
        "test.incomplete_v1": ("content", "Compare its content with what Feishu shows."),
        "test.broken_v1": ("error", "This is a fault inside hireops, not in the event."),
    }
    for event_type, (cause, step) in steps.items():
        deliver(client, envelope(event_type))
        tasks.drain()
        Event.objects.filter(event_type=event_type).update(not_before=None)
        event = Event.objects.get(event_type=event_type)
        assert event.cause == cause
        assert step in browser.get(f"/admin/inbox/event/{event.pk}/change/").text
