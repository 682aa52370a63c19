"""The pages of withdrawals."""

from referrals.payouts.admin import withdrawals

__all__ = ["withdrawals"]
