"""What must be true of bound accounts at any time (``manage.py check_invariants``)."""

from collections.abc import Iterator

from django.db.models import Exists, F, OuterRef, Q

from bindings.models import AccountBinding, EcoAccount


def accounts_come_from_their_event() -> Iterator[str]:
    """An account's event is one of its own tenant, and among those that have bound it."""
    theirs = Q(event__app_id=F("tenant__app_id"), event__tenant_key=F("tenant__tenant_key"))
    for account in EcoAccount.objects.exclude(theirs).only("pk", "account_id", "event_id").iterator():
        yield f"account {account.account_id} has event #{account.event_id} of another tenant"
    recorded = AccountBinding.objects.filter(account=OuterRef("pk"), event=OuterRef("event"))
    for account in (
        EcoAccount.objects.exclude(Exists(recorded)).only("pk", "account_id", "event_id").iterator()
    ):
        yield f"account {account.account_id} has event #{account.event_id}, which never bound it"
