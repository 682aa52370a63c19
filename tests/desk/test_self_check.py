"""What staff read of the processes and the nightly check, and the same for machines."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from hireops import VERSION, celery
from hireops.database import clock
from hireops.desk import health, health_sections, heartbeats, invariants, metrics, tasks
from hireops.desk.health import Figure, Metric, Section
from hireops.desk.models import Heartbeat, InvariantCheck
from tests.processes import Hireops, wait_until

pytestmark = pytest.mark.django_db

Browser = Callable[[User], Client]
TOKEN = "only-for-prometheus"


@pytest.fixture
def page(client_of: Browser, audrey: User) -> Callable[[str], str]:
    browser = client_of(audrey)
    browser.cookies["django_language"] = "en"
    return lambda path: browser.get(path).content.decode()


def seen(name: str, ago: timedelta) -> None:
    heartbeats.beat(name)
    Heartbeat.objects.filter(name=name).update(at=clock.now() - ago)


SECONDS, MINUTES = timedelta(seconds=30), timedelta(minutes=5)


@pytest.mark.parametrize(
    ("worker", "beat", "words"),
    [
        (SECONDS, SECONDS, "Nothing has stopped or fallen silent."),
        (MINUTES, MINUTES, "Worker: stopped, seen 5 min ago"),
        (MINUTES, SECONDS, "Worker: stopped, seen 5 min ago"),
        (SECONDS, MINUTES, "Clock (beat): stopped, seen 5 min ago"),
        (None, None, "Worker: never seen"),
        (SECONDS, None, "Clock (beat): never seen"),
    ],
)
def test_a_process_that_stopped_is_red_on_the_first_screen(
    worker: timedelta | None, beat: timedelta | None, words: str, page: Callable[[str], str]
) -> None:
    for name, ago in ((heartbeats.WORKER, worker), (heartbeats.BEAT, beat)):
        if ago is not None:
            seen(name, ago)

    home = page("/admin/")
    assert words in home
    assert ("card-bad" in home) == (words[0] != "N")
    assert 'href="/admin/health/"' in home


def test_the_worker_says_that_it_lives_when_it_starts_and_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    class EnoughError(Exception):
        pass

    def sleep(seconds: float) -> None:
        raise EnoughError

    monkeypatch.setattr(celery, "sleep", sleep)
    monkeypatch.setattr(connections, "close_all", lambda: None)
    with pytest.raises(EnoughError):
        celery._look_now_and_then()

    age = heartbeats.ages()[heartbeats.WORKER]
    assert age is not None
    assert not heartbeats.has_stopped(age)


def test_a_sign_of_life_is_one_row_and_one_statement(django_assert_num_queries: Any) -> None:
    for _ in range(3):
        with django_assert_num_queries(1):
            tasks.worker_lives()

    assert Heartbeat.objects.count() == 1


def test_workers_of_several_hosts_and_versions_are_named(page: Callable[[str], str]) -> None:
    tasks.worker_lives()
    Heartbeat.objects.create(name="worker@host-b/17", host="host-b", version="0.0.9", at=clock.now())

    health_page = page("/admin/health/")

    assert row(health_page, f"Worker on {heartbeats.this_host()}")[0].startswith(f"version {VERSION}, seen")
    shown, note = row(health_page, "Worker on host-b")
    assert shown.startswith("version 0.0.9, seen")
    assert note == f"Not version {VERSION}: update it."


def row(page: str, label: str) -> tuple[str, str]:
    """What is shown of a figure on the page, and the note beside it."""
    cells = re.search(
        rf">{re.escape(label)}</th>\s*<td><span[^>]*>(.*?)</span></td>\s*<td[^>]*>(.*?)</td>", page
    )
    assert cells, page
    return cells[1], cells[2]


def test_one_of_two_beats_that_has_stopped_is_seen_while_the_other_works(page: Callable[[str], str]) -> None:
    tasks.worker_lives()
    tasks.beat_lives("host-a", VERSION)
    tasks.beat_lives("host-b", VERSION)
    Heartbeat.objects.filter(host="host-b").update(at=clock.now() - MINUTES)

    health_page = page("/admin/health/")

    assert row(health_page, "Clock (beat)") == ("1 running", "")
    assert row(health_page, "Clock (beat) on host-a")[1] == ""
    assert row(health_page, "Clock (beat) on host-b")[1].startswith("It has stopped.")
    assert "Nothing has stopped or fallen silent." in page("/admin/")


def test_what_no_worker_takes_up_is_red_on_the_first_screen(page: Callable[[str], str]) -> None:
    tasks.beat_lives("host-a", VERSION)
    tasks.worker_lives(["celery", "events"])
    assert "Sending calls: 0 workers" in page("/admin/")

    Heartbeat.objects.create(
        name="worker@host-b/17", host="host-b", version=VERSION, queues="calls,long_work", at=clock.now()
    )
    assert "Nothing has stopped or fallen silent." in page("/admin/")


def test_who_is_gone_is_forgotten_but_the_last_of_a_host_for_a_day_and_the_last_of_all_never() -> None:
    hours, days = 2 * heartbeats.FORGOTTEN_AFTER, 2 * heartbeats.HOST_FORGOTTEN_AFTER
    for name, host, ago in (
        ("worker@host-b/17", "host-b", hours),
        ("worker@host-b/16", "host-b", hours + SECONDS),
        ("worker@host-c/17", "host-c", days),
        ("beat@host-b", "host-b", days),
        ("beat@host-c", "host-c", days + SECONDS),
    ):
        Heartbeat.objects.create(name=name, host=host, version=VERSION, at=clock.now() - ago)

    heartbeats.forget()

    assert [each.name for each in heartbeats.seen()] == ["worker@host-b/17", "beat@host-b"]


def test_beat_is_asked_for_its_sign_of_life(settings: Any) -> None:
    scheduled = [entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()]

    assert tasks.beat_lives.name in scheduled
    assert tasks.worker_lives.name == celery.WORKER_LIVES


def test_the_nightly_check_is_kept_and_shown(
    page: Callable[[str], str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(invariants, "_invariants", [])

    @invariants.register
    def balances_never_go_back() -> Iterator[str]:
        yield from (f"account {number} went back" for number in range(150))

    seen(heartbeats.WORKER, SECONDS)
    seen(heartbeats.BEAT, SECONDS)
    assert "manage.py check_invariants runs it now." in page("/admin/health/")

    tasks.check_invariants()

    check = InvariantCheck.objects.get()
    assert (check.checked, check.broken, len(check.sentences)) == (1, 150, 100)
    assert len(caplog.records) == 150
    assert "Broken promises: 150 rows, 1 checks" in page("/admin/")
    assert "account 19 went back" in page("/admin/health/")

    invariants._invariants.clear()
    tasks.check_invariants()
    assert "card-bad" not in page("/admin/")


def test_a_check_that_was_cut_short_does_not_hide_the_one_before(page: Callable[[str], str]) -> None:
    now = clock.now()
    InvariantCheck.objects.create(
        started_at=now, finished_at=now - timedelta(days=2), broken=3, sentences=["x"]
    )
    InvariantCheck.objects.create(started_at=now)

    text = page("/admin/health/")
    assert "3 rows" in text
    assert "It should run every night." in text


def test_old_checks_are_not_kept_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "CHECKS_KEPT", 3)
    monkeypatch.setattr(invariants, "_invariants", [])
    for _ in range(5):
        tasks.check_invariants()

    assert InvariantCheck.objects.count() == 3


def test_who_has_no_role_sees_no_health(client_of: Browser, eve: User) -> None:
    browser = client_of(eve)

    assert browser.get("/admin/health/").status_code == 403
    assert "/admin/health/" not in browser.get("/admin/").content.decode()


def test_a_real_worker_is_seen_as_soon_as_it_runs(hireops: Hireops) -> None:
    hireops.worker()

    here = (heartbeats.this_host(), VERSION)
    wait_until(
        lambda: hireops.database.rows("SELECT host, version FROM desk_heartbeat") == [here],
        what="the worker gave no sign of life",
    )


# --- For machines -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", TOKEN, "Bearer \xe9"])
def test_metrics_are_for_who_knows_the_token(header: str, client: Client, settings: Any) -> None:
    settings.METRICS_TOKEN = TOKEN

    answer = client.get("/metrics", headers={"Authorization": header})

    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")
    assert b"hireops_" not in answer.content


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer "])
def test_without_a_token_there_are_no_metrics(header: str, client: Client) -> None:
    assert client.get("/metrics", headers={"Authorization": header}).status_code == 404


def test_a_parser_of_prometheus_reads_what_the_page_shows(client: Client, settings: Any) -> None:
    settings.METRICS_TOKEN = TOKEN
    seen(heartbeats.WORKER, SECONDS)
    seen(heartbeats.BEAT, MINUTES)

    answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})

    assert answer["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    families = {family.name: family for family in text_string_to_metric_families(answer.content.decode())}
    process = families["hireops_process_last_seen_seconds"]
    ages = {sample.labels["process"]: sample.value for sample in process.samples}
    assert process.documentation == "Seconds since the worker or beat was last alive."
    assert ages["beat"] - ages["worker"] == pytest.approx(270, abs=5)
    assert all(name.startswith("hireops_") for name in families)
    assert all(family.type == "gauge" and family.documentation for family in families.values())
    shown = {figure.metric.name for section in health.sections() for figure in section.figures}
    assert {name.removeprefix("hireops_") for name in families} == shown


def test_a_label_can_hold_anything() -> None:
    strange = 'a"b\\c\nd{},='
    figures = [
        Figure(Metric("m", "Two\nlines \\ and more."), "x", 1.5, "", labels={"type": strange}),
        Figure(Metric("other", "Other."), "x", None, ""),
        Figure(Metric("m", "Two\nlines \\ and more."), "x", 3, "", labels={"type": "é"}),
    ]

    text = metrics.written([Section("s", figures)])

    (family, other) = text_string_to_metric_families(text)
    read = [(sample.labels["type"], sample.value) for sample in family.samples]
    assert read == [(strange, 1.5), ("é", 3.0)]
    assert family.documentation == "Two\nlines \\ and more."
    assert other.samples == []


@pytest.mark.parametrize("broker", ["redis://127.0.0.1:1/0", "amqp://127.0.0.1:1"])
def test_a_dead_broker_does_not_take_the_web_out_of_service(
    broker: str, client: Client, settings: Any
) -> None:
    settings.CELERY_BROKER_URL = broker
    seen(heartbeats.WORKER, SECONDS)
    seen(heartbeats.BEAT, MINUTES)

    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json() == {
        "database": "ok",
        "migrations": "ok",
        "guards": "ok",
        "worker": "ok",
        "beat": "stopped",
    }


def test_lifted_guards_are_red_on_the_first_screen(
    page: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Guards of the database" not in page("/admin/")
    monkeypatch.setattr(health_sections, "is_lifted", lambda _connection: True)
    assert "Guards of the database: lifted" in page("/admin/")
    assert "run manage.py migrate again" in page("/admin/health/")
    metric = next(each for each in health_sections.guards().figures)
    assert (metric.value, metric.tone) == (1, "bad")
