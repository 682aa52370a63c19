"""Old content is removed, and what is still needed is not: the event itself, and what waits for a person."""

from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.urls import reverse

from hireops.database import clock, months
from hireops.database.months import month_of
from hireops.inbox import tasks, trimming
from hireops.inbox.invariants import broken_events
from hireops.inbox.models import Attempt, Conflict, Event, EventContent
from tests.deliveries import deliver, envelope
from tests.selection import also_on_sqlite, on_postgresql

pytestmark = [also_on_sqlite, pytest.mark.django_db]

NUMBERS = count(1)
NOT_HANDLED = ("unhandled", "failed", "unreadable", "set_aside")


@pytest.fixture(autouse=True)
def _keep_for_a_while(settings: Any) -> None:
    settings.INBOX_KEEP_DAYS = 10
    settings.INBOX_KEEP_UNHANDLED_DAYS = 100


@pytest.fixture
def kept(settings: Any) -> Any:
    """``kept("handled", days=11)``: an event that came so long ago and got into that state.

    The oldest first: ids follow the order of arrival.
    """

    def kept(state: str, days: float, **values: Any) -> Event:
        then = clock.now() - timedelta(days=days)
        event = Event.objects.create(
            **{
                "app_id": settings.FEISHU_APP_ID,
                "event_id": f"event-{next(NUMBERS)}",
                "state": state,
                "received_at": then,
                "not_before": None,
                "handled_at": then if state == "handled" else None,
                **values,
            }
        )
        _make_month(month_of(then))
        EventContent.objects.create(event=event, month=month_of(then), raw=b"raw", payload={"event": {}})
        return event

    return kept


def _make_month(month: int) -> None:
    """What time has done, on PostgreSQL."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for table in ("inbox_eventcontent", "inbox_attempt"):
                cursor.execute(f"SELECT {table}_make_month({month})")


def has_content(event: Event) -> bool:
    return EventContent.objects.filter(event=event).exists()


@pytest.mark.parametrize(
    ("month", "number", "found"),
    [
        (202611, 1, 202612),
        (202612, 1, 202701),
        (202611, 3, 202702),
        (202601, -1, 202512),
        (202611, -23, 202412),
    ],
)
def test_months_are_counted_over_the_end_of_a_year(month: int, number: int, found: int) -> None:
    assert months.after(month, months=number) == found


def test_what_took_effect_says_what_it_said_until_its_month_is_over_for_so_many_days(kept: Any) -> None:
    events = {days: kept("handled", days=days) for days in (0, 5, 10, 15, 25, 40, 41, 75, 400)}

    trimming.trim()

    first_kept = month_of(clock.now() - timedelta(days=10))
    for days, event in events.items():
        assert has_content(event) == (month_of(event.received_at) >= first_kept), days
    assert has_content(events[10])
    assert not has_content(events[41])
    trimming.trim()
    assert has_content(events[10])


@on_postgresql
def test_a_month_that_is_over_is_dropped_whole_and_there_is_room_for_those_to_come(kept: Any) -> None:
    old = month_of(kept("handled", days=75).received_at)
    assert old in months.partitions(EventContent)

    trimming.trim()

    this = month_of(clock.now())
    room = {months.KEPT, *(months.after(this, months=ahead) for ahead in range(4))}
    for table in (EventContent, Attempt):
        assert room <= set(months.partitions(table))
    assert old not in months.partitions(EventContent)
    assert old in months.partitions(Attempt)


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_an_event_for_whose_month_nobody_has_made_room_is_kept_all_the_same(client: Any) -> None:
    _drop(month_of(clock.now()))

    assert deliver(client, envelope("test.x_v1", {"account_id": "a-1"})).status_code == 200

    assert Event.objects.get().body == {"account_id": "a-1"}


@on_postgresql
def test_the_nightly_check_misses_room_for_the_month_to_come(db: None) -> None:
    assert list(broken_events()) == []
    coming = months.after(month_of(clock.now()))
    _drop(coming)
    assert f"inbox_eventcontent has no room for the month {coming}: is beat running?" in broken_events()


def _drop(month: int) -> None:
    """As the owner of the tables can."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE inbox_eventcontent_{month}")


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_a_month_that_a_backup_is_reading_is_dropped_another_night(kept: Any) -> None:
    event = kept("handled", days=75)
    backup = connection.copy()
    try:
        with backup.cursor() as cursor:
            cursor.execute("BEGIN; SELECT count(*) FROM inbox_eventcontent")
            trimming.trim()
    finally:
        backup.close()
    assert has_content(event)

    trimming.trim()

    assert not has_content(event)


@on_postgresql
def test_a_role_that_owns_no_table_drops_old_months_and_nothing_else(kept: Any) -> None:
    event = kept("handled", days=75)
    _go_on_as("owns_nothing", "SELECT, INSERT, UPDATE, DELETE")
    month = f"inbox_eventcontent_{month_of(event.received_at)}"
    for forbidden in (f"DROP TABLE {month}", "TRUNCATE inbox_eventcontent", f"TRUNCATE {month}"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(forbidden)
    assert has_content(event)

    trimming.trim()

    assert not has_content(event)


@on_postgresql
def test_a_role_that_only_reads_drops_nothing(kept: Any) -> None:
    event = kept("handled", days=75)
    _go_on_as("only_reads", "SELECT")
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        trimming.trim()
    drop = "SELECT inbox_eventcontent_drop_month(%s)"
    with (
        pytest.raises(DatabaseError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(drop, [month_of(event.received_at)])
    assert has_content(event)


def _go_on_as(role: str, rights: str) -> None:
    """Until the test ends."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {role}")
        cursor.execute(f"GRANT {rights} ON ALL TABLES IN SCHEMA public TO {role}")
        cursor.execute(f"SET LOCAL SESSION AUTHORIZATION {role}")


@on_postgresql
def test_nobody_drops_a_month_that_is_not_over(db: None) -> None:
    for month in (months.KEPT, month_of(clock.now()), months.after(month_of(clock.now()))):
        with (
            pytest.raises(DatabaseError, match="is not over"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute("SELECT inbox_eventcontent_drop_month(%s)", [month])


def test_what_did_not_take_effect_is_kept_longer(kept: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trimming, "PIECE", 1)
    monkeypatch.setattr(months, "PIECE", 2)
    old = [kept(state, days=101) for state in NOT_HANDLED for _ in range(2)]
    handled = [kept("handled", days=99) for _ in range(5)]
    young = [kept(state, days=days) for days in (99, 20) for state in NOT_HANDLED]

    for _night in range(2):
        tasks.trim()

        assert not any(map(has_content, [*old, *handled]))
        assert all(map(has_content, young))


def test_what_was_kept_longer_and_is_replayed_goes_after_that(kept: Any) -> None:
    event = kept("failed", days=99)
    trimming.trim()
    Event.objects.filter(pk=event.pk).update(state="pending", not_before=clock.now())
    trimming.trim()
    assert has_content(event)

    Event.objects.filter(pk=event.pk).update(state="handled", not_before=None, handled_at=clock.now())
    trimming.trim()

    assert not has_content(event)


def test_what_is_still_to_be_handled_is_never_touched(kept: Any) -> None:
    due = clock.now() + timedelta(hours=1)
    events = [kept("pending", days=1000, not_before=due), kept("failed", days=1000, not_before=due)]
    another = kept("handled", days=500)

    trimming.trim()

    assert all(map(has_content, events))
    assert not has_content(another)


def test_what_fails_for_good_while_the_night_is_at_work_is_kept_longer(
    kept: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = kept("failed", days=75, not_before=clock.now())
    keep_longer = trimming._keep_longer

    def meanwhile(first_kept: int) -> None:
        keep_longer(first_kept)
        Event.objects.filter(pk=event.pk).update(not_before=None)

    with monkeypatch.context() as patched:
        patched.setattr(trimming, "_keep_longer", meanwhile)
        trimming.trim()
    trimming.trim()

    assert has_content(event)


def test_attempts_go_when_nothing_of_their_time_can_be_replayed(kept: Any) -> None:
    attempts = {}
    for days in (200, 99, 50, 1):
        event = kept("failed", days=days)
        at = {"started_at": event.received_at, "finished_at": event.received_at}
        attempts[days] = event.attempts.create(outcome="raised", month=month_of(event.received_at), **at)

    trimming.trim()

    left = set(Attempt.objects.values_list("pk", flat=True))
    assert left == {attempts[days].pk for days in (99, 50, 1)}


def test_the_database_refuses_an_event_to_be_handled_without_its_content(kept: Any) -> None:
    event = kept("handled", days=45)
    trimming.trim()

    due = {"state": "pending", "handled_at": None, "not_before": clock.now()}
    with pytest.raises(IntegrityError, match="event_to_be_handled_has_its_content"), transaction.atomic():
        Event.objects.filter(pk=event.pk).update(**due)


def test_a_copy_that_comes_after_the_content_was_removed_is_recognised(client: Any) -> None:
    content = envelope("test.x_v1", event_id="event-1")
    deliver(client, content)
    Event.objects.update(state="handled", handled_at=clock.now(), not_before=None)
    EventContent.objects.all().delete()

    assert deliver(client, content).status_code == 200

    event = Event.objects.get()
    assert (event.state, event.not_before, event.payload) == ("handled", None, None)
    assert not Conflict.objects.exists()


def test_other_contents_under_the_same_id_are_removed_with_it(client: Any, kept: Any) -> None:
    event = kept("handled", days=45)
    deliver(client, envelope("test.x_v1", {"account_id": "another"}, event_id=event.event_id))
    assert Conflict.objects.get().payload
    assert has_content(event)

    trimming.trim()

    conflict = Conflict.objects.get()
    assert (bytes(conflict.raw), conflict.payload) == (b"", None)


@pytest.mark.parametrize("state", ["handled", "failed", "unreadable"])
def test_the_page_says_what_was_removed_and_a_replay_is_refused(
    state: str, kept: Any, client_of: Any, vera: Any, otto: Any
) -> None:
    event = kept(state, days=101)
    trimming.trim()
    event.refresh_from_db()
    for person in (vera, otto):
        browser = client_of(person)
        browser.cookies["django_language"] = "en"
        page = browser.get(reverse("admin:inbox_event_change", args=[event.pk])).text
        assert "The raw bytes and the content were removed" in page
        assert f"kept for {10 if state == 'handled' else 100} days" in page
        assert "/actions/replay/" not in page

    if state != "unreadable":
        sent = {"_selected_action": event.pk, "confirmed": "yes"}
        answer = browser.post("/admin/inbox/event/actions/replay/", sent, follow=True)
        assert "It cannot be handled again." in answer.text
        event.refresh_from_db()
        assert event.state == state
