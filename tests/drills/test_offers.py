"""A worker that brings many accounts up to date is killed at each point that matters."""

from tests.drills.offer_states import in_doubt, states
from tests.drills.world import World
from tests.processes import wait_until

POINTS = (
    "outbox.claimed:2",
    "outbox.before_send:2",
    "jobs.between_parts:1",
    "outbox.after_send:2",
    "outbox.before_commit:2",
)
ACCOUNTS = 12


def test_a_kill_leaves_one_account_in_doubt_and_all_others_get_there(world: World, long: bool) -> None:
    world.simulator.switch(delivery_paused=True)
    step(world, "know", "\n".join(world.account() for _ in range(ACCOUNTS)))
    for name in ("", "change", "change") if long else ("",):
        if name:
            step(world, name)
        assert begin(world) == ACCOUNTS
        for point in POINTS:
            world.wait_for_death(world.worker(HIREOPS_DIE_AT=point, OUTBOX_SENDERS="1"))
            assert in_doubt(world.hireops.database) <= 1, point
            let_time_pass(world)
            step(world, "ring")
        worker = world.worker()
        wait_until(lambda: get_there(world), seconds=60, what="not all accounts got there")
        world.hireops.stop(worker)
        world.hireops.manage("check_invariants")
        assert begin(world) == 0


def get_there(world: World) -> bool:
    if states(world.hireops.database, "bindings_accountoffer") == {"up_to_date": ACCOUNTS}:
        return states(world.hireops.database, "bindings_offerrunaccount").keys() == {"done"}
    let_time_pass(world)
    return False


def let_time_pass(world: World) -> None:
    world.let_time_pass()
    world._sql(f"UPDATE jobs_job SET not_before = {world._ago(600)} WHERE not_before > {world._ago(0)}")


def begin(world: World) -> int:
    return int(step(world, "begin"))


def step(world: World, name: str, stdin: str = "") -> str:
    """The last line that it prints."""
    printed = world.hireops.python("-m", "tests.drills.offering", name, stdin=stdin)
    return printed.splitlines()[-1] if printed else ""
