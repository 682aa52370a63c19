"""Events are handled while everything around them fails, by the catalogue (B1-B13): each once, none lost."""

import json
import os
import random
import shutil
import signal
import subprocess
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings

from tests.deliveries import envelope
from tests.drills import handlers
from tests.drills.handling import PROMISED_S, Handling, contested, counted, mortal, slow
from tests.drills.proofs import balances
from tests.drills.sender import Sender, balance_events, id_of
from tests.processes import Hireops, Process, wait_until
from tests.proxies import Proxy
from tests.selection import also_on_sqlite, on_postgresql
from tests.servers import brokers, delete_queues

NOBODY = "redis://127.0.0.1:1//"
PORTS = {"redis": 6379, "rabbitmq": 5672}
SWEPT_WITHIN_S = 45

is_on_postgresql = "postgresql" in settings.DATABASES["default"]["ENGINE"]


@pytest.fixture
def handling(hireops: Hireops) -> Handling:
    return Handling(hireops)


# --- Copies and order --------------------------------------------------------------------------------------


@also_on_sqlite
def test_five_copies_of_each_event_at_once_and_shuffled_take_effect_once(
    handling: Handling, long: bool, seed: int
) -> None:
    half = 500 if long else 100
    told, newest = balance_events(half, accounts=20, seed=seed)
    sender = Sender(handling.web(), connections=16, seed=seed)
    for _ in range(2):
        handling.worker()
    sender.send(sender.shuffled([*told, *counted(half)], copies=5))
    assert sender.answers == {200: 2 * half * 5}
    handling.finish(sender, newest)


@also_on_sqlite
def test_the_newest_figure_of_a_new_account_wins_in_whatever_order_two_servers_and_workers_meet_them(
    handling: Handling, long: bool, seed: int
) -> None:
    events, newest = contested(150 if long else 30, 8 if long else 5, random.Random(seed))
    sender = Sender(handling.web(), handling.web(), connections=16)
    for _ in range(2):
        handling.worker()
    sender.send(events, at_once=True)
    assert set(sender.answers) == {200}
    handling.finish(sender, newest)


# --- Workers that die and freeze ---------------------------------------------------------------------------


@pytest.mark.long
def test_a_worker_killed_again_and_again_over_its_events_loses_and_doubles_nothing(
    handling: Handling, long: bool, seed: int
) -> None:
    killers = 50 if long else 2
    told, newest = balance_events(225 if long else 40, seed=seed)
    events = [*told, *counted(len(told))]
    random.Random(seed).shuffle(events)
    # Far from each other: what is under way beside three of them counts as deadly itself.
    apart = len(events) // killers
    killing = [mortal(deaths=1) for _ in range(killers)]
    for number, event in enumerate(killing):
        events.insert(number * (apart + 1) + apart // 2, event)
    sender = Sender(handling.web(), connections=1)
    sender.send(events)
    if long:
        handling.beat()
    deaths = handling.supervise(
        lambda: not handling.unfinished(),
        workers=2 if long else 1,
        at_once=not long,
        seconds=900 if long else PROMISED_S,
        dying_at=("inbox.claimed", "inbox.handled") if long else (),
    )
    handling.check(sender, newest)
    assert deaths >= killers


def test_another_worker_takes_over_from_one_that_is_killed(handling: Handling, long: bool, seed: int) -> None:
    half = 250 if long else 75
    told, newest = balance_events(half, seed=seed)
    sender = Sender(handling.web(), seed=seed)
    handling.beat()
    doomed = handling.worker(HIREOPS_DIE_AT="inbox.handled")
    with sender.send_in_background(sender.shuffled([*told, *counted(half)]), rate=75) as sending:
        handling.wait_for(lambda: doomed.poll() is not None, PROMISED_S)
        handling.worker()
        sending.wait(PROMISED_S)
    handling.finish(sender, newest)


def _is_stopped(process: Process) -> bool:
    return os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOHANG | os.WNOWAIT) is not None


@on_postgresql  # on SQLite a worker that stops in its transaction stops everybody
@pytest.mark.long  # nothing but time takes its work from it
@pytest.mark.parametrize("beside", ["others", "new accounts"])
def test_a_worker_frozen_for_long_changes_nothing_when_it_goes_on(
    handling: Handling, seed: int, beside: str
) -> None:
    told, newest = balance_events(100, seed=seed)
    sender = Sender(handling.web(), connections=1)
    sender.send([*(told if beside == "new accounts" else counted(100)), envelope(handlers.FREEZING)])
    frozen = handling.worker()
    handling.ring()
    wait_until(lambda: _is_stopped(frozen), seconds=PROMISED_S, what="it was not stopped at its work")
    handling.beat()
    handling.worker()
    sender.send(counted(100) if beside == "new accounts" else told)
    handling.wait_for(lambda: not handling.unfinished(), 2 * PROMISED_S)
    os.killpg(frozen.pid, signal.SIGCONT)
    handling.hireops.stop(frozen)
    handling.check(sender, newest)


# --- Events that kill and fail -----------------------------------------------------------------------------


@pytest.mark.long
def test_an_event_that_kills_each_worker_waits_for_a_person_and_the_others_are_handled(
    handling: Handling, long: bool, seed: int
) -> None:
    told, newest = balance_events(100 if long else 40, seed=seed)
    poison = mortal(deaths=1000)
    sender = Sender(handling.web(), seed=seed)
    sender.send(sender.shuffled([*told, *counted(len(told)), poison]))
    if long:
        handling.beat()
    deaths = handling.supervise(
        lambda: not handling.unfinished(), at_once=not long, seconds=5 * PROMISED_S if long else PROMISED_S
    )
    rows = handling.hireops.database.rows(
        f"SELECT cause, not_before FROM inbox_event WHERE event_id = '{id_of(poison)}'"
    )
    assert rows == [("lost", None)]
    assert handling.outcomes(id_of(poison)) == ["lost"] * 3
    assert deaths >= 3
    handling.check(sender, newest, failed=[poison])


@pytest.mark.long
def test_a_slow_event_is_not_blamed_for_the_deadly_one_beside_it(handling: Handling) -> None:
    poison, innocent = mortal(deaths=1000), slow(seconds=1)
    sender = Sender(handling.web(), connections=1)
    sender.send([innocent, poison])
    handling.supervise(lambda: not handling.unfinished(), at_once=True, seconds=PROMISED_S, in_traffic=True)
    handling.check(sender, failed=[poison])


def test_whatever_a_handler_does_to_its_transaction_the_others_of_its_batch_are_handled(
    handling: Handling, seed: int
) -> None:
    ways = [way for way in handlers.WAYS_TO_FAIL if is_on_postgresql or way not in handlers.ON_POSTGRESQL]
    bad = [envelope(handlers.RAISING, {"how": way}) for way in ways]
    told, newest = balance_events(20, seed=seed)
    sender = Sender(handling.web(), seed=seed)
    sender.send(sender.shuffled([*told, *counted(20), *bad]))
    handling.worker()
    handling.ring()
    handling.wait_for(lambda: not handling.waiting(), PROMISED_S)
    handling.check(sender, newest, failed=bad)
    assert {way: handling.outcomes(id_of(event))[0] for way, event in zip(ways, bad, strict=True)} == (
        dict.fromkeys(ways, "raised")
    )
    reasons = handling.hireops.database.rows("SELECT reason FROM inbox_event WHERE state = 'failed'")
    assert all(reason for (reason,) in reasons)


# --- Rings that are lost -----------------------------------------------------------------------------------


@pytest.mark.long  # the workers' own looks are 20 s apart
@pytest.mark.parametrize("who_reaches_no_broker", ["web", "web and worker"])
def test_events_for_which_nobody_rings_are_handled_all_the_same(
    handling: Handling, seed: int, who_reaches_no_broker: str
) -> None:
    told, newest = balance_events(100, seed=seed)
    sender = Sender(handling.web(CELERY_BROKER_URL=NOBODY), seed=seed)
    if who_reaches_no_broker == "web":
        handling.worker()
    else:
        handling.worker_that_hears_nothing(CELERY_BROKER_URL=NOBODY)
    sender.send(sender.shuffled([*told, *counted(100)]))
    handling.finish(sender, newest, seconds=SWEPT_WITHIN_S)


def test_two_beats_and_two_workers_after_the_same_events_handle_each_once(
    handling: Handling, long: bool, seed: int
) -> None:
    half = 250 if long else 100
    told, newest = balance_events(half, seed=seed)
    sender = Sender(handling.web(CELERY_BROKER_URL=NOBODY), seed=seed)
    sender.send(sender.shuffled([*told, *counted(half)]))
    for _ in range(2):
        handling.beat()
        handling.worker()
    handling.finish(sender, newest)


@pytest.fixture
def broker_behind_proxy(request: pytest.FixtureRequest, hireops: Hireops) -> Iterator[Proxy]:
    """The broker that the parameter names, with a queue of this test's own."""
    if request.param not in brokers():
        pytest.skip(f"no {request.param} answers here")
    url = brokers()[request.param]
    address = urlsplit(url)
    queue = f"drill-{uuid.uuid4()}"
    with Proxy((address.hostname or "127.0.0.1", address.port or PORTS[request.param])) as proxy:
        who, at, _ = address.netloc.rpartition("@")
        hireops.environment |= {
            "CELERY_BROKER_URL": address._replace(netloc=f"{who}{at}127.0.0.1:{proxy.port}").geturl(),
            "DJANGO_SETTINGS_MODULE": "tests.drills.own_queue",
            "HIREOPS_DRILL_QUEUE": queue,
        }
        yield proxy
        hireops.kill_all()
    delete_queues(url, queue)


@pytest.mark.long
@pytest.mark.parametrize(
    "broker_behind_proxy", ["redis", pytest.param("rabbitmq", marks=pytest.mark.long)], indirect=True
)
def test_a_broker_that_is_restarted_again_and_again_holds_nothing_up(
    handling: Handling, broker_behind_proxy: Proxy, long: bool, seed: int
) -> None:
    restarts = 20 if long else 3
    told, newest = balance_events(restarts * 75, seed=seed)
    sender = Sender(handling.web(), resend=True)
    handling.beat()
    for _ in range(2):
        handling.worker()
    oldest = []
    with sender.send_in_background(told, rate=50) as sending:
        for _ in range(restarts):
            broker_behind_proxy.close()
            time.sleep(0.7)
            broker_behind_proxy.open()
            time.sleep(0.8)
            oldest.append(handling.oldest_due_s())
        sending.wait(PROMISED_S)
    handling.finish(sender, newest)
    assert max(oldest) <= 90
    assert set(sender.answers) == {200}


# --- Replays, backlogs and clocks --------------------------------------------------------------------------


@pytest.mark.long
def test_replays_beside_the_workers_change_no_balance_and_only_add_attempts(
    handling: Handling, long: bool, seed: int
) -> None:
    told, newest = contested(20, 20 if long else 5, random.Random(seed))  # most of them come too late
    failing = [envelope(handlers.MENDED) for _ in range(10)]
    sender = Sender(handling.web(), seed=seed)
    for _ in range(2):
        handling.worker()
    handling.beat()
    sender.send(sender.shuffled([*told, *failing]))
    handling.wait_for(lambda: not handling.waiting(), PROMISED_S)
    before = balances(handling.hireops)
    accepted = int(handling.hireops.python("-m", "tests.drills.replay", "20" if long else "2"))
    handling.wait_for(lambda: handling.states() == {"handled": len(sender.sent)}, PROMISED_S)
    assert balances(handling.hireops) == before
    attempts = handling.one(
        "SELECT count(*) FROM inbox_attempt a JOIN inbox_event e ON e.id = a.event_id "
        f"WHERE e.event_type <> '{handlers.MENDED}' AND a.outcome = 'handled'"
    )
    assert attempts == len(told) + accepted
    assert accepted >= len(told)
    handling.check(sender, newest, replayed=True)


@pytest.mark.long
def test_a_backlog_is_worked_off_while_new_events_do_not_wait_for_long(
    handling: Handling, long: bool, seed: int
) -> None:
    size = 100_000 if long else 2_000
    told, newest = balance_events(size + (3000 if long else 250), accounts=5000 if long else 1000, seed=seed)
    backlog, new = told[:size], told[size:]
    sender = Sender(handling.web())
    handling.hireops.python("-m", "tests.drills.backlog", stdin="\n".join(map(json.dumps, backlog)))
    sender.sent |= {id_of(event) for event in backlog}
    sender.acknowledged |= sender.sent
    started = time.monotonic()
    for _ in range(2):
        handling.worker()
    handling.ring()
    sender.send(new, rate=50)
    handling.wait_for(lambda: not handling.unfinished(), 600 if long else PROMISED_S)
    rate = len(told) / (time.monotonic() - started)
    slowest_s = max(handling.ages(new))
    print(f"{rate:.0f} events/s; the slowest new one took {slowest_s:.1f} s")  # noqa: T201 - the figures
    assert slowest_s <= PROMISED_S
    assert rate >= 200 or not long
    handling.check(sender, newest)


@pytest.fixture(scope="session")
def skewed_clock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library that gives the process which preloads it another time of day."""
    compiler = shutil.which("cc")
    if not compiler:
        pytest.skip("no C compiler is here to build another clock with")
    library = tmp_path_factory.mktemp("clock") / "skewed_clock.so"
    source = Path(__file__).with_name("skewed_clock.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source], check=True)
    return library


@pytest.mark.long
@on_postgresql  # the clock of SQLite is the one of each process
def test_processes_whose_clocks_are_wrong_by_minutes_keep_to_the_clock_of_the_database(
    handling: Handling, seed: int, skewed_clock: Path
) -> None:
    ahead, behind = ({"LD_PRELOAD": str(skewed_clock), "SKEW_S": skew} for skew in ("300", "-300"))
    told, newest = balance_events(20, seed=seed)
    sender = Sender(handling.web(**ahead), connections=1)
    sender.send([slow(seconds=3), *told])
    handling.worker(**behind)
    handling.ring()
    handling.worker(**ahead)
    handling.ring()
    handling.finish(sender, newest)
    assert not handling.lost(), "a worker took another one for dead by its own clock"
