"""How calls leave, as figures."""

from datetime import timedelta

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hireops.database import clock
from hireops.desk.display import duration
from hireops.desk.health import Figure, Metric, Section
from hireops.outbox.cards import LATE, unsent_since
from hireops.outbox.models import Call

OLDEST_UNSENT = Metric("call_oldest_unsent_seconds", "Seconds that the oldest unsent call has been owed.")
WAITING = Metric("calls_waiting", "Calls that wait for a person, counted to 1000.")

COUNTED_TO = 1000


def calls() -> Section:
    return Section(gettext_lazy("Calls to Feishu"), [_oldest_unsent(), _waiting()])


def _oldest_unsent() -> Figure:
    since = unsent_since()
    age = clock.now() - since if since else timedelta()
    return Figure(
        OLDEST_UNSENT,
        gettext_lazy("The oldest that was not sent"),
        age.total_seconds(),
        _("owed for %(age)s") % {"age": duration(age)} if since else _("none"),
        tone="warn" if age > LATE else "ok",
        url=f"{reverse('admin:outbox_call_changelist')}?state__exact={Call.State.PENDING}",
    )


def _waiting() -> Figure:
    waiting = Call.objects.filter(state=Call.State.WAITING).order_by("-id").values("pk")
    count = waiting[:COUNTED_TO].count()
    return Figure(
        WAITING,
        gettext_lazy("Waiting for a person"),
        count,
        f"{count}+" if count == COUNTED_TO else str(count),
        tone="warn" if count else "ok",
        url=f"{reverse('admin:outbox_call_changelist')}?state__exact={Call.State.WAITING}",
    )
