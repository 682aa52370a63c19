"""Workers are killed again and again, at each point that matters, while they have all kinds of calls."""

from itertools import cycle

from tests.drills import operations
from tests.drills.world import World

POINTS = ("outbox.claimed", "outbox.before_send", "outbox.after_send", "outbox.before_commit")


def test_no_kill_loses_doubles_or_reorders_a_call(world: World, long: bool) -> None:
    kills = 50 if long else 8
    accounts, checks = [world.account() for _ in range(4)], [world.check() for _ in range(4)]
    for kill, point in zip(range(kills), cycle(POINTS), strict=False):
        world.owe(
            [
                *(world.form(scope) for scope in (1, 2)),
                *(world.packages(account) for account in accounts[:2]),
                *(world.packages(account, operations.PACKAGES_BY_HAND) for account in accounts[2:]),
                *(world.progress(check) for check in checks[:2]),
                *(world.progress(check, operations.PROGRESS_BY_HAND) for check in checks[2:]),
            ]
        )
        world.wait_for_death(world.worker(HIREOPS_DIE_AT=f"{point}:{1 + kill % 7}"))
        world.remember()
        world.let_time_pass()
    world.finish()
    world.check_promises()
    assert sum(world.states().values()) == kills * 10
    lost = world.hireops.database.rows("SELECT count(*) FROM outbox_attempt WHERE outcome = 'lost'")
    assert lost[0][0] >= kills
    assert set(world.rows("DISTINCT state", "WHERE operation = 'drill.form'")) == {("succeeded",)}
