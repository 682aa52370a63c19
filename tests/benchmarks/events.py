"""How many events are taken in, and how soon are they handled? ``python -m tests.benchmarks.events``

Beside hireops, as supervisord.conf starts it, runs a minimal Django project (``minimal/``): its view proves,
decrypts, stores with one committed INSERT and answers; to have events handled, it rings at most every 200 ms
for a worker that marks them in batches. Both have eight connections before them, on one PostgreSQL (the one
in DATABASE_URL, one found here, or one from the wheel) and one broker (Redis, if it answers). Four parts:

- accepted: no worker runs. Rounds by turns, the ratio within each round, then medians.
- handled: with a worker. Each of 5,000 accounts is known when it begins; then balances alone (``balances``),
  or by turns a balance and a new account that is bound (``mixed``). Counted is what is committed when the
  load ends, and what is left then.
- backlog: 100,000 balances (``--quick``: 10,000) delivered to the web server while no worker runs, then one
  worker. From the first one handled to the last.
- steady: 300 mixed events a second; each answer counts from when its request was due.

Every event is another one. In the end there must be a row for each 200, each must be handled, every account
must hold what its newest event said, and those to be bound must be. Ends with status 1 if that is not so or a
target is missed. CPU is told in ms for each event accepted; "others" are the cores that were busy with
something else, or taken away by the host: above 0.1 the figures deserve no trust.

``--only accepted,handled,backlog,steady  --rounds 3  --seconds 5  --quick``
"""

import argparse
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from tests.benchmarks import cpu
from tests.benchmarks.event_load import Delivery, Feishu, Window
from tests.benchmarks.event_targets import HIREOPS, MINIMAL, Place, Target
from tests.postgresql import NoPostgreSQLError
from tests.servers import postgresql

ALL = "accepted,handled,backlog,steady"
WARM_UP_S = 1.0
MOST_PER_S = 5000  # events made in advance for each second of load
STEADY_PER_S, STEADY_S, STEADY_WARM_UP_S = 300, 20.0, 3.0

LINE = "{:<20}{:<9}{:>11}{:>11}{:>7}{:>8}{:>8}{:>12}{:>8}{:>10}{:>8}"
HEAD = LINE.format(
    "",
    "",
    "accepted/s",
    "handled/s",
    "left",
    "p50 ms",
    "p99 ms",
    "web CPU ms",
    "worker",
    "postgres",
    "others",
)


@dataclass
class Slice:
    """What one target did in one stretch of load. CPU in ms for each accepted event, of others in cores."""

    accepted_per_s: float
    p50: float
    p99: float
    web: float
    worker: float
    postgres: float
    others: float
    handled_per_s: float
    left: int


@dataclass
class Verdict:
    what: str
    found: float
    wanted: float
    at_most: bool = False

    @property
    def ok(self) -> bool:
        return self.found <= self.wanted if self.at_most else self.found >= self.wanted

    def __str__(self) -> str:
        bound = f"{'at most' if self.at_most else 'at least'} {self.wanted:,g}"
        return f"{self.what:<58}{self.found:>10,.2f}   {bound:<16}{'ok' if self.ok else 'MISSED'}"


@dataclass
class Bench:
    place: Place
    rounds: int
    seconds: float
    backlog: int
    feishu: Feishu = field(default_factory=lambda: Feishu(seed=5))
    verdicts: list[Verdict] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    # --- The parts

    def accepted(self) -> None:
        with self._both() as targets:
            for target in targets:
                target.start_web()
            slices = self._rounds("accepted", targets, self.feishu.mixed)
            ratio = _median_ratio(slices, lambda each: each.accepted_per_s)
            self._expect("accepted/s, to the minimal view", ratio, 1.0)
            self._check(targets)

    def handled(self) -> None:
        self.balances()
        self.mixed()

    def balances(self) -> None:
        self._handled("handled: balances", self.feishu.balances)

    def mixed(self) -> None:
        self._handled("handled: mixed", self.feishu.mixed)

    def _handled(self, name: str, make: Callable[[int], Iterator[Delivery]]) -> None:
        with self._both(rings=True) as targets:
            for target in targets:
                target.start_web()
                target.start_worker()
            deliveries = list(self.feishu.a_balance_of_each())
            for target in targets:
                target.sender.as_fast_as_possible(iter(deliveries))
                self._let_finish(target)
            slices = self._rounds(name, targets, make)
            ratio = _median_ratio(slices, lambda each: each.handled_per_s)
            self._expect(f"{name}: handled/s, to the minimal worker", ratio, 1.0)
            kept_up = median(each.handled_per_s / each.accepted_per_s for each in slices[HIREOPS.name])
            self._expect(f"{name}: handled of what was accepted meanwhile", kept_up, 0.95)
            self._check(targets)

    def drained(self) -> None:
        with self.place.target(HIREOPS) as target:
            target.start_web()
            for first in range(0, self.backlog, MOST_PER_S):
                deliveries = list(self.feishu.balances(min(MOST_PER_S, self.backlog - first)))
                target.sender.as_fast_as_possible(iter(deliveries))
            stored = target.stored()
            self.place.checkpoint()
            started = time.monotonic()
            target.start_worker()
            self._let_finish(target)
            seconds = time.monotonic() - started
            ((per_s,),) = target.rows(
                "SELECT count(*) / extract(epoch FROM max(handled_at) - min(first)) FROM inbox_event,"
                " (SELECT min(handled_at) AS first FROM inbox_event) AS begun WHERE handled_at > first"
            )
            self._say(
                f"backlog             {stored:,} events: {per_s:,.0f}/s handled, "
                f"all of them {seconds:.1f} s after the worker was started"
            )
            self._expect(f"backlog of {stored:,}: handled/s", float(per_s), 1000)
            self._check([target])

    def steady(self) -> None:
        for kind in (MINIMAL, HIREOPS):
            with self.place.target(kind, rings=True) as target:
                target.start_web()
                target.start_worker()
                target.sender.as_fast_as_possible(self.feishu.mixed(500))
                self._let_finish(target)
                answered, others, delays = self._steady(target)
                p50, p99, most = (answered.percentile(percent) for percent in (50, 99, 100))
                self._say(
                    f"steady, {STEADY_PER_S}/s       {kind.name:<9} answered: "
                    f"p50 {p50:.1f} ms, p99 {p99:.1f} ms, max {most:.1f} ms; handled: "
                    f"p50 {delays[0]:.0f} ms, p99 {delays[1]:.0f} ms, max {delays[2]:.0f} ms; "
                    f"others {others:.2f}"
                )
                self._check([target])
                if kind is HIREOPS:
                    self._expect(f"steady {STEADY_PER_S}/s: answered, p99 in ms", p99, 10, at_most=True)
                    self._expect(
                        f"steady {STEADY_PER_S}/s: handled, p99 in ms", delays[1], 1000, at_most=True
                    )

    def _steady(self, target: Target) -> tuple[Window, float, tuple[float, float, float]]:
        stream = iter(list(self.feishu.mixed(int(STEADY_PER_S * (STEADY_S + STEADY_WARM_UP_S) * 1.1))))
        cpu.wait_for_quiet()
        target.sender.steadily(stream, STEADY_WARM_UP_S, per_s=STEADY_PER_S)
        ((last,),) = target.rows(f"SELECT max(id) FROM {target.kind.table}")
        meter = cpu.Meter(target.trees)
        window = target.sender.steadily(stream, STEADY_S, per_s=STEADY_PER_S)
        others = meter.read()[1] / window.seconds
        self._let_finish(target)
        ((delays,),) = target.rows(
            "SELECT percentile_disc(ARRAY[0.5, 0.99, 1])"
            " WITHIN GROUP (ORDER BY extract(epoch FROM handled_at - received_at))"
            f" FROM {target.kind.table} WHERE id > {last}"
        )
        p50, p99, most = (float(delay) * 1000 for delay in delays)
        return window, others, (p50, p99, most)

    # --- What they have in common

    @contextmanager
    def _both(self, *, rings: bool = False) -> Iterator[list[Target]]:
        with ExitStack() as stack:
            kinds = MINIMAL, HIREOPS
            yield [stack.enter_context(self.place.target(kind, rings=rings)) for kind in kinds]

    def _rounds(
        self, name: str, targets: list[Target], make: Callable[[int], Iterator[Delivery]]
    ) -> dict[str, list[Slice]]:
        slices: dict[str, list[Slice]] = {target.kind.name: [] for target in targets}
        for number in range(self.rounds):
            deliveries = list(make(int(MOST_PER_S * (WARM_UP_S + self.seconds))))
            for target in targets if number % 2 == 0 else reversed(targets):
                done = self._slice(target, deliveries)
                slices[target.kind.name].append(done)
                line = _line(f"{name}, {number + 1}", target, [done])
                print(line, file=sys.stderr, flush=True)  # noqa: T201 - so that one sees it move
        for target in targets:
            self._say(_line(name, target, slices[target.kind.name]))
        return slices

    def _slice(self, target: Target, deliveries: list[Delivery]) -> Slice:
        cpu.wait_for_quiet()
        self.place.checkpoint()
        stream = iter(deliveries)
        target.sender.as_fast_as_possible(stream, WARM_UP_S)
        handled, began = target.handled(), time.perf_counter()
        meter = cpu.Meter(target.trees)
        window = target.sender.as_fast_as_possible(stream, self.seconds)
        used, others = meter.read()
        handled_now, ended = target.handled(), time.perf_counter()
        done = Slice(
            accepted_per_s=window.per_s,
            p50=window.percentile(50),
            p99=window.percentile(99),
            **{
                name: used.get(name, 0) * 1000 / len(window.latencies)
                for name in ("web", "worker", "postgres")
            },
            others=others / window.seconds,
            handled_per_s=(handled_now - handled) / (ended - began),
            left=len(target.sender.accepted) - handled_now,
        )
        if "worker" in target.trees:
            self._let_finish(target)
        return done

    def _let_finish(self, target: Target) -> None:
        if left := target.wait_until_all_is_handled():
            self.broken.append(f"{target.kind.name}: {left} events are never handled")

    def _say(self, line: str) -> None:
        print(line, flush=True)  # noqa: T201 - the output of a script

    def _expect(self, what: str, found: float, wanted: float, *, at_most: bool = False) -> None:
        self.verdicts.append(Verdict(what, found, wanted, at_most))

    def _check(self, targets: Iterable[Target]) -> None:
        """Nothing refused, a row for each 200, and what hireops handled has had its effect."""
        for target in targets:
            accepted, stored = len(target.sender.accepted), target.stored()
            if stored != accepted:
                self.broken.append(f"{target.kind.name}: {stored} rows for {accepted} times 200")
            if +target.sender.refused:
                self.broken.append(f"{target.kind.name}: {dict(+target.sender.refused)} instead of 200")
            if target.kind is HIREOPS and "worker" in target.trees:
                if wrong := _wrong_accounts(target):
                    self.broken.append(f"{wrong} accounts do not hold what their newest event said")
                ((bound,),) = target.rows("SELECT count(*) FROM bindings_ecoaccount")
                wanted = sum(not delivery.account_id for delivery in target.sender.accepted)
                if bound != wanted:
                    self.broken.append(f"{bound} accounts are bound, not {wanted}")


def _wrong_accounts(target: Target) -> int:
    newest: dict[str, Delivery] = {}
    for delivery in sorted(target.sender.accepted, key=lambda each: each.number):
        if delivery.account_id:
            newest[delivery.account_id] = delivery
    told = {
        (account_id, asset, amount)
        for account_id, delivery in newest.items()
        for asset, amount in (("points", delivery.points), ("CNY", delivery.cash))
    }
    held = target.rows(
        "SELECT referrals_referralaccount.account_id, asset, amount FROM referrals_balance"
        " JOIN referrals_referralaccount ON referrals_referralaccount.id = referrals_balance.account_id"
    )
    return len({account_id for account_id, _, _ in told ^ {(each[0], each[1], each[2]) for each in held}})


def _median_ratio(slices: dict[str, list[Slice]], figure: Callable[[Slice], float]) -> float:
    rounds = zip(slices[HIREOPS.name], slices[MINIMAL.name], strict=True)
    return median(figure(ours) / figure(theirs) for ours, theirs in rounds)


def _line(name: str, target: Target, slices: list[Slice]) -> str:
    def middle(figure: str, digits: int) -> str:
        return f"{median(getattr(each, figure) for each in slices):,.{digits}f}"

    handles = "worker" in target.trees
    return LINE.format(
        name,
        target.kind.name,
        middle("accepted_per_s", 0),
        middle("handled_per_s", 0) if handles else "",
        middle("left", 0) if handles else "",
        middle("p50", 1),
        middle("p99", 1),
        middle("web", 2),
        middle("worker", 2) if handles else "",
        middle("postgres", 2),
        middle("others", 2),
    )


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        description="How many events are taken in, and how soon they are handled."
    )
    parser.add_argument("--only", default=ALL, help=f"some of {', '.join(PARTS)}")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5.0, help="of load, in each round")
    parser.add_argument("--quick", action="store_true", help="a backlog of 10,000 only")
    options = parser.parse_args(arguments)
    parts = [PARTS[name] for name in options.only.split(",")]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # so that nothing stays behind
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hireops-bench-")))
        try:
            server = stack.enter_context(postgresql(os.environ.get("DATABASE_URL", "")))
        except NoPostgreSQLError as reason:
            print(f"This needs PostgreSQL: {reason}.")  # noqa: T201
            return 1
        place = Place(server, folder)
        stack.callback(place.drop_databases)
        bench = Bench(place, options.rounds, options.seconds, 10_000 if options.quick else 100_000)
        where = f"PostgreSQL {place.version()} ({server.found}), broker: {place.broker}"
        print(f"{where}, {os.cpu_count()} cores")  # noqa: T201
        print(HEAD, flush=True)  # noqa: T201
        for part in parts:
            part(bench)
    return _conclude(bench)


def _conclude(bench: Bench) -> int:
    for verdict in bench.verdicts:
        print(verdict)  # noqa: T201 - the output of a script
    for sentence in bench.broken:
        print(f"BROKEN: {sentence}")  # noqa: T201
    return int(bool(bench.broken) or not all(verdict.ok for verdict in bench.verdicts))


PARTS: dict[str, Callable[[Bench], None]] = {
    "accepted": Bench.accepted,
    "handled": Bench.handled,
    "balances": Bench.balances,
    "mixed": Bench.mixed,
    "backlog": Bench.drained,
    "steady": Bench.steady,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
