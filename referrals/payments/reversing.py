"""Two people say that a payment has not reached its employee: one proposes it, another confirms it.

The paying side could not pay it, or the bank returns it days after it was reported as made (退票), or the
wrong row was recorded. What was recorded stays; from the confirmation on the amount is to be paid again.
Locks are taken as in ``services``, then the reversal.
"""

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from hireops.database import clock
from hireops.desk import audit
from hireops.desk.errors import Refused
from hireops.desk.staff import Reader
from hireops.people import payout_rights
from referrals.models import Payment, Reversal, SelfApproval, Withdrawal
from referrals.payments.rights import RECORD
from referrals.payments.services import lock_withdrawals, settle
from referrals.payouts.rights import APPROVE

State = Reversal.State
Cause = Reversal.Cause


def why_not_reversed(payment: Payment) -> str:
    """Why nobody can propose it now, as a sentence for staff. Empty if somebody can."""
    if payment.standing == Payment.Standing.REVERSED:
        return _("This payment has been reversed already.")
    if payment.standing == Payment.Standing.BOUNCED:
        return _("This payment is recorded as come back already.")
    return _proposed_already() if payment.open_reversal else ""


def _proposed_already() -> str:
    return _("Somebody has said already that this payment came back. It waits for a second person.")


# --- Proposing it


def propose(payment: Payment, *, by: User, cause: str, reason: str = "") -> Reversal:
    """Say that a payment has not arrived. Nothing follows before that is confirmed.

    Raises ``Refused`` for another payment, for who may not record payments yet, and without a ``reason``
    where the ``cause`` is another one than those that have a name.
    """
    with transaction.atomic():
        payout_rights.refuse_until_in_effect(by, RECORD)
        _withdrawal, payment = _locked_payment(payment.pk)
        if why_not := why_not_reversed(payment):
            raise Refused(why_not)
        if cause == Cause.OTHER and not reason.strip():
            raise Refused(_("Say what happened: who confirms it, and whoever asks later, has to know it."))
        reversal = _create(payment, by=by, cause=cause, reason=reason.strip())
        action = gettext_noop("reversal of a payment proposed")
        if payment.state == Payment.State.HANDED_OVER:
            action = gettext_noop("return of a payment recorded, to be confirmed")
        _audit(reversal, action, by=by, reason=reversal.reason)
        return reversal


def _create(payment: Payment, *, by: User, cause: str, reason: str) -> Reversal:
    try:
        with transaction.atomic():
            return Reversal.objects.create(payment=payment, cause=cause, proposed_by=by, reason=reason)
    except IntegrityError as error:  # one_reversal_of_a_payment
        raise Refused(_proposed_already()) from error


def _locked_payment(pk: int) -> tuple[Withdrawal, Payment]:
    number = Payment.objects.values_list("amount__withdrawal", flat=True).get(pk=pk)
    (withdrawal,) = lock_withdrawals([number])
    return withdrawal, Payment.objects.select_for_update().get(pk=pk)


# --- Deciding it


def to_decide(person: Reader) -> QuerySet[Reversal]:
    """Those that this approver may decide: not the own ones."""
    waiting = Reversal.objects.filter(state=State.PROPOSED)
    return waiting if settings.REFERRALS_SELF_APPROVAL else waiting.exclude(proposed_by=person.pk)


def confirm(reversal: Reversal, *, by: User, reason: str) -> None:
    """The payment counts as come back or reversed, and its amount is to be paid again.

    Raises ``Refused`` for who proposed it, unless REFERRALS_SELF_APPROVAL allows it, for who may not approve
    payouts yet, without a reason, and if it has been decided.
    """
    with transaction.atomic():
        withdrawal, payment, reversal = _locked(reversal)
        _refuse_to_confirm(reversal, by, reason)
        if by.pk == reversal.proposed_by_id:
            SelfApproval.objects.get_or_create(withdrawal=withdrawal)
        _decide(reversal, State.CONFIRMED, by=by, reason=reason)
        action = _write_confirmed(payment, reversal)
        settle([withdrawal])
        _audit(reversal, action, by=by, reason=reversal.decision_reason, self_approved=reversal.self_approved)


def _write_confirmed(payment: Payment, reversal: Reversal) -> str:
    """Write it to the payment; returns what the audit says."""
    if payment.state == Payment.State.PAID:
        payment.reversed_at = reversal.decided_at
        payment.save(update_fields=["reversed_at"])
        return gettext_noop("payment reversed")
    payment.state, payment.reason = Payment.State.BOUNCED, reversal.why
    payment.recorded_by, payment.recorded_at = reversal.proposed_by, reversal.decided_at
    payment.save(update_fields=["state", "reason", "recorded_by", "recorded_at"])
    return gettext_noop("payment recorded as come back")


def _locked(reversal: Reversal) -> tuple[Withdrawal, Payment, Reversal]:
    withdrawal, payment = _locked_payment(reversal.payment_id)
    reversal = Reversal.objects.select_for_update().get(pk=reversal.pk)
    reversal.payment = payment
    return withdrawal, payment, reversal


def _refuse_to_confirm(reversal: Reversal, by: User, reason: str) -> None:
    _refuse_what_is_decided(reversal)
    if by.pk == reversal.proposed_by_id and not settings.REFERRALS_SELF_APPROVAL:
        raise Refused(
            _("You have proposed this yourself, so somebody else has to confirm it. Nothing was reversed.")
        )
    payout_rights.refuse_until_in_effect(by, APPROVE)
    if not reason.strip():
        raise Refused(_("Write what you have looked at: it is kept with the payment for ever."))


def _refuse_what_is_decided(reversal: Reversal) -> None:
    if reversal.state != State.PROPOSED:
        raise Refused(
            _("This has been decided already (%(state)s).") % {"state": reversal.get_state_display()}
        )


def _decide(reversal: Reversal, state: Reversal.State, *, by: User, reason: str) -> None:
    reversal.state, reversal.decided_by, reversal.decided_at = state, by, clock.now()
    reversal.decision_reason = reason.strip()
    reversal.self_approved = state == State.CONFIRMED and by.pk == reversal.proposed_by_id
    reversal.save(update_fields=["state", "decided_by", "decided_at", "decision_reason", "self_approved"])


def decline(reversal: Reversal, *, by: User, reason: str) -> None:
    """It is not so, or not proven. Raises ``Refused`` without a reason, and if it has been decided."""
    if not reason.strip():
        raise Refused(_("Give a reason: who proposed it wants to know why it was declined."))
    _leave(reversal, State.DECLINED, by=by, reason=reason, action=gettext_noop("proposed reversal declined"))


def take_back(reversal: Reversal, *, by: User, reason: str) -> None:
    """The own proposal. Raises ``Refused`` for everybody else, and if it has been decided."""
    if by.pk != reversal.proposed_by_id:
        raise Refused(_("Only who has proposed this can take it back. Somebody else declines it."))
    _leave(
        reversal, State.CANCELED, by=by, reason=reason, action=gettext_noop("proposed reversal taken back")
    )


def settle_by_file(reversal: Reversal, *, by: User, evidence: str) -> None:
    """End what waits for a second person, since a results file says the same. Its payment is locked."""
    reversal = Reversal.objects.select_for_update().get(pk=reversal.pk)
    _decide(reversal, State.CANCELED, by=by, reason=evidence)
    _audit(reversal, gettext_noop("the results file says it"), by=by, reason=evidence)


def _leave(reversal: Reversal, state: Reversal.State, *, by: User, reason: str, action: str) -> None:
    with transaction.atomic():
        _withdrawal, _payment, reversal = _locked(reversal)
        _refuse_what_is_decided(reversal)
        _decide(reversal, state, by=by, reason=reason)
        _audit(reversal, action, by=by, reason=reversal.decision_reason)


def _audit(reversal: Reversal, action: str, *, by: User, reason: str, **details: object) -> None:
    audit.record(
        by=by,
        action=action,
        on=reversal.payment,
        reason=reason,
        reversal=reversal.pk,
        cause=reversal.cause,
        **details,
    )
