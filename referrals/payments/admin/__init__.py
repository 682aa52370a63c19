"""The pages of payout batches, payments and reversals."""

from referrals.payments.admin import batches, payments, reversals

__all__ = ["batches", "payments", "reversals"]
