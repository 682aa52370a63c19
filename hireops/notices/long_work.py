"""Long work that has ended, told to who has asked for it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial

from django.urls import reverse
from django.utils.translation import ngettext

from hireops.database import clock
from hireops.desk.display import page_of
from hireops.desk.staff import Reader
from hireops.jobs import registry
from hireops.jobs.models import Job
from hireops.notices.sources import MOST_MATTERS, Kind, Matter, Source

# Longer than a night, in which nothing is told.
IS_NEWS_FOR = timedelta(hours=12)
ENDED_BY_ITSELF = [Job.State.DONE, Job.State.FAILED]


def ended_lately() -> Iterator[Matter]:
    """Not what somebody has canceled."""
    since = clock.now() - IS_NEWS_FOR
    ended = Job.objects.filter(state__in=ENDED_BY_ITSELF, finished_at__gt=since, asked_by__isnull=False)
    for pk, asked_by in ended.order_by("pk").values_list("pk", "asked_by")[:MOST_MATTERS]:
        yield Matter(str(pk), partial(_is, asked_by))


def _is(pk: int | None, person: Reader) -> bool:
    return person.pk == pk


def sentence(keys: Sequence[str]) -> str:
    """One for each kind of work and how it ended."""
    jobs = Job.objects.filter(pk__in=keys).order_by("pk").values_list("kind", "state")
    return " ".join(_ended(kind, state, count) for (kind, state), count in Counter(jobs).items())


def _ended(kind: str, state: str, count: int) -> str:
    what = {"work": registry.label_of(kind), "count": count}
    if state == Job.State.DONE:
        return ngettext("“%(work)s” is done.", "“%(work)s” is done (%(count)s times).", count) % what
    return (
        ngettext(
            "“%(work)s” could not be finished.", "“%(work)s” could not be finished (%(count)s times).", count
        )
        % what
    )


def path(keys: Sequence[str]) -> str:
    """The page of what the work was about; the home page for several, and for work about no object."""
    job = Job.objects.filter(pk__in=keys).first() if len(keys) == 1 else None
    return (page_of(job.subject) if job and job.subject else "") or reverse("admin:index")


ENDED = Source(name="long work", kind=Kind.WORK_ENDED, now=ended_lately, sentence=sentence, path=path)
