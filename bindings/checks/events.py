"""What events from Feishu change: a customer has ordered a background check or ended one.

They come in any order and more than once (contract 4.10, 4.11): a cancellation is kept whether or not its
order is there. Both handlers work one after the other, so that of an order and its end one sees the other.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop, ngettext

from bindings.checks import packages
from bindings.checks.queue import QUEUE, State, take_step
from bindings.models import (
    AdditionalItem,
    BackgroundCheck,
    CheckCancellation,
    CheckPackage,
    CheckUpdate,
    EcoAccount,
    Turn,
)
from bindings.orders import candidates, offered, promises
from hireops.database import bulk, locks
from hireops.desk import audit
from hireops.encryption import encrypt
from hireops.feishu.hire.events import EcoBackgroundCheckCanceled, EcoBackgroundCheckCreated
from hireops.feishu.models import Tenant
from hireops.feishu.tenants import AccountKey, accounts_named
from hireops.inbox.models import Event, tenants_of
from hireops.inbox.registry import EventType, Received, register

CREATED = "hire.eco_background_check.created_v1"
CANCELED = "hire.eco_background_check.canceled_v1"
ONE_AT_A_TIME = "background checks ordered and ended"
LONGEST = 255
COLUMNS = (
    "tenant",
    "background_check_id",
    "event",
    "account_named",
    "account",
    "customer",
    "state",
    "package_id",
    "package_name",
    "items",
    "comment",
    "candidate_name",
    "candidate_mobile",
    "candidate_email",
    "client_contact_name",
    "client_contact_mobile",
    "client_contact_email",
    "answers",
    "termination_reason",
    "received_at",
    "turn",
    "turn_since",
    "promise_is_provisional",
    "to_look_at",
    "notes",
)
OrderKey = tuple[int, str]  # the tenant's primary key, and background_check_id


@dataclass(frozen=True, slots=True)
class Known:
    """What the catalogue knows of packages and items, by their IDs at Feishu."""

    packages: Mapping[str, Any]
    items: Mapping[str, Any]

    @classmethod
    def of(cls, ordered: Iterable[EcoBackgroundCheckCreated]) -> "Known":
        created = list(ordered)
        return cls(
            packages=packages.found(CheckPackage, {each.package_id for each in created}),
            items=packages.found(
                AdditionalItem, {item for each in created for item in each.additional_item_id_list}
            ),
        )

    def package_name(self, package_id: str) -> str:
        return self.packages[package_id].name if package_id in self.packages else ""

    def item_name(self, item_id: str) -> str:
        return self.items[item_id].name if item_id in self.items else ""


@dataclass(frozen=True, slots=True)
class Ordered:
    """Which order an event speaks of, and what it says."""

    event: Event
    tenant: Tenant
    created: EcoBackgroundCheckCreated

    @property
    def key(self) -> OrderKey:
        return self.tenant.pk, self.created.background_check_id

    @property
    def account_key(self) -> AccountKey:
        return self.tenant.pk, self.created.account_id

    def row(self, account: EcoAccount | None, known: Known) -> list[Any]:
        """A value for each of ``COLUMNS``."""
        created = self.created
        candidate, contact = created.candidate_info, created.client_contact_info
        answers = [{"key": field.key, "value": field.value} for field in created.custom_field_list]
        return [
            *self.key,
            self.event.pk,
            created.account_id,
            account.pk if account else None,
            account.customer_id if account else None,
            State.RECEIVED,
            created.package_id[:LONGEST],
            known.package_name(created.package_id),
            [{"id": item, "name": known.item_name(item)} for item in created.additional_item_id_list],
            created.comment,
            candidates.name_of(candidate),
            candidates.mobile_of(candidate),
            candidates.email_of(candidate),
            candidates.name_of(contact),
            candidates.mobile_of(contact),
            candidates.email_of(contact),
            encrypt(json.dumps(answers, ensure_ascii=False)) if answers else "",
            "",
            self.event.received_at,
            Turn.VENDOR,
            self.event.received_at,
            False,
            "",
            "",
        ]


# --- An order comes


def receive_checks(received: Sequence[Received[EcoBackgroundCheckCreated]]) -> None:
    """Each order once, however often it is told of; also those of an account that nobody knows yet."""
    locks.advisory_lock(ONE_AT_A_TIME)
    tenants = tenants_of(one.event for one in received)
    ordered: dict[OrderKey, Ordered] = {}
    for one in received:
        each = Ordered(one.event, tenants[one.event.pk], one.content)
        ordered.setdefault(each.key, each)
    new = [ordered[key] for key in sorted(ordered)]
    accounts = _accounts({each.account_key for each in new})
    known = Known.of(each.created for each in new)
    before = set(_ordered_by(new).values_list("pk", flat=True))
    rows = (each.row(accounts.get(each.account_key), known) for each in new)
    bulk.insert_missing(BackgroundCheck, COLUMNS, rows)
    made = list(_ordered_by(new).exclude(pk__in=before).select_related("tenant", "account").order_by("pk"))
    audit.record_all(
        audit.entry(by=None, action=gettext_noop("background check received"), on=check, event=check.event_id)
        for check in made
    )
    offered.note_what_is_foreign(made)
    promises.set_promises(_promised(made, known))
    _end_those_canceled_before(made)


def _promised(made: Sequence[BackgroundCheck], known: Known) -> Iterator[tuple[BackgroundCheck, int]]:
    """Those whose package is ours, with the working days that it takes, and each item on top of it."""
    for check in made:
        if package := known.packages.get(check.package_id):
            items = (known.items.get(item["id"]) for item in check.items)
            yield check, package.working_days + sum(item.extra_working_days for item in items if item)


def _ordered_by(new: Sequence[Ordered]) -> Any:
    return BackgroundCheck.objects.filter(event__in=[each.event.pk for each in new])


def _accounts(keys: Collection[AccountKey]) -> dict[AccountKey, EcoAccount]:
    """Locked: whose account it is does not change before the order is there to be told of it."""
    known = EcoAccount.objects.select_for_update(no_key=True).filter(accounts_named(keys)).order_by("pk")
    return {(account.tenant_id, account.account_id): account for account in known}


def _end_those_canceled_before(made: Sequence[BackgroundCheck]) -> None:
    canceled = _cancellations({(check.tenant_id, check.background_check_id) for check in made})
    for check in made:
        if event := canceled.get((check.tenant_id, check.background_check_id)):
            _cancel(check, _reason(event), event)


# --- A customer ends one


def cancel_checks(received: Sequence[Received[EcoBackgroundCheckCanceled]]) -> None:
    """The first cancellation of an order counts. What comes back of our own end changes nothing."""
    locks.advisory_lock(ONE_AT_A_TIME)
    tenants = tenants_of(one.event for one in received)
    rows = [(tenants[one.event.pk].pk, one.content.background_check_id, one.event.pk) for one in received]
    keys = {(tenant, order) for tenant, order, _event in rows}
    before = _cancellations(keys)
    bulk.insert_missing(CheckCancellation, ("tenant", "background_check_id", "event"), rows)
    new = {key: event for key, event in _cancellations(keys).items() if key not in before}
    for check in _locked(new):
        event = new[check.tenant_id, check.background_check_id]
        _cancel(check, _reason(event), event)


def _locked(keys: Collection[OrderKey]) -> Iterable[BackgroundCheck]:
    checks = BackgroundCheck.objects.select_for_update(of=("self",)).select_related("tenant")
    return checks.filter(_named(keys)).order_by("pk")


def _cancellations(keys: Collection[OrderKey]) -> dict[OrderKey, Event]:
    found = CheckCancellation.objects.filter(_named(keys)).select_related("event")
    return {(each.tenant_id, each.background_check_id): each.event for each in found}


def _named(keys: Collection[OrderKey]) -> Q:
    by_tenant: dict[int, list[str]] = {}
    for tenant, order in keys:
        by_tenant.setdefault(tenant, []).append(order)
    named = Q(pk__in=[])
    for tenant, orders in by_tenant.items():
        named |= Q(tenant=tenant, background_check_id__in=orders)
    return named


def _reason(event: Event) -> str:
    content = EcoBackgroundCheckCanceled.of(event.payload)
    return content.termination_reason if isinstance(content, EcoBackgroundCheckCanceled) else ""


def _cancel(check: BackgroundCheck, reason: str, event: Event) -> None:
    """End a locked order. ``termination_reason`` is what the customer has typed."""
    if check.state in BackgroundCheck.ENDED:
        _tell(check, gettext_noop("cancellation came after the end"), event)
        return
    QUEUE.stop(check, State.CANCELED_BY_CUSTOMER)
    ours = not reason and _our_own_end_has_left(check)
    check.termination_reason = reason
    check.save(update_fields=["termination_reason"])
    take_step(check, State.TERMINATED_BY_VENDOR if ours else State.CANCELED_BY_CUSTOMER)
    if ours:
        _tell(check, gettext_noop("our own end came back as a cancellation"), event)
    else:
        _tell(check, gettext_noop("cancelled by the customer"), event)


def _our_own_end_has_left(check: BackgroundCheck) -> bool:
    """Then a cancellation without a reason is its echo (contract 4.9)."""
    left = {CheckUpdate.State.SENDING, CheckUpdate.State.IN_DOUBT}
    return QUEUE.updates_of(check).filter(kind=CheckUpdate.Kind.TERMINATION, state__in=left).exists()


def _tell(check: BackgroundCheck, action: str, event: Event) -> None:
    audit.record(by=None, action=action, on=check, event=event.pk)


# --- For the events' pages


def checks_of(event: Event) -> list[BackgroundCheck]:
    """The order that came by this event; nothing if it was there already."""
    return list(BackgroundCheck.objects.filter(event=event))


def checks_canceled_by(event: Event) -> list[BackgroundCheck]:
    """The order that this event has ended, as far as it has come."""
    canceled = CheckCancellation.objects.filter(event=event).first()
    if canceled is None:
        return []
    key = {"tenant": canceled.tenant_id, "background_check_id": canceled.background_check_id}
    return list(BackgroundCheck.objects.filter(**key))


def ordered_in_words(created: EcoBackgroundCheckCreated) -> str:
    count = len(created.additional_item_id_list)
    text = ngettext(
        "A customer ordered the background check %(order)s by the account %(account)s: package "
        "“%(package)s” and %(count)d additional item.",
        "A customer ordered the background check %(order)s by the account %(account)s: package "
        "“%(package)s” and %(count)d additional items.",
        count,
    )
    return text % {
        "order": created.background_check_id,
        "account": created.account_id,
        "package": created.package_id,
        "count": count,
    }


def canceled_in_words(canceled: EcoBackgroundCheckCanceled) -> str:
    text = _("A customer ended the background check %(order)s.")
    return text % {"order": canceled.background_check_id}


register(
    EventType(
        name=CREATED,
        label=gettext_lazy("Background check ordered"),
        read=EcoBackgroundCheckCreated.of,
        handle=receive_checks,
        changed=checks_of,
        in_words=ordered_in_words,
        permission="bindings.view_backgroundcheck",
    )
)
register(
    EventType(
        name=CANCELED,
        label=gettext_lazy("Background check called off"),
        read=EcoBackgroundCheckCanceled.of,
        handle=cancel_checks,
        changed=checks_canceled_by,
        in_words=canceled_in_words,
        permission="bindings.view_backgroundcheck",
    )
)
