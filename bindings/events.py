"""What an event from Feishu changes: a customer added our account in Feishu Hire (contract 3.1)."""

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop, ngettext

from bindings.models import CustomFieldValue, EcoAccount
from hireops.database import now
from hireops.desk import audit
from hireops.inbox.models import Event
from hireops.inbox.registry import CannotHandleError, handles

ACCOUNT_ID_LENGTH = 255
BIGGEST_SCOPE = 2**31 - 1
DIGITS_OF_A_SCOPE = 10


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


@handles(
    "hire.eco_account.created_v1",
    label=_("Account bound"),
    changed=accounts_of,
    in_words=words_of,
    permission="bindings.view_ecoaccount",
)
def bind_account(event: Event) -> None:
    """Bind the account of the event. The newest event about an account decides what it looks like.

    What can be read is taken and what can't is left empty, because this event is the only source of the
    account; only without a usable ``account_id`` does it raise ``NoAccountError``.
    """
    body = _body(event)
    account, is_new = EcoAccount.objects.select_for_update().get_or_create(
        tenant=event.tenant,
        account_id=_account_id(body),
        defaults={"event": event, **_attributes(body)},
    )
    if is_new:
        _write_values(account, body)
        audit.record(by=None, action=gettext_noop("account bound"), on=account, **_named(event))
    elif account.event_id != event.pk:
        _bind_again(account, event, body)


def _bind_again(account: EcoAccount, event: Event, body: Mapping[str, Any]) -> None:
    before = account.event
    if _age(event) < _age(before):
        audit.record(by=None, action=IGNORED, on=account, **_named(event))
        return
    account.event, account.updated_at = event, now()
    for name, value in _attributes(body).items():
        setattr(account, name, value)
    account.save()
    account.values_given.all().delete()
    _write_values(account, body)
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
    return {
        "scope": _scope(body.get("scope")),
        "name": _text(body.get("account_name")),
        "usages": [_plain(usage) for usage in usages] if isinstance(usages, list) else [],
    }


def _scope(value: object) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < DIGITS_OF_A_SCOPE:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if abs(value) <= BIGGEST_SCOPE else None


def _write_values(account: EcoAccount, body: Mapping[str, Any]) -> None:
    given = body.get("custom_field_list")
    pairs = (
        [pair if isinstance(pair, dict) else {"value": pair} for pair in given]
        if isinstance(given, list)
        else []
    )
    CustomFieldValue.objects.bulk_create(
        CustomFieldValue(
            account=account, key=_text(pair.get("key")), value=_text(pair.get("value")), position=position
        )
        for position, pair in enumerate(pairs)
    )


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
