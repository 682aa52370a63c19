"""What must be true of balances at any time (``manage.py check_invariants``, ``manage.py prove_balances``).

Everything is asked of the whole database at once and read row by row; sums are made of whole cents, because
SQLite counts in binary fractions.
"""

from collections.abc import Iterator
from decimal import Decimal
from heapq import merge
from typing import NamedTuple

from django.db.models import QuerySet

from hireops.database.many_rows import many_rows
from hireops.feishu import hire
from hireops.feishu.callbacks import Unreadable
from hireops.feishu.errors import FeishuError
from hireops.feishu.hire.events import ReferralAccountAssetsUpdate
from hireops.outbox.models import Call
from referrals.ledger import figures
from referrals.models import ReferralAccount

# Balance and changes of each asset, added up. One of them missing is broken even where both are nothing.
SUMS = """
    SELECT account.id, account.account_id, sums.asset, sums.balance, sums.changes, sums.balances, sums.steps
    FROM (
        SELECT account_id, asset, SUM(balance) AS balance, SUM(change) AS changes,
            SUM(is_balance) AS balances, SUM(is_change) AS steps
        FROM (
            SELECT account_id, asset, CAST(ROUND(amount * 100) AS BIGINT) AS balance, 0 AS change,
                1 AS is_balance, 0 AS is_change
            FROM referrals_balance
            UNION ALL
            SELECT account_id, asset, 0, CAST(ROUND(difference * 100) AS BIGINT), 0, 1
            FROM referrals_balancechange
        ) AS both_sides
        GROUP BY account_id, asset
        HAVING SUM(balance) <> SUM(change) OR SUM(is_balance) = 0 OR SUM(is_change) = 0
    ) AS sums
    JOIN referrals_referralaccount AS account ON account.id = sums.account_id
    ORDER BY account.id, sums.asset
"""
# In the order of the index change_by_step, so that nothing needs sorting.
CHAIN = """
    SELECT account.id, account.account_id, steps.asset, steps.id
    FROM (
        SELECT account_id, asset, id, "before",
            LAG("after") OVER (PARTITION BY account_id, asset ORDER BY id) AS previous
        FROM referrals_balancechange
    ) AS steps
    JOIN referrals_referralaccount AS account ON account.id = steps.account_id
    WHERE steps."before" <> COALESCE(steps.previous, 0)
    ORDER BY account.id, steps.id
"""
# While Feishu has not answered, what an event booked for a withdrawal is all that is known.
WITHDRAWN = """
    SELECT account.id, account.account_id, sums.asset, withdrawal.id, sums.taken, sums.steps
    FROM (
        SELECT withdrawal_id, asset, SUM(taken) AS taken, SUM(step) AS steps
        FROM (
            SELECT withdrawal_id, asset, CAST(ROUND(COALESCE(taken, 0) * 100) AS BIGINT) AS taken, 0 AS step
            FROM referrals_withdrawalamount
            UNION ALL
            SELECT withdrawal_id, asset, 0, CAST(ROUND(difference * 100) AS BIGINT)
            FROM referrals_balancechange
            WHERE cause = 'withdrawal'
        ) AS both_sides
        GROUP BY withdrawal_id, asset
        HAVING SUM(taken) + SUM(step) <> 0
    ) AS sums
    JOIN referrals_withdrawal AS withdrawal ON withdrawal.id = sums.withdrawal_id
    JOIN referrals_referralaccount AS account ON account.id = withdrawal.account_id
    WHERE withdrawal.state NOT IN ('approved', 'unknown')
    ORDER BY account.id, withdrawal.id, sums.asset
"""
ACCOUNTS_AT_ONCE = 500
READ_OF_ACCOUNTS = (
    "account_id",
    "figure_at",
    "points_taken_at",
    "cash_taken_at",
    "seen_at",
    "figure_event__content__payload",
    "figure_call__answer",
)


class Finding(NamedTuple):
    """What is wrong with an account: the first that is broken sorts first."""

    account_pk: int
    account_id: str
    what: str

    def __str__(self) -> str:
        return f"account {self.account_id}: {self.what}"


def findings() -> Iterator[Finding]:
    """Everything that is broken, account by account."""
    return merge(_sums(), _chains(), _withdrawn(), _figures(), key=lambda finding: finding.account_pk)


def balances_are_the_sum_of_their_changes() -> Iterator[str]:
    """The differences of an asset add up to its balance, and there is none without the other."""
    return map(str, _sums())


def changes_follow_each_other() -> Iterator[str]:
    """Each change begins where the one before it ended, the first at nothing."""
    return map(str, _chains())


def withdrawals_are_booked_as_taken() -> Iterator[str]:
    """What a withdrawal's own changes took is what Feishu said that it took; nothing if it took nothing."""
    return map(str, _withdrawn())


def balances_are_those_of_the_newest_figure() -> Iterator[str]:
    """As far as that figure can still be read, and was not emptied by a later withdrawal."""
    return map(str, _figures())


def _sums() -> Iterator[Finding]:
    for pk, account_id, asset, balance, changes, balances, steps in many_rows(SUMS):
        balance_is = f"{asset} is {_money(balance)}" if balances else f"{asset} has no balance"
        behind = f"its changes add up to {_money(changes)}" if steps else "it has no changes"
        yield Finding(pk, account_id, f"{balance_is}, but {behind}")


def _chains() -> Iterator[Finding]:
    for pk, account_id, asset, change in many_rows(CHAIN):
        yield Finding(pk, account_id, f"change #{change} of {asset} does not begin where the last one ended")


def _withdrawn() -> Iterator[Finding]:
    for pk, account_id, asset, withdrawal, taken, steps in many_rows(WITHDRAWN):
        booked = f"took {_money(taken)} of {asset}, but {_money(-steps)} is booked"
        yield Finding(pk, account_id, f"withdrawal #{withdrawal} {booked}")


def _money(cents: int | Decimal) -> Decimal:
    return Decimal(int(cents)).scaleb(-2)


def _figures() -> Iterator[Finding]:
    for account in _accounts().iterator(chunk_size=ACCOUNTS_AT_ONCE):
        if wrong := _wrong_assets(account):
            what = f"{', '.join(wrong)}: not what its newest figure says"
            yield Finding(account.pk, account.account_id, what)


def _accounts() -> QuerySet[ReferralAccount]:
    return (
        ReferralAccount.objects.select_related("figure_event__content", "figure_call")
        .only(*READ_OF_ACCOUNTS)
        .prefetch_related("balances")
        .order_by("pk")
    )


def _wrong_assets(account: ReferralAccount) -> list[str]:
    # The account and its balances are not read at one moment; if it was written since, they are read again.
    while wrong := _differing(account):
        if ReferralAccount.objects.filter(pk=account.pk, seen_at=account.seen_at).exists():
            return wrong
        account = _accounts().get(pk=account.pk)
    return []


def _differing(account: ReferralAccount) -> list[str]:
    figure = _newest_figure(account)
    if figure is None:
        return []
    ours = {balance.asset: balance.amount for balance in account.balances.all()}
    after = figures.balances_after(
        ours,
        figure,
        account.figure_at or figures.LONG_AGO,
        points_taken_at=account.points_taken_at,
        cash_taken_at=account.cash_taken_at,
    )
    return [asset for asset, amount in after.items() if amount != ours.get(asset, figures.ZERO)]


def _newest_figure(account: ReferralAccount) -> figures.Amounts | None:
    """The amounts of the newest whole figure; {} if there is none, None if it can't be read any more."""
    if account.figure_event is not None:
        update = ReferralAccountAssetsUpdate.of(account.figure_event.payload)
        bonus = None if isinstance(update, Unreadable) else update.confirmed_bonus
    elif account.figure_call is not None:
        bonus = _answered_bonus(account.figure_call)
    else:
        return {}
    try:
        return None if bonus is None else figures.amounts_of(bonus)
    except figures.UnusableFigureError:
        return None


def _answered_bonus(call: Call) -> hire.Bonus | None:
    try:
        return hire.Account.of(call.answer or {}).confirmed_bonus
    except FeishuError:
        return None  # its content was removed because of its age
