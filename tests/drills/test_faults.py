"""Feishu misbehaves, by the catalogue (C2, C3, C6, C8, D2, D3, D5); the real simulator plays it."""

import time

import pytest

from tests.drills import operations
from tests.drills.world import FORM_PATH, PACKAGES_PATH, PROGRESS_PATH, World
from tests.processes import wait_until
from tests.selection import also_on_sqlite
from tests.simulator_process import TENANT_TOKEN

ALL_PATHS = (FORM_PATH, PACKAGES_PATH, PROGRESS_PATH)
long_form = pytest.mark.long
STORMS = [
    (429, "number"),
    (400, "garbage"),
    pytest.param(429, "missing", marks=long_form),
    pytest.param(429, "garbage", marks=long_form),
    pytest.param(400, "number", marks=long_form),
    pytest.param(400, "missing", marks=long_form),
]
SPOILT = [
    ("server_error", "after"),
    ("html", "after"),
    ("cut", "after"),
    pytest.param("server_error", "before", marks=long_form),
    pytest.param("html", "before", marks=long_form),
    pytest.param("cut", "before", marks=long_form),
    pytest.param("truncated", "after", marks=long_form),
    pytest.param("empty", "after", marks=long_form),
    pytest.param("redirect", "before", marks=long_form),
    pytest.param("half_closed", "after", marks=long_form),
]
WITHOUT_TOKEN = [
    "html",
    *(pytest.param(kind, marks=long_form) for kind in ("server_error", "cut", "token_invalid")),
]


def everything(world: World, targets: int = 2, each: int = 3) -> list[dict[str, object]]:
    """Calls of every kind, some targets of each, several for each target."""
    accounts = [world.account() for _ in range(targets)]
    checks = [world.check() for _ in range(targets)]
    calls = []
    for _ in range(each):
        calls += [world.form(scope) for scope in (1, 2)]
        for account, check in zip(accounts, checks, strict=True):
            calls += [world.packages(account), world.progress(check)]
    by_hand = [world.account() for _ in range(targets)]
    calls += [world.packages(account, operations.PACKAGES_BY_HAND) for account in by_hand]
    return calls


@pytest.mark.parametrize(("kind", "when"), SPOILT)
def test_whatever_spoils_an_answer_every_call_ends_once_or_waits(world: World, kind: str, when: str) -> None:
    for path in ALL_PATHS:
        world.simulator.add_fault(kind, path=path, when=when, calls=3)
    world.owe(everything(world))
    world.finish()
    world.check_promises()
    assert set(world.rows("DISTINCT state", "WHERE operation = 'drill.form'")) == {("succeeded",)}


@pytest.mark.parametrize(("status", "header"), STORMS)
def test_a_storm_of_rate_limits_ends_by_itself_with_one_try_for_each_window(
    world: World, long: bool, status: int, header: str
) -> None:
    lasts_s = 20 if long else 6
    world.simulator.switch(rate_limit_status=status)
    worker = world.worker()
    world.simulator.add_fault(
        "rate_limited", path=FORM_PATH, lasts_s=lasts_s, reset_seconds=2, reset_header=header
    )
    world.owe([world.form(1, target=f"form {number}") for number in range(40)])
    time.sleep(lasts_s)
    # Without a time from Feishu the windows grow: 1, 2, 4 ... s. Nobody rings and there is no beat.
    longest_window_s = 2 if header == "number" else lasts_s
    world.ring()
    wait_until(lambda: not world.open_calls(), seconds=2 * longest_window_s + 5, what="calls are left")
    world.hireops.stop(worker)
    refused = [call for call in world.simulator.state()["calls"] if call["fault"] == "rate_limited"]
    # Those that were under way when it began, and one for each window.
    assert 1 <= len(refused) <= 8 + lasts_s
    assert world.states() == {"succeeded": 40}
    world.hireops.manage("check_invariants")


def test_a_silent_feishu_holds_up_nobody_but_its_own_channel(world: World) -> None:
    account = world.account()
    world.simulator.add_fault("slow", path=FORM_PATH, seconds=14, calls=2)
    world.owe([world.form(1), world.form(2), *(world.packages(account) for _ in range(5))])
    worker = world.worker()
    packages = "WHERE operation = 'drill.packages' AND state = 'succeeded'"
    wait_until(lambda: world.rows("count(*)", packages)[0][0] == 5, seconds=8, what="packages wait")
    world.hireops.stop(worker)
    world.finish()
    world.check_promises()
    assert world.states() == {"succeeded": 7}


@pytest.mark.parametrize("kind", WITHOUT_TOKEN)
def test_without_a_token_nothing_leaves_and_nothing_is_lost(world: World, kind: str) -> None:
    if kind == "token_invalid":
        world.simulator.add_fault(kind, path=FORM_PATH, calls=1)
    else:
        world.simulator.add_fault(kind, path=TENANT_TOKEN, calls=3)
    world.owe(everything(world))
    world.finish()
    world.check_promises()
    assert world.states() == {"succeeded": len(world.rows("id"))}


@also_on_sqlite
def test_two_workers_share_ten_times_the_work_and_keep_its_order(world: World, long: bool) -> None:
    world.owe([*everything(world, targets=8 if long else 4, each=10 if long else 4)])
    second = world.worker()
    world.finish()
    world.hireops.stop(second)
    world.check_promises()
    assert world.states() == {"succeeded": len(world.rows("id"))}


def test_a_clock_that_jumps_back_and_forth_changes_nothing(world: World) -> None:
    world.simulator.add_fault("cut", path=PACKAGES_PATH, when="after", calls=2)
    world.owe(everything(world))
    worker = world.worker()
    for _ in range(5):
        time.sleep(0.5)
        world.let_time_pass()
        world.postpone()
    world.hireops.stop(worker)
    world.finish()
    world.check_promises()
