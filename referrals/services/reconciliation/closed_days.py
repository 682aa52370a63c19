"""What beat does: every day that is over is reconciled once."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db.models import Q

from hireops import database
from hireops.desk.errors import Refused
from hireops.feishu.models import Tenant
from referrals.models import Reconciliation, Withdrawal
from referrals.services.reconciliation import days
from referrals.services.reconciliation.runs import end_what_waits, reconcile_day

MOST_DAYS = 31
# By then the answers of the day's last payouts have come.
SETTLING_TIME = timedelta(hours=2)
# What could not be finished is tried again by itself, but not every time that beat looks.
PAUSE_AFTER_FAILURE = timedelta(hours=6)

State = Reconciliation.State


def reconcile_closed_days() -> int:
    """Start at most one day of each tenant, the oldest that was not compared yet; how many were started."""
    return sum(_reconcile_next(tenant) for tenant in _tenants())


def _tenants() -> list[Tenant]:
    if settings.FEISHU_APP_TYPE == "custom":
        return [Tenant.objects.home()]
    return list(Tenant.objects.filter(app_id=settings.FEISHU_APP_ID, state=Tenant.State.ACTIVE))


def _reconcile_next(tenant: Tenant) -> int:
    end_what_waits(tenant)
    if Reconciliation.objects.filter(tenant=tenant, state=State.RUNNING).exists():
        return 0
    now = database.now()
    compared = _compared_lately(tenant, now)
    day = next((day for day in _closed_days(tenant, now) if day not in compared), None)
    if day is None:
        return 0
    try:
        reconcile_day(tenant, day, by=None)
    except Refused:  # a person was faster
        return 0
    return 1


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


def _compared_lately(tenant: Tenant, now: datetime) -> set[date]:
    """Days that need no other run, or none yet."""
    failed_lately = Q(state=State.FAILED, finished_at__gt=now - PAUSE_AFTER_FAILURE)
    runs = Reconciliation.objects.filter(
        Q(state__in=[State.MATCHED, State.DIFFERS]) | failed_lately,
        tenant=tenant,
        day__gte=days.day_of(now) - timedelta(days=MOST_DAYS + 1),
    )
    return set(runs.values_list("day", flat=True))
