"""What a restored database has lost of Feishu's events, for whoever releases it."""

from datetime import datetime

from django.db.models import Count
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from hireops.desk.models import Restoration
from hireops.desk.restoring import Line, Part, register, register_newest
from hireops.inbox.models import Event
from hireops.inbox.registry import labels


def _come_since(restoration: Restoration) -> list[Line]:
    """Whether Feishu has sent them again or a file has brought them back."""
    since = Event.objects.filter(received_at__gte=restoration.begun_at)
    counted = since.order_by("event_type").values_list("event_type").annotate(Count("pk"))
    names, address = labels(), reverse("admin:inbox_event_changelist")
    return [
        Line(names.get(name) or name or _("unreadable"), count, f"{address}?event_type={name}")
        for name, count in counted
    ]


def _newest_event() -> datetime | None:
    return Event.objects.order_by("-id").values_list("received_at", flat=True).first()


register_newest(_newest_event)
register(
    Part(
        key="events",
        place=5,
        title=_("Events and orders"),
        to_do=_(
            "Feishu sends nothing again that was answered, so customers who bound an account, ordered or "
            "cancelled after the backup are not here. If raw events were kept (EVENT_JOURNAL), have them "
            "taken in: manage.py replay_bodies. For what is still missing, ask the customers: an account has "
            "to be bound anew, an open order to be looked up in Feishu. Below is what has come since the "
            "restore."
        ),
        found=_come_since,
    )
)
