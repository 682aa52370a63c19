"""All models of the app, for Django and for other rooms. Each is defined in the models.py of its room."""

from referrals.accounts.models import ReferralAccount
from referrals.cases.models import Case
from referrals.endings.models import Ending
from referrals.ledger.assets import POINTS
from referrals.ledger.models import Balance, BalanceChange
from referrals.payments.models import Payment, PayoutBatch, ResultsFile, Reversal
from referrals.payouts.models import SelfApproval, Withdrawal, WithdrawalAmount
from referrals.reconciliation.models import Reconciliation, ReconciliationChunk
from referrals.registrations.models import Registration, RegistrationImport

__all__ = [
    "POINTS",
    "Balance",
    "BalanceChange",
    "Case",
    "Ending",
    "Payment",
    "PayoutBatch",
    "Reconciliation",
    "ReconciliationChunk",
    "ReferralAccount",
    "Registration",
    "RegistrationImport",
    "ResultsFile",
    "Reversal",
    "SelfApproval",
    "Withdrawal",
    "WithdrawalAmount",
]
