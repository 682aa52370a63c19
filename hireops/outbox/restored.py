"""What a restored database still owes Feishu, for whoever releases it."""

from datetime import datetime

from django.db.models import Count
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from hireops.desk.models import Restoration
from hireops.desk.restoring import Line, Part, register, register_newest
from hireops.feishu.endpoints import ONLY_READ
from hireops.outbox import registry
from hireops.outbox.models import Attempt, Call


def _owed(_restoration: Restoration) -> list[Line]:
    """By operation, without what only asks and with what was enqueued since: all of it leaves at the end."""
    calls = Call.objects.filter(state=Call.State.PENDING).exclude(operation__in=ONLY_READ)
    counted = calls.order_by("operation").values_list("operation").annotate(Count("pk"))
    address = reverse("admin:outbox_call_changelist")
    return [
        Line(registry.label_of(name), count, f"{address}?state__exact=pending&operation={name}")
        for name, count in counted
    ]


def _newest_call() -> datetime | None:
    return Call.objects.order_by("-id").values_list("created_at", flat=True).first()


def _newest_attempt() -> datetime | None:
    return Attempt.objects.order_by("-id").values_list("started_at", flat=True).first()


register_newest(_newest_call)
register_newest(_newest_attempt)
register(
    Part(
        key="calls",
        place=1,
        title=_("Calls that are owed"),
        to_do=_(
            "They may have been sent after the backup, and newer ones after them; whatever is still here "
            "leaves when all is released. A form, an offer or the state of an order that is sent again puts "
            "an older one in the place of a newer one: cancel what was replaced, or ask those who work with "
            "it."
        ),
        found=_owed,
    )
)
