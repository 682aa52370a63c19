"""What is new among bound accounts, on the home page."""

from datetime import timedelta

from django.urls import reverse
from django.utils.translation import gettext as _

from bindings.models import EcoAccount
from hireops.database.clock import now
from hireops.desk.cards import Card, counted
from hireops.desk.staff import Reader

NEW_FOR = timedelta(days=7)


def accounts_bound(reader: Reader) -> Card | None:
    if not reader.has_perm("bindings.view_ecoaccount"):
        return None
    recent = EcoAccount.objects.filter(created_at__gte=now() - NEW_FOR)
    return Card(
        title=_("Accounts bound in the last 7 days"),
        value=counted(recent),
        note=_("%(total)s in all") % {"total": counted(EcoAccount.objects.all())},
        url=reverse("admin:bindings_ecoaccount_changelist"),
        about="system",
    )
