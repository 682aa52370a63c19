"""Long work that can be counted: each part leaves a row of its number, and a second one would be refused."""

from django.db.models.functions import Now

from hireops.desk.models import Heartbeat
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
