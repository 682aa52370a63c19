"""The Celery application: ``celery -A hireops``. Its messages are doorbells: no data in them, none missed."""

import logging
import os
import threading
from time import sleep
from typing import Any

import django.conf
from celery import Celery, Task
from celery.signals import (
    beat_init,
    celeryd_after_setup,
    task_postrun,
    task_prerun,
    worker_init,
    worker_ready,
)
from django.db import close_old_connections, connections

from hireops import broker, configure, demo, garbage, stopping_at_mistakes, tracing
from hireops.database.errors import DATABASE_AWAY
from hireops.error_location import error_location

logger = logging.getLogger(__name__)

WORKER_LOOKS_EVERY_S = 20
WORKER_LIVES = "hireops.desk.tasks.worker_lives"

# Every migrate makes Django's checks; here they would load all pages.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

configure()
broker.register()


class OwedTask(Task[Any, Any]):
    """What it would do stands in the database, and is looked for again: a database that is away is no
    failure of the task. Celery would describe it frame by frame, and keep megabytes of that.
    """

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.request.called_directly:
            return super().__call__(*args, **kwargs)
        try:
            return self.run(*args, **kwargs)
        except DATABASE_AWAY as away:
            logger.warning("%s: the database is away (%s)", self.name, error_location(away))
            return None


app = Celery("hireops", task_cls=OwedTask)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@task_prerun.connect
@task_postrun.connect
def _keep_only_connections_that_are_good(**_details: Any) -> None:
    """As Django does around a request."""
    close_old_connections()


@worker_init.connect
@beat_init.connect
def _refuse_rows_of_another_app(**_details: Any) -> None:
    with stopping_at_mistakes():
        demo.refuse_rows_of_another_app()


@worker_init.connect
def _trace(**_details: Any) -> None:
    tracing.start("worker")


@worker_ready.connect
def _gather_little_garbage(**_details: Any) -> None:
    garbage.leave_out_what_is_loaded()


@celeryd_after_setup.connect
def _look_without_being_asked(**_details: Any) -> None:
    """A worker whose broker has fallen silent, or was never there, hears no ring and no beat."""
    threading.Thread(target=_look_now_and_then, name="sweep", daemon=True).start()


def _look_now_and_then() -> None:
    """At what this worker takes up."""
    queues = sorted(app.amqp.queues.consume_from)
    sweeps = [task for queue, task in django.conf.settings.SWEEPS.items() if queue in queues]
    while True:
        _look_at(WORKER_LIVES, queues)
        connections.close_all()
        sleep(WORKER_LOOKS_EVERY_S)
        for sweep in sweeps:
            _look_at(sweep)
        connections.close_all()


def _look_at(name: str, *arguments: Any) -> None:
    try:
        app.tasks[name](*arguments)
    except Exception:  # a database that is away; the next look finds it or not
        logger.exception("a look at %s failed", name)
