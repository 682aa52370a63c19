"""What an event from Feishu changes: a customer added our account in Feishu Hire (contract 3.1)."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop, ngettext

from bindings.models import CustomFieldValue, EcoAccount
from hireops.database import bulk
from hireops.database.clock import now
from hireops.desk import audit
from hireops.feishu.models import Tenant
from hireops.feishu.tenants import AccountKey, accounts_named
from hireops.inbox.models import Event, tenants_of
from hireops.inbox.registry import CannotHandleError, handles_batch

ACCOUNT_ID_LENGTH = 255
BIGGEST_SCOPE = 2**31 - 1
DIGITS_OF_A_SCOPE = 10
# The columns that an event fills, of an account and of each of its values.
ATTRIBUTES = ("scope", "name", "usages")
VALUE = ("account", "key", "value", "position")

IGNORED = gettext_noop("older event of the account ignored")


class NoAccountError(CannotHandleError):
    """The event names no account, so nothing can be bound."""


def accounts_of(event: Event) -> list[EcoAccount]:
    """The account that has, or once had, its data from this event; nothing if the event changed none."""
    try:
        account_id = event.subject if event.trimmed_at else _account_id(_body(event))
    except NoAccountError:
        return []
    named = EcoAccount.objects.filter(
        tenant__app_id=event.app_id, tenant__tenant_key=event.tenant_key, account_id=account_id
    )
    return [account for account in named if _came_from(account, event)]


def _came_from(account: EcoAccount, event: Event) -> bool:
    told = audit.entries_about(account).filter(details__event=event.pk)
    return account.event_id == event.pk or told.exclude(action=IGNORED).exists()


def words_of(event: Event) -> str:
    """Without what the customer typed into the fields: that may be a credential."""
    try:
        body = _body(event)
        attributes = _attributes(body)
        names = {"name": attributes["name"], "account_id": _account_id(body)}
    except NoAccountError:
        return ""
    given = body.get("custom_field_list")
    count = len(given) if isinstance(given, list) else 0
    text = ngettext(
        "A customer added the account “%(name)s” (%(account_id)s) and filled in %(count)d field.",
        "A customer added the account “%(name)s” (%(account_id)s) and filled in %(count)d fields.",
        count,
    )
    return text % {**names, "count": count}


@dataclass(frozen=True, slots=True)
class Binding:
    """Which account an event speaks of, and what it says."""

    event: Event
    body: Mapping[str, Any]
    tenant: Tenant
    account_id: str

    @property
    def key(self) -> AccountKey:
        return self.tenant.pk, self.account_id


@handles_batch(
    "hire.eco_account.created_v1",
    label=_("Account bound"),
    changed=accounts_of,
    in_words=words_of,
    permission="bindings.view_ecoaccount",
)
def bind_accounts(events: Sequence[Event]) -> None:
    """Bind the account of each event. The newest event about an account decides what it looks like.

    What can be read is taken and what can't is left empty, because this event is the only source of the
    account; only without a usable ``account_id`` does it raise ``NoAccountError``.
    """
    wanted = _read(events)
    known = _locked({binding.key for binding in wanted})
    new: dict[AccountKey, Binding] = {}
    for binding in wanted:
        if binding.key not in known:
            new.setdefault(binding.key, binding)
    known |= _bind_new([new[key] for key in sorted(new)])
    for binding in wanted:
        account = known[binding.key]
        if account.event_id != binding.event.pk:
            _bind_again(account, binding.event, binding.body)


def _read(events: Sequence[Event]) -> list[Binding]:
    tenants = tenants_of(events)
    return [
        Binding(event, body, tenants[event.pk], _account_id(body))
        for event, body in ((event, _body(event)) for event in events)
    ]


def _locked(keys: Collection[AccountKey]) -> dict[AccountKey, EcoAccount]:
    accounts = EcoAccount.objects.select_for_update().filter(accounts_named(keys)).order_by("pk")
    return {(account.tenant_id, account.account_id): account for account in accounts}


def _bind_new(new: Sequence[Binding]) -> dict[AccountKey, EcoAccount]:
    """The accounts, locked. Another worker may make one of them at this moment; then it is that one's."""
    told = (
        [binding.tenant.pk, binding.account_id, binding.event.pk, *_attributes(binding.body).values()]
        for binding in new
    )
    bulk.insert_missing(EcoAccount, ["tenant", "account_id", "event", *ATTRIBUTES], told)
    bound = _locked([binding.key for binding in new])
    made = [binding for binding in new if bound[binding.key].event_id == binding.event.pk]
    bulk.insert(
        CustomFieldValue,
        VALUE,
        (value for binding in made for value in _values(bound[binding.key], binding.body)),
    )
    audit.record_all(
        audit.entry(
            by=None, action=gettext_noop("account bound"), on=bound[binding.key], **_named(binding.event)
        )
        for binding in made
    )
    return bound


def _bind_again(account: EcoAccount, event: Event, body: Mapping[str, Any]) -> None:
    before = account.event
    if _age(event) < _age(before):
        audit.record(by=None, action=IGNORED, on=account, **_named(event))
        return
    account.event, account.updated_at = event, now()
    attributes = _attributes(body)
    for name, value in attributes.items():
        setattr(account, name, value)
    account.save(update_fields=["event", "updated_at", *attributes])
    account.values_given.all().delete()
    bulk.insert(CustomFieldValue, VALUE, _values(account, body))
    audit.record(
        by=None,
        action=gettext_noop("account bound again"),
        on=account,
        previous_event_id=before.event_id,
        **_named(event),
    )


def _named(event: Event) -> dict[str, Any]:
    return {"event_id": event.event_id, "event": event.pk}


def _age(event: Event) -> tuple[datetime, int]:
    # Of two events of the same moment, the one that arrived later counts.
    return event.created_at or event.received_at, event.pk


def _body(event: Event) -> Mapping[str, Any]:
    body = event.payload.get("event") if isinstance(event.payload, dict) else None
    if not isinstance(body, dict):
        raise NoAccountError(
            gettext_noop("the event has no object under 'event'; the account can't be bound")
        )
    return body


def _account_id(body: Mapping[str, Any]) -> str:
    account_id = body.get("account_id")
    if not isinstance(account_id, str) or not account_id.strip():
        raise NoAccountError(gettext_noop("account_id is missing or is not text; the account can't be bound"))
    if len(account_id) > ACCOUNT_ID_LENGTH:
        raise NoAccountError(
            gettext_noop("account_id is longer than 255 characters; the account can't be bound")
        )
    return account_id


def _attributes(body: Mapping[str, Any]) -> dict[str, Any]:
    usages = body.get("usage_list")
    told = (
        _scope(body.get("scope")),
        _text(body.get("account_name")),
        [_plain(usage) for usage in usages] if isinstance(usages, list) else [],
    )
    return dict(zip(ATTRIBUTES, told, strict=True))


def _scope(value: object) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < DIGITS_OF_A_SCOPE:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if abs(value) <= BIGGEST_SCOPE else None


def _values(account: EcoAccount, body: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    """A ``VALUE`` for each that is given."""
    given = body.get("custom_field_list")
    for position, pair in enumerate(given if isinstance(given, list) else []):
        told = pair if isinstance(pair, dict) else {"value": pair}
        yield account.pk, _text(told.get("key")), _text(told.get("value")), position


def _text(value: object) -> str:
    """Text as it is, nothing as ``""``, and what should have been text as the JSON that came."""
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, Decimal):
        return str(value)
    return json.dumps(value, ensure_ascii=False, default=str)


def _plain(value: object) -> object:
    """Something that a JSON column takes: a ``Decimal`` is written as text, not rounded to a float."""
    return value if isinstance(value, int | str) or value is None else _text(value)
