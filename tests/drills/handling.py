"""What drills of handling have and do: workers that know the drills' events, time that passes, effects.

Everything is asked of the database from outside. How long workers keep what they have in hand, and where
that stands, is known to ``let_a_minute_pass`` alone.
"""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from itertools import chain, repeat
from typing import Any

from kombu import Connection

from hireops import broker
from hireops.celery import app
from tests.deliveries import envelope
from tests.drills import handlers
from tests.drills.proofs import balances, check_all_arrived, check_all_handled
from tests.drills.sender import SOME_MORNING_MS, Envelope, Figure, Sender, balance_event, id_of
from tests.processes import BIN, Hireops, Process, free_port

# A second --include takes the place of the first.
INCLUDED = "tests.worker_ready,tests.drills.handlers"
PROMISED_S = 60  # an event is handled within that time; a worker that died over it may add as much
DRAIN = "hireops.inbox.tasks.drain"


# --- Events ------------------------------------------------------------------------------------------------


def counted(count: int) -> list[Envelope]:
    return [envelope(handlers.COUNTED) for _ in range(count)]


def slow(seconds: float) -> Envelope:
    return envelope(handlers.COUNTED, {"seconds": seconds})


def mortal(deaths: int) -> Envelope:
    return envelope(handlers.MORTAL, {"deaths": deaths})


def contested(accounts: int, each: int, draw: random.Random) -> tuple[list[Envelope], dict[str, Figure]]:
    """New accounts, the events of each side by side and many of one moment; and what is to count of each.

    The latest ``modify_time`` counts; of these the latest ``create_time``, then the greatest id.
    """
    events: list[Envelope] = []
    newest: dict[str, Figure] = {}
    for _ in range(accounts):
        account_id = str(draw.randrange(10**17, 10**18))
        rivals: list[tuple[tuple[int, int, str], Figure]] = []
        for _ in range(each):
            points = Decimal(draw.randrange(1, 10**6))
            figure = Figure(SOME_MORNING_MS + draw.randrange(3), {"points": points})
            event = balance_event(account_id, figure)
            created_at = SOME_MORNING_MS + draw.randrange(2)
            event["header"]["create_time"] = str(created_at)
            events.append(event)
            rivals.append(((figure.modify_time, created_at, id_of(event)), figure))
        newest[account_id] = max(rivals)[1]
    return events, newest


# --- hireops -----------------------------------------------------------------------------------------------


class Handling:
    """hireops at work, with one more table, in which the drills' handlers leave their traces."""

    def __init__(self, hireops: Hireops) -> None:
        self.hireops = hireops
        hireops.environment["HIREOPS_DRILL_FOLDER"] = str(hireops.folder)
        hireops.database.rows(handlers.EFFECTS)
        broker.register()

    # --- Processes ---------------------------------------------------------------------------------------

    def web(self, **variables: str) -> str:
        return self.hireops.web(WEB_PORT=str(free_port()), **variables)

    def worker(self, **variables: str) -> Process:
        return self.hireops.worker("--include", INCLUDED, **variables)

    def worker_that_hears_nothing(self, **variables: str) -> Process:
        """One that is never ready, because its broker is away from the start."""
        threads = ["--pool", "threads", "--concurrency", "2"]
        quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        command = [str(BIN / "celery"), "-A", "hireops", "worker", *threads, *quiet]
        return self.hireops.start(*command, "--include", "tests.drills.handlers", **variables)

    def beat(self) -> Process:
        """Each with a schedule of its own, as on a machine of its own."""
        return self.hireops.beat("--schedule", str(self.hireops.folder / f"beat-{time.monotonic_ns()}"))

    def ring(self) -> None:
        """As a web server does for an event that has come."""
        with Connection(self.hireops.environment["CELERY_BROKER_URL"]) as connection:
            app.send_task(DRAIN, connection=connection, retry=False)

    def supervise(
        self,
        is_over: Callable[[], object],
        *,
        seconds: float,
        at_once: bool,
        workers: int = 1,
        dying_at: Iterable[str] = (),
        in_traffic: bool = False,
    ) -> int:
        """Workers that die are started again, as supervisord does, until it is over. How many died.

        ``at_once``: whenever none is left, a minute passes at once.
        ``dying_at`` names places where the first workers die. ``in_traffic``: somebody rings all the time.
        """
        places = chain(dying_at, repeat(""))
        running: list[Process] = []
        deaths = 0
        deadline = time.monotonic() + seconds
        while not is_over():
            assert time.monotonic() < deadline, self.report()
            dead = [worker for worker in running if worker.poll() is not None]
            for worker in dead:
                self.hireops.kill(worker)
                running.remove(worker)
            deaths += len(dead)
            if at_once and not running:
                self.let_a_minute_pass()
            while len(running) < workers:
                running.append(self.worker(HIREOPS_DIE_AT=next(places)))
                self.ring()
            time.sleep(0.1)
            if in_traffic:
                self.ring()
        for worker in running:
            self.hireops.kill(worker)
        return deaths

    # --- Time --------------------------------------------------------------------------------------------

    def let_a_minute_pass(self) -> None:
        """A clock that jumps: what workers had in hand when they died is given up, and retries are due.

        Not beside a worker that is at it, whose rows are locked.
        """
        for table, column in (("inbox_batch", "started_at"), ("inbox_event", "not_before")):
            self.hireops.database.rows(
                f"UPDATE {table} SET {column} = {self._a_minute_before(column)} WHERE {column} IS NOT NULL"
            )

    @property
    def _is_on_sqlite(self) -> bool:
        return self.hireops.database.url.startswith("sqlite")

    @property
    def _now(self) -> str:
        return "strftime('%Y-%m-%d %H:%M:%f000', 'now')" if self._is_on_sqlite else "clock_timestamp()"

    def _a_minute_before(self, column: str) -> str:
        if self._is_on_sqlite:
            return f"strftime('%Y-%m-%d %H:%M:%f000', {column}, '-60 seconds')"
        return f"{column} - interval '60 seconds'"

    def seconds_between(self, earlier: str, later: str) -> str:
        """SQL for the seconds from one column or moment to another."""
        if self._is_on_sqlite:
            return f"(julianday({later}) - julianday({earlier})) * 86400"
        return f"extract(epoch FROM {later} - {earlier})"

    # --- Asking ------------------------------------------------------------------------------------------

    def one(self, sql: str) -> Any:
        return self.hireops.database.rows(sql)[0][0]

    def states(self) -> Counter[str]:
        return Counter(
            dict(self.hireops.database.rows("SELECT state, count(*) FROM inbox_event GROUP BY state"))
        )

    def waiting(self) -> int:
        return int(self.one("SELECT count(*) FROM inbox_event WHERE state = 'pending'"))

    def unfinished(self) -> bool:
        """Whether some wait, or failed and are tried again by themselves. Not counted: it is asked often."""
        of_both = ("state = 'pending'", "not_before IS NOT NULL")
        some = (f"EXISTS (SELECT 1 FROM inbox_event WHERE {condition})" for condition in of_both)
        return bool(self.one(f"SELECT {' OR '.join(some)}"))

    def oldest_due_s(self) -> float:
        """For how long the oldest event has been due that no worker has done with."""
        age = self.seconds_between("min(not_before)", self._now)
        return float(self.one(f"SELECT {age} FROM inbox_event WHERE not_before <= {self._now}") or 0)

    def outcomes(self, event_id: str) -> list[str]:
        """What became of each try, the oldest first."""
        rows = self.hireops.database.rows(
            "SELECT a.outcome FROM inbox_attempt a JOIN inbox_event e ON e.id = a.event_id "
            f"WHERE e.event_id = '{event_id}' ORDER BY a.id"
        )
        return [outcome for (outcome,) in rows]

    def lost(self) -> int:
        """Tries whose worker died."""
        return int(self.one("SELECT count(*) FROM inbox_attempt WHERE outcome = 'lost'"))

    def ages(self, events: Iterable[Envelope]) -> list[float]:
        """Seconds from the arrival of each to its effect."""
        age = self.seconds_between("received_at", "handled_at")
        ids = {id_of(event) for event in events}
        rows = self.hireops.database.rows(f"SELECT event_id, {age} FROM inbox_event WHERE state = 'handled'")
        return [float(seconds) for event_id, seconds in rows if event_id in ids]

    def wait_for(self, is_so: Callable[[], object], seconds: float) -> None:
        """Asks less often than ``wait_until``, whose questions would keep a small machine busy."""
        deadline = time.monotonic() + seconds
        while not is_so():
            assert time.monotonic() < deadline, self.report()
            time.sleep(0.2)

    def report(self) -> str:
        """What is left, for the message of a drill that failed."""
        rows = self.hireops.database.rows(
            "SELECT event_type, state, reason, tries, not_before FROM inbox_event "
            "WHERE state <> 'handled' ORDER BY id LIMIT 20"
        )
        states = f"{self.states()}, {self.lost()} lost"
        return "\n".join(map(str, [states, *rows, self.hireops.output.read_text()[-3000:]]))

    # --- Proofs ------------------------------------------------------------------------------------------

    def finish(
        self, sender: Sender, newest: Mapping[str, Figure] | None = None, seconds: float = PROMISED_S
    ) -> None:
        """All that was sent is handled in time, and each event once."""
        self.wait_for(lambda: not self.unfinished(), seconds)
        self.check(sender, newest)

    def check(
        self,
        sender: Sender,
        newest: Mapping[str, Figure] | None = None,
        failed: Iterable[Envelope] = (),
        *,
        replayed: bool = False,
    ) -> None:
        """Each event took effect once, but for those that failed; the newest figures count."""
        failed_ids = {id_of(event) for event in failed}
        expected = {"handled": len(sender.sent) - len(failed_ids), "failed": len(failed_ids)}
        assert self.states() == Counter(expected), self.report()
        self._check_traces()
        if failed_ids:
            check_all_arrived(self.hireops, sender)
            if newest:
                assert balances(self.hireops) == {key: figure.amounts for key, figure in newest.items()}
            self.hireops.manage("check_invariants")
            self.hireops.manage("prove_balances")
        else:
            check_all_handled(self.hireops, sender, newest, replayed=replayed)

    def _check_traces(self) -> None:
        """Each event of the drills that is handled has left one trace; one that is not, none."""
        rows = self.hireops.database.rows("SELECT event_id FROM drill_effect")
        handled = self.hireops.database.rows(
            "SELECT event_id FROM inbox_event WHERE state = 'handled' AND event_type LIKE 'drill.%'"
        )
        assert Counter(rows) == Counter(handled)
