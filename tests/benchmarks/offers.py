"""Are many accounts brought up to date as fast as Feishu allows? ``python -m tests.benchmarks.offers``

500 accounts of one tenant get three packages and an item, by two workers against the simulator, which counts
50/s and 1000/min for each interface. No call may meet a 429, and from the first answer to the last the pace
must reach 97 % of what is allowed. Then nothing is to be sent. Then each account needs three calls, and
workers are killed in the middle of them: what each of them was just sending is in doubt, and all get there.
On SQLite, and on PostgreSQL where DATABASE_URL names a server. ``--accounts 100`` for fewer.
"""

import argparse
import os
import sys
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from tests.benchmarks.ground import Ground, ground, kinds
from tests.drills.offer_states import in_doubt, states
from tests.processes import Process

AT_LEAST = 97.0
WORKERS = 2
SENDERS = 8  # of one worker, as it comes: each may have one call on its way
POINTS = ("outbox.after_send:9", "outbox.before_commit:30", "jobs.between_parts:1", "outbox.claimed:25")
PATIENCE_S = 600


def main(accounts: int) -> int:
    done = [measure(kind, accounts) for kind in kinds()]
    print(f"no 429, at least {AT_LEAST:.0f} %, no call left: {'ok' if all(done) else 'FAILED'}")  # noqa: T201
    return int(not all(done))


def measure(kind: str, accounts: int) -> bool:
    with ground(kind) as place:
        place.hireops.environment |= {
            **{
                name: each for name, each in place.simulator.environment.items() if name.startswith("FEISHU_")
            },
            "FEISHU_BASE_URL": place.simulator.url,
        }
        place.simulator.switch(delivery_paused=True)
        account_ids = [str(place.simulator.add_account()["account_id"]) for _ in range(accounts)]
        step(place, "know", "\n".join(account_ids))
        good = at_full_pace(place, accounts)
        good &= nothing_twice(place)
        return good & with_kills(place, accounts)


def at_full_pace(place: Ground, accounts: int) -> bool:
    workers = [place.hireops.worker() for _ in range(WORKERS)]
    started = sum(map(cpu_s, workers))
    begin(place)
    wait(place, accounts)
    used_s = sum(map(cpu_s, workers)) - started
    answered = sorted(
        place.hireops.database.rows("SELECT finished_at FROM outbox_attempt WHERE outcome = 'success'")
    )
    seconds = moment(answered[-1][0]) - moment(answered[0][0])
    ideal = (accounts - 1) // 1000 * 60 + (accounts - 1) % 1000 / 50
    pace, refused = 100 * ideal / seconds, refusals(place)
    line(
        place, f"{accounts} accounts, {len(answered)} calls", f"{seconds:.1f} s, {pace:.1f} %, {refused} 429s"
    )
    line(place, "CPU of the workers", f"{1000 * used_s / accounts:.1f} ms for each account")
    for worker in workers:
        place.hireops.stop(worker)
    return pace >= AT_LEAST and refused == 0 and len(answered) == accounts


def nothing_twice(place: Ground) -> bool:
    before = calls(place)
    worker = place.hireops.worker()
    there = begin(place)
    sleep(3)
    place.hireops.stop(worker)
    line(place, "again", f"{there} accounts, {calls(place) - before} calls")
    return there == 0 and calls(place) == before


def with_kills(place: Ground, accounts: int) -> bool:
    step(place, "change")
    begin(place)
    started, worst = monotonic(), 0
    for point in POINTS:
        doomed: Process = place.hireops.worker(HIREOPS_DIE_AT=point)
        before = in_doubt(place.hireops.database)
        step(place, "ring")
        doomed.wait(150)
        place.hireops.kill(doomed)
        worst = max(worst, in_doubt(place.hireops.database) - before)
    workers = [place.hireops.worker() for _ in range(WORKERS)]
    wait(place, accounts)
    for worker in workers:
        place.hireops.stop(worker)
    there = begin(place)
    line(
        place,
        f"{len(POINTS)} kills",
        f"{monotonic() - started:.1f} s, at most {worst} in doubt by one, then {there} to send",
    )
    return worst <= SENDERS and there == 0 and refusals(place) == 0


def begin(place: Ground) -> int:
    return int(step(place, "begin").split()[-1])


def step(place: Ground, name: str, stdin: str = "") -> str:
    return place.hireops.python("-m", "tests.drills.offering", name, stdin=stdin)


def wait(place: Ground, accounts: int) -> None:
    """Until all offers are up to date; shows how far it is."""
    until, database = monotonic() + PATIENCE_S, place.hireops.database
    while states(database, "bindings_accountoffer") != {"up_to_date": accounts}:
        print("   ", states(database, "bindings_offerrunaccount"), flush=True)  # noqa: T201
        if monotonic() > until:
            raise RuntimeError(place.hireops.output.read_text()[-3000:])
        sleep(2)


def cpu_s(process: Process) -> float:
    """What it has used since its start; Linux only."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def refusals(place: Ground) -> int:
    traffic = place.simulator.state("traffic")["traffic"]
    return sum(meter["refused"] for meters in traffic.values() for meter in meters.values())


def calls(place: Ground) -> int:
    return int(place.hireops.database.rows("SELECT count(*) FROM outbox_attempt")[0][0])


def moment(value: Any) -> float:
    from datetime import UTC, datetime  # noqa: PLC0415

    if isinstance(value, datetime):
        return value.timestamp()
    return datetime.fromisoformat(value).replace(tzinfo=UTC).timestamp()


def line(place: Ground, what: str, result: str) -> None:
    print(f"{place.kind:<12}{what:<28}{result}", flush=True)  # noqa: T201


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--accounts", type=int, default=500)
    sys.exit(main(parser.parse_args().accounts))
