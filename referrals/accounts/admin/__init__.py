"""The pages of referral accounts."""

from referrals.accounts.admin import accounts

__all__ = ["accounts"]
