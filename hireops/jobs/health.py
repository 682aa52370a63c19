"""How long work is, as figures: whether anybody takes it up, and whether it fails again and again."""

from datetime import timedelta

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hireops.database import clock
from hireops.desk.display import duration
from hireops.desk.health import Figure, Metric, Section
from hireops.jobs.models import Job

OLDEST_DUE = Metric("job_oldest_due_seconds", "Seconds that the oldest due long work has not been taken up.")
FAILING = Metric("jobs_failing", "Long work that failed when it was last tried, counted to 1000.")

COUNTED_TO = 1000
# A lease, and a long turn of others.
DUE_TOO_LONG = timedelta(minutes=5)
JOBS_PAGE = "admin:jobs_job_changelist"


def long_work() -> Section:
    return Section(gettext_lazy("Long work"), [_oldest_due(), _failing()])


def _oldest_due() -> Figure:
    now = clock.now()
    due = Job.objects.filter(not_before__lte=now).order_by("not_before")
    since = due.values_list("not_before", flat=True).first()
    age = now - since if since else timedelta()
    stuck = age > DUE_TOO_LONG
    return Figure(
        OLDEST_DUE,
        gettext_lazy("The oldest that nobody has taken up"),
        age.total_seconds(),
        _("due for %(age)s") % {"age": duration(age)} if since else _("none"),
        _("Is the worker running?") if stuck else "",
        "bad" if stuck else "ok",
        url=f"{reverse(JOBS_PAGE)}?state__exact={Job.State.RUNNING}",
    )


def _failing() -> Figure:
    failing = Job.objects.filter(not_before__isnull=False).exclude(error="")
    count = failing.values("pk")[:COUNTED_TO].count()
    note = _("It is tried again by itself, and goes on where it stopped. The work's page says what failed.")
    return Figure(
        FAILING,
        gettext_lazy("Failed when it was last tried"),
        count,
        f"{count}+" if count == COUNTED_TO else str(count),
        note if count else "",
        "warn" if count else "ok",
        url=f"{reverse(JOBS_PAGE)}?state__exact={Job.State.RUNNING}",
    )
