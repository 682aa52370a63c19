"""Balances that went down beside a restored database: perhaps paid out after the backup."""

from collections.abc import Collection

from django.db.models import Exists, QuerySet

from hireops.desk import restoring
from hireops.desk.models import Restoration
from referrals.cases.services import open_case
from referrals.models import BalanceChange, Case


def may_explain() -> Exists:
    """Of any change: whether a restored database is not released."""
    return Exists(Restoration.objects.filter(stands=True))


def look_into_falls(accounts: Collection[int], changes: QuerySet[BalanceChange]) -> set[int]:
    """A case for each of the ``changes`` by which a balance of the ``accounts``, which are locked, went down
    without a withdrawal of ours, while a restored database is not released; which of them.

    Otherwise nothing: rewards are taken back on any day, and each has its event.
    """
    if not accounts or not restoring.stands():
        return set()
    fell = changes.filter(account__in=accounts, difference__lt=0).select_related("account")
    fell = fell.exclude(cause=BalanceChange.Cause.WITHDRAWAL)
    for change in fell:
        open_case(
            kind=Case.Kind.PERHAPS_PAID,
            account=change.account,
            asset=change.asset,
            ours=change.before,
            theirs=change.after,
            change=change,
        )
    return {change.pk for change in fell}
