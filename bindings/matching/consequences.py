"""What has happened since an account was bound, which releasing or rebinding it does not undo."""

from datetime import datetime

from django.db.models import Q
from django.utils.translation import ngettext

from bindings.matching import changes
from bindings.models import BackgroundCheck, EcoAccount, Exam
from hireops.desk.cards import counted


@changes.register_consequence
def orders_taken(account: EcoAccount, since: datetime | None) -> str | None:
    """They stay the customer's who had the account when they came."""
    taken = Q(account=account) & (Q(received_at__gte=since) if since else Q())
    count = sum(int(counted(kind.objects.filter(taken))) for kind in (BackgroundCheck, Exam))
    text = ngettext(
        "%(count)d order has come since. It stays with the customer of today.",
        "%(count)d orders have come since. They stay with the customer of today.",
        count,
    )
    return text % {"count": count} if count else None
