"""Long work of this room: writing the file of a list."""

from django.utils.translation import gettext_lazy as _

from hireops.exports import services, writing
from hireops.exports.models import JOB, Export
from hireops.jobs.models import Job
from hireops.jobs.registry import Kind, register


def _cancel(job: Job) -> None:
    export = Export.objects.select_for_update(of=("self",)).get(pk=job.subject_pk)
    services.end(export, Export.State.CANCELED)


register(
    Kind(
        name=JOB,
        label=_("Export a list"),
        parts=writing.parts,
        on_cancel=_cancel,
        permission="exports.view_export",  # everybody else sees the own ones among the exports
        under_way=lambda: Export.objects.filter(state=Export.State.WORKING),
    )
)
