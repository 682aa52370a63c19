"""hireops at work for long, with random faults and a look at its memory: ``tests.drills.soak``."""

import os
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import linear_regression
from urllib.parse import urlsplit

from tests.databases import Database
from tests.deliveries import envelope
from tests.drills.proofs import check_all_handled, wait_until_handled
from tests.drills.sender import Sender, balance_events
from tests.drills.test_faults import ALL_PATHS, everything
from tests.drills.world import World
from tests.own_postgresql import OwnPostgreSQL, children_of, own_postgresql
from tests.processes import Hireops, Process
from tests.proxies import Proxy
from tests.servers import brokers
from tests.simulator_process import running_simulator

LOOKS_EVERY_S = 10
ACCOUNTS = 500
FAULT_EVERY_S = (10, 40)
OF_FEISHU = ("slow", "cut", "server_error", "truncated", "html", "empty", "rate_limited")
LINE = "{:<14}{:>9}{:>9}{:>9}{:>12}"


def say(text: object) -> None:
    print(text, flush=True)  # noqa: T201 - the output of a script


@dataclass
class Soak:
    world: World
    own: OwnPostgreSQL | None
    broker: Proxy | None
    sizes: dict[str, list[tuple[float, float]]] = field(default_factory=dict)  # MB after seconds, by process
    faults: Counter[str] = field(default_factory=Counter)

    # --- What happens ------------------------------------------------------------------------------------

    def run(self, lasts_s: float, rate: float, draw: random.Random) -> None:
        hireops = self.world.hireops
        site = hireops.web("--workers", "2")
        [web] = hireops.running
        measured = {"worker": self.world.worker(), "beat": hireops.beat()}
        pids = {name: process.pid for name, process in measured.items()} | {"web master": web.pid}
        pids |= {f"web {number}": pid for number, pid in enumerate(children_of(web.pid), 1)}
        events, newest = balance_events(int(lasts_s * rate), ACCOUNTS, draw.randrange(10**6))
        sender = Sender(site, connections=64, resend=True)
        with sender.send_in_background(events, rate=rate) as sending:
            self._go_on(lasts_s, pids, draw, site)
            self.world.simulator.clear_faults()
            sending.wait(120)
        say(f"answers: {dict(sender.answers)}; slowest {max(sender.seconds):.1f} s")
        say(f"faults: {dict(self.faults)}")
        wait_until_handled(hireops, sender, seconds=120)
        check_all_handled(hireops, sender, newest)
        self.world.finish(300)
        self.world.check_promises()
        say(f"calls: {dict(self.world.states())}; all promises are kept")

    def _go_on(self, lasts_s: float, pids: dict[str, int], draw: random.Random, site: str) -> None:
        started = time.monotonic()
        next_fault = started + draw.uniform(*FAULT_EVERY_S)
        victim = self.world.worker()
        while (now := time.monotonic()) < started + lasts_s:
            self._look(pids, now - started)
            if now > next_fault:
                victim = self._fault(draw, victim, site)
                self.world.remember()
                next_fault = time.monotonic() + draw.uniform(*FAULT_EVERY_S)
            time.sleep(max(0, now + LOOKS_EVERY_S - time.monotonic()))
        self.world.hireops.stop(victim)

    def _fault(self, draw: random.Random, victim: Process, site: str) -> Process:
        """One of them, and calls that meet it; the worker that may be killed next."""
        kinds: dict[str, Callable[[random.Random], None]] = {
            "Feishu": self._feishu_misbehaves,
            "strangers": lambda draw: self._strangers_knock(site, draw),
            "locked": self._somebody_holds_a_table,
        }
        if self.broker:
            kinds["broker"] = self._broker_is_away
        if self.own:
            kinds |= {"restart": self._postgresql_restarts, "still": self._postgresql_stands_still}
        kind = draw.choice([*kinds, "kill"])
        self.faults[kind] += 1
        if kind == "kill":
            self.world.hireops.kill(victim)
            victim = self.world.worker()
        else:
            kinds[kind](draw)
        self.world.owe(everything(self.world, targets=2, each=2))
        return victim

    def _feishu_misbehaves(self, draw: random.Random) -> None:
        for path in ALL_PATHS:
            kind = draw.choice(OF_FEISHU)
            options = {"seconds": 3} if kind == "slow" else {"when": draw.choice(["before", "after"])}
            self.world.simulator.add_fault(kind, path=path, calls=draw.randrange(1, 5), **options)

    def _strangers_knock(self, site: str, draw: random.Random) -> None:
        forged = (envelope() for _ in range(draw.randrange(50, 200)))
        Sender(site, connections=16, key="of somebody else").send(forged)

    def _somebody_holds_a_table(self, draw: random.Random) -> None:
        with self.world.hireops.database.locked("inbox_event"):
            time.sleep(draw.uniform(0.5, 4))

    def _broker_is_away(self, draw: random.Random) -> None:
        assert self.broker
        leave, come_back = draw.choice(
            [(self.broker.close, self.broker.open), (self.broker.freeze, self.broker.thaw)]
        )
        leave()
        time.sleep(draw.uniform(1, 20))
        come_back()

    def _postgresql_restarts(self, draw: random.Random) -> None:
        assert self.own
        self.own.stop(draw.choice(["fast", "immediate"]))
        time.sleep(draw.uniform(0, 3))
        self.own.start()

    def _postgresql_stands_still(self, draw: random.Random) -> None:
        assert self.own
        self.own.freeze()
        time.sleep(draw.uniform(1, 10))
        self.own.thaw()

    # --- What it costs -----------------------------------------------------------------------------------

    def _look(self, pids: dict[str, int], after_s: float) -> None:
        for name, pid in pids.items():
            self.sizes.setdefault(name, []).append((after_s, megabytes(pid)))
        if int(after_s) % 60 < LOOKS_EVERY_S:
            told = ", ".join(f"{name} {sizes[-1][1]:.1f}" for name, sizes in self.sizes.items())
            say(f"{after_s / 60:5.1f} min  {told}")

    def report(self, warm_up_s: float, at_most: float) -> int:
        say(LINE.format("RSS, MB", "first", "warm", "last", "MB/h"))
        grown = []
        for name, sizes in self.sizes.items():
            warm = [(seconds / 3600, size) for seconds, size in sizes if seconds >= warm_up_s]
            slope = linear_regression(*zip(*warm, strict=True)).slope
            grown.append(slope)
            say(LINE.format(name, *(f"{size:.1f}" for size in (sizes[0][1], warm[0][1], warm[-1][1], slope))))
        return int(max(grown) > at_most)


def megabytes(pid: int) -> float:
    """Resident; a process that has ended raises ``FileNotFoundError``."""
    resident = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return resident * os.sysconf("SC_PAGE_SIZE") / 1024 / 1024


@contextmanager
def ground(*, on_sqlite: bool) -> Iterator[Soak]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hireops-soak-")))
        own = None if on_sqlite else stack.enter_context(own_postgresql())
        if own:
            own.server.execute("CREATE DATABASE soak")
        url = own.server.url_of("soak") if own else f"sqlite:///{folder / 'hireops.sqlite3'}"
        hireops = Hireops(Database(url), folder)
        broker = stack.enter_context(broker_behind_proxy(hireops)) if "redis" in brokers() else None
        hireops.manage("migrate", "--verbosity", "0")
        simulator = stack.enter_context(running_simulator())
        stack.callback(hireops.kill_all)
        yield Soak(World(hireops, simulator), own, broker)


@contextmanager
def broker_behind_proxy(hireops: Hireops) -> Iterator[Proxy]:
    """A Redis database that nothing else of the tests uses."""
    broker = urlsplit(brokers()["redis"])
    with Proxy((broker.hostname or "127.0.0.1", broker.port or 6379)) as proxy:
        behind = broker._replace(netloc=f"127.0.0.1:{proxy.port}", path="/14")
        hireops.environment["CELERY_BROKER_URL"] = behind.geturl()
        yield proxy
