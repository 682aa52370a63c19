"""What staff see of the referrals. Registered in the order of the menu."""

from referrals.admin import accounts, registrations, withdrawals, batches, reconciliation  # isort: skip

__all__ = ["accounts", "batches", "reconciliation", "registrations", "withdrawals"]
