"""How events come and are handled: for people on the health page, for machines at /metrics."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils.timezone import localtime
from prometheus_client.parser import text_string_to_metric_families

from hireops.database import clock
from hireops.desk import heartbeats
from hireops.inbox import tasks
from hireops.inbox.models import Event
from tests.deliveries import deliver, envelope

pytestmark = pytest.mark.django_db

TOKEN = "only-for-prometheus"


@pytest.fixture
def figures(client: Any, settings: Any) -> Any:
    """``figures()``: what Prometheus reads, by name and labels."""
    settings.METRICS_TOKEN = TOKEN

    def figures() -> dict[tuple[str, ...], float]:
        answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
        assert answer.status_code == 200
        families = text_string_to_metric_families(answer.text)
        return {
            (sample.name.removeprefix("hireops_"), *sample.labels.values()): sample.value
            for family in families
            for sample in family.samples
        }

    return figures


@pytest.fixture
def page(client_of: Any, hira: Any) -> Any:
    browser = client_of(hira)
    browser.cookies["django_language"] = "en"
    return lambda path="/admin/health/": browser.get(path).text


@pytest.fixture
def _processes_run(db: None) -> None:
    heartbeats.beat(heartbeats.WORKER)
    heartbeats.beat(heartbeats.BEAT)


def event(client: Any, event_type: str = "test.x_v1", *, hours_ago: float = 0, **values: Any) -> Event:
    content = envelope(event_type)
    deliver(client, content)
    at = clock.now() - timedelta(hours=hours_ago)
    mine = Event.objects.filter(event_id=content["header"]["event_id"])
    mine.update(**{"received_at": at, "created_at": at, "not_before": at, **values})
    return mine.get()


@pytest.mark.usefixtures("_processes_run")
def test_silence_is_noticed_on_the_first_screen(client: Any, page: Any, settings: Any) -> None:
    settings.INBOX_SILENCE_HOURS = 5
    assert "card-bad" not in page("/admin/")  # none has ever come
    event(client, hours_ago=6, state="unhandled", not_before=None)

    home = page("/admin/")
    assert "card-bad" in home
    assert "Last event: 6 h ago" in home
    assert "INBOX_SILENCE_HOURS" in page()

    event(client, hours_ago=4, state="unhandled", not_before=None)
    assert "card-bad" not in page("/admin/")


def test_what_came_before_there_was_a_handler_is_named_until_somebody_decides(
    client: Any, page: Any, figures: Any, handles: Any
) -> None:
    kept = event(client, "test.new_v1", state="unhandled", not_before=None)
    event(client, "test.still_unknown_v1", state="unhandled", not_before=None)
    assert figures()["events_kept",] == 0

    handles("test.new_v1", lambda _event: None)
    assert figures()["events_kept",] == 1
    assert "test.new_v1: 1" in page()
    assert "If it still matters, replay it" in page(f"/admin/inbox/event/{kept.pk}/change/")

    Event.objects.filter(pk=kept.pk).update(state="set_aside")
    assert figures()["events_kept",] == 0


def test_failures_are_counted_by_cause_and_by_what_they_wait_for(
    client: Any, page: Any, figures: Any, handles: Any
) -> None:
    handles("test.broken_v1", lambda event: 1 / 0)
    for _ in range(3):
        deliver(client, envelope("test.broken_v1"))
    tasks.drain()
    waiting = Event.objects.order_by("id")[:2].values("pk")
    Event.objects.filter(pk__in=list(waiting.values_list("pk", flat=True))).update(not_before=None)

    read = figures()
    assert read["events_failed", "person"] == 2
    assert read["events_failed", "retry"] == 1
    assert "An error inside hireops: 2" in page()


def test_the_oldest_event_that_waits_is_known(client: Any, page: Any, figures: Any) -> None:
    assert figures()["event_oldest_due_seconds",] == 0
    event(client, hours_ago=2)
    event(client, hours_ago=1)

    read = figures()
    assert 7200 <= read["event_oldest_due_seconds",] < 8000
    assert read["events_due",] == 2
    assert "due for 2 h" in page()


def test_late_deliveries_are_told_from_punctual_ones(client: Any, page: Any, figures: Any) -> None:
    now = clock.now()
    event(client)
    event(client, created_at=now - timedelta(hours=7))
    event(client, hours_ago=48, created_at=now - timedelta(days=30))

    read = figures()
    assert read["events_late",] == 1
    assert 25_000 < read["event_latest_seconds",] < 26_000
    assert "1 of the newest 2 in 24 hours" in page()


def test_hours_without_an_event_are_named(client: Any, page: Any, figures: Any) -> None:
    this_hour = clock.now().replace(minute=0, second=0, microsecond=0)
    for back in range(1, 25):
        if back not in {3, 4}:
            event(client, received_at=this_hour - timedelta(hours=back) + timedelta(minutes=1))

    assert figures()["hours_without_event",] == 2
    start, end = (localtime(this_hour - timedelta(hours=back)) for back in (4, 2))
    text = page()
    assert "2 of the last 24" in text
    assert f"{start:%H:%M}–{end:%H:%M}" in text


def test_each_type_has_its_last_event_and_those_that_never_came_are_named(
    client: Any, page: Any, figures: Any
) -> None:
    event(client, "hire.eco_account.created_v1", hours_ago=30)
    event(client, "hire.eco_account.created_v1", hours_ago=3)
    event(client, "test.unknown_v1", hours_ago=1)

    read = figures()
    assert 10_800 <= read["event_last_of_type_seconds", "hire.eco_account.created_v1"] < 11_000
    assert ("event_last_of_type_seconds", "test.unknown_v1") in read
    text = page()
    assert "Account bound" in text
    assert "hireops does nothing with events of this type." in text
    assert "Never came:" in text


def test_nothing_personal_and_no_content_is_told_to_machines(client: Any, settings: Any) -> None:
    settings.METRICS_TOKEN = TOKEN
    deliver(client, envelope("test.x_v1", {"account_id": "account-7", "mobile": "13800001111"}))
    tasks.drain()
    text = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).text
    assert "account-7" not in text
    assert "13800001111" not in text
