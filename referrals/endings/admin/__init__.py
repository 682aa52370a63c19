"""The pages of endings."""

from referrals.endings.admin import endings

__all__ = ["endings"]
