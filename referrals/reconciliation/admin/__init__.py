"""The pages of reconciliations."""

from referrals.reconciliation.admin import reconciliations

__all__ = ["reconciliations"]
