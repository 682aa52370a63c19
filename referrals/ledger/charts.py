"""What accounts were given day by day. The chart that shows it is that of the payments."""

from collections.abc import Mapping
from datetime import datetime

from hireops.desk.figures import Figure, Series
from referrals.ledger.totals import totals
from referrals.models import BalanceChange

DAYS = 366


def _rewarded(since: datetime, until: datetime) -> Mapping[str, Figure]:
    """By asset: every step up of a balance."""
    rows = BalanceChange.objects.filter(difference__gt=0, created_at__gte=since, created_at__lt=until)
    return {
        each.asset: Figure(each.count, each.sum) for each in totals(rows, asset="asset", amount="difference")
    }


REWARDS = Series("rewards", _rewarded, DAYS)
