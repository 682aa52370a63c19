"""Accounts where employees collect rewards for referring candidates, and how these are paid (contract 2)."""

from referrals.models.accounts import POINTS, Balance, BalanceChange, ReferralAccount
from referrals.models.payouts import Payment, PayoutBatch, Withdrawal, WithdrawalAmount
from referrals.models.reconciliation import Case, Reconciliation, ReconciliationChunk
from referrals.models.registrations import Registration, RegistrationImport

__all__ = [
    "POINTS",
    "Balance",
    "BalanceChange",
    "Case",
    "Payment",
    "PayoutBatch",
    "Reconciliation",
    "ReconciliationChunk",
    "ReferralAccount",
    "Registration",
    "RegistrationImport",
    "Withdrawal",
    "WithdrawalAmount",
]
