"""Accounts that wait for a customer, on the home page."""

from datetime import timedelta

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bindings.matching.binding import WAITS
from bindings.models import EcoAccount
from hireops.database.clock import now
from hireops.desk.cards import Card, counted
from hireops.desk.staff import Reader

PATIENCE = timedelta(days=1)


def accounts_to_be_bound(reader: Reader) -> Card | None:
    """Red if one waits longer than a day: its customer can order nothing yet."""
    if not reader.has_perm("bindings.bind_ecoaccount"):
        return None
    waiting = EcoAccount.objects.filter(WAITS)
    count, asked = counted(waiting), counted(EcoAccount.objects.filter(in_question__isnull=False))
    oldest = waiting.order_by("id").values_list("created_at", flat=True).first()
    late = oldest is not None and oldest < now() - PATIENCE
    return Card(
        title=_("Accounts to be bound"),
        value=count,
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
