"""What a query can prove of long work."""

from collections.abc import Iterator

from hireops.jobs import registry
from hireops.jobs.models import Job
from hireops.jobs.registry import Kind


def work_under_way_has_its_job() -> Iterator[str]:
    """Nothing waits for work that nobody does, and no work is done that nobody waits for."""
    for kind in registry.all_kinds():
        yield from _differences(kind)


def _differences(kind: Kind) -> Iterator[str]:
    if kind.under_way is None:
        return
    # Each in one statement: what begins or ends between two would look broken.
    objects, jobs = kind.under_way(), Job.objects.running().filter(kind=kind.name, subject_id__isnull=False)
    name = objects.model._meta.label  # noqa: SLF001 - public API
    for pk in objects.exclude(pk__in=jobs.values("subject_id")).values_list("pk", flat=True):
        yield f"{name} {pk} is under way and has no running {kind.name}"
    for pk in jobs.exclude(subject_id__in=objects.values("pk")).values_list("subject_id", flat=True):
        yield f"{name} {pk} has a running {kind.name} and is not under way"
