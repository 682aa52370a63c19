"""What staff see of the referrals. Registered in the order of the menu."""

from referrals.accounts import admin as accounts  # isort: skip
from referrals.ledger import admin as ledger  # isort: skip
from referrals.registrations import admin as registrations  # isort: skip
from referrals.payouts import admin as payouts  # isort: skip
from referrals.endings import admin as endings  # isort: skip
from referrals.payments import admin as payments  # isort: skip
from referrals.cases import admin as cases  # isort: skip
from referrals.reconciliation import admin as reconciliation  # isort: skip

__all__ = ["accounts", "cases", "endings", "ledger", "payments", "payouts", "reconciliation", "registrations"]
