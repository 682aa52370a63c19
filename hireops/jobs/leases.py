"""Who works on a job: a lease by the database's clock, renewed in the transaction of each part.

It is renewed last in that transaction: by then the part has locked its own rows, as everybody does before he
touches a job. Of two workers that do a part at once, because one was too slow, the one whose lease is gone
is rolled back.
"""

import logging
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F, OuterRef, QuerySet, Subquery
from django.utils.translation import gettext_noop

from hireops.database import clock
from hireops.database.locks import advisory_lock, set_transaction_timeouts
from hireops.failpoints import failpoint
from hireops.jobs import registry
from hireops.jobs.models import Job
from hireops.jobs.registry import Step

LEASE = timedelta(seconds=60)
# Before a job is taken up again that has failed, or whose worker has died, so often in a row.
PAUSES = [timedelta(seconds=5), timedelta(seconds=30), *(timedelta(minutes=each) for each in (2, 10, 60))]
DEATHS_IN_A_ROW = 2
LOST = gettext_noop("The worker died over it.")
ERROR_LENGTH = 255

logger = logging.getLogger(__name__)


class LeaseLostError(Exception):
    """Another worker has taken the job up, or somebody has canceled it."""


class Lease:
    """The right to do the next part of ``job``."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self._key = job.lease_key

    def keep(self, part: Callable[[], Step]) -> Step:
        """Do a part and renew the lease, or neither. Raises ``LeaseLostError``."""
        with transaction.atomic():
            set_transaction_timeouts(LEASE.seconds)
            if not self._ours().exists():
                raise LeaseLostError
            step = part()
            self._write(done=self.job.done, total=self.job.total, tries=0, error="", **_after(step))
        failpoint("jobs.between_parts")
        return step

    def release(self) -> None:
        """Let others have it: it is due at once."""
        self._write(lease_key=None, not_before=clock.now())

    def fail(self, error: str) -> None:
        """The last part was rolled back; it is tried again after a pause."""
        self._write(lease_key=None, error=error[:ERROR_LENGTH], not_before=clock.now() + _pause(self.job))

    def _write(self, **values: object) -> None:
        if not self._ours().update(**values):
            raise LeaseLostError

    def _ours(self) -> QuerySet[Job]:
        return Job.objects.running().filter(pk=self.job.pk, lease_key=self._key)


def _after(step: Step) -> dict[str, object]:
    now = clock.now()
    if step.outcome is not None:
        return ending(step.outcome, step.reason, now)
    if step.rest is not None:
        return {"lease_key": None, "not_before": now + step.rest}
    return {"not_before": now + LEASE}


def ending(outcome: Job.State, reason: str, now: datetime) -> dict[str, object]:
    """The columns of a job that has ended."""
    return {"state": outcome, "reason": reason, "finished_at": now, "not_before": None, "lease_key": None}


def _pause(job: Job) -> timedelta:
    return PAUSES[min(max(job.tries, 1), len(PAUSES)) - 1]


def claim() -> Lease | None:
    """A due job, leased to the caller. None if there is none.

    Kinds take turns, the one that had to wait longest first; within a kind the job that is due longest.
    """
    if not due(clock.now()).exists():  # most often; then nobody's writing has to wait for us
        return None
    with transaction.atomic():
        advisory_lock("jobs")  # of two that look at once, the second sees what the first has taken
        now = clock.now()
        while job := _first_unlocked(due(now)):
            if lease := _take(job, now):
                return lease
    return None


def due(now: datetime) -> QuerySet[Job]:
    """What a worker could take up now, in the order in which it should."""
    busy = Job.objects.filter(lease_key__isnull=False, not_before__gt=now)
    busy_kinds = busy.filter(kind__in=registry.one_at_a_time()).values_list("kind", flat=True)
    served = Job.objects.filter(kind=OuterRef("kind"), taken_at__isnull=False).order_by("-taken_at")
    jobs = Job.objects.filter(not_before__lte=now, kind__in=registry.names()).exclude(
        kind__in=list(busy_kinds)
    )
    jobs = jobs.alias(served=Subquery(served.values("taken_at")[:1]))
    return jobs.order_by(F("served").asc(nulls_first=True), "not_before", "id")


def _first_unlocked(jobs: QuerySet[Job]) -> Job | None:
    skip = connection.features.has_select_for_update_skip_locked
    return jobs.select_for_update(skip_locked=skip, of=("self",) if skip else ()).first()


def _take(job: Job, now: datetime) -> Lease | None:
    """None for a job over which workers die again and again: it has to wait."""
    if job.lease_key is not None:
        logger.warning("the worker that had job %d (%s) did not come back", job.pk, job.kind)
        job.error = LOST
        if job.tries >= DEATHS_IN_A_ROW:
            job.lease_key, job.not_before = None, now + _pause(job)
            job.save(update_fields=["lease_key", "not_before", "error"])
            return None
    job.tries += 1
    job.lease_key, job.not_before, job.taken_at = uuid.uuid4(), now + LEASE, now
    job.save(update_fields=["tries", "lease_key", "not_before", "taken_at", "error"])
    return Lease(job)
