"""What beat asks for is known to the workers, and who of them takes up what."""

from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError

from hireops import celery
from hireops.celery import app
from tests.deliveries import ECO_ACCOUNT_CREATED
from tests.drills.proofs import wait_until_handled
from tests.drills.sender import Sender, binding_events
from tests.processes import Hireops, wait_until
from tests.started import settings_of


def test_workers_know_every_task_that_beat_asks_for():
    app.loader.import_default_modules()
    asked = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert asked <= set(app.tasks)


def test_a_task_that_finds_no_database_has_not_failed_and_says_so(caplog: pytest.LogCaptureFixture):
    @app.task(name="tests.finds_no_database")
    def finds_none() -> None:
        raise OperationalError("server closed the connection unexpectedly")

    try:
        assert finds_none.apply().successful()
        assert "tests.finds_no_database: the database is away (OperationalError at test_tasks" in caplog.text
        assert not [record for record in caplog.records if record.exc_info]
        with pytest.raises(OperationalError):
            finds_none()  # whoever calls it by himself is told
    finally:
        app.tasks.unregister("tests.finds_no_database")


@pytest.mark.timeout(120)
def test_a_worker_leaves_what_it_does_not_take_up_to_others(hireops: Hireops):
    hireops.worker(CELERY_WORKER_QUEUES="calls,long_work")
    sender = Sender(hireops.web())
    sender.send(binding_events(3))
    taken_up = "SELECT queues FROM desk_heartbeat ORDER BY at"
    wait_until(lambda: hireops.database.rows(taken_up) == [("calls,long_work",)], what="it did not say so")
    hireops.beat()
    wait_until(lambda: len(list((hireops.folder / "doorbell" / "events").iterdir())) > 1, what="nobody rang")
    assert hireops.database.rows("SELECT DISTINCT state FROM inbox_event") == [("pending",)]

    hireops.worker(CELERY_WORKER_QUEUES="events")
    wait_until_handled(hireops, sender, seconds=20)
    kept = hireops.database.rows(f"SELECT 1 FROM inbox_event WHERE event_type = '{ECO_ACCOUNT_CREATED}'")
    assert len(kept) == 3


def test_by_itself_it_looks_only_at_what_it_takes_up(monkeypatch: pytest.MonkeyPatch):
    class EnoughError(Exception):
        pass

    looked_at: list[str] = []
    rounds = iter([None])

    def sleep(_seconds: float) -> None:
        if next(rounds, "over"):
            raise EnoughError

    monkeypatch.setattr(celery, "sleep", sleep)
    monkeypatch.setattr(celery, "_look_at", lambda name, *_arguments: looked_at.append(name))
    app.amqp.queues.select(["calls"])
    try:
        with pytest.raises(EnoughError):
            celery._look_now_and_then()
    finally:
        app.amqp.queues.select(settings.QUEUES)
    assert looked_at == [celery.WORKER_LIVES, settings.SWEEPS["calls"], celery.WORKER_LIVES]


def test_a_queue_that_does_not_exist_is_refused_by_name(tmp_path: Path):
    with pytest.raises(ImproperlyConfigured, match=r"CELERY_WORKER_QUEUES .* not cals"):
        settings_of(tmp_path, CELERY_WORKER_QUEUES="events,cals")
