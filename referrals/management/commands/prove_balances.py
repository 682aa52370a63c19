"""``manage.py prove_balances``: every balance of the database, step by step, against what is behind it.

And what was taken out of each against what is paid.
"""

import sys
from heapq import merge
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection

from hireops.database import schema
from hireops.guards.installed import differences
from referrals.ledger import invariants as ledger
from referrals.models import Balance, BalanceChange, Payment, ReferralAccount, Withdrawal
from referrals.payments import invariants as payments

COUNTED = {
    "accounts": ReferralAccount.objects,
    "balances": Balance.objects,
    "changes": BalanceChange.objects,
    "withdrawals": Withdrawal.objects,
    "payments": Payment.objects,
}


class Command(BaseCommand):
    help = (
        "Proves that every balance is the sum of its changes; one line per broken account or guard, "
        "and exit code 1"
    )

    def handle(self, *args: Any, **options: Any) -> None:
        schema.refuse_misfits(connection)
        broken = 0
        lifted = differences(connection)
        for difference in lifted:
            self.stdout.write(f"broken: {difference}")
        findings = merge(ledger.findings(), payments.findings(), key=attrgetter("account_pk"))
        for account, found in groupby(findings, key=attrgetter("account_pk", "account_id")):
            broken += 1
            self.stdout.write(f"broken: account {account[1]}: {'; '.join(each.what for each in found)}")
        proven = ", ".join(f"{rows.count()} {name}" for name, rows in COUNTED.items())
        if broken:
            self.stdout.write(f"{broken} broken accounts ({proven})")
        if broken or lifted:
            sys.exit(1)
        self.stdout.write(f"every balance is the sum of its changes ({proven})")
