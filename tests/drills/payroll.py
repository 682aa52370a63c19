"""``python -m tests.drills.payroll STEP``: what staff and beat do in the drill of payouts.

``know`` reads account IDs from standard input and asks Feishu for their balances; ``pay`` asks for all that
is in each of these accounts and has somebody else approve it. Each rings at the end. ``pay SECONDS`` pauses
after each account, and its staff try again as long as hireops has no database.
"""

import sys
from time import sleep

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402 - after setup
from django.db import connection, transaction  # noqa: E402

from hireops.database.errors import DATABASE_AWAY  # noqa: E402
from hireops.doorbell import ring  # noqa: E402
from hireops.feishu.models import Tenant  # noqa: E402
from hireops.outbox.tasks import drain  # noqa: E402
from referrals.accounts import services as accounts  # noqa: E402
from referrals.ledger import services as ledger  # noqa: E402
from referrals.models import ReferralAccount, Withdrawal  # noqa: E402
from referrals.payouts import services as withdrawals  # noqa: E402

REGISTERED = ReferralAccount.Source.REGISTERED


def know() -> None:
    for account_id in sys.stdin.read().split():
        with transaction.atomic():
            account, _ = ledger.account_for(Tenant.objects.own(), account_id, source=REGISTERED)
        accounts.refresh(account, by=None)


def pay(pause_s: float = 0) -> None:
    officer, approver = User.objects.create_user("hira"), User.objects.create_user("ada")
    for account in ReferralAccount.objects.filter(source=REGISTERED).order_by("pk"):
        while not _is_paid(account, officer, approver):
            sleep(1)
        if pause_s:
            ring(drain)
            sleep(pause_s)


def _is_paid(account: ReferralAccount, officer: User, approver: User) -> bool:
    """Whether the database let them; what was asked for before it went away is not asked for again."""
    try:
        withdrawal = Withdrawal.objects.filter(account=account).first()
        withdrawal = withdrawal or withdrawals.request_withdrawal(
            account, by=officer, points=True, cash=True, reason="November"
        )
        if withdrawal.state == Withdrawal.State.REQUESTED:
            withdrawals.approve_withdrawal(withdrawal, by=approver, reason="checked")
    except DATABASE_AWAY:
        connection.close()
        return False
    return True


if __name__ == "__main__":
    step, *seconds = sys.argv[1:]
    {"know": know, "pay": pay}[step](*map(float, seconds))
    drain.delay()  # waits at the door until a worker comes
