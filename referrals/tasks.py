"""All tasks of the app, for Celery, which looks for them here. Each room's own are in its tasks.py."""

from referrals.accounts.tasks import sweep_accounts
from referrals.reconciliation.tasks import reconcile_closed_days

__all__ = ["reconcile_closed_days", "sweep_accounts"]
