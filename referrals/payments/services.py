"""Handing over what was taken out of Feishu to the paying side, and what follows for the withdrawals.

``settle`` is the only writer of ``Withdrawal.state`` among taken, handed over, bounced and paid. Locks are
taken in one order: accounts, withdrawals, payments, each by their ids.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from hireops.desk import audit, restoring
from hireops.desk.errors import Refused
from hireops.people import payout_rights
from referrals.ledger.totals import of_cents, sum_in_cents
from referrals.models import Case, Payment, PayoutBatch, ReferralAccount, Withdrawal, WithdrawalAmount
from referrals.payments.rights import HAND_OVER
from referrals.payouts.services import unacknowledged_excess

TO_BE_PAID = [Withdrawal.State.TAKEN, Withdrawal.State.BOUNCED]
REFUSALS_NAMED = 20


@dataclass(frozen=True, slots=True)
class PaymentTotal:
    """How many payments of one batch, asset and standing (``state``) there are, and their sum."""

    batch: int
    asset: str
    state: str
    count: int
    sum: Decimal


# --- What there is to be paid


def to_be_paid() -> QuerySet[Withdrawal]:
    """Withdrawals of which some money is here and with nobody else, the oldest first.

    Not those of which Feishu took more than was approved, until an approver has acknowledged it, and not
    while a case is open because the bank says that a payment of it was made after all.
    """
    paid_by_the_bank = Case.objects.filter(
        withdrawal=OuterRef("pk"), kind=Case.Kind.RETURNED_PAID, closed_at=None
    )
    waiting = Withdrawal.objects.filter(~Exists(paid_by_the_bank), state__in=TO_BE_PAID).order_by("pk")
    return waiting.exclude(pk__in=unacknowledged_excess().values("pk"))


def unpaid_amounts(withdrawals: Iterable[Withdrawal]) -> dict[int, list[WithdrawalAmount]]:
    """By withdrawal: the amounts taken that are neither paid nor handed over, with their payments."""
    unpaid: dict[int, list[WithdrawalAmount]] = defaultdict(list)
    for amount in _amounts(withdrawals):
        if _live(amount) is None:
            unpaid[amount.withdrawal_id].append(amount)
    return unpaid


def _amounts(withdrawals: Iterable[Withdrawal]) -> Iterable[WithdrawalAmount]:
    wanted = [withdrawal.pk for withdrawal in withdrawals]
    amounts = WithdrawalAmount.objects.filter(withdrawal__in=wanted, taken__gt=0)
    return amounts.order_by("withdrawal", "pk").prefetch_related("payments__reversals")


def _live(amount: WithdrawalAmount) -> Payment | None:
    """The payment that pays it or has paid it; None if it is to be paid."""
    return next((payment for payment in amount.payments.all() if payment.is_live), None)


def newest_payment(amounts: Iterable[WithdrawalAmount]) -> Payment | None:
    """Of all payments of amounts that ``unpaid_amounts`` has given; None if there was none yet."""
    payments = (payment for amount in amounts for payment in amount.payments.all())
    return max(payments, key=lambda payment: payment.pk, default=None)


def payment_totals(batches: Collection[int]) -> list[PaymentTotal]:
    """What is in these batches, exact to the cent."""
    rows = (
        Payment.objects.filter(batch__in=batches)
        .annotate(stands=Payment.STANDING)
        .order_by("batch", "asset", "stands")
        .values_list("batch", "asset", "stands")
        .annotate(count=Count("pk"), cents=sum_in_cents("sum"))
    )
    return [
        PaymentTotal(batch, asset, standing, count, of_cents(cents))
        for batch, asset, standing, count, cents in rows
    ]


# --- Handing over


def hand_over(withdrawals: Iterable[Withdrawal], *, by: User, note: str = "") -> PayoutBatch:
    """A new batch that pays what these withdrawals took and nobody has paid yet: one payment for each asset.

    Of a withdrawal of which one payment came back or was reversed it pays just that amount, whatever becomes
    of the others; the new payment names the earlier one.

    Its payment IDs are those of contract 9.3, step 7. Raises ``Refused``, which names every withdrawal that
    is in the way, if one of them is not to be paid, and for who may not hand over yet; then nothing is.
    """
    wanted = {withdrawal.pk for withdrawal in withdrawals}
    with transaction.atomic():
        restoring.refuse_while_it_stands()
        payout_rights.refuse_until_in_effect(by, HAND_OVER)
        locked = lock_withdrawals(wanted)
        unpaid = unpaid_amounts(locked)
        _refuse_what_is_not_to_be_paid(wanted, locked, unpaid)
        batch = PayoutBatch.objects.create(created_by=by, note=note.strip())
        of = {withdrawal.pk: withdrawal for withdrawal in locked}
        Payment.objects.bulk_create(
            _payment(batch, amount, of[pk]) for pk in sorted(unpaid) for amount in unpaid[pk]
        )
        settle(locked)
        action = gettext_noop("withdrawals handed over for payment")
        audit.record(by=by, action=action, on=batch, reason=batch.note, withdrawals=sorted(wanted))
    return batch


def lock_withdrawals(wanted: Collection[int]) -> list[Withdrawal]:
    accounts = ReferralAccount.objects.filter(withdrawals__in=wanted).values("pk")
    list(ReferralAccount.objects.select_for_update().filter(pk__in=accounts).order_by("pk"))
    with_account = Withdrawal.objects.select_for_update(of=("self",)).select_related("account")
    return list(with_account.filter(pk__in=wanted).order_by("pk"))


def _payment(batch: PayoutBatch, amount: WithdrawalAmount, withdrawal: Withdrawal) -> Payment:
    assert amount.taken is not None  # noqa: S101  unpaid_amounts gives no other
    number = len(amount.payments.all()) + 1
    return Payment(
        batch=batch,
        amount=amount,
        payment_id=f"{withdrawal.external_order_id}-{amount.asset}-{number}",
        asset=amount.asset,
        sum=amount.taken,
        instead_of=newest_payment([amount]),
        payee_name=withdrawal.account.name,
        payee_mobile=withdrawal.account.mobile,
        payee_email=withdrawal.account.email,
    )


def _refuse_what_is_not_to_be_paid(
    wanted: Collection[int], locked: Sequence[Withdrawal], unpaid: Mapping[int, object]
) -> None:
    if not wanted:
        raise Refused(_("Nothing was handed over: choose at least one withdrawal."))
    due = set(to_be_paid().filter(pk__in=wanted).values_list("pk", flat=True))
    bad = [each for each in locked if each.pk not in due or each.pk not in unpaid]
    names = [*_why_not(bad), *(f"#{pk}" for pk in sorted(set(wanted) - {each.pk for each in locked}))]
    if not names:
        return
    more = "…" if len(names) > REFUSALS_NAMED else ""
    text = _("Nothing was handed over. These are not to be paid now: %(names)s. Choose again without them.")
    raise Refused(text % {"names": ", ".join(names[:REFUSALS_NAMED]) + more})


def _why_not(withdrawals: Sequence[Withdrawal]) -> list[str]:
    payments = Payment.objects.filter(amount__withdrawal__in=withdrawals).order_by("pk")
    batches = dict(payments.values_list("amount__withdrawal", "batch"))  # the newest of each
    paid_by_the_bank = Case.objects.filter(
        withdrawal__in=withdrawals, kind=Case.Kind.RETURNED_PAID, closed_at=None
    )
    cases = dict(paid_by_the_bank.values_list("withdrawal", "pk"))
    return [
        _("#%(number)s (paid by the bank after all? See case #%(case)s)")
        % {"number": each.pk, "case": cases[each.pk]}
        if each.pk in cases
        else _("#%(number)s (%(state)s, batch #%(batch)s)")
        % {"number": each.pk, "state": each.get_state_display(), "batch": batches[each.pk]}
        if each.pk in batches
        else _("#%(number)s (%(state)s)") % {"number": each.pk, "state": each.get_state_display()}
        for each in withdrawals
    ]


def settle(withdrawals: Iterable[Withdrawal]) -> None:
    """Write the states that follow from the payments. The withdrawals are locked."""
    live: dict[int, list[Payment | None]] = defaultdict(list)
    for amount in _amounts(withdrawals):
        live[amount.withdrawal_id].append(_live(amount))
    groups: dict[Withdrawal.State, list[int]] = defaultdict(list)
    for pk, of_amounts in live.items():
        groups[_state(of_amounts)].append(pk)
    for state, pks in groups.items():
        Withdrawal.objects.filter(pk__in=pks, state__in=Withdrawal.TAKEN_OUT).exclude(state=state).update(
            state=state
        )


def _state(of_amounts: Collection[Payment | None]) -> Withdrawal.State:
    """From the live payment of each amount: what has to be done comes before what is waited for."""
    if any(payment is None for payment in of_amounts):
        return Withdrawal.State.BOUNCED
    if any(payment and payment.state == Payment.State.HANDED_OVER for payment in of_amounts):
        return Withdrawal.State.HANDED_OVER
    return Withdrawal.State.PAID
