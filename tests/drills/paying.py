"""What drills of payouts have and do: accounts with money, staff who pay it out, and both sides of it."""

import random
import time
from collections import Counter
from decimal import Decimal
from typing import Any

from tests.drills.world import World
from tests.processes import Process

WITHDRAW = "/open-apis/hire/v1/referral_account/:referral_account_id/withdraw"
POINTS = ("outbox.claimed", "outbox.before_send", "outbox.after_send", "outbox.before_commit")
WORKERS = 4
TROUBLE: list[tuple[str, dict[str, Any]]] = [
    ("slow", {"seconds": 2}),
    ("cut", {"when": "after"}),
    ("cut", {"when": "before"}),
    ("server_error", {"when": "after"}),
    ("server_error", {}),
    ("truncated", {"when": "after"}),
    ("rate_limited", {"reset_seconds": 1}),
]

Amounts = dict[tuple[str, str], Decimal]  # by account ID and asset


class Payroll:
    """Many accounts with money in them, staff who pay them out, and a Feishu that misbehaves."""

    def __init__(self, world: World, size: int, seed: int) -> None:
        self.world, self.size, self.random = world, size, random.Random(seed)
        self.accounts = [f"69427781980541{number:05}" for number in range(size)]
        world.simulator.add_employees(
            *(
                {"name": f"员工{number}", "email": f"e{number}@open.com", "account_id": account_id}
                for number, account_id in enumerate(self.accounts)
            )
        )
        for number, account_id in enumerate(self.accounts):
            world.simulator.reward(account_id, points=number % 7, CNY=f"{number + 1}.{number % 100:02}")

    def step(self, name: str, text: str = "") -> None:
        self.world.hireops.python("-m", "tests.drills.payroll", name, stdin=text)

    def approve_all(self) -> None:
        self.step("know", " ".join(self.accounts))
        self.world.finish()
        self.step("pay")

    def misbehave(self) -> None:
        kind, options = self.random.choice(TROUBLE)
        self.world.simulator.add_fault(kind, path=WITHDRAW, calls=3, **options)

    def worker(self) -> Process:
        turn = self.random.randint(1, 6)
        return self.world.hireops.worker(HIREOPS_DIE_AT=f"{self.random.choice(POINTS)}:{turn}")

    def undecided(self) -> int:
        rows = self.world.hireops.database.rows(
            "SELECT count(*) FROM referrals_withdrawal WHERE state IN ('requested', 'approved', 'unknown')"
        )
        return int(rows[0][0])

    def storm(self, rounds: int) -> int:
        """Workers come, meet trouble and die. How many were killed."""
        workers: list[Process] = []
        killed = 0
        for _ in range(rounds):
            self.misbehave()
            workers += [self.worker() for _ in range(WORKERS - len(workers))]
            time.sleep(self.random.uniform(0.5, 2))
            workers[0].kill()
            dead = [worker for worker in workers if worker.poll() is not None or worker is workers[0]]
            for worker in dead:
                self.world.hireops.kill(worker)
            killed += len(dead)
            workers = [worker for worker in workers if worker not in dead]
            self.world.let_time_pass()
        for worker in workers:
            self.world.hireops.kill(worker)
        return killed

    def calm(self, seconds: float) -> None:
        """Feishu is well again; a healthy worker brings everything to its end."""
        self.world.simulator.clear_faults()
        worker = self.world.hireops.worker()
        until = time.monotonic() + seconds
        while self.undecided() or self.world.open_calls():
            assert time.monotonic() < until, self.world.report()
            time.sleep(2)
            if not self.world.hireops.database.rows("SELECT 1 FROM outbox_call WHERE lease_key IS NOT NULL"):
                self.world.let_time_pass()
        self.world.hireops.stop(worker)

    def wait_until_decided(self, seconds: float) -> None:
        """Workers run; those that have died are given up at once."""
        until = time.monotonic() + seconds
        while self.undecided() or self.world.open_calls():
            assert time.monotonic() < until, self.world.report()
            time.sleep(1)
            self.world.give_up_the_dead()

    def at_feishu(self) -> Amounts:
        """What Feishu has paid out; fails if an account was emptied twice or an order ID used twice."""
        withdrawals = list(self.world.simulator.state("withdrawals")["withdrawals"].values())
        assert Counter(each["account_id"] for each in withdrawals) == Counter(self.accounts)
        taken = {(each["account_id"], "points"): Decimal(each["points"]) for each in withdrawals}
        for each in withdrawals:
            for currency, cents in each["cash_cents"].items():
                taken[each["account_id"], currency] = Decimal(cents) / 100
        return {key: amount for key, amount in taken.items() if amount}

    def in_hireops(self) -> Amounts:
        rows = self.world.hireops.database.rows(
            "SELECT a.account_id, t.asset, t.taken FROM referrals_withdrawalamount t "
            "JOIN referrals_withdrawal w ON w.id = t.withdrawal_id "
            "JOIN referrals_referralaccount a ON a.id = w.account_id"
        )
        return {
            (account_id, asset): Decimal(str(taken)).quantize(Decimal("0.01"))
            for account_id, asset, taken in rows
            if taken
        }
