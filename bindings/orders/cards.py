"""On the home page: orders that are later than they were promised."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, Min, Q
from django.utils.timezone import make_aware
from django.utils.translation import gettext as _

from bindings.models import BackgroundCheck, Exam, Order, Turn
from bindings.orders import promises
from hireops.desk.cards import MOST_COUNTED, Card, counted, counted_with, list_url
from hireops.desk.staff import Reader


def checks_late(reader: Reader) -> Card | None:
    return _card(reader, BackgroundCheck, _("Background checks that are late"))


def exams_late(reader: Reader) -> Card | None:
    return _card(reader, Exam, _("Exams that are late"))


def _card(reader: Reader, kind: type[Order], title: str) -> Card | None:
    """How many of ``kind``, and how many of these wait for us."""
    name = kind._meta.model_name  # noqa: SLF001 - documented
    if not reader.has_perm(f"bindings.change_{name}"):
        return None
    late = _late(kind)
    total = late["count"]
    return Card(
        title=title,
        value=total,
        note=_("It is our turn in %(count)s of them.") % {"count": late["ours"]} if total else "",
        url=list_url(f"bindings_{name}", f"{promises.FILTER}={promises.IS_LATE}"),
        tone="bad" if total else "ok",
        since=_late_since(late["first"]),
    )


def _late(kind: type[Order]) -> dict[str, Any]:
    """How many are, in how many of these it is our turn, and for when the first of them was promised."""
    rows = kind._default_manager.filter(promises.late()).order_by("promised_on")  # noqa: SLF001 - documented
    is_ours = Q(turn=Turn.VENDOR)
    found = counted_with(rows, ours=Count("pk", filter=is_ours), first=Min("promised_on"))
    if found["count"] < MOST_COUNTED:
        return found
    return found | {"ours": counted(rows.filter(is_ours))}  # also of those beyond the ones that are counted


def _late_since(first: date | None) -> datetime | None:
    """When the day ended for which the first of them was promised."""
    return make_aware(datetime.combine(first + timedelta(days=1), time())) if first else None
