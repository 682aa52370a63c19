"""Taking balances out of Feishu: asking for it and deciding it (contract 2.5 and 9.3).

The outbox asks Feishu until it is answered (``calls.py``); paying is in ``referrals/payments``.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import uuid4

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from hireops.database import clock
from hireops.desk import audit, restoring
from hireops.desk.errors import Refused
from hireops.desk.staff import Reader, name_and_login
from hireops.feishu.hire import BonusType
from hireops.feishu.tenants import call_tenant
from hireops.outbox import services as outbox
from hireops.outbox.models import Call
from hireops.people import payout_rights
from referrals.accounts import services as accounts
from referrals.models import POINTS, ReferralAccount, SelfApproval, Withdrawal, WithdrawalAmount
from referrals.payouts.approvers import who_could_approve
from referrals.payouts.rights import APPROVE
from referrals.payouts.transitions import lock, lock_account, write_step

WITHDRAW = "referral_account.withdraw"

State = Withdrawal.State


# --- Asking for it


def request_withdrawal(
    account: ReferralAccount, *, by: User, points: bool, cash: bool, reason: str
) -> Withdrawal:
    """Ask for the whole balance of points, cash or both, so that somebody else decides; nothing is taken yet.

    A fresh balance is asked for, so that who decides sees one. Raises ``Refused`` if the account is
    deactivated, nothing of it is known to be there, or a withdrawal of it is open.
    """
    with transaction.atomic():
        restoring.refuse_while_it_stands()
        account = lock_account(account.pk)
        seen = seen_in(account, points=points, cash=cash)
        _refuse_to_request(account, seen, asked=points or cash)
        withdrawal = _create(account, by=by, points=points, cash=cash, reason=reason.strip())
        WithdrawalAmount.objects.bulk_create(
            WithdrawalAmount(withdrawal=withdrawal, asset=asset, seen=amount)
            for asset, amount in seen.items()
        )
        audit.record(
            by=by,
            action=gettext_noop("withdrawal requested"),
            on=withdrawal,
            reason=withdrawal.request_reason,
            seen=as_text(seen),
        )
        accounts.refresh(account, by=by)
        return withdrawal


def seen_in(account: ReferralAccount, *, points: bool, cash: bool) -> dict[str, Decimal]:
    """What is known to be in the account of these kinds, by asset; without what is 0."""
    return {
        balance.asset: balance.amount
        for balance in account.balances.all()
        if balance.amount > 0 and (points if balance.asset == POINTS else cash)
    }


def balance_to_take(withdrawal: Withdrawal) -> dict[str, Decimal]:
    """Return what Feishu would take now, by asset: the whole balance of what was asked for."""
    return seen_in(withdrawal.account, points=withdrawal.takes_points, cash=withdrawal.takes_cash)


def changes_since_request(withdrawal: Withdrawal) -> dict[str, Decimal]:
    """Return how far the balance of a request differs from what was asked for, by asset; without 0."""
    if withdrawal.state != State.REQUESTED:
        return {}
    asked, now = {row.asset: row.seen for row in withdrawal.amounts.all()}, balance_to_take(withdrawal)
    nothing = Decimal(0)
    changes = {asset: now.get(asset, nothing) - asked.get(asset, nothing) for asset in {*asked, *now}}
    return {asset: change for asset, change in changes.items() if change}


def as_text(amounts: Mapping[str, Decimal]) -> dict[str, str]:
    return {asset: str(amount) for asset, amount in amounts.items()}


def _refuse_to_request(account: ReferralAccount, seen: Mapping[str, Decimal], *, asked: bool) -> None:
    if not asked:
        raise Refused(_("Choose what to take out: points, cash or both."))
    open_one = account.withdrawals.filter(state__in=Withdrawal.OPEN).first()
    if why_not := why_not_requested(account, seen, open_one):
        raise Refused(why_not)
    if accounts.pending_status(account) != ReferralAccount.Status.AVAILABLE:
        raise Refused(_deactivated())


def why_not_requested(
    account: ReferralAccount, seen: Mapping[str, Decimal], open_one: Withdrawal | None
) -> str:
    """Why nothing can be taken out of this account now, as a sentence for staff. Empty if it can."""
    if open_one is not None:
        return is_open_already(open_one)
    if account.status != ReferralAccount.Status.AVAILABLE:
        return _deactivated()
    if not seen:
        return _(
            "As far as hireops knows, nothing of that is in this account. If there should be, refresh the "
            "account from Feishu first."
        )
    return ""


def is_open_already(withdrawal: Withdrawal) -> str:
    return _(
        "Withdrawal #%(number)s of this account is open (%(state)s), and an account has one at a time. Wait "
        "until it is decided and answered."
    ) % {"number": withdrawal.pk, "state": withdrawal.get_state_display()}


def _deactivated() -> str:
    return _(
        "This account is deactivated, or about to be, and Feishu takes nothing out of it then. Enable it "
        "first."
    )


def _create(account: ReferralAccount, *, by: User, points: bool, cash: bool, reason: str) -> Withdrawal:
    try:
        with transaction.atomic():
            withdrawal = Withdrawal.objects.create(
                account=account,
                external_order_id=uuid4().hex,
                takes_points=points,
                takes_cash=cash,
                requested_by=by,
                request_reason=reason,
            )
    except IntegrityError as error:  # one_open_withdrawal_of_an_account: somebody was quicker
        raise Refused(
            _("A withdrawal of this account has been asked for at this moment by somebody else.")
        ) from error
    withdrawal.refresh_from_db(fields=["requested_at"])
    return withdrawal


# --- Deciding it


def to_decide(person: Reader) -> QuerySet[Withdrawal]:
    """What waits for an approver, and for this one: requests, and excess to acknowledge; not the own ones."""
    asked_for = Withdrawal.objects.filter(state=State.REQUESTED)
    waiting = asked_for | unacknowledged_excess()
    return waiting if settings.REFERRALS_SELF_APPROVAL else waiting.exclude(requested_by=person.pk)


def approve_withdrawal(
    withdrawal: Withdrawal, *, by: User, reason: str, amounts: Mapping[str, Decimal] | None = None
) -> Call:
    """Owe Feishu the withdrawal, with the order ID that it has had since it was asked for.

    ``amounts`` is the balance that the approver has seen, by asset; None approves what is there. Raises
    ``Refused`` if the balance is another one by now, for who asked for it, unless REFERRALS_SELF_APPROVAL
    allows it, for who may not approve yet, for an account that is deactivated, and if it has been decided.
    """
    with transaction.atomic():
        withdrawal = lock(withdrawal.pk)
        _refuse_to_approve(withdrawal, by)
        _write_approved(withdrawal, amounts)
        if by.pk == withdrawal.requested_by_id:
            SelfApproval.objects.create(withdrawal=withdrawal)
        call = _enqueue(withdrawal, by)
        _decide(withdrawal, State.APPROVED, by=by, reason=reason, call=call)
        audit.record(
            by=by,
            action=gettext_noop("withdrawal approved"),
            on=withdrawal,
            reason=withdrawal.decision_reason,
            call=call.pk,
            amounts=as_text(balance_to_take(withdrawal)),
            self_approved=withdrawal.self_approved,
        )
        return call


def _write_approved(withdrawal: Withdrawal, amounts: Mapping[str, Decimal] | None) -> None:
    """Keep today's balance as approved, 0 for an asset that was seen and is gone."""
    balance = balance_to_take(withdrawal)
    if amounts is not None and amounts != balance:
        raise Refused(_("Its balance has just changed, so it was not approved. Look at the new figures."))
    rows = {row.asset: row for row in withdrawal.amounts.all()}
    for asset, row in rows.items():
        row.approved = balance.get(asset, Decimal(0))
        row.save(update_fields=["approved"])
    WithdrawalAmount.objects.bulk_create(
        WithdrawalAmount(withdrawal=withdrawal, asset=asset, seen=0, approved=amount)
        for asset, amount in balance.items()
        if asset not in rows
    )


def _refuse_to_approve(withdrawal: Withdrawal, by: User) -> None:
    _refuse_what_is_decided(withdrawal)
    restoring.refuse_while_it_stands()
    if why := why_not_approved(withdrawal, by):
        raise Refused(f"{why} {who_could_approve(by.pk)}" if _is_ones_own(withdrawal, by) else why)
    payout_rights.refuse_until_in_effect(by, APPROVE)


def why_not_approved(withdrawal: Withdrawal, by: User) -> str:
    """Why ``by``, who has the right to, can't approve it now, as a sentence for staff. Empty if they can."""
    if why := why_not_decided(withdrawal):
        return why
    if _is_ones_own(withdrawal, by):
        return _(
            "You have asked for this withdrawal yourself, so somebody else has to approve it. Nothing "
            "was sent."
        )
    if accounts.pending_status(withdrawal.account) != ReferralAccount.Status.AVAILABLE:
        return _deactivated()
    return ""


def _is_ones_own(withdrawal: Withdrawal, by: User) -> bool:
    return by.pk == withdrawal.requested_by_id and not settings.REFERRALS_SELF_APPROVAL


def why_not_decided(withdrawal: Withdrawal) -> str:
    if withdrawal.decided_by is None:
        return ""
    name = {"name": name_and_login(withdrawal.decided_by)}
    if withdrawal.state == State.REJECTED:
        return _("Already rejected by %(name)s.") % name
    if withdrawal.state == State.CANCELED:
        return _("Already taken back by %(name)s.") % name
    return _("Already approved by %(name)s.") % name


def why_not_cancelled(withdrawal: Withdrawal, by: User) -> str:
    if by.pk != withdrawal.requested_by_id:
        return _(
            "Only who asked for this withdrawal can take the request back. If it is not to be paid, an "
            "approver rejects it."
        )
    return why_not_decided(withdrawal)


def _refuse_what_is_decided(withdrawal: Withdrawal) -> None:
    if why := why_not_decided(withdrawal):
        raise Refused(why)


def _enqueue(withdrawal: Withdrawal, by: User) -> Call:
    account = withdrawal.account
    kinds = {BonusType.POINTS: withdrawal.takes_points, BonusType.CASH: withdrawal.takes_cash}
    return outbox.enqueue(
        operation=WITHDRAW,
        target=accounts.target_of(account.account_id),
        payload={
            "referral_account_id": account.account_id,
            "withdraw_bonus_type": [kind.value for kind, is_asked in kinds.items() if is_asked],
            "external_order_id": withdrawal.external_order_id,
        },
        tenant=call_tenant(account.tenant),
        by=by,
    )


def reject_withdrawal(withdrawal: Withdrawal, *, by: User, reason: str) -> None:
    """Decide that nothing is taken out. Raises ``Refused`` without a reason, and if it has been decided."""
    if not reason.strip():
        raise Refused(_("Give a reason: who asked for the withdrawal wants to know why it was rejected."))
    _end(withdrawal, State.REJECTED, by=by, reason=reason, action=gettext_noop("withdrawal rejected"))


def cancel_withdrawal(withdrawal: Withdrawal, *, by: User, reason: str) -> None:
    """Take the own request back. Raises ``Refused`` for everybody else, and if it has been decided."""
    if why := why_not_cancelled(withdrawal, by):
        raise Refused(why)
    _end(
        withdrawal, State.CANCELED, by=by, reason=reason, action=gettext_noop("withdrawal request taken back")
    )


def _end(withdrawal: Withdrawal, state: Withdrawal.State, *, by: User, reason: str, action: str) -> None:
    with transaction.atomic():
        withdrawal = lock(withdrawal.pk)
        _refuse_what_is_decided(withdrawal)
        _decide(withdrawal, state, by=by, reason=reason)
        audit.record(by=by, action=action, on=withdrawal, reason=withdrawal.decision_reason)


def _decide(
    withdrawal: Withdrawal, state: Withdrawal.State, *, by: User, reason: str, call: Call | None = None
) -> None:
    write_step(
        withdrawal,
        state,
        call=call,
        decided_by=by,
        decided_at=clock.now(),
        decision_reason=reason.strip(),
        self_approved=state == State.APPROVED and by.pk == withdrawal.requested_by_id,
    )


def rejected_lately(since: datetime) -> QuerySet[Withdrawal]:
    """Requests that were rejected after ``since``."""
    return Withdrawal.objects.filter(state=State.REJECTED, decided_at__gt=since)


# --- Where Feishu took more than was approved


def unacknowledged_excess() -> QuerySet[Withdrawal]:
    """Withdrawals that can't be paid before an approver has acknowledged how much Feishu took."""
    more = WithdrawalAmount.objects.filter(WithdrawalAmount.TOOK_MORE, withdrawal=OuterRef("pk"))
    to_be_paid = Withdrawal.objects.filter(state__in=[State.TAKEN, State.BOUNCED])
    return to_be_paid.filter(Exists(more), excess_acknowledged_by=None)


def acknowledge_excess(withdrawal: Withdrawal, *, by: User, reason: str) -> None:
    """Let what Feishu took beyond the amount approved be paid.

    Raises ``Refused`` for who asked for the withdrawal, unless REFERRALS_SELF_APPROVAL allows it, for who may
    not approve yet, and if there is nothing to acknowledge.
    """
    with transaction.atomic():
        withdrawal = lock(withdrawal.pk)
        if why := why_not_acknowledged(withdrawal, by):
            raise Refused(why)
        payout_rights.refuse_until_in_effect(by, APPROVE)
        if by.pk == withdrawal.requested_by_id:
            SelfApproval.objects.get_or_create(withdrawal=withdrawal)
        withdrawal.excess_acknowledged_by, withdrawal.excess_acknowledged_at = by, clock.now()
        withdrawal.save(update_fields=["excess_acknowledged_by", "excess_acknowledged_at"])
        audit.record(
            by=by,
            action=gettext_noop("difference acknowledged"),
            on=withdrawal,
            reason=reason.strip(),
            excess={each.asset: str(each.excess) for each in withdrawal.amounts.all() if each.excess},
        )


def why_not_acknowledged(withdrawal: Withdrawal, by: User) -> str:
    if not withdrawal.has_unacknowledged_excess:
        return _("Nothing is left to acknowledge here.")
    if _is_ones_own(withdrawal, by):
        return _("You have asked for this withdrawal yourself, so somebody else has to acknowledge it.")
    return ""


# --- While Feishu has not answered


def ask_again(withdrawal: Withdrawal, *, by: User, reason: str) -> None:
    """Ask Feishu now, with the same order ID, instead of when its pause is over.

    Raises ``Refused`` if it has been answered, or is about to be asked anyway.
    """
    with transaction.atomic():
        withdrawal = lock(withdrawal.pk)
        if withdrawal.state not in Withdrawal.UNDECIDED:
            raise Refused(_("Nothing is open at Feishu for this withdrawal, so there is nothing to ask."))
        call = Call.objects.get(withdrawal=withdrawal)
        why = reason.strip()
        try:
            outbox.resend_call(call, by=None, reason=why or gettext_noop("asked again from the page"))
        except Refused as refusal:
            raise Refused(_("Feishu is being asked already. Look again in a minute.")) from refusal
        audit.record(by=by, action=gettext_noop("Feishu asked again"), on=withdrawal, reason=why)


def age_of_doubt(withdrawal: Withdrawal) -> timedelta:
    """How long it has been approved and not answered; nothing for one that Feishu does not have to answer."""
    if withdrawal.state not in Withdrawal.UNDECIDED or withdrawal.decided_at is None:
        return timedelta(0)
    return clock.now() - withdrawal.decided_at
