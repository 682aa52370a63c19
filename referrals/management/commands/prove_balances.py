"""``manage.py prove_balances``: every balance of the database, step by step, against what is behind it."""

import sys
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.core.management.base import BaseCommand

from referrals.ledger import invariants
from referrals.models import Balance, BalanceChange, ReferralAccount, Withdrawal

COUNTED = {
    "accounts": ReferralAccount.objects,
    "balances": Balance.objects,
    "changes": BalanceChange.objects,
    "withdrawals": Withdrawal.objects,
}


class Command(BaseCommand):
    help = "Proves that every balance is the sum of its changes; one line per broken account, and exit code 1"

    def handle(self, *args: Any, **options: Any) -> None:
        broken = 0
        for account, found in groupby(invariants.findings(), key=attrgetter("account_pk", "account_id")):
            broken += 1
            self.stdout.write(f"broken: account {account[1]}: {'; '.join(each.what for each in found)}")
        proven = ", ".join(f"{rows.count()} {name}" for name, rows in COUNTED.items())
        if broken:
            self.stdout.write(f"{broken} broken accounts ({proven})")
            sys.exit(1)
        self.stdout.write(f"every balance is the sum of its changes ({proven})")
