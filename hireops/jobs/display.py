"""How far long work is, as its own page and the pages of what it is about show it."""

from dataclasses import dataclass

from django.db.models import Model
from django.utils.translation import gettext as _

from hireops.desk.display import moment
from hireops.jobs import registry
from hireops.jobs.leases import LOST
from hireops.jobs.models import Job

REFRESH_EVERY_S = 3


@dataclass(frozen=True, slots=True)
class Progress:
    """For ``admin/jobs/progress.html``: ``total`` is None while nobody knows it.

    ``trouble`` is what went wrong, and when it is tried again.
    """

    label: str
    done: int
    total: int | None
    is_running: bool
    trouble: str = ""

    @property
    def refresh_s(self) -> int | None:
        return REFRESH_EVERY_S if self.is_running else None


def progress_of(job: Job) -> Progress:
    is_running = job.state == Job.State.RUNNING
    return Progress(registry.label_of(job.kind), job.done, job.total, is_running, trouble_of(job))


def newest_about(subject: Model) -> Progress | None:
    """How far the last work about this object is. None where there was none, as before there were jobs."""
    job = Job.objects.about(subject).last()
    return progress_of(job) if job else None


def trouble_of(job: Job) -> str:
    if not job.error or job.not_before is None:
        return ""
    error = _("An error inside hireops (%(error)s).") % {"error": job.error}
    return _("%(what)s What was done is kept. Next try: %(at)s.") % {
        "what": _(LOST) if job.error == LOST else error,
        "at": moment(job.not_before),
    }
