"""On the home page: orders that are later than they were promised."""

from collections.abc import Iterable
from datetime import datetime, time, timedelta

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.timezone import make_aware
from django.utils.translation import gettext as _

from bindings.models import Order, Turn
from bindings.orders import promises
from hireops.desk.cards import Card, counted
from hireops.desk.staff import Reader

LISTS = (
    ("bindings.change_backgroundcheck", "admin:bindings_backgroundcheck_changelist", promises.KINDS[0]),
    ("bindings.change_exam", "admin:bindings_exam_changelist", promises.KINDS[1]),
)
ADDRESS = f"{promises.FILTER}={promises.IS_LATE}"


def orders_late(reader: Reader) -> Card | None:
    """How many, and how many of these wait for us; the link leads to the longer list."""
    seen = [(url, kind) for permission, url, kind in LISTS if reader.has_perm(permission)]
    if not seen:
        return None
    late = {url: kind._default_manager.filter(promises.late()) for url, kind in seen}  # noqa: SLF001
    counts = {url: counted(rows) for url, rows in late.items()}
    ours = sum(counted(rows.filter(turn=Turn.VENDOR)) for rows in late.values())
    total = sum(counts.values())
    longest = max(counts, key=lambda url: counts[url])
    return Card(
        title=_("Orders that are late"),
        value=total,
        note=_("It is our turn in %(count)s of them.") % {"count": ours} if total else "",
        url=f"{reverse(longest)}?{ADDRESS}",
        tone="bad" if total else "ok",
        since=_late_since(late.values()),
    )


def _late_since(late: Iterable[QuerySet[Order]]) -> datetime | None:
    """When the day ended for which the first of them was promised."""
    days = [rows.order_by("promised_on").values_list("promised_on", flat=True).first() for rows in late]
    first = min((day for day in days if day), default=None)
    return make_aware(datetime.combine(first + timedelta(days=1), time())) if first else None
