"""The pages of payout batches and payments."""

from referrals.payments.admin import batches

__all__ = ["batches"]
