"""The only writer of balances, of their history, and of where an account's newest figure came from.

Everything here runs in the caller's transaction and locks the account first, so figures of one account are
written one after the other. Every step of a balance is written with what is behind it, and the steps of a
balance always add up to it.
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from hireops import database
from hireops.feishu.hire import Bonus
from hireops.feishu.models import Tenant
from hireops.inbox.models import Event
from hireops.outbox.models import Attempt, Call
from referrals import figures
from referrals.figures import ZERO, Age
from referrals.models import POINTS, Balance, BalanceChange, ReferralAccount, Withdrawal

Cause = BalanceChange.Cause
BROUGHT_THE_ANSWER = ["", Attempt.Outcome.SUCCESS, Attempt.Outcome.UNAPPLIED]


def account_for(tenant: Tenant, account_id: str, *, source: str) -> tuple[ReferralAccount, bool]:
    """The account, locked, and whether it was not known before. Two that make it at once make one."""
    return ReferralAccount.objects.select_for_update().get_or_create(
        tenant=tenant, account_id=account_id, defaults={"source": source}
    )


def lock(account_pk: int) -> ReferralAccount:
    """The account as it is now; nobody else writes it before this transaction ends."""
    return ReferralAccount.objects.select_for_update().get(pk=account_pk)


def record_event(account: ReferralAccount, bonus: Bonus, *, event: Event, modify_time: datetime) -> bool:
    """Take in the balance that the event tells. False if something newer is known: then nothing changes.

    The same event again changes nothing either. Raises ``figures.UnusableFigureError``.
    """
    locked = lock(account.pk)
    is_news = record_amounts(locked, figures.amounts_of(bonus), event=event, modify_time=modify_time)
    _show(locked, on=account)
    return is_news


def record_amounts(
    account: ReferralAccount, told: figures.Amounts, *, event: Event, modify_time: datetime
) -> bool:
    """``record_event`` for an account as this transaction has locked and read it."""
    age = Age.of_event(modify_time, event.created_at, event.event_id)
    if account.figure_event_id == event.pk:
        return True
    newest_event_at = max(modify_time, account.modify_time or modify_time)
    if not _is_newest(account, age):
        if newest_event_at != account.modify_time:
            _save(account, modify_time=newest_event_at)
        return False
    book = _Book(account)
    book.take_in(told, age, cause=Cause.EVENT, event=event)
    book.write(figure_at=age.at, figure_event_id=event.pk, figure_call_id=None, modify_time=newest_event_at)
    return True


def record_answer(
    account: ReferralAccount, bonus: Bonus, *, call: Call, asked_at: datetime
) -> list[BalanceChange]:
    """Take in the balance of an answer; the changes that it made. None if something newer is known.

    A change is the one of the payout (``Cause.WITHDRAWAL``) if it empties what a payout without an answer may
    have taken. Raises ``figures.UnusableFigureError``.
    """
    told = figures.amounts_of(bonus)
    locked = lock(account.pk)
    known = [locked.figure_at, locked.points_taken_at, locked.cash_taken_at]
    age = Age.of_answer(figures.moment_of_answer(asked_at, locked.seen_at, known), call.pk)
    if locked.figure_call_id == call.pk or not _is_newest(locked, age):
        return []
    book = _Book(locked)
    book.take_in(told, age, cause=Cause.CALL, call=call)
    book.write(figure_at=age.at, figure_event_id=None, figure_call_id=call.pk)
    _show(locked, on=account)
    return book.changes


def record_withdrawal(withdrawal: Withdrawal, taken: Mapping[str, Decimal], *, trans_time: datetime) -> None:
    """Take in what Feishu says it took, by asset: afterwards the withdrawal's steps make up just that.

    ``taken`` names assets of the kinds that were asked for; what it leaves out was not taken.
    """
    account = lock(withdrawal.account_id)
    book = _Book(account)
    empties = account.figure_at is None or trans_time > account.figure_at
    book.take_out(withdrawal, taken, as_of=trans_time, empties=empties)
    columns = {}
    if withdrawal.takes_points:
        columns["points_taken_at"] = max(trans_time, account.points_taken_at or trans_time)
    if withdrawal.takes_cash:
        columns["cash_taken_at"] = max(trans_time, account.cash_taken_at or trans_time)
    book.write(**columns)


def record_refusal(withdrawal: Withdrawal) -> None:
    """Feishu took nothing: what an event was thought to tell of this withdrawal was something else."""
    book = _Book(lock(withdrawal.account_id))
    book.take_out(withdrawal, {}, as_of=database.now(), empties=False)
    if book.changes:
        book.write()


def asked_at(call: Call) -> datetime:
    """When the request that brought the call's answer had left; what it tells is not older than that."""
    attempts = call.attempts.filter(outcome__in=BROUGHT_THE_ANSWER).order_by("started_at")
    return attempts.values_list("started_at", flat=True).first() or call.created_at


def _is_newest(account: ReferralAccount, age: Age) -> bool:
    if account.figure_at is None or age.at != account.figure_at:
        return account.figure_at is None or age.at > account.figure_at
    return age > _age_of_figure(account, account.figure_at)


def _age_of_figure(account: ReferralAccount, at: datetime) -> Age:
    if account.figure_call_id is not None:
        return Age.of_answer(at, account.figure_call_id)
    told = account.figure_event
    assert told is not None  # noqa: S101 - a figure comes from one of both, by constraint
    return Age.of_event(at, told.created_at, told.event_id)


class _Book:
    """The balances of a locked account, and the steps that are about to be written."""

    def __init__(self, account: ReferralAccount) -> None:
        self.account = account
        self.amounts = dict(Balance.objects.filter(account=account).values_list("asset", "amount"))
        self.changes: list[BalanceChange] = []

    def take_in(
        self,
        told: figures.Amounts,
        age: Age,
        *,
        cause: str,
        event: Event | None = None,
        call: Call | None = None,
    ) -> None:
        account = self.account
        after = figures.balances_after(
            self.amounts,
            told,
            age.at,
            points_taken_at=account.points_taken_at,
            cash_taken_at=account.cash_taken_at,
        )
        emptied = {asset for asset, amount in self.amounts.items() if amount and not after[asset]}
        payout = self._undecided_payout() if emptied else None
        for asset, amount in after.items():
            is_payout = payout is not None and asset in emptied and _takes(payout, asset)
            self._step(
                asset,
                amount - self.amounts.get(asset, ZERO),
                cause=Cause.WITHDRAWAL if is_payout else cause,
                withdrawal=payout if is_payout else None,
                event=event,
                call=call,
                as_of=age.at,
            )

    def take_out(
        self, withdrawal: Withdrawal, taken: Mapping[str, Decimal], *, as_of: datetime, empties: bool
    ) -> None:
        booked = _booked(withdrawal)
        assets = {*taken, *booked, *self.amounts}
        for asset in sorted(asset for asset in assets if _takes(withdrawal, asset)):
            steps = figures.steps_of_withdrawal(
                self.amounts.get(asset, ZERO),
                taken=taken.get(asset, ZERO),
                booked=booked.get(asset, ZERO),
                empties=empties,
            )
            source: dict[str, Any] = {"withdrawal": withdrawal, "as_of": as_of}
            self._step(asset, steps.unannounced, cause=Cause.UNANNOUNCED, **source)
            self._step(asset, steps.withdrawn, cause=Cause.WITHDRAWAL, **source)

    def _step(self, asset: str, difference: Decimal, **source: Any) -> None:
        if not difference:
            return
        before = self.amounts.get(asset, ZERO)
        self.amounts[asset] = before + difference
        self.changes.append(
            BalanceChange(
                account=self.account,
                asset=asset,
                before=before,
                after=self.amounts[asset],
                difference=difference,
                **source,
            )
        )

    def _undecided_payout(self) -> Withdrawal | None:
        return Withdrawal.objects.filter(account=self.account, state__in=Withdrawal.UNDECIDED).first()

    def write(self, **columns: Any) -> None:
        """Everything that this figure changed; ``columns`` say where the account stands now."""
        if self.changes:
            BalanceChange.objects.bulk_create(self.changes)
            Balance.objects.bulk_create(
                [
                    Balance(account=self.account, asset=asset, amount=self.amounts[asset])
                    for asset in sorted({change.asset for change in self.changes})
                ],
                update_conflicts=True,
                unique_fields=["account", "asset"],
                update_fields=["amount"],
            )
        _save(self.account, seen_at=database.now(), **columns)


def _takes(withdrawal: Withdrawal, asset: str) -> bool:
    return withdrawal.takes_points if asset == POINTS else withdrawal.takes_cash


def _booked(withdrawal: Withdrawal) -> dict[str, Decimal]:
    booked: dict[str, Decimal] = defaultdict(lambda: ZERO)
    steps = BalanceChange.objects.filter(withdrawal=withdrawal, cause=Cause.WITHDRAWAL)
    for asset, difference in steps.values_list("asset", "difference"):
        booked[asset] -= difference
    return booked


WRITTEN_HERE = [
    "figure_at",
    "figure_event_id",
    "figure_call_id",
    "modify_time",
    "seen_at",
    "points_taken_at",
    "cash_taken_at",
]


def _save(account: ReferralAccount, **columns: Any) -> None:
    for name, value in columns.items():
        setattr(account, name, value)
    ReferralAccount.objects.filter(pk=account.pk).update(**columns)


def _show(locked: ReferralAccount, *, on: ReferralAccount) -> None:
    # The caller goes on with its own object, and must not save what was there before.
    for name in WRITTEN_HERE:
        setattr(on, name, getattr(locked, name))
