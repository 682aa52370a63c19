"""What must be true of bound accounts at any time (``manage.py check_invariants``)."""

from collections.abc import Iterator

from django.db.models import F, Q

from bindings.models import EcoAccount


def accounts_come_from_their_event() -> Iterator[str]:
    """An account's event is one of its own tenant."""
    theirs = Q(event__app_id=F("tenant__app_id"), event__tenant_key=F("tenant__tenant_key"))
    for account in EcoAccount.objects.exclude(theirs).only("pk", "account_id", "event_id").iterator():
        yield f"account {account.account_id} has event #{account.event_id} of another tenant"
