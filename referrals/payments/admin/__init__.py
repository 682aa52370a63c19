"""The pages of payout batches and payments."""

from referrals.payments.admin import batches, payments

__all__ = ["batches", "payments"]
