"""What an event from Feishu changes: a customer added our account in Feishu Hire (contract 3.1)."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop, ngettext

from bindings.accounts.differences import Said, differences, said_by
from bindings.matching import changes
from bindings.matching.binding import lock_tenants, match_accounts
from bindings.models import AccountBinding, CustomFieldValue, EcoAccount
from hireops.database import bulk, clock
from hireops.desk import audit
from hireops.feishu.hire.events import EcoAccountCreated
from hireops.feishu.models import Tenant
from hireops.feishu.tenants import AccountKey, accounts_named
from hireops.inbox.models import Event, tenants_of
from hireops.inbox.registry import EventType, Received, register

ECO_ACCOUNT_CREATED = "hire.eco_account.created_v1"
# The columns that an event fills, of an account and of each of its values.
ATTRIBUTES = ("scope", "name", "usages")
VALUE = ("account", "key", "value", "position")
# What the audit says of it.
BOUND = gettext_noop("account bound")
BOUND_AGAIN = gettext_noop("account bound again")
IGNORED = gettext_noop("older event of the account ignored")
EVENT_ACTIONS = [BOUND, BOUND_AGAIN, IGNORED]


@dataclass(frozen=True, slots=True)
class Binding:
    """Which account an event speaks of, and what it says."""

    event: Event
    tenant: Tenant
    created: EcoAccountCreated

    @property
    def key(self) -> AccountKey:
        return self.tenant.pk, self.created.account_id

    @property
    def attributes(self) -> list[Any]:
        """A value for each of ``ATTRIBUTES``."""
        return [self.created.scope, self.created.account_name, list(self.created.usage_list)]

    @property
    def said(self) -> Said:
        typed = [(field.key, field.value) for field in self.created.custom_field_list]
        created = self.created
        return Said(created.scope, created.account_name, list(created.usage_list), typed)

    def values(self, account: EcoAccount) -> Iterator[tuple[Any, ...]]:
        """A ``VALUE`` for each field."""
        for position, field in enumerate(self.created.custom_field_list):
            yield account.pk, field.key, field.value, position


def bind_accounts(received: Sequence[Received[EcoAccountCreated]]) -> None:
    """Bind the account of each event. The newest event about an account decides what it looks like."""
    tenants = tenants_of(one.event for one in received)
    bindings = [Binding(one.event, tenants[one.event.pk], one.content) for one in received]
    lock_tenants(binding.tenant.pk for binding in bindings)
    known = _locked({binding.key for binding in bindings})
    new: dict[AccountKey, Binding] = {}
    for binding in bindings:
        if binding.key not in known:
            new.setdefault(binding.key, binding)
    made = _bind_new([new[key] for key in sorted(new)])
    known |= made
    for binding in bindings:
        account = known[binding.key]
        if account.event_id != binding.event.pk:
            _bind_again(account, binding)
    arrived = list(dict.fromkeys(known[binding.key] for binding in bindings))
    changes.tell_of_new([account for account in arrived if account in made.values()])
    match_accounts([account for account in arrived if not account.set_aside])


def _locked(keys: Collection[AccountKey]) -> dict[AccountKey, EcoAccount]:
    accounts = EcoAccount.objects.select_for_update(no_key=True).filter(accounts_named(keys)).order_by("pk")
    return {(account.tenant_id, account.account_id): account for account in accounts}


def _bind_new(new: Sequence[Binding]) -> dict[AccountKey, EcoAccount]:
    """The accounts, locked. Another worker may make one of them at this moment; then it is that one's."""
    rows = ([*binding.key, binding.event.pk, *binding.attributes] for binding in new)
    bulk.insert_missing(EcoAccount, ["tenant", "account_id", "event", *ATTRIBUTES], rows)
    bound = _locked([binding.key for binding in new])
    made = [binding for binding in new if bound[binding.key].event_id == binding.event.pk]
    bulk.insert(
        AccountBinding,
        ("account", "event", "changes"),
        ((bound[each.key].pk, each.event.pk, []) for each in made),
    )
    bulk.insert(
        CustomFieldValue, VALUE, (value for binding in made for value in binding.values(bound[binding.key]))
    )
    audit.record_all(
        audit.entry(by=None, action=BOUND, on=bound[binding.key], **_named(binding.event)) for binding in made
    )
    return bound


def _bind_again(account: EcoAccount, binding: Binding) -> None:
    before = account.event
    if _age(binding.event) < _age(before):
        audit.record(by=None, action=IGNORED, on=account, **_named(binding.event))
        return
    what_changed = differences(said_by(account), binding.said)
    AccountBinding.objects.create(account=account, event=binding.event, changes=what_changed)
    account.event, account.updated_at = binding.event, clock.now()
    for name, value in zip(ATTRIBUTES, binding.attributes, strict=True):
        setattr(account, name, value)
    account.save(update_fields=["event", "updated_at", *ATTRIBUTES])
    account.values_given.all().delete()
    bulk.insert(CustomFieldValue, VALUE, binding.values(account))
    audit.record(
        by=None,
        action=BOUND_AGAIN,
        on=account,
        previous_event_id=before.event_id,
        **_named(binding.event),
    )


def _named(event: Event) -> dict[str, Any]:
    return {"event_id": event.event_id, "event": event.pk}


def _age(event: Event) -> tuple[datetime, int]:
    # Of two events of the same moment, the one that arrived later counts.
    return event.happened_at, event.pk


# --- For the event's page


def accounts_of(event: Event) -> list[EcoAccount]:
    """The account that has, or once had, its data from this event; nothing if the event changed none."""
    return list(EcoAccount.objects.filter(bindings__event=event))


def in_words(created: EcoAccountCreated) -> str:
    """Without what the customer typed into the fields: that may be a credential."""
    count = len(created.custom_field_list)
    text = ngettext(
        "A customer added the account “%(name)s” (%(account_id)s) and filled in %(count)d field.",
        "A customer added the account “%(name)s” (%(account_id)s) and filled in %(count)d fields.",
        count,
    )
    return text % {"name": created.account_name, "account_id": created.account_id, "count": count}


register(
    EventType(
        name=ECO_ACCOUNT_CREATED,
        label=_("Account bound"),
        read=EcoAccountCreated.of,
        handle=bind_accounts,
        changed=accounts_of,
        in_words=in_words,
        permission="bindings.view_ecoaccount",
    )
)
