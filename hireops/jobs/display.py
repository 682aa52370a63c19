"""How far long work is, as its own page and the pages of what it is about show it."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Model
from django.utils.translation import gettext as _

from hireops.database import clock
from hireops.desk.display import duration, exact_moment, labelled
from hireops.desk.waiting import Waiting, share
from hireops.jobs import registry
from hireops.jobs.leases import LOST
from hireops.jobs.models import Job

NOBODY_AFTER = timedelta(minutes=1)


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


def progress_of(job: Job) -> Progress:
    is_running = job.state == Job.State.RUNNING
    return Progress(registry.label_of(job.kind), job.done, job.total, is_running, trouble_of(job))


def newest_about(subject: Model) -> Progress | None:
    """How far the last work about this object is. None where there was none, as before there were jobs."""
    job = newest_job(subject)
    return progress_of(job) if job else None


def newest_job(subject: Model) -> Job | None:
    return Job.objects.about(subject).last()


def told(job: Job) -> str:
    """*120 of 500 people*, as the kind of work counts."""
    kind = registry.get(job.kind)
    if kind is None:
        return str(job.done)
    text = kind.told_so_far if job.total is None else kind.told
    return str(text) % {"done": job.done, "total": job.total}


# --- Pages that wait for it


def waiting_for(job: Job, *facts: object) -> Waiting:
    """Until it has ended. ``facts`` are what else the page shows of it."""
    label, state = registry.label_of(job.kind), Job.State(job.state)
    is_over = state != Job.State.RUNNING
    says = labelled(label, state.label) if is_over else share(label, job.done, job.total)
    return Waiting(says, (*facts_of(job), *facts), is_over)


def waiting_about(subject: Model, *facts: object) -> Waiting | None:
    """Until the newest work about this object has ended. None where there was none."""
    job = newest_job(subject)
    return waiting_for(job, *facts) if job else None


def facts_of(job: Job) -> tuple[object, ...]:
    return (job.pk, job.state, job.done, job.total, trouble_of(job))


# --- What went wrong


def trouble_of(job: Job) -> str:
    """What is wrong with work that has not ended, and what comes next; "" if nothing is."""
    if job.not_before is None:
        return ""
    if job.lease_key is None and job.error:
        text = _("%(what)s What was done is kept. Next try: %(at)s.")
        return text % {"what": _why(job), "at": exact_moment(job.not_before)}
    late = clock.now() - job.not_before
    if job.lease_key is not None and late > timedelta():
        return _("The worker died over it. What was done is kept; the next worker goes on from there.")
    if job.lease_key is not None and job.error:
        return _("%(what)s What was done is kept, and it is being tried again.") % {"what": _why(job)}
    if late > NOBODY_AFTER:
        text = _("Nobody has taken it up for %(age)s. Is the worker running?")
        return text % {"age": duration(late)}
    return ""


def _why(job: Job) -> str:
    return _(LOST) if job.error == LOST else _("An error inside hireops (%(error)s).") % {"error": job.error}
