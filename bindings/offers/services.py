"""What staff can do with the offer of one account: look at what would be sent, send it, stop it.

Whoever calls one that sends rings for ``hireops.outbox.tasks.drain``. Many accounts at once: ``runs.py``;
after a change of what accounts are to offer: ``comparing.py``.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from bindings.models import AccountOffer, EcoAccount, OfferedItem
from bindings.offers import readings, sending
from bindings.offers.plan import (
    Kind,
    Known,
    Offering,
    Plan,
    Reading,
    offering_as_json,
)
from bindings.offers.planning import plan_offer
from bindings.offers.texts import Reason, problem_text
from bindings.offers.wishes import wished, wished_by
from hireops.desk import audit
from hireops.desk.errors import Refused
from hireops.feishu.models import Tenant
from hireops.feishu.tenants import call_tenant
from hireops.outbox import services as outbox
from hireops.outbox.models import Call

State = AccountOffer.State
AT_ONCE = 500


class PlanChangedError(Refused):
    """What would be sent is no longer what the person has looked at. ``now`` is how it is at present."""

    def __init__(self, text: str, now: "Preview") -> None:
        super().__init__(text)
        self.now = now


class EmptyNotConfirmedError(Refused):
    """Afterwards the account would offer nothing, and nobody has said that this is meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What the account offers, is to offer, and what it takes. ``why_not``: why it can't be sent at present,
    each a sentence for staff. ``fingerprint`` is equal exactly as long as the same would be sent.
    ``asks_for``: how many things go, if the account offers nothing afterwards, and somebody has to confirm
    that; 0 otherwise."""

    account: EcoAccount
    offer: AccountOffer | None
    known: tuple[Known, ...]
    wished: Offering
    reading: Reading
    plan: Plan
    fingerprint: str
    why_not: tuple[str, ...]

    @property
    def asks_for(self) -> int:
        return self.plan.deletes if self.plan.empties else 0


def preview(account: EcoAccount) -> Preview:
    """What bringing this account up to date would do now."""
    offer = AccountOffer.objects.filter(account=account).first()
    return preview_of(
        account, offer, sending.known_of(offer) if offer else (), wished(account), readings.current()
    )


def previews(accounts: Iterable[EcoAccount]) -> Iterator[Preview]:
    """The same for many, which have their ``tenant``: a few queries for each ``AT_ONCE`` of them."""
    reading = readings.current()
    for chunk in batched(accounts, AT_ONCE):
        wishes = wished_by(chunk)
        offers = {offer.account_id: offer for offer in AccountOffer.objects.filter(account__in=chunk)}
        known = known_by(offers.values())
        for account in chunk:
            offer = offers.get(account.pk)
            rows = known[offer.pk] if offer else ()
            yield preview_of(account, offer, rows, wishes[account.pk], reading)


def known_by(offers: Iterable[AccountOffer]) -> dict[int, tuple[Known, ...]]:
    """What is known of each account's IDs, by the offer's id."""
    known: dict[int, list[Known]] = {offer.pk: [] for offer in offers}
    for item in OfferedItem.objects.filter(offer__in=list(known)).order_by("pk"):
        known[item.offer_id].append(item.as_known())
    return {pk: tuple(rows) for pk, rows in known.items()}


def batched(accounts: Iterable[EcoAccount], size: int) -> Iterator[list[EcoAccount]]:
    listed = iter(accounts)
    while chunk := list(islice(listed, size)):
        yield chunk


def preview_of(
    account: EcoAccount,
    offer: AccountOffer | None,
    known: tuple[Known, ...],
    wish: Offering,
    reading: Reading,
) -> Preview:
    """The same for a caller that has read all that for many accounts."""
    plan = plan_offer(account.scope, known, wish, reading)
    return Preview(
        account=account,
        offer=offer,
        known=known,
        wished=wish,
        reading=reading,
        plan=plan,
        fingerprint=_fingerprint(known, wish, plan),
        why_not=(*(problem_text(each) for each in plan.problems), *_why_not_now(account, offer)),
    )


def _why_not_now(account: EcoAccount, offer: AccountOffer | None) -> Sequence[str]:
    tenant = call_tenant(account.tenant)
    if tenant and tenant.state == Tenant.State.GONE:
        return [_("The customer has uninstalled the app, so nothing can be sent.")]
    if tenant and tenant.state == Tenant.State.SUSPENDED:
        return [
            _("The app is suspended at this customer. It can be sent when the customer has enabled it again.")
        ]
    if offer and offer.state == State.UPDATING:
        return [_("This account is being brought up to date at this moment.")]
    if offer and offer.state == State.IN_DOUBT and sending.has_open_call(offer):
        return [
            _(
                "Feishu has not answered clearly, and hireops is finding out by itself what it has done. "
                "Look again in two minutes."
            )
        ]
    return []


def _fingerprint(known: Sequence[Known], wish: Offering, plan: Plan) -> str:
    seen = {
        "known": [sending.known_as_json(each) for each in known],
        "wished": offering_as_json(wish),
        "calls": [[call.verb, [each.id for each in call.sent]] for call in plan.calls],
    }
    return hashlib.sha256(json.dumps(seen, sort_keys=True).encode()).hexdigest()


def bring_up_to_date(account: EcoAccount, *, by: User, fingerprint: str, empties: int = 0) -> AccountOffer:
    """Send what the person has looked at; ``empties`` is ``Preview.asks_for``, typed or pressed by them.

    Raises ``PlanChangedError``, ``EmptyNotConfirmedError`` or ``Refused``; then nothing is owed.
    """
    with transaction.atomic():
        offer = sending.lock(AccountOffer.objects.get_or_create(account=account)[0].pk)
        now = preview_of(account, offer, sending.known_of(offer), wished(account), readings.current())
        _check(now, fingerprint, empties)
        begin(now, offer, by=by)
        audit.record(
            by=by,
            action=gettext_noop("offer brought up to date"),
            on=account,
            new=now.plan.creates,
            changed=now.plan.updates,
            removed=now.plan.deletes,
        )
    return offer


def begin(now: Preview, offer: AccountOffer, *, by: User) -> None:
    """Of a locked offer. What waited for a person is not sent any more: this takes its place."""
    waiting = offer.calls.filter(call__state=Call.State.WAITING) if offer.version else offer.calls.none()
    for kept in waiting.select_related("call"):
        outbox.cancel_call(kept.call, by=None, reason=gettext_noop("A newer plan takes its place."))
    sending.begin(offer, now.known, offering_as_json(now.wished), now.reading, by=by)


def _check(now: Preview, fingerprint: str, empties: int) -> None:
    if now.why_not:
        raise Refused(" ".join(now.why_not))
    if now.fingerprint != fingerprint:
        raise PlanChangedError(
            _(
                "Nothing was sent: what this account offers, or is to offer, changed after this page was "
                "opened. Look at it again and confirm."
            ),
            now,
        )
    if now.asks_for != empties:
        raise EmptyNotConfirmedError(
            _("Nothing was sent: the account would offer nothing any more. Confirm that all %(count)d go.")
            % {"count": now.asks_for}
        )


def stop(account: EcoAccount, *, by: User, reason: str) -> None:
    """Send nothing more of what is owed to this account. Raises ``Refused`` while Feishu may be at it."""
    with transaction.atomic():
        offer = sending.lock(AccountOffer.objects.get(account=account).pk)
        waiting = offer.calls.filter(call__state__in=[Call.State.PENDING, Call.State.WAITING])
        for kept in waiting.select_related("call"):
            outbox.cancel_call(kept.call, by=None, reason=reason)
            sending.forget_if_unsent(offer, kept)
        sending.stop(offer, Reason.STOPPED)
        audit.record(
            by=by, action=gettext_noop("offer no longer brought up to date"), on=account, reason=reason
        )


# --- What orders say


def code_of(account: EcoAccount, kind: Kind, feishu_id: str) -> str:
    """Our code of what an order or an exam names by Feishu's ID; empty if we have never put it there."""
    codes = OfferedItem.objects.filter(offer__account=account, kind=kind, feishu_id=feishu_id)
    return codes.values_list("code", flat=True).first() or ""
