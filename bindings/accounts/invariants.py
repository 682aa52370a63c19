"""What must be true of bound accounts at any time (``manage.py check_invariants``)."""

from collections.abc import Iterator

from django.db.models import Exists, F, OuterRef, Q

from bindings.accounts.events import ECO_ACCOUNT_CREATED
from bindings.models import AccountBinding, EcoAccount
from hireops.inbox.models import Event


def accounts_come_from_their_event() -> Iterator[str]:
    """An account's event is one of its own tenant, and among those that have bound it."""
    named = Q(event__tenant_key=F("tenant__tenant_key")) | Q(event__tenant_key="")
    theirs = Q(event__app_id=F("tenant__app_id")) & named
    for account in EcoAccount.objects.exclude(theirs).only("pk", "account_id", "event_id").iterator():
        yield f"account {account.account_id} has event #{account.event_id} of another tenant"
    recorded = AccountBinding.objects.filter(account=OuterRef("pk"), event=OuterRef("event"))
    for account in (
        EcoAccount.objects.exclude(Exists(recorded)).only("pk", "account_id", "event_id").iterator()
    ):
        yield f"account {account.account_id} has event #{account.event_id}, which never bound it"


def handled_bindings_have_their_account() -> Iterator[str]:
    """Feishu tells of an account only once: who loses it loses the customer."""
    named = EcoAccount.objects.filter(account_id=OuterRef("subject"), tenant__app_id=OuterRef("app_id"))
    handled = Event.objects.filter(
        event_type=ECO_ACCOUNT_CREATED, state=Event.State.HANDLED, subject__isnull=False
    )
    bound = Exists(named.filter(tenant__tenant_key=OuterRef("tenant_key")))
    bound_for_the_only_tenant = Q(Exists(named), tenant_key="")
    gone = handled.exclude(bound).exclude(bound_for_the_only_tenant)
    for event_id, account_id in gone.values_list("event_id", "subject").iterator():
        yield f"event {event_id} is handled, but the account {account_id} that it bound is gone"
