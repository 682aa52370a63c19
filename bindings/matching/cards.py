"""Accounts that wait for a customer, on the home page."""

from datetime import timedelta

from django.db.models import Min
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bindings.matching.binding import WAITS
from bindings.models import EcoAccount
from hireops.database.clock import now
from hireops.desk.cards import Card, counted, counted_with
from hireops.desk.staff import Reader

PATIENCE = timedelta(days=1)


def accounts_to_be_bound(reader: Reader) -> Card | None:
    """With those that are bound and in question, as in the queue. Red if one waits longer than a day to be
    bound: its customer can order nothing yet."""
    if not reader.has_perm("bindings.bind_ecoaccount"):
        return None
    waiting = EcoAccount.objects.filter(WAITS)
    found = counted_with(waiting.order_by("id"), oldest=Min("created_at"))
    count, oldest = found["count"], found["oldest"]
    asked = counted(EcoAccount.objects.filter(in_question__isnull=False))
    late = oldest is not None and oldest < now() - PATIENCE
    return Card(
        title=_("Accounts to be bound"),
        value=count + asked if asked else count,
        note=_note(int(asked)),
        url=reverse("admin:bindings_accounttobind_changelist"),
        tone="bad" if late else "warn" if count or asked else "ok",
        since=oldest,
    )


def _note(asked: int) -> str:
    if not asked:
        return ""
    text = ngettext(
        "%(count)d bound account names another customer now.",
        "%(count)d bound accounts name another customer now.",
        asked,
    )
    return text % {"count": asked}
