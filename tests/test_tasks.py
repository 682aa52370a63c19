"""What beat asks for is known to the workers."""

from django.conf import settings

from hireops.celery import app


def test_workers_know_every_task_that_beat_asks_for():
    app.loader.import_default_modules()
    asked = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert asked <= set(app.tasks)
