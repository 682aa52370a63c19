"""Payouts while Feishu answers late, cuts, says 500 or 429, and workers are killed at random: once each."""

import random
from collections import Counter

from tests.drills.paying import Payroll
from tests.drills.world import World


def test_every_account_is_emptied_once_and_both_sides_agree_to_the_cent(world: World, long: bool) -> None:
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")  # noqa: T201 - shown if it fails
    payroll = Payroll(world, 200 if long else 24, seed)
    payroll.approve_all()
    killed = payroll.storm(25 if long else 4)
    payroll.calm(900 if long else 150)

    states = Counter(world.hireops.database.rows("SELECT state FROM referrals_withdrawal"))
    assert states == {("taken",): payroll.size}
    assert payroll.at_feishu() == payroll.in_hireops()
    assert not world.hireops.database.rows("SELECT 1 FROM referrals_balance WHERE amount <> 0")
    world.hireops.manage("prove_balances")
    world.hireops.manage("check_invariants")
    assert killed >= (25 if long else 4)
