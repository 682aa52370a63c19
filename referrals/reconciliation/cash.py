"""Cash of a day inside hireops, because Feishu compares points only: taken, booked, handed over."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import QuerySet

from referrals.cases.services import close_explained_case, open_case
from referrals.models import (
    POINTS,
    BalanceChange,
    Case,
    Payment,
    Reconciliation,
    ReferralAccount,
    Withdrawal,
)
from referrals.reconciliation.points import MATCHES_NOW, OTHER_FIGURES_NOW

NOTHING = Decimal(0)
HANDED_OVER = [Withdrawal.State.HANDED_OVER, Withdrawal.State.BOUNCED, Withdrawal.State.PAID]


@dataclass(frozen=True, slots=True)
class WithdrawnCash:
    """One currency of one withdrawal, by our three records. ``paid`` is None until it is handed over.

    ``taken``: as Feishu answered. ``booked``: as the balance went down. ``paid``: the payments of it that did
    not come back and were not reversed; if all were, the newest.
    """

    withdrawal: Withdrawal
    currency: str
    taken: Decimal
    booked: Decimal
    paid: Decimal | None

    @property
    def other(self) -> Decimal | None:
        """The figure that is not what was taken, None if there is none."""
        figures = (self.booked, self.paid)
        return next((each for each in figures if each is not None and each != self.taken), None)


def compare_cash(reconciliation: Reconciliation, accounts: Iterable[ReferralAccount]) -> int:
    """Open a case for each currency of each withdrawal of the day that does not add up; how many.

    The accounts are locked.
    """
    differences = 0
    for cash in cash_of_the_day(reconciliation, accounts):
        _close_explained(cash)
        if cash.other is not None:
            _open(reconciliation, cash, cash.other)
            differences += 1
    return differences


def cash_of_the_day(
    reconciliation: Reconciliation, accounts: Iterable[ReferralAccount]
) -> Iterator[WithdrawnCash]:
    """The cash of all withdrawals of the day out of these accounts."""
    for withdrawal in _of_the_day(reconciliation, accounts):
        yield from cash_of(withdrawal)


def _of_the_day(reconciliation: Reconciliation, accounts: Iterable[ReferralAccount]) -> QuerySet[Withdrawal]:
    return (
        Withdrawal.objects.filter(
            account__in=accounts,
            trans_time__gte=reconciliation.starts_at,
            trans_time__lt=reconciliation.ends_at,
        )
        .select_related("account")
        .prefetch_related("amounts__payments", "changes")
        .order_by("account_id", "pk")
    )


def cash_of(withdrawal: Withdrawal) -> Iterator[WithdrawnCash]:
    """Every currency that any of the records has of it, in the order of their names."""
    amounts = {each.asset: each for each in withdrawal.amounts.all() if each.asset != POINTS}
    booked: dict[str, Decimal] = {}
    for change in withdrawal.changes.all():
        if change.cause == BalanceChange.Cause.WITHDRAWAL and change.asset != POINTS:
            booked[change.asset] = booked.get(change.asset, NOTHING) - change.difference
    handed_over = withdrawal.state in HANDED_OVER
    for currency in sorted(amounts.keys() | booked.keys()):
        amount = amounts.get(currency)
        payments = list(amount.payments.all()) if amount else []
        yield WithdrawnCash(
            withdrawal=withdrawal,
            currency=currency,
            taken=(amount.taken if amount else None) or NOTHING,
            booked=booked.get(currency, NOTHING),
            paid=_paid(payments) if handed_over or payments else None,
        )


def _paid(payments: list[Payment]) -> Decimal:
    live = [each for each in payments if each.is_live]
    newest = sorted(payments, key=lambda each: each.pk)[-1:]
    return sum((each.sum for each in live or newest), NOTHING)


def _open(reconciliation: Reconciliation, cash: WithdrawnCash, other: Decimal) -> None:
    open_case(
        kind=Case.Kind.CASH,
        account=cash.withdrawal.account,
        asset=cash.currency,
        ours=cash.taken,
        theirs=other,
        reconciliation=reconciliation,
        withdrawal=cash.withdrawal,
    )


def _close_explained(cash: WithdrawnCash) -> None:
    cases = Case.objects.filter(
        kind=Case.Kind.CASH, withdrawal=cash.withdrawal, asset=cash.currency, closed_at=None
    )
    for case in cases:
        if cash.other is None:
            close_explained_case(case, note=MATCHES_NOW)
        elif (case.ours, case.theirs) != (cash.taken, cash.other):
            close_explained_case(case, note=OTHER_FIGURES_NOW)
