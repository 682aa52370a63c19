"""The only writer of balances, of their history, and of where an account's newest figure came from.

Everything here runs in the caller's transaction and locks the account first, so figures of one account are
written one after the other. Every step of a balance is written with what is behind it, and the steps of a
balance always add up to it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db.models import Model

from hireops.database import bulk, clock
from hireops.feishu.hire import Bonus
from hireops.feishu.models import Tenant
from hireops.feishu.tenants import AccountKey, accounts_named
from hireops.inbox.models import Event
from hireops.outbox.models import Attempt, Call
from referrals.ledger import figures
from referrals.ledger.figures import ZERO, Age
from referrals.models import POINTS, Balance, BalanceChange, ReferralAccount, Withdrawal

Cause = BalanceChange.Cause
BEHIND_A_STEP = ("cause", "event", "call", "withdrawal", "as_of")
STEP = ("account", "asset", "before", "after", "difference", *BEHIND_A_STEP)
BROUGHT_THE_ANSWER = ["", Attempt.Outcome.SUCCESS, Attempt.Outcome.UNAPPLIED]


def account_for(tenant: Tenant, account_id: str, *, source: str) -> tuple[ReferralAccount, bool]:
    """The account, locked, and whether it was not known before. Two that make it at once make one."""
    return ReferralAccount.objects.select_for_update().get_or_create(
        tenant=tenant, account_id=account_id, defaults={"source": source}
    )


def lock(account_pk: int) -> ReferralAccount:
    """The account as it is now; nobody else writes it before this transaction ends."""
    return ReferralAccount.objects.select_for_update().get(pk=account_pk)


def accounts_for(wanted: AbstractSet[AccountKey], *, source: str) -> dict[AccountKey, ReferralAccount]:
    """The accounts, locked; those not known yet are made."""
    accounts = _locked(wanted)
    if unknown := sorted(wanted - accounts.keys()):
        ReferralAccount.objects.bulk_create(
            [ReferralAccount(tenant_id=pk, account_id=name, source=source) for pk, name in unknown],
            ignore_conflicts=True,  # somebody else makes one of them at this moment
        )
        accounts |= _locked(unknown)
    return accounts


def _locked(wanted: Iterable[AccountKey]) -> dict[AccountKey, ReferralAccount]:
    # In one order, as everybody does: or two could wait for one another.
    accounts = ReferralAccount.objects.select_for_update().filter(accounts_named(wanted)).order_by("pk")
    return {(account.tenant_id, account.account_id): account for account in accounts}


def record_event(account: ReferralAccount, bonus: Bonus, *, event: Event, modify_time: datetime) -> bool:
    """Take in the balance that the event tells. False if something newer is known: then nothing changes.

    The same event again changes nothing either. Raises ``figures.UnusableFigureError``.
    """
    locked = lock(account.pk)
    books = Books([locked])
    is_news = books.record_event(locked, figures.amounts_of(bonus), event=event, modify_time=modify_time)
    books.write()
    _show(locked, on=account)
    return is_news


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
    books = Books([locked])
    book = books.of(locked)
    book.take_in(told, age, cause=Cause.CALL, call=call)
    book.stand(figure_at=age.at, figure_event_id=None, figure_call_id=call.pk)
    books.write()
    _show(locked, on=account)
    return list(BalanceChange.objects.filter(account=locked, call=call).order_by("pk"))


def record_withdrawal(withdrawal: Withdrawal, taken: Mapping[str, Decimal], *, trans_time: datetime) -> None:
    """Take in what Feishu says it took, by asset: afterwards the withdrawal's steps make up just that.

    ``taken`` names assets of the kinds that were asked for; what it leaves out was not taken.
    """
    account = lock(withdrawal.account_id)
    books = Books([account])
    book = books.of(account)
    empties = account.figure_at is None or trans_time > account.figure_at
    book.take_out(withdrawal, taken, as_of=trans_time, empties=empties)
    columns = {}
    if withdrawal.takes_points:
        columns["points_taken_at"] = max(trans_time, account.points_taken_at or trans_time)
    if withdrawal.takes_cash:
        columns["cash_taken_at"] = max(trans_time, account.cash_taken_at or trans_time)
    book.stand(**columns)
    books.write()


def record_refusal(withdrawal: Withdrawal) -> None:
    """Feishu took nothing: what an event was thought to tell of this withdrawal was something else."""
    account = lock(withdrawal.account_id)
    books = Books([account])
    books.of(account).take_out(withdrawal, {}, as_of=clock.now(), empties=False)
    books.write()


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


class Books:
    """The books of accounts that the caller has locked. What is recorded in them is kept by ``write``."""

    def __init__(self, accounts: Collection[ReferralAccount]) -> None:
        self._books = {account.pk: _Book(account, self) for account in accounts}
        balances = Balance.objects.filter(account__in=self._books).order_by()
        for account_pk, pk, asset, amount in balances.values_list("account_id", "pk", "asset", "amount"):
            self._books[account_pk].amounts[asset] = amount
            self._books[account_pk].keys[asset] = pk

    def of(self, account: ReferralAccount) -> "_Book":
        return self._books[account.pk]

    @cached_property
    def undecided_payouts(self) -> dict[int, Withdrawal]:
        """By account, of which each has one at the most."""
        undecided = Withdrawal.objects.filter(account__in=self._books, state__in=Withdrawal.UNDECIDED)
        return {payout.account_id: payout for payout in undecided}

    def record_event(
        self, account: ReferralAccount, told: figures.Amounts, *, event: Event, modify_time: datetime
    ) -> bool:
        """As ``record_event`` of the module. Whatever was recorded before counts, written or not."""
        age = Age.of_event(modify_time, event.created_at, event.event_id)
        if account.figure_event_id == event.pk:
            return True
        book, newest_event_at = self.of(account), max(modify_time, account.modify_time or modify_time)
        if not _is_newest(account, age):
            if newest_event_at != account.modify_time:
                book.note(modify_time=newest_event_at)
            return False
        book.take_in(told, age, cause=Cause.EVENT, event=event)
        book.stand(
            figure_at=age.at, figure_event_id=event.pk, figure_call_id=None, modify_time=newest_event_at
        )
        return True

    def write(self) -> None:
        """The steps first, then the balances, then where the accounts stand now."""
        books = [book for book in self._books.values() if book.columns or book.steps]
        bulk.insert(BalanceChange, STEP, [step for book in books for step in book.steps])
        moved = [(book, asset) for book in books for asset in sorted({step[1] for step in book.steps})]
        known = [(book, asset) for book, asset in moved if asset in book.keys]
        new = [(book, asset) for book, asset in moved if asset not in book.keys]
        bulk.update(Balance, ["amount"], [[book.keys[asset], book.amounts[asset]] for book, asset in known])
        bulk.insert(
            Balance,
            ["account", "asset", "amount"],
            [[book.account.pk, asset, book.amounts[asset]] for book, asset in new],
        )
        now = clock.now()
        for book in books:
            if book.stands or book.steps:
                book.note(seen_at=now)
        self._write_accounts(books)

    def _write_accounts(self, books: Iterable["_Book"]) -> None:
        by_columns = defaultdict(list)
        for book in books:
            by_columns[tuple(sorted(book.columns))].append(book)
        for columns, alike in by_columns.items():
            rows = [[book.account.pk, *(book.columns[name] for name in columns)] for book in alike]
            bulk.update(ReferralAccount, columns, rows)


class _Book:
    """The balances of one account, the steps that are about to be written, and where it stands then."""

    def __init__(self, account: ReferralAccount, books: Books) -> None:
        self.account = account
        self.books = books
        self.amounts: dict[str, Decimal] = {}
        self.keys: dict[str, int] = {}  # of the balances that are in the database
        self.steps: list[list[Any]] = []
        self.columns: dict[str, Any] = {}
        self.stands = False

    def stand(self, **columns: Any) -> None:
        """A figure was written: the account stands where it says."""
        self.stands = True
        self.note(**columns)

    def note(self, **columns: Any) -> None:
        self.columns |= columns
        for name, value in columns.items():
            setattr(self.account, name, value)

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
        payout = self.books.undecided_payouts.get(account.pk) if emptied else None
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
        what = [self.account.pk, asset, before, self.amounts[asset], difference]
        self.steps.append([*what, *(_key_of(source.get(name)) for name in BEHIND_A_STEP)])


def _key_of(value: Any) -> Any:
    return value.pk if isinstance(value, Model) else value


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


def _show(locked: ReferralAccount, *, on: ReferralAccount) -> None:
    # The caller goes on with its own object, and must not save what was there before.
    for name in WRITTEN_HERE:
        setattr(on, name, getattr(locked, name))
