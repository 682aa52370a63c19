"""Starting, waking and ending long work. Whoever calls one rings for ``hireops.jobs.tasks.work``."""

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Model
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from hireops.database import clock
from hireops.desk import audit
from hireops.desk.errors import Refused
from hireops.jobs import registry
from hireops.jobs.leases import ending
from hireops.jobs.models import Job


def start(kind: str, *, about: Model | None = None, by: User | None, total: int | None = None) -> Job:
    """Leave the work to the workers; it is theirs with the caller's transaction.

    An object has one running job of a kind: ``IntegrityError`` for a second one.
    """
    now = clock.now()
    return Job.objects.create(
        kind=kind, subject=about, asked_by=by, asked_at=now, not_before=now, total=total
    )


def wake(kind: str, *, about: Model) -> None:
    """Something has happened that this job was resting for. The caller has locked ``about``.

    A worker that has the job at this moment sees it in its next part, which locks ``about`` too.
    """
    now = clock.now()
    resting = Job.objects.running().about(about).filter(kind=kind, lease_key=None, not_before__gt=now)
    resting.update(not_before=now)


def end_all(subject: Model) -> None:
    """Nothing more is to be done about it. What a worker has in hand is rolled back."""
    ended = ending(Job.State.CANCELED, "", clock.now())
    Job.objects.running().about(subject).update(**ended)


def end_all_of(kind: str, *, reason: str) -> None:
    """Something newer takes the place of all work of this kind; ``reason`` is marked with gettext_noop."""
    ended = ending(Job.State.CANCELED, reason, clock.now())
    Job.objects.running().filter(kind=kind).update(**ended)


def cancel(job: Job, *, by: User, reason: str) -> None:
    """End it before its time; what was done stays done. Raises ``Refused`` if it has ended."""
    kind = registry.get(job.kind)
    if kind is None or kind.on_cancel is None:
        raise Refused(_("Work of this kind is ended on the page of what it is about."))
    with transaction.atomic():
        kind.on_cancel(job)
        ended = ending(Job.State.CANCELED, gettext_noop("Somebody has canceled it."), clock.now())
        if not Job.objects.running().filter(pk=job.pk).update(**ended):
            raise Refused(_("This work has ended already."))
        audit.record(by=by, action=gettext_noop("long work canceled"), on=job, reason=reason)


def try_now(job: Job, *, by: User, reason: str) -> None:
    """Do not wait for the next try. Raises ``Refused`` if it has ended or a worker has it."""
    with transaction.atomic():
        waiting = Job.objects.running().filter(pk=job.pk, lease_key=None)
        if not waiting.update(not_before=clock.now(), tries=0):
            raise Refused(_("This work has ended, or a worker is at it."))
        audit.record(by=by, action=gettext_noop("long work tried at once"), on=job, reason=reason)
