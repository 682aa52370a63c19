"""What must be true of payments at any time (``manage.py check_invariants``)."""

from collections.abc import Iterator

from django.db import connection

# As ``payments.services.settle`` writes it, of every withdrawal that took something.
MISMATCHES = """
    SELECT id, state, due
    FROM (
        SELECT withdrawal.id, withdrawal.state,
            CASE
                WHEN SUM(amounts.on_their_way) > 0 THEN 'handed_over'
                WHEN SUM(amounts.payments) = 0 THEN 'taken'
                WHEN SUM(amounts.is_paid) = COUNT(*) THEN 'paid'
                ELSE 'bounced'
            END AS due
        FROM (
            SELECT amount.id, amount.withdrawal_id, COUNT(payment.id) AS payments,
                SUM(CASE WHEN payment.state = 'handed_over' THEN 1 ELSE 0 END) AS on_their_way,
                MAX(CASE WHEN payment.state = 'paid' THEN 1 ELSE 0 END) AS is_paid
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


def withdrawal_states_follow_from_payments() -> Iterator[str]:
    """What was taken is to be paid, handed over, paid or come back exactly as its payments are."""
    with connection.cursor() as cursor:
        cursor.execute(MISMATCHES)
        for pk, state, due in cursor.fetchall():
            yield f"withdrawal #{pk} is {state}, but by its payments it should be {due}"
