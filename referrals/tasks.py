"""All tasks of the app, for Celery, which looks for them here. Each room's own are in its tasks.py."""

from referrals.accounts.tasks import sweep_accounts
from referrals.payments.tasks import empty_payees
from referrals.reconciliation.tasks import reconcile_closed_days
from referrals.registrations.tasks import empty_contacts

__all__ = ["empty_contacts", "empty_payees", "reconcile_closed_days", "sweep_accounts"]
