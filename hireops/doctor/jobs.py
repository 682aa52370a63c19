"""Long work of the doctor: an examination that somebody asked for on the page."""

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from hireops.doctor import services
from hireops.doctor.models import Examination
from hireops.jobs.models import Job
from hireops.jobs.registry import DONE, Kind, Part, Step, register


def _parts(job: Job) -> Iterator[Part]:
    found = services.examined()

    def keep() -> Step:
        services.keep(job.subject_pk, found)
        return DONE

    yield keep


register(
    Kind(
        name=services.KIND,
        label=_("Examination"),
        parts=_parts,
        permission="doctor.view_examination",
        under_way=lambda: Examination.objects.filter(finished_at=None),
    )
)
