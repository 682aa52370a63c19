"""Long work that can be counted: each part leaves a row of its number, and a second one would be refused."""

from typing import Any

from django.db.models.functions import Now

from hireops.database import clock
from hireops.desk.models import Heartbeat
from hireops.jobs import services
from hireops.jobs.models import Job
from hireops.jobs.registry import DONE, GO_ON, Kind, Step, repeated


def count_on(job: Job) -> Step:
    Heartbeat.objects.bulk_create([Heartbeat(name=f"{job.kind} {job.pk}.{job.done}", at=Now())])
    job.done += 1
    return DONE if job.done == job.total else GO_ON


def counted(job: Job) -> list[int]:
    names = Heartbeat.objects.filter(name__startswith=f"{job.kind} {job.pk}.").values_list("name", flat=True)
    return sorted(int(name.rpartition(".")[2]) for name in names)


COUNTING = Kind(name="counting", label="Counting", parts=repeated(count_on))


def start(kind: str = "counting", *, total: int = 3, **values: Any) -> Job:
    return services.start(kind, by=None, total=total, **values)


def seen(job: Job) -> tuple[str, int]:
    job.refresh_from_db()
    return job.state, job.done


def let_pass(job: Job) -> None:
    """Its lease, or the pause before its next try, is over."""
    Job.objects.filter(pk=job.pk).update(not_before=clock.now())
