"""What the home page shows of calls: those that wait for a person, and how old the oldest unsent one is."""

from datetime import datetime, timedelta

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from hireops.database import clock
from hireops.desk.cards import Card
from hireops.desk.display import ago
from hireops.desk.staff import Reader
from hireops.outbox import registry, sending
from hireops.outbox.models import Call

COUNTED_TO = 100
OLDEST_LOOKED_AT = 50
LATE = timedelta(minutes=2)


def unsent_since() -> datetime | None:
    """Since when the oldest call has been owed that should have left long ago."""
    owed = Call.objects.filter(~sending.steps_aside(clock.now()), state=Call.State.PENDING).order_by("id")
    # By number, for which there is an index; one that was sent again by hand is younger than its number.
    return min(owed.values_list("pending_since", flat=True)[:OLDEST_LOOKED_AT], default=None)


def calls_waiting(reader: Reader) -> Card | None:
    """How many calls need somebody to decide, of those that ``reader`` can decide about."""
    if not reader.has_perm("outbox.view_call"):
        return None
    waiting = Call.objects.filter(registry.seen_by(reader).among("operation"), state=Call.State.WAITING)
    count = waiting[: COUNTED_TO + 1].count()
    return Card(
        title=_("Calls waiting for a person"),
        value=count if count <= COUNTED_TO else f"{COUNTED_TO}+",
        note=_("Look in Feishu what became of them, then send them again or cancel them.") if count else "",
        url=f"{reverse('admin:outbox_call_changelist')}?state__exact={Call.State.WAITING}",
        tone="warn" if count else "ok",
        about="system",
    )


def oldest_unsent(reader: Reader) -> Card | None:
    """How long the oldest call has been waiting to be sent."""
    if not reader.has_perm("outbox.view_call"):
        return None
    since = unsent_since()
    now = clock.now()
    late = since is not None and now - since > LATE
    return Card(
        title=_("Oldest call not sent yet"),
        value=ago(since, now) if since else gettext("none"),
        note=_("Feishu or the worker may be down: see the last attempts of these calls.") if late else "",
        url=f"{reverse('admin:outbox_call_changelist')}?state__exact={Call.State.PENDING}",
        tone="bad" if late else "ok",
        about="system",
    )
