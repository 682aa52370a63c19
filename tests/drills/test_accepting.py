"""Events are accepted whatever happens around the door (A2, A4, A8 and A11 to A15 of the catalogue)."""

import random
import signal
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import timedelta
from os import kill
from pathlib import Path
from select import select
from urllib.parse import urlsplit

import pytest
import requests
from django.conf import settings

from tests.databases import Database
from tests.deliveries import envelope, sealed
from tests.drills.proofs import check_all_arrived, check_all_handled, wait_until_handled
from tests.drills.sender import WEBHOOK, Answer, Sender, balance_events, percentile
from tests.own_postgresql import STOPS, OwnPostgreSQL, children_of, own_postgresql
from tests.processes import Hireops, Process, free_port, wait_until
from tests.proxies import Proxy
from tests.selection import also_on_sqlite, on_postgresql
from tests.servers import brokers

BROKERS = ["redis", pytest.param("rabbitmq", marks=pytest.mark.long)]
TWO_WORKERS = ("--workers", "2")
FEISHU_WAITS_S = 3
HANDLED_AFTER_S = 60
MEGABYTE = 1024 * 1024


def p99(answers: list[Answer]) -> float:
    return percentile([answer.seconds for answer in answers], 0.99)


def say(what: str, answers: list[Answer]) -> None:
    """Shown if the drill fails, and with -s."""
    shares = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
    seconds = [answer.seconds for answer in answers]
    times = ", ".join(f"{name} {percentile(seconds, share) * 1000:.0f} ms" for name, share in shares.items())
    counted = dict(Counter(answer.status for answer in answers))
    print(f"{what}: {counted}; {times}")  # noqa: T201


# --- The broker is away ------------------------------------------------------------------------------------


@contextmanager
def broker_behind_proxy(hireops: Hireops, name: str) -> Iterator[Proxy]:
    if name not in brokers():
        pytest.skip(f"no {name} answers here")
    broker = urlsplit(brokers()[name])
    with Proxy((broker.hostname or "127.0.0.1", broker.port or {"redis": 6379}.get(name, 5672))) as proxy:
        login, at, _server = broker.netloc.rpartition("@")
        path = "/13" if name == "redis" else broker.path
        behind = broker._replace(netloc=f"{login}{at}127.0.0.1:{proxy.port}", path=path)
        hireops.environment["CELERY_BROKER_URL"] = behind.geturl()
        yield proxy


@on_postgresql
@pytest.mark.parametrize("broker", BROKERS)
def test_a_broker_that_is_closed_and_then_silent_costs_no_answer_and_no_event(
    hireops: Hireops, seed: int, long: bool, broker: str
) -> None:
    away_s, quiet_s, rate = (60, 5, 200) if long else (5, 1, 100)
    with broker_behind_proxy(hireops, broker) as proxy:
        web = hireops.web(*TWO_WORKERS)
        hireops.worker()
        hireops.beat()
        events, newest = balance_events(rate * (2 * away_s + 3 * quiet_s), accounts=100, seed=seed)
        sender = Sender(web, connections=64)
        with sender.send_in_background(events, rate=rate) as sending:
            for leave, come_back in ((proxy.close, proxy.open), (proxy.freeze, proxy.thaw)):
                time.sleep(quiet_s)
                away_from = time.monotonic()
                leave()
                time.sleep(away_s)
                back_at = time.monotonic()
                come_back()
                meanwhile = sender.between(away_from, back_at)
                say("while it was away", meanwhile)
                assert p99(meanwhile) <= 1
            sending.wait(30)
        assert set(sender.answers) == {200}
        wait_until_handled(hireops, sender, seconds=HANDLED_AFTER_S - (time.monotonic() - back_at))
        check_all_handled(hireops, sender, newest)


# --- The database is away ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnPostgreSQL]:
    with own_postgresql() as server:
        server.server.execute("CREATE DATABASE migrated")
        migrated = Database(server.server.url_of("migrated"))
        Hireops(migrated, tmp_path_factory.mktemp("own")).manage("migrate", "--verbosity", "0")
        yield server


@pytest.fixture
def hireops_on_own(own: OwnPostgreSQL, tmp_path: Path) -> Iterator[Hireops]:
    database = Database(own.server.url_of("migrated")).copy(tmp_path)
    processes = Hireops(database, tmp_path)
    yield processes
    processes.kill_all()
    database.drop()


@pytest.mark.long
@on_postgresql
def test_a_postgresql_that_is_restarted_costs_answers_only_while_it_is_down(
    hireops_on_own: Hireops, own: OwnPostgreSQL, seed: int, long: bool
) -> None:
    hireops, rate, recovers_within_s, quiet_s = hireops_on_own, 100, 10, 12 if long else 3
    restarts = list(STOPS) * (3 if long else 1)
    web = hireops.web(*TWO_WORKERS)
    hireops.worker()
    hireops.beat()
    events, newest = balance_events(rate * (quiet_s + 2) * (len(restarts) + 1), accounts=100, seed=seed)
    sender = Sender(web, connections=200, resend=True)
    downs = []
    with sender.send_in_background(events, rate=rate) as sending:
        for mode in restarts:
            time.sleep(quiet_s)
            down_from = time.monotonic()
            own.stop(mode)
            time.sleep(2)
            own.start()
            downs.append((down_from, time.monotonic()))
        sending.wait(60)
    say("in all", sender.log)
    failed = [answer.at for answer in sender.log if answer.status != 200]
    for down_from, up_at in downs:
        late = [at - up_at for at in failed if up_at <= at < up_at + quiet_s]
        print(f"{len(late)} were not taken in after its return, the last {max(late, default=0):.1f} s")  # noqa: T201
        failed = [at for at in failed if not down_from - FEISHU_WAITS_S < at < up_at + recovers_within_s]
    assert not failed
    assert all(process.poll() is None for process in hireops.running)
    wait_until_handled(hireops, sender, seconds=HANDLED_AFTER_S)
    check_all_handled(hireops, sender, newest)


@pytest.mark.long
@on_postgresql
def test_a_postgresql_that_stands_still_is_answered_503_in_time_and_forgotten_when_it_goes_on(
    hireops_on_own: Hireops, own: OwnPostgreSQL, seed: int, long: bool
) -> None:
    hireops, rate, still_s, recovers_within_s = hireops_on_own, 50, 20 if long else 5, 5
    web = hireops.web(*TWO_WORKERS)
    hireops.worker()
    hireops.beat()
    events, newest = balance_events(rate * (still_s + 8), accounts=100, seed=seed)
    sender = Sender(web, connections=400, resend=True)
    with sender.send_in_background(events, rate=rate) as sending:
        time.sleep(2)
        own.freeze()
        still_from = time.monotonic()
        time.sleep(still_s)
        own.thaw()
        goes_on_at = time.monotonic()
        sending.wait(60)
    meanwhile = sender.between(still_from, goes_on_at - FEISHU_WAITS_S)
    say("while it stood still", meanwhile)
    say("after that", sender.between(goes_on_at, time.monotonic()))
    assert {answer.status for answer in meanwhile} == {503}
    assert max(sender.seconds) <= FEISHU_WAITS_S
    afterwards = sender.between(goes_on_at + recovers_within_s, time.monotonic())
    assert {answer.status for answer in afterwards} == {200}
    assert all(process.poll() is None for process in hireops.running)
    wait_until_handled(hireops, sender, seconds=HANDLED_AFTER_S)
    check_all_handled(hireops, sender, newest)


# --- The web processes die ---------------------------------------------------------------------------------


def test_web_processes_that_are_killed_lose_and_double_nothing(
    hireops: Hireops, seed: int, long: bool
) -> None:
    lasts_s, rate, draw = 60 if long else 8, 100, random.Random(seed)
    web = hireops.web(*TWO_WORKERS)
    server = hireops.running[-1]
    hireops.worker()
    events, newest = balance_events(rate * lasts_s, accounts=100, seed=seed)
    sender = Sender(web, connections=64, resend=True)
    with sender.send_in_background(events, rate=rate) as sending:
        for number in range(1, lasts_s // 2):
            time.sleep(2)
            if number % 4:
                kill(_a_worker_of(server, draw), signal.SIGKILL)
            else:  # all of it, and a process manager starts it again
                hireops.kill(server)
                hireops.web(*TWO_WORKERS)
                server = hireops.running[-1]
        sending.wait(60)
    say("in all", sender.log)
    wait_until_handled(hireops, sender, seconds=HANDLED_AFTER_S)
    check_all_handled(hireops, sender, newest)


def _a_worker_of(server: Process, draw: random.Random) -> int:
    wait_until(lambda: children_of(server.pid), what="the server has no worker")
    return draw.choice(children_of(server.pid))


# --- Odd deliveries ----------------------------------------------------------------------------------------


@also_on_sqlite
def test_copies_that_come_to_two_servers_at_the_same_instant_are_one_event(
    hireops: Hireops, seed: int, long: bool
) -> None:
    webs = [hireops.web(), hireops.web(WEB_PORT=str(free_port()))]
    hireops.worker()
    events, newest = balance_events(5000 if long else 500, accounts=30, seed=seed)
    sender = Sender(*webs, connections=16, seed=seed)
    events = sender.shuffled(events)
    a_fifth = len(events) // 5
    with sender.send_in_background(events[a_fifth:]) as others:
        sender.send(events[:a_fifth], at_once=True)
        others.wait(120)
    say("in all", sender.log)
    assert sender.answers == {200: len(events) + a_fifth}
    wait_until_handled(hireops, sender, seconds=HANDLED_AFTER_S)
    check_all_handled(hireops, sender, newest)


@pytest.mark.long
@on_postgresql
def test_a_flood_of_forged_requests_leaves_nothing_and_delays_nobody(
    hireops: Hireops, seed: int, long: bool
) -> None:
    lasts_s, flood, rate = (30, 500, 50) if long else (5, 150, 50)
    web = hireops.web(*TWO_WORKERS)
    events, _newest = balance_events(rate * lasts_s, seed=seed)
    sender, forger = Sender(web, connections=64), Sender(web, connections=64, key="of somebody else")
    forged = (envelope() for _ in range(flood * lasts_s))
    with (
        forger.send_in_background(forged, rate=flood) as flooding,
        sender.send_in_background(events, rate=rate) as sending,
    ):
        for _ in range(lasts_s - 1):
            check_url_verification(web)
            time.sleep(1)
        sending.wait(30)
        flooding.wait(30)
    say("forged", forger.log)
    say("authentic", sender.log)
    assert set(forger.answers) == {401}
    assert set(sender.answers) == {200}
    assert p99(sender.log) <= 0.5
    check_all_arrived(hireops, sender)


def check_url_verification(web: str) -> None:
    challenge = 'a","b":"c'
    told = {"type": "url_verification", "token": settings.FEISHU_VERIFICATION_TOKEN, "challenge": challenge}
    body, headers = sealed(told)
    answer = requests.post(f"{web}{WEBHOOK}", data=body, headers=headers, timeout=FEISHU_WAITS_S)
    assert answer.json() == {"challenge": challenge}
    assert answer.elapsed < timedelta(seconds=1)


# --- Bodies without end ------------------------------------------------------------------------------------

HEAD = b"POST /webhook/event HTTP/1.1\r\nHost: localhost\r\n"
ENDLESS = {
    "announced": (b"Content-Length: 104857600\r\n\r\n", b"x" * MEGABYTE),
    "without length": (b"\r\n", b"x" * MEGABYTE),
    "chunked": (b"Transfer-Encoding: chunked\r\n\r\n", b"100000\r\n" + b"x" * MEGABYTE + b"\r\n"),
    "longer than announced": (b"Content-Length: 100\r\n\r\n", b"x" * MEGABYTE),
}


@pytest.mark.long
def test_a_hundred_megabytes_are_refused_at_once_and_leave_no_trace_in_memory(
    hireops: Hireops, seed: int, long: bool
) -> None:
    lasts_s, rate = 30 if long else 3, 50
    web = hireops.web(*TWO_WORKERS)
    server = hireops.running[-1]
    events, _newest = balance_events(2 * rate * lasts_s, seed=seed)
    sender = Sender(web, connections=64)
    sender.send(events[: rate * lasts_s], rate=rate)
    undisturbed, memory = p99(sender.log), megabytes_of(server)
    say("undisturbed", sender.log)
    disturbed_from = time.monotonic()
    with (
        ThreadPoolExecutor(20) as strangers,
        sender.send_in_background(events[rate * lasts_s :], rate=rate) as sending,
    ):
        while time.monotonic() < disturbed_from + lasts_s:
            refusals = list(strangers.map(lambda kind: throw(web, *ENDLESS[kind]), [*ENDLESS] * 5))
            assert {refusal.split()[1] for refusal, _ in refusals if refusal} <= {b"401", b"413", b"400"}
            assert max(seconds for _, seconds in refusals) <= 1
        sending.wait(30)
    disturbed = sender.between(disturbed_from, time.monotonic())
    say("disturbed", disturbed)
    grown = [now - before for before, now in zip(memory, megabytes_of(server), strict=True)]
    print(f"memory of the web processes grew by {grown} MB")  # noqa: T201
    assert max(grown) < 20
    assert set(sender.answers) == {200}
    assert p99(disturbed) <= max(1.2 * undisturbed, 0.3)
    check_all_arrived(hireops, sender)


def throw(web: str, head: bytes, piece: bytes) -> tuple[bytes, float]:
    """How the refusal of a hundred pieces begins (nothing if the connection was cut), and after how long."""
    address = urlsplit(web)
    answer, started = b"", time.monotonic()
    with (
        socket.create_connection((address.hostname, address.port), timeout=5) as link,
        suppress(ConnectionError),
    ):
        link.sendall(HEAD + head)
        for _ in range(100):
            if select([link], [], [], 0)[0]:
                break
            link.sendall(piece)
        answer = link.recv(100)
    return answer, time.monotonic() - started


def megabytes_of(server: Process) -> list[float]:
    """The memory of each worker of a web server."""
    workers = ",".join(map(str, sorted(children_of(server.pid))))
    told = subprocess.run(["ps", "-o", "rss=", "-p", workers], capture_output=True, text=True, check=True)
    return [int(kilobytes) / 1024 for kilobytes in told.stdout.split()]
