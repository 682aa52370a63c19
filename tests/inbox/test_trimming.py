"""Old content is removed, and what is still needed is not: the event itself, and what waits for a person."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from hireops.database import clock
from hireops.inbox import tasks, trimming
from hireops.inbox.models import Conflict, Event
from tests.deliveries import deliver, envelope

pytestmark = pytest.mark.django_db

NOT_HANDLED = ("unhandled", "failed", "unreadable", "set_aside")


@pytest.fixture(autouse=True)
def _keep_for_a_while(settings: Any) -> None:
    settings.INBOX_KEEP_DAYS = 10
    settings.INBOX_KEEP_UNHANDLED_DAYS = 100


@pytest.fixture
def kept(client: Any) -> Any:
    """``kept("handled", days=11)``: an event that got into that state so long ago."""

    def kept(state: str, days: float, **values: Any) -> Event:
        content = envelope("test.x_v1", {"account_id": "a-1"})
        deliver(client, content)
        then = clock.now() - timedelta(days=days)
        mine = Event.objects.filter(event_id=content["header"]["event_id"])
        handled_at = then if state == "handled" else None
        mine.update(
            **{"state": state, "not_before": None, "received_at": then, "handled_at": handled_at, **values}
        )
        return mine.get()

    return kept


def has_content(event: Event) -> bool:
    event.refresh_from_db()
    assert (event.trimmed_at is None) == bool(event.raw) == (event.payload is not None)
    return event.trimmed_at is None


def test_the_content_of_what_took_effect_is_kept_for_its_days(
    kept: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trimming, "PIECE", 2)
    old = [kept("handled", days=11) for _ in range(5)]
    young = kept("handled", days=9)
    replayed_lately = kept("handled", days=50, handled_at=clock.now())

    assert trimming.trim() == 5
    assert not any(map(has_content, old))
    assert has_content(young)
    assert has_content(replayed_lately)
    assert trimming.trim() == 0


def test_what_did_not_take_effect_is_kept_longer(kept: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trimming, "PIECE", 1)
    old = [kept(state, days=101) for state in NOT_HANDLED for _ in range(2)]
    young = [kept(state, days=99) for state in NOT_HANDLED]

    tasks.trim()

    assert not any(map(has_content, old))
    assert all(map(has_content, young))


def test_what_is_still_to_be_handled_is_never_touched(kept: Any) -> None:
    due = clock.now() + timedelta(hours=1)
    events = [kept("pending", days=1000, not_before=due), kept("failed", days=1000, not_before=due)]

    assert trimming.trim() == 0
    assert all(map(has_content, events))


def test_the_database_refuses_an_event_to_be_handled_without_its_content(kept: Any) -> None:
    event = kept("handled", days=11)
    trimming.trim()

    with pytest.raises(IntegrityError), transaction.atomic():
        Event.objects.filter(pk=event.pk).update(state="pending", handled_at=None)


def test_a_copy_that_comes_after_the_content_was_removed_is_recognised(client: Any) -> None:
    content = envelope("test.x_v1", event_id="event-1")
    deliver(client, content)
    then = clock.now() - timedelta(days=11)
    Event.objects.update(state="handled", handled_at=then, not_before=None)
    trimming.trim()

    assert deliver(client, content).status_code == 200

    event = Event.objects.get()
    assert (event.state, event.not_before, event.payload) == ("handled", None, None)
    assert not Conflict.objects.exists()


def test_other_contents_under_the_same_id_are_removed_with_it(client: Any, kept: Any) -> None:
    event = kept("handled", days=11)
    deliver(client, envelope("test.x_v1", {"account_id": "another"}, event_id=event.event_id))
    assert Conflict.objects.get().payload

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
        assert "The raw bytes and the content were removed on" in page
        assert f"kept for {10 if state == 'handled' else 100} days" in page
        assert "/actions/replay/" not in page

    if state != "unreadable":
        sent = {"_selected_action": event.pk, "confirmed": "yes"}
        answer = browser.post("/admin/inbox/event/actions/replay/", sent, follow=True)
        assert "It cannot be handled again." in answer.text
        event.refresh_from_db()
        assert event.state == state
