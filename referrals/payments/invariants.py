"""What must be true of payments at any time (``manage.py check_invariants``)."""

from collections.abc import Iterator
from decimal import Decimal

from django.db import connection
from django.db.models import Exists, F, OuterRef, Q

from hireops.database.many_rows import many_rows
from referrals.ledger.invariants import Finding
from referrals.models import Payment, Reversal

MOST_SENTENCES = 100

# As ``payments.services.settle`` writes it, of every withdrawal that took something.
MISMATCHES = """
    SELECT id, state, due
    FROM (
        SELECT withdrawal.id, withdrawal.state,
            CASE
                WHEN SUM(amounts.payments) = 0 THEN 'taken'
                WHEN SUM(amounts.on_its_way) + SUM(amounts.is_paid) < COUNT(*) THEN 'bounced'
                WHEN SUM(amounts.on_its_way) > 0 THEN 'handed_over'
                ELSE 'paid'
            END AS due
        FROM (
            SELECT amount.id, amount.withdrawal_id, COUNT(payment.id) AS payments,
                MAX(CASE WHEN payment.state = 'handed_over' THEN 1 ELSE 0 END) AS on_its_way,
                MAX(CASE WHEN payment.state = 'paid' AND payment.reversed_at IS NULL THEN 1 ELSE 0 END)
                    AS is_paid
            FROM referrals_withdrawalamount AS amount
            LEFT JOIN referrals_payment AS payment ON payment.amount_id = amount.id
            WHERE amount.taken > 0
            GROUP BY amount.id, amount.withdrawal_id
        ) AS amounts
        JOIN referrals_withdrawal AS withdrawal ON withdrawal.id = amounts.withdrawal_id
        GROUP BY withdrawal.id, withdrawal.state
    ) AS mismatches
    WHERE state <> due
    ORDER BY id
"""

# Of each amount, in cents, what is with the paying side or has arrived: all that was taken, or nothing.
PAID_OTHERWISE = """
    SELECT account.id, account.account_id, sums.withdrawal_id, sums.asset, sums.taken, sums.paid
    FROM (
        SELECT amount.withdrawal_id, amount.asset,
            CAST(ROUND(COALESCE(amount.taken, 0) * 100) AS BIGINT) AS taken,
            SUM(
                CASE WHEN payment.state IN ('handed_over', 'paid') AND payment.reversed_at IS NULL
                THEN CAST(ROUND(payment.sum * 100) AS BIGINT) ELSE 0 END
            ) AS paid
        FROM referrals_withdrawalamount AS amount
        JOIN referrals_payment AS payment ON payment.amount_id = amount.id
        GROUP BY amount.id, amount.withdrawal_id, amount.asset, amount.taken
    ) AS sums
    JOIN referrals_withdrawal AS withdrawal ON withdrawal.id = sums.withdrawal_id
    JOIN referrals_referralaccount AS account ON account.id = withdrawal.account_id
    WHERE sums.paid NOT IN (0, sums.taken)
    ORDER BY account.id, sums.withdrawal_id, sums.asset
"""


def findings() -> Iterator[Finding]:
    """Amounts of which more or less is paid than was taken, account by account."""
    for pk, account_id, withdrawal, asset, taken, paid in many_rows(PAID_OTHERWISE):
        what = f"withdrawal #{withdrawal} took {_money(taken)} of {asset}, but pays {_money(paid)}"
        yield Finding(pk, account_id, what)


def _money(cents: int | Decimal) -> Decimal:
    return Decimal(int(cents)).scaleb(-2)


def withdrawal_states_follow_from_payments() -> Iterator[str]:
    """What was taken is to be paid, handed over, paid or come back exactly as its payments are."""
    with connection.cursor() as cursor:
        cursor.execute(MISMATCHES)
        for pk, state, due in cursor.fetchall():
            yield f"withdrawal #{pk} is {state}, but by its payments it should be {due}"


def no_amount_is_paid_twice() -> Iterator[str]:
    """Handed over again is only what came back or was reversed, and the new payment names that one."""
    yield from map(str, findings())
    earlier = Payment.objects.filter(amount=OuterRef("amount"), pk__lt=OuterRef("pk"))
    named = earlier.filter(pk=OuterRef("instead_of")).exclude(Payment.LIVE)
    again = Payment.objects.filter(Q(instead_of__isnull=False) | Exists(earlier)).exclude(Exists(named))
    for payment in again.order_by("pk")[:MOST_SENTENCES]:
        yield f"payment {payment} is a second one, but names none that came back or was reversed"


def payments_are_reversed_by_two() -> Iterator[str]:
    """A payment is reversed exactly if one person has said so and another has confirmed it.

    One that was confirmed before it was recorded as made has come back.
    """
    confirmed = Reversal.objects.filter(state=Reversal.State.CONFIRMED)
    by_two = confirmed.filter(
        ~Q(decided_by=F("proposed_by")) | Q(payment__amount__withdrawal__self_approval__isnull=False)
    )
    alone = confirmed.exclude(pk__in=by_two.values("pk")).order_by("pk")
    for reversal in alone.select_related("payment")[:MOST_SENTENCES]:
        yield f"the reversal of payment {reversal.payment} was confirmed by who had proposed it"
    unheard = confirmed.filter(payment__reversed_at=None).exclude(payment__state=Payment.State.BOUNCED)
    unheard = unheard.select_related("payment").order_by("pk")
    for reversal in unheard[:MOST_SENTENCES]:
        yield f"the reversal of payment {reversal.payment} was confirmed, but the payment counts as made"
    unsaid = Payment.objects.filter(reversed_at__isnull=False)
    unsaid = unsaid.exclude(Exists(confirmed.filter(payment=OuterRef("pk")))).order_by("pk")
    for payment in unsaid[:MOST_SENTENCES]:
        yield f"payment {payment} counts as reversed, but nobody has confirmed it"
