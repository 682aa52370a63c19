"""Comparing a day with Feishu (contract 2.6), and the cash of the day inside hireops."""

from referrals.services.reconciliation.closed_days import reconcile_closed_days
from referrals.services.reconciliation.runs import reconcile_day

__all__ = ["reconcile_closed_days", "reconcile_day"]
