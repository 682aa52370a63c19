"""On the home page: what somebody has set going, to be found again."""

from django.utils.translation import gettext as _

from hireops.desk.cards import Card, counted, list_url
from hireops.desk.display import labelled
from hireops.desk.staff import Reader
from hireops.jobs.display import told
from hireops.jobs.models import Job
from hireops.jobs.registry import label_of


def work_under_way(reader: Reader) -> Card | None:
    """Only while there is some, and only to who has started it: nobody has to do anything about it."""
    if not reader.has_perm("jobs.view_job"):
        return None
    running = Job.objects.running().filter(asked_by=reader.pk)
    count = counted(running)
    if not count:
        return None
    newest = running.order_by("-id")[:1].get()
    return Card(
        title=_("What you have started is under way"),
        value=count,
        note=labelled(label_of(newest.kind), told(newest)),
        url=list_url("jobs_job", f"state__exact={Job.State.RUNNING}"),
        tone="busy",
    )
