"""The pages of registrations. Registered in the order of the menu."""

from referrals.registrations.admin import imports, registrations

__all__ = ["imports", "registrations"]
