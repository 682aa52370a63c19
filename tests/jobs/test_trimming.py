"""Work that ended long ago is removed; what is under way never is."""

from datetime import timedelta

import pytest

from hireops.database.clock import now
from hireops.jobs import trimming
from hireops.jobs.models import Job
from hireops.jobs.tasks import trim

pytestmark = pytest.mark.django_db


def job(state: str, *, asked_days_ago: int, ended_days_ago: int | None = None, **about: object) -> Job:
    times = {"not_before": now()} if ended_days_ago is None else {"finished_at": _ago(ended_days_ago)}
    return Job.objects.create(kind="x", asked_at=_ago(asked_days_ago), state=state, **times, **about)


def _ago(days: int):
    return now() - timedelta(days=days)


def test_what_ended_long_ago_is_removed_and_nothing_else(settings, monkeypatch, eve):
    monkeypatch.setattr(trimming, "PIECE", 2)
    settings.JOBS_KEEP_DAYS = 30
    for state in ("done", "failed", "canceled"):
        job(state, asked_days_ago=99, ended_days_ago=31)
    kept = [
        job("running", asked_days_ago=99),
        job("done", asked_days_ago=99, ended_days_ago=29),
        job("canceled", asked_days_ago=1, ended_days_ago=1),
        job("canceled", asked_days_ago=99, ended_days_ago=31, subject=eve),
    ]
    job("done", asked_days_ago=99, ended_days_ago=31, subject=eve)
    trim()
    assert list(Job.objects.order_by("pk")) == kept
    assert trimming.trim() == 0
