"""Telling staff by the clock."""

from django.conf import settings

from hireops.celery import app
from hireops.doorbell import ring
from hireops.notices import telling, trimming
from hireops.outbox.tasks import drain


@app.task
def tell_staff() -> None:
    """Notice what has come about, and owe what is to be told."""
    if settings.FEISHU_MESSAGES and telling.tell():
        ring(drain)


@app.task
def trim() -> None:
    """Remove messages that were made long ago (OUTBOX_KEEP_DAYS)."""
    trimming.trim()
