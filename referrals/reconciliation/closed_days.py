"""What beat does: every day that is over is reconciled, and again when more of it has become known."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta

from django.db.models import Exists, Max, OuterRef, QuerySet

from hireops.database import clock
from hireops.desk.errors import Refused
from hireops.feishu.models import Tenant
from referrals.models import Payment, Reconciliation, Withdrawal
from referrals.reconciliation import days
from referrals.reconciliation.services import reconcile_day

MOST_DAYS = 31
# By then the answers of the day's last payouts have come.
SETTLING_TIME = timedelta(hours=2)
# What could not be finished is tried again by itself, but not every time that beat looks.
PAUSE_AFTER_FAILURE = timedelta(hours=6)
# Payments of a day are recorded one by one, maybe all day long.
PAUSE_BEFORE_REPEATING = timedelta(days=1)

State = Reconciliation.State


def reconcile_closed_days() -> int:
    """Start at most one day of each tenant; how many were started."""
    return sum(_reconcile_next(tenant) for tenant in Tenant.objects.served())


def _reconcile_next(tenant: Tenant) -> int:
    if Reconciliation.objects.filter(tenant=tenant, state=State.RUNNING).exists():
        return 0
    day = next(_due(tenant, clock.now()), None)
    if day is None:
        return 0
    try:
        reconcile_day(tenant, day, by=None)
    except Refused:  # a person was faster
        return 0
    return 1


def _due(tenant: Tenant, now: datetime) -> Iterator[date]:
    """Days that were never compared, then those of which more has become known; the oldest first."""
    lately = _runs_lately(tenant, now)
    failed = lately.filter(state=State.FAILED, finished_at__gt=now - PAUSE_AFTER_FAILURE)
    tried = set(failed.values_list("day", flat=True))
    newest = _newest_by_day(lately.filter(state__in=[State.MATCHED, State.DIFFERS]))
    closed = [day for day in _closed_days(tenant, now) if day not in tried]
    yield from (day for day in closed if day not in newest)
    outdated = _outdated(newest.values(), now)
    yield from (day for day in closed if day in outdated)


def _closed_days(tenant: Tenant, now: datetime) -> Iterator[date]:
    """From the first withdrawal on, oldest first; at most the last 31."""
    taken = Withdrawal.objects.filter(account__tenant=tenant, trans_time__isnull=False)
    first = taken.order_by("trans_time").values_list("trans_time", flat=True).first()
    if first is None:
        return
    last = days.day_of(now - SETTLING_TIME) - days.ONE_DAY
    day = max(days.day_of(first), last - timedelta(days=MOST_DAYS - 1))
    while day <= last:
        yield day
        day += days.ONE_DAY


def _runs_lately(tenant: Tenant, now: datetime) -> QuerySet[Reconciliation]:
    first = days.day_of(now) - timedelta(days=MOST_DAYS + 1)
    return Reconciliation.objects.filter(tenant=tenant, day__gte=first)


def _newest_by_day(runs: QuerySet[Reconciliation]) -> dict[date, int]:
    return dict(runs.order_by().values_list("day").annotate(newest=Max("pk")))


def _outdated(newest: Iterable[int], now: datetime) -> set[date]:
    """The days of those runs after whose start a payout of the day was answered, or a payment of it recorded
    or reversed.

    Mostly it is payments: they are recorded days after the payout, when its day has been compared already.
    """
    runs = Reconciliation.objects.filter(
        Exists(_payouts_of_the_day().filter(answered_at__gt=OuterRef("started_at")))
        | Exists(_payments_of_the_day().filter(recorded_at__gt=OuterRef("started_at")))
        | Exists(_payments_of_the_day().filter(reversed_at__gt=OuterRef("started_at"))),
        pk__in=list(newest),
        started_at__lte=now - PAUSE_BEFORE_REPEATING,
    )
    return set(runs.values_list("day", flat=True))


def _payouts_of_the_day() -> QuerySet[Withdrawal]:
    return Withdrawal.objects.filter(
        account__tenant=OuterRef("tenant"),
        trans_time__gte=OuterRef("starts_at"),
        trans_time__lt=OuterRef("ends_at"),
    )


def _payments_of_the_day() -> QuerySet[Payment]:
    return Payment.objects.filter(
        amount__withdrawal__account__tenant=OuterRef("tenant"),
        amount__withdrawal__trans_time__gte=OuterRef("starts_at"),
        amount__withdrawal__trans_time__lt=OuterRef("ends_at"),
    )
