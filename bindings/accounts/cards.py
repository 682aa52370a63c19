"""What is new among bound accounts, on the home page."""

from datetime import timedelta
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from bindings.models import EcoAccount
from hireops.database.clock import now
from hireops.desk.cards import Card, counted, list_url
from hireops.desk.staff import Reader

NEW_FOR = timedelta(days=7)


def accounts_bound(reader: Reader) -> Card | None:
    if not reader.has_perm("bindings.view_ecoaccount"):
        return None
    since = now() - NEW_FOR
    recent = EcoAccount.objects.filter(created_at__gte=since)
    return Card(
        title=_("Accounts added in the last 7 days"),
        value=counted(recent),
        note=_("%(total)s in all") % {"total": counted(EcoAccount.objects.all())},
        url=list_url("bindings_ecoaccount", urlencode({"created_at__gte": since})),
        about="system",
    )
