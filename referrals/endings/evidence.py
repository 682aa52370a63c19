"""What hireops knows of a withdrawal that Feishu never answers: what two people go by when they end it.

Nothing is asked or written here. Three things have to be there and be fresh: an answer of Feishu to the last
try, a balance that was asked for after it, and for points the reconciliation of each closed day since the
first try (contract 2.5, 2.2, 2.6).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from hireops.database import clock
from hireops.desk.display import exact_moment
from hireops.feishu import hire
from hireops.feishu.errors import FeishuError
from hireops.outbox import services as outbox
from hireops.outbox.models import Attempt, Call
from hireops.outbox.timing import QUIET_S
from referrals.accounts import services as accounts
from referrals.accounts.calls import NO_SUCH_ACCOUNT
from referrals.ledger import figures
from referrals.ledger import services as ledger
from referrals.ledger.assets import amount_in_words, asset_label, in_order
from referrals.ledger.batch import takes
from referrals.ledger.figures import UnusableFigureError
from referrals.models import (
    BalanceChange,
    Case,
    Reconciliation,
    ReconciliationChunk,
    ReferralAccount,
    Withdrawal,
)
from referrals.reconciliation import days

QUERIES_LOOKED_AT = 5
DAYS_NAMED = 10
Part = ReconciliationChunk.State
SETTLED = {Attempt.Outcome.REFUSED, Attempt.Outcome.NOT_SENT, Attempt.Outcome.LOST}


@dataclass(frozen=True, slots=True)
class AssetSeen:
    """One asset of the kinds that the order takes. ``now`` is None where Feishu does not say."""

    asset: str
    seen: Decimal
    now: Decimal | None

    @property
    def is_missing(self) -> bool:
        return self.now is not None and self.now < self.seen


@dataclass(frozen=True, slots=True)
class DayCompared:
    """A closed day. ``run`` is None while nobody has compared this account for it."""

    day: date
    run: Reconciliation | None
    is_known_to_feishu: bool = True
    case: Case | None = None

    @property
    def differs(self) -> bool:
        """Unless a person has closed the case, and so said why."""
        return self.case is not None and self.case.closed_at is None


@dataclass(frozen=True, slots=True)
class Evidence:
    """``missing`` keeps the withdrawal from being ended; ``against`` is what says that it was done.

    From ``settled_at`` on a balance tells whether any try was done; None while a try is running.
    """

    withdrawal: Withdrawal
    attempts: list[Attempt]
    query: Call | None
    query_asked_at: datetime | None
    settled_at: datetime | None
    is_known_to_feishu: bool
    assets: list[AssetSeen]
    falls: list[BalanceChange]
    days: list[DayCompared]
    days_missing: list[date] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    against: list[str] = field(default_factory=list)

    @property
    def can_be_asked_for(self) -> bool:
        """Whether the button that asks for what is missing would bring more."""
        return self.query is None or bool(self.days_missing)

    def as_kept(self) -> dict[str, Any]:
        """What is kept with the ending: where everything is found, and what it said."""
        return {
            "attempts": [attempt.pk for attempt in self.attempts],
            "query": self.query.pk if self.query else None,
            "account_known": self.is_known_to_feishu,
            "balances": {
                each.asset: {"seen": str(each.seen), "now": None if each.now is None else str(each.now)}
                for each in self.assets
            },
            "reconciliations": {str(each.day): each.run.pk for each in self.days if each.run},
            "against": len(self.against),
        }


def of(withdrawal: Withdrawal) -> Evidence:
    """All of it, as of now."""
    call = Call.objects.get(withdrawal=withdrawal)
    attempts = list(call.attempts.order_by("pk"))
    since = _settled_at(attempts)
    query, asked_at = _answered_query(withdrawal.account, since) if since else (None, None)
    known = query is not None and query.state == Call.State.SUCCEEDED
    compared = list(_days(withdrawal, attempts))
    evidence = Evidence(
        withdrawal=withdrawal,
        attempts=attempts,
        query=query,
        query_asked_at=asked_at,
        settled_at=since,
        is_known_to_feishu=known,
        assets=_assets(withdrawal, _told(query) if query and known else None),
        falls=_falls(withdrawal),
        days=compared,
        days_missing=[each.day for each in compared if each.run is None],
    )
    evidence.missing.extend(_missing(evidence, call))
    evidence.against.extend(_against(evidence))
    return evidence


# --- The tries, and the balance since


def _settled_at(attempts: list[Attempt]) -> datetime | None:
    """From when on a balance tells whether any of them was done. None while one is running, or none is."""
    ended = [_settles(each) for each in attempts if each.finished_at is not None]
    return max(ended) if ended and len(ended) == len(attempts) else None


def _settles(attempt: Attempt) -> datetime:
    # What may be under way has the time that a request may take. A lost worker's had it before it was lost.
    assert attempt.finished_at is not None  # noqa: S101 - asked by the caller
    settled = attempt.outcome in SETTLED
    return attempt.finished_at + (timedelta() if settled else timedelta(seconds=QUIET_S))


def _answered_query(account: ReferralAccount, since: datetime) -> tuple[Call | None, datetime | None]:
    """The newest query of the balance that left after ``since`` and was answered, and when it left."""
    lane = accounts.lane_of_calls(account)
    asked = Call.objects.filter(lane=lane, operation=accounts.GET_ASSETS, finished_at__gt=since)
    for query in asked.order_by("-pk")[:QUERIES_LOOKED_AT]:
        asked_at = _asked_at(query)
        if asked_at is not None and asked_at > since:
            return query, asked_at
    return None, None


def _asked_at(query: Call) -> datetime | None:
    """When the request left that Feishu answered, with a balance or that it knows no such account."""
    if query.state == Call.State.SUCCEEDED:
        return ledger.asked_at(query)
    if query.state == Call.State.REFUSED and query.error_code == NO_SUCH_ACCOUNT:
        last = query.attempts.order_by("-pk").first()
        return last.started_at if last else None
    return None


def _told(query: Call) -> figures.Amounts | None:
    try:
        return figures.amounts_of(hire.Account.of(query.answer or {}).confirmed_bonus)
    except (FeishuError, UnusableFigureError):
        return None  # its content was removed because of its age


def _assets(withdrawal: Withdrawal, told: figures.Amounts | None) -> list[AssetSeen]:
    seen = {row.asset: row.seen for row in withdrawal.amounts.all()}
    named = in_order(asset for asset in {*seen, *(told or {})} if takes(withdrawal, asset))
    nothing = figures.ZERO
    return [
        AssetSeen(asset, seen.get(asset, nothing), None if told is None else told.get(asset, nothing))
        for asset in named
        if asset in seen or (told or {}).get(asset)
    ]


def _falls(withdrawal: Withdrawal) -> list[BalanceChange]:
    """Where a balance went down since it was approved, and no other withdrawal took that."""
    fell = BalanceChange.objects.filter(
        account=withdrawal.account_id, created_at__gte=withdrawal.decided_at, difference__lt=0
    )
    return [
        change
        for change in fell.order_by("pk")
        if change.withdrawal_id in {None, withdrawal.pk} and takes(withdrawal, change.asset)
    ]


# --- The days since


def _days(withdrawal: Withdrawal, attempts: list[Attempt]) -> Iterator[DayCompared]:
    """Each day that is over since the first try. None of cash alone, because Feishu compares only points."""
    if not attempts or not withdrawal.takes_points:
        return
    day, now = days.day_of(attempts[0].started_at), clock.now()
    while days.bounds(day)[1] <= now:
        yield _compared(withdrawal.account, day)
        day += days.ONE_DAY


def _compared(account: ReferralAccount, day: date) -> DayCompared:
    """By the newest run that has this account's figure of Feishu."""
    chunks = ReconciliationChunk.objects.filter(
        reconciliation__tenant=account.tenant_id,
        reconciliation__day=day,
        state__in=[Part.COMPARED, Part.UNKNOWN],
        points__has_key=account.account_id,
    )
    chunk = chunks.select_related("reconciliation").order_by("-pk").first()
    if chunk is None:
        return DayCompared(day, None)
    found = Case.objects.filter(
        kind=Case.Kind.POINTS,
        account=account,
        reconciliation__tenant=account.tenant_id,
        reconciliation__day=day,
    )
    # Those that a later run has explained say nothing any more.
    case = found.exclude(closed_at__isnull=False, closed_by=None).order_by("-pk").first()
    return DayCompared(day, chunk.reconciliation, chunk.state == Part.COMPARED, case)


# --- What follows from it


def _missing(evidence: Evidence, call: Call) -> Iterator[str]:
    if why_not := outbox.why_not_ended(call):
        yield why_not
    last = evidence.attempts[-1] if evidence.attempts else None
    if last is None:
        yield _("Feishu has not been asked for it yet.")
        return
    if last.finished_at is not None and last.code is None:
        yield _(
            "The last try (%(time)s) got no answer from Feishu. It is asked again by itself, or at once by "
            "“Ask Feishu again now”; before it has answered, nothing can be said."
        ) % {"time": exact_moment(last.started_at)}
    if evidence.query is None and evidence.settled_at is not None:
        yield _(
            "Feishu has told no balance that was asked for after %(time)s. Until then the last try could "
            "still take it."
        ) % {"time": exact_moment(evidence.settled_at)}
    if evidence.days_missing:
        named = ", ".join(date_format(day) for day in evidence.days_missing[:DAYS_NAMED])
        more = len(evidence.days_missing) - DAYS_NAMED
        named = _("%(days)s and %(more)s more") % {"days": named, "more": more} if more > 0 else named
        yield _("Not reconciled for this account yet: %(days)s.") % {"days": named}


def _against(evidence: Evidence) -> Iterator[str]:
    for each in evidence.assets:
        if each.is_missing:
            yield _("%(asset)s: %(seen)s were seen when asking, and only %(now)s are there now.") % {
                "asset": asset_label(each.asset),
                "seen": amount_in_words(each.asset, each.seen),
                "now": amount_in_words(each.asset, each.now),
            }
    for change in evidence.falls:
        yield _(
            "%(asset)s: the balance went down from %(before)s to %(after)s since it was approved (known here "
            "since %(time)s)."
        ) % {
            "asset": asset_label(change.asset),
            "before": amount_in_words(change.asset, change.before),
            "after": amount_in_words(change.asset, change.after),
            "time": exact_moment(change.created_at),
        }
    for day in evidence.days:
        if day.case is not None and day.differs:
            yield _("%(day)s: Feishu has %(theirs)s points paid out of this account, hireops %(ours)s.") % {
                "day": date_format(day.day),
                "theirs": amount_in_words(day.case.asset, day.case.theirs),
                "ours": amount_in_words(day.case.asset, day.case.ours),
            }
