"""How calls leave, as figures."""

from datetime import timedelta

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hireops.database import clock
from hireops.desk.display import duration
from hireops.desk.health import Figure, Metric, Section
from hireops.outbox import clocks
from hireops.outbox.cards import LATE, unsent_since
from hireops.outbox.models import Call

OLDEST_UNSENT = Metric("call_oldest_unsent_seconds", "Seconds that the oldest unsent call has been owed.")
WAITING = Metric("calls_waiting", "Calls that wait for a person, counted to 1000.")

AHEAD = Metric(
    "clock_ahead_of_feishu_seconds", "Seconds that our clock is ahead of Feishu's, by its answers."
)

COUNTED_TO = 1000
TOO_FAR = timedelta(seconds=2)


def calls() -> Section:
    return Section(gettext_lazy("Calls to Feishu"), [_oldest_unsent(), _waiting(), _clocks()])


def clocks_in_words() -> str:
    """For ``manage.py check_invariants``, in English; "" if Feishu has not told the time lately."""
    difference = clocks.difference()
    if difference is None:
        return ""
    warning = "warning: " if _is_too_far(difference) else ""
    seconds = difference.about.total_seconds()
    side = "ahead of" if seconds >= 0 else "behind"
    return f"{warning}our clock is about {abs(seconds):.1f} s {side} Feishu's"


def _clocks() -> Figure:
    difference = clocks.difference()
    label = gettext_lazy("Our clock against Feishu's")
    if difference is None:
        return Figure(AHEAD, label, None, _("not known: no answer of Feishu in the last day"))
    seconds = difference.about.total_seconds()
    ahead, behind = _("about %(seconds)s s ahead"), _("about %(seconds)s s behind")
    too_far = _is_too_far(difference)
    note = _(
        "One of the clocks is wrong, mostly ours: have the clock of the database's machine set by NTP. "
        "Balances are right all the same, because they are compared by Feishu's clock."
    )
    return Figure(
        AHEAD,
        label,
        seconds,
        (ahead if seconds >= 0 else behind) % {"seconds": f"{abs(seconds):.1f}"},
        note if too_far else "",
        "warn" if too_far else "ok",
    )


def _is_too_far(difference: clocks.Difference) -> bool:
    return abs(difference.certain) >= TOO_FAR


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
