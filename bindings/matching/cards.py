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
    if not reader.has_perm("bindings.view_ecoaccount"):
        return None
    waiting = EcoAccount.objects.filter(WAITS)
    count, asked = counted(waiting), counted(EcoAccount.objects.filter(in_question__isnull=False))
    late = waiting.filter(created_at__lt=now() - PATIENCE).exists()
    return Card(
        title=_("Accounts to be bound"),
        value=count,
        note=_note(late=late, asked=int(asked)),
        url=reverse("admin:bindings_accounttobind_changelist"),
        tone="bad" if late else "warn" if count or asked else "ok",
    )


def _note(*, late: bool, asked: int) -> str:
    notes = [_("One has waited for more than a day.")] if late else []
    if asked:
        text = ngettext(
            "%(count)d bound account names another customer now.",
            "%(count)d bound accounts name another customer now.",
            asked,
        )
        notes.append(text % {"count": asked})
    return " ".join(notes)
