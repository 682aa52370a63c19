"""What the home page says about events."""

from datetime import timedelta

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hireops.database import clock
from hireops.desk.cards import Card
from hireops.desk.display import ago
from hireops.desk.staff import Reader
from hireops.inbox import registry
from hireops.inbox.event_queries import by_index
from hireops.inbox.models import Event

EVENTS_PAGE = "admin:inbox_event_changelist"
LATE_AFTER = timedelta(minutes=1)
COUNT_AT_MOST = 1000


def events_waiting(reader: Reader) -> Card | None:
    """How old the oldest event is that is due and not handled."""
    if not reader.has_perm("inbox.view_event"):
        return None
    now = clock.now()
    oldest = Event.objects.filter(not_before__lte=now).order_by("not_before").only("not_before").first()
    since = oldest.not_before if oldest else None
    is_late = since is not None and now - since > LATE_AFTER
    note = _("A worker is on it.") if oldest else _("All events are handled.")
    return Card(
        title=gettext_lazy("Oldest unhandled event"),
        value=ago(since, now) if since else _("none"),
        note=_("Is the worker running?") if is_late else note,
        url=reverse(EVENTS_PAGE) + "?state__exact=pending",
        tone="bad" if is_late else "ok",
        about="system",
    )


def events_failed(reader: Reader) -> Card | None:
    """How many events could not be handled, at least for now, of those that ``reader`` can decide about."""
    if not reader.has_perm("inbox.view_event"):
        return None
    newest = by_index("state", Event.State.FAILED).values_list("event_type", flat=True)[:COUNT_AT_MOST]
    seen = registry.seen_by(reader)
    count = sum(event_type in seen for event_type in newest)
    return Card(
        title=gettext_lazy("Events that could not be handled"),
        value=f"{count}+" if len(newest) == COUNT_AT_MOST else count,
        note=_("Look at the reasons.") if count else _("Nothing to do."),
        url=reverse(EVENTS_PAGE) + "?state__exact=failed",
        tone="warn" if count else "ok",
        about="system",
    )
