"""Balances and their history are written here and nowhere else, for hundreds of accounts in a few statements.

Everything runs in the caller's transaction and on accounts that are locked, so figures of one account are
written one after the other. Every step of a balance is written with what is behind it, and the steps of a
balance always add up to it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, Self

from django.db.models import Model

from hireops.database import bulk, clock
from hireops.feishu.tenants import AccountKey, accounts_named
from hireops.inbox.models import Event
from hireops.outbox.models import Call
from referrals.ledger import figures
from referrals.ledger.figures import ZERO, Age
from referrals.models import POINTS, Balance, BalanceChange, ReferralAccount, Withdrawal

Cause = BalanceChange.Cause
BEHIND_A_STEP = ("cause", "event", "call", "withdrawal", "as_of")
STEP = ("account", "asset", "before", "after", "difference", *BEHIND_A_STEP)


class LedgerBatch:
    """Locked accounts with their balances. What is applied to them is saved by ``write``."""

    @classmethod
    def lock(cls, keys: AbstractSet[AccountKey], *, source: str) -> Self:
        """The accounts of these keys; those not known yet are made known by ``source``."""
        accounts = _locked(keys)
        if unknown := sorted(keys - accounts.keys()):
            ReferralAccount.objects.bulk_create(
                [ReferralAccount(tenant_id=pk, account_id=name, source=source) for pk, name in unknown],
                ignore_conflicts=True,  # somebody else makes one of them at this moment
            )
            accounts |= _locked(unknown)
        return cls(accounts.values())

    def __init__(self, accounts: Collection[ReferralAccount]) -> None:
        """``accounts`` are locked by the caller."""
        self.accounts = {(account.tenant_id, account.account_id): account for account in accounts}
        self._entries = {account.pk: AccountEntry(account, self) for account in accounts}
        balances = Balance.objects.filter(account__in=self._entries).order_by()
        for account_pk, pk, asset, amount in balances.values_list("account_id", "pk", "asset", "amount"):
            self._entries[account_pk].amounts[asset] = amount
            self._entries[account_pk].keys[asset] = pk

    def entry(self, account: ReferralAccount) -> "AccountEntry":
        return self._entries[account.pk]

    @cached_property
    def undecided_withdrawals(self) -> dict[int, Withdrawal]:
        """By account, of which each has one at the most."""
        undecided = Withdrawal.objects.filter(account__in=self._entries, state__in=Withdrawal.UNDECIDED)
        return {withdrawal.account_id: withdrawal for withdrawal in undecided}

    def apply_event(
        self, account: ReferralAccount, amounts: figures.Amounts, *, event: Event, modify_time: datetime
    ) -> bool:
        """False if a newer figure is known, written or not: then the balance stays. So it does if the event
        is the newest figure already."""
        if account.figure_event_id == event.pk:
            return True
        age = Age.of_event(modify_time, event.created_at, event.event_id)
        entry, last_event_at = self.entry(account), max(modify_time, account.modify_time or modify_time)
        if not is_newest(account, age):
            if last_event_at != account.modify_time:
                entry.set_columns(modify_time=last_event_at)
            return False
        entry.apply_figure(amounts, age, cause=Cause.EVENT, event=event)
        entry.set_figure(
            figure_at=age.at, figure_event_id=event.pk, figure_call_id=None, modify_time=last_event_at
        )
        return True

    def fallen(self) -> set[int]:
        """The accounts of which a balance went down, and no withdrawal took what is missing."""
        return {
            entry.account.pk
            for entry in self._entries.values()
            for step in entry.steps
            if step[STEP.index("difference")] < 0 and step[STEP.index("cause")] != Cause.WITHDRAWAL
        }

    def write(self) -> None:
        """The steps first, then the balances, then the accounts: the order that the guards demand."""
        entries = [entry for entry in self._entries.values() if entry.columns or entry.steps]
        bulk.insert(BalanceChange, STEP, [step for entry in entries for step in entry.steps])
        self._write_balances(entries)
        now = clock.now()
        for entry in entries:
            if entry.has_new_figure or entry.steps:
                entry.set_columns(seen_at=now)
        self._write_accounts(entries)

    def _write_balances(self, entries: Iterable["AccountEntry"]) -> None:
        moved = [(entry, asset) for entry in entries for asset in sorted({step[1] for step in entry.steps})]
        known = [(entry, asset) for entry, asset in moved if asset in entry.keys]
        new = [(entry, asset) for entry, asset in moved if asset not in entry.keys]
        bulk.update(
            Balance, ["amount"], [[entry.keys[asset], entry.amounts[asset]] for entry, asset in known]
        )
        bulk.insert(
            Balance,
            ["account", "asset", "amount"],
            [[entry.account.pk, asset, entry.amounts[asset]] for entry, asset in new],
        )

    def _write_accounts(self, entries: Iterable["AccountEntry"]) -> None:
        by_columns = defaultdict(list)
        for entry in entries:
            by_columns[tuple(sorted(entry.columns))].append(entry)
        for columns, alike in by_columns.items():
            rows = [[entry.account.pk, *(entry.columns[name] for name in columns)] for entry in alike]
            bulk.update(ReferralAccount, columns, rows)


class AccountEntry:
    """One account of a batch: its balances as they will be, the steps to write, and the columns to set."""

    def __init__(self, account: ReferralAccount, batch: LedgerBatch) -> None:
        self.account = account
        self.batch = batch
        self.amounts: dict[str, Decimal] = {}
        self.keys: dict[str, int] = {}  # of the balances that are in the database
        self.steps: list[list[Any]] = []
        self.columns: dict[str, Any] = {}
        self.has_new_figure = False

    def set_figure(self, **columns: Any) -> None:
        """Where the newest figure comes from, and as of when it is."""
        self.has_new_figure = True
        self.set_columns(**columns)

    def set_columns(self, **columns: Any) -> None:
        self.columns |= columns
        for name, value in columns.items():
            setattr(self.account, name, value)

    def apply_figure(
        self,
        amounts: figures.Amounts,
        age: Age,
        *,
        cause: str,
        event: Event | None = None,
        call: Call | None = None,
    ) -> None:
        """Every balance becomes what a whole figure says.

        What it empties is booked as taken by the undecided withdrawal, if there is one of that kind.
        """
        after = figures.balances_after(
            self.amounts,
            amounts,
            age.at,
            points_taken_at=self.account.points_taken_at,
            cash_taken_at=self.account.cash_taken_at,
        )
        emptied = {asset for asset, amount in self.amounts.items() if amount and not after[asset]}
        undecided = self.batch.undecided_withdrawals.get(self.account.pk) if emptied else None
        for asset, amount in after.items():
            was_taken = undecided is not None and asset in emptied and takes(undecided, asset)
            self._step(
                asset,
                amount - self.amounts.get(asset, ZERO),
                cause=Cause.WITHDRAWAL if was_taken else cause,
                withdrawal=undecided if was_taken else None,
                event=event,
                call=call,
                as_of=age.at,
            )

    def apply_withdrawal(
        self, withdrawal: Withdrawal, taken: Mapping[str, Decimal], *, as_of: datetime, empties: bool
    ) -> None:
        """Afterwards the withdrawal's own steps make up what it has taken; see ``steps_of_withdrawal``."""
        booked = _booked(withdrawal)
        assets = {*taken, *booked, *self.amounts}
        for asset in sorted(asset for asset in assets if takes(withdrawal, asset)):
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
        what = [self.account.pk, asset, before, self.amounts[asset], difference]
        self.steps.append([*what, *(_key_of(source.get(name)) for name in BEHIND_A_STEP)])


def _locked(keys: Iterable[AccountKey]) -> dict[AccountKey, ReferralAccount]:
    # In one order, as everybody does: or two could wait for one another.
    accounts = ReferralAccount.objects.select_for_update().filter(accounts_named(keys)).order_by("pk")
    return {(account.tenant_id, account.account_id): account for account in accounts}


def is_newest(account: ReferralAccount, age: Age) -> bool:
    """Whether a figure of this age is newer than the one that the account has."""
    if account.figure_at is None or age.at != account.figure_at:
        return account.figure_at is None or age.at > account.figure_at
    return age > _age_of_figure(account, account.figure_at)


def _age_of_figure(account: ReferralAccount, at: datetime) -> Age:
    if account.figure_call_id is not None:
        return Age.of_answer(at, account.figure_call_id)
    event = account.figure_event
    assert event is not None  # noqa: S101 - a figure comes from one of both, by constraint
    return Age.of_event(at, event.created_at, event.event_id)


def takes(withdrawal: Withdrawal, asset: str) -> bool:
    return withdrawal.takes_points if asset == POINTS else withdrawal.takes_cash


def _booked(withdrawal: Withdrawal) -> dict[str, Decimal]:
    booked: dict[str, Decimal] = defaultdict(lambda: ZERO)
    steps = BalanceChange.objects.filter(withdrawal=withdrawal, cause=Cause.WITHDRAWAL)
    for asset, difference in steps.values_list("asset", "difference"):
        booked[asset] -= difference
    return booked


def _key_of(value: Any) -> Any:
    return value.pk if isinstance(value, Model) else value
