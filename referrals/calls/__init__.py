"""What we ask of Feishu, and what its answer changes. Importing a module registers its operations."""

from referrals.calls import accounts, reconciliation, registrations, withdrawals

__all__ = ["accounts", "reconciliation", "registrations", "withdrawals"]
