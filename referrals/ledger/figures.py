"""Which figure of an account is the newest, and what it makes of the balance. Nothing is asked or written.

A *whole* figure tells points and cash as of one moment: an event, or the answer to a call. A withdrawal tells
that one kind (points, or cash in every currency) was emptied. The newest wins, for each kind by itself; so
the order in which they arrive, and how often, makes no difference to the balance.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from django.utils.translation import gettext_noop

from hireops.database.clock import FROM_THE_FUTURE
from hireops.feishu.hire import Bonus
from referrals.ledger.assets import POINTS
from referrals.ledger.models import ASSET_LENGTH

ZERO = Decimal("0.00")
TOO_MUCH = Decimal(10) ** 13  # SQLite keeps 15 digits exactly
# Clocks within Feishu may differ by this much, and so may ours where an answer does not tell the time. In
# doubt an answer is taken for the older figure.
CLOCKS_DIFFER = timedelta(seconds=5)
LONG_AGO = datetime.min.replace(tzinfo=UTC)

Amounts = Mapping[str, Decimal]


class UnusableFigureError(ValueError):
    """Amounts that no balance can have. The text is a sentence for staff (``gettext_noop``)."""


class Age(NamedTuple):
    """When a whole figure was true, and what decides between two of the same moment. The greatest wins."""

    at: datetime
    rank: int  # an answer counts as later than an event of its moment
    created_at: datetime
    name: str

    @classmethod
    def of_event(cls, modify_time: datetime, created_at: datetime | None, event_id: str) -> "Age":
        """By ``modify_time``, then the header's time (contract 2.7), then something that never changes."""
        return cls(modify_time, 0, created_at or LONG_AGO, event_id)

    @classmethod
    def of_answer(cls, at: datetime, call_id: int) -> "Age":
        """Calls about one account leave in the order of their ids."""
        return cls(at, 1, LONG_AGO, f"{call_id:020}")


class Asked(NamedTuple):
    """When Feishu was asked, at the earliest: by our clock, and by Feishu's own if its answer tells that."""

    here: datetime
    there: datetime | None = None


def moment_of_answer(asked: Asked, seen_at: datetime | None, known: list[datetime | None]) -> datetime:
    """Since when the answer to what was asked then is true, at the least, by Feishu's clock.

    ``known`` are the times of what is known already, by Feishu's clock, and ``seen_at`` is when the last of
    it was written here. What was written before Feishu was asked is in the answer, whatever the clocks say.
    """
    earliest = (asked.there or asked.here) - CLOCKS_DIFFER
    if seen_at is None or seen_at > asked.here:
        return earliest
    return max([earliest, *(moment for moment in known if moment is not None)])


def is_from_the_future(moment: datetime, *, came_at: datetime, clock_is_behind: timedelta) -> bool:
    """Whether Feishu can't have written this time yet when it came here, at ``came_at`` by our clock.

    ``clock_is_behind`` is how far that may be behind Feishu's.
    """
    return moment > came_at + clock_is_behind + FROM_THE_FUTURE


def amounts_of(bonus: Bonus) -> dict[str, Decimal]:
    """Amount by asset: ``POINTS`` always, each currency that is named. What is named twice is added up.

    Raises ``UnusableFigureError``.
    """
    amounts = {POINTS: Decimal(bonus.point_bonus).quantize(ZERO)}
    for cash in bonus.cash_bonus:
        if cash.currency_type.lower() == POINTS or len(cash.currency_type) > ASSET_LENGTH:
            raise UnusableFigureError(gettext_noop("a currency_type is none; the balance can't be read"))
        amounts[cash.currency_type] = amounts.get(cash.currency_type, ZERO) + cash.amount
    if min(amounts.values()) < 0:
        raise UnusableFigureError(gettext_noop("an amount is below zero; no balance can be"))
    if max(amounts.values()) >= TOO_MUCH:
        raise UnusableFigureError(gettext_noop("an amount is too large to be one"))
    return amounts


def holdings(amounts: Amounts) -> dict[str, Decimal]:
    """What is there: the amounts without those of nothing."""
    return {asset: amount for asset, amount in amounts.items() if amount}


def balances_after(
    before: Amounts,
    figure: Amounts,
    at: datetime,
    *,
    points_taken_at: datetime | None,
    cash_taken_at: datetime | None,
) -> dict[str, Decimal]:
    """The balance by asset once the newest whole ``figure`` is one as of ``at``.

    What it does not name is 0. A kind that was withdrawn later stays empty; at the same moment the figure
    counts, because it tells the balance after the change.
    """
    after = {}
    for asset in sorted({*before, *figure}):
        taken_at = points_taken_at if asset == POINTS else cash_taken_at
        emptied = taken_at is not None and taken_at > at
        after[asset] = ZERO if emptied else figure.get(asset, ZERO)
    return after


class Steps(NamedTuple):
    """Two differences of one balance: what came to light with a withdrawal, and what it took."""

    unannounced: Decimal
    withdrawn: Decimal


def steps_of_withdrawal(balance: Decimal, *, taken: Decimal, booked: Decimal, empties: bool) -> Steps:
    """How the balance goes on so that this withdrawal's steps make up ``-taken`` in the end.

    ``booked`` is what earlier steps have taken for it already. Unless it ``empties`` the balance, something
    newer is known, and the balance ends where it was.
    """
    missing = taken - booked
    target = ZERO if empties else balance
    return Steps(unannounced=target - balance + missing, withdrawn=-missing)
