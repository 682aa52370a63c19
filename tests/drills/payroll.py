"""``python -m tests.drills.payroll STEP``: what staff and beat do in the drill of payouts.

``know`` reads account IDs from standard input and asks Feishu for their balances; ``pay`` asks for all that
is in each account and has somebody else approve it. Each rings at the end.
"""

import sys

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402 - after setup
from django.db import transaction  # noqa: E402

from hireops.feishu.models import Tenant  # noqa: E402
from hireops.outbox.tasks import drain  # noqa: E402
from referrals.accounts import services as accounts  # noqa: E402
from referrals.ledger import services as ledger  # noqa: E402
from referrals.models import ReferralAccount  # noqa: E402
from referrals.payouts import services as withdrawals  # noqa: E402


def know() -> None:
    for account_id in sys.stdin.read().split():
        with transaction.atomic():
            account, _ = ledger.account_for(
                Tenant.objects.own(), account_id, source=ReferralAccount.Source.REGISTERED
            )
        accounts.refresh(account, by=None)


def pay() -> None:
    officer, approver = User.objects.create_user("hira"), User.objects.create_user("ada")
    for account in ReferralAccount.objects.order_by("pk"):
        withdrawal = withdrawals.request_withdrawal(
            account, by=officer, points=True, cash=True, reason="November"
        )
        withdrawals.approve_withdrawal(withdrawal, by=approver, reason="checked")


if __name__ == "__main__":
    {"know": know, "pay": pay}[sys.argv[1]]()
    drain.delay()  # waits at the door until a worker comes
