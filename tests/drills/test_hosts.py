"""On several machines: hosts, broker, pooler and database fail one after the other, under load."""

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
from django.conf import settings

from tests.drills.hosts import WORKER_HOSTS, hosts, missing
from tests.drills.paying import WITHDRAW, Payroll
from tests.drills.proofs import check_all_handled, wait_until_handled
from tests.drills.sender import Answer, Envelope, Figure, Sender, balance_events, percentile
from tests.processes import wait_until
from tests.selection import on_postgresql

FEISHU_WAITS_S = 3
# From the return of the database: its callers find out, and send again what was refused.
FOUND_AGAIN_WITHIN_S = 5
HANDLED_WITHIN_S = 240
# Each second. The balance of each is asked for in the end, and Feishu takes ten such questions a second.
NEW_ACCOUNTS = 3


@on_postgresql
@pytest.mark.slow
@pytest.mark.timeout(1500)
@pytest.mark.skipif(bool(missing()), reason=f"not installed here, so not tried: {', '.join(missing())}")
def test_what_fails_on_several_machines_loses_nothing_doubles_nothing_and_delays_nobody(
    tmp_path: Path, seed: int, long: bool
) -> None:
    rate, quiet_s, away_s, accounts, pause_s = (300, 20, 10, 180, 1) if long else (30, 2, 2, 30, 1.5)
    with hosts(tmp_path) as running:
        payroll = Payroll(running.world, accounts, seed)
        payroll.step("know", " ".join(payroll.accounts))
        wait_until(lambda: not running.world.open_calls(), seconds=60, what="balances are not known")
        running.world.simulator.add_fault("slow", path=WITHDRAW, seconds=1, lasts_s=600)
        sender = Sender(
            running.servers.nginx.url, connections=90, resend=True, tls=running.servers.nginx.tls()
        )
        is_over, newest, away = Event(), dict[str, Figure](), []
        with sender.send_in_background(telling(rate, newest, is_over), rate=rate) as sending:
            staff = running.pay(pause_s)
            for fails, takes_the_database in (
                (running.restart_the_broker, False),
                (running.lose_a_web_host, False),
                (running.lose_a_worker_host, False),
                (running.lose_a_beat, False),
                (running.restart_the_pooler, True),
                (running.fail_over, True),
            ):
                begun = time.monotonic()
                fails(away_s)
                if takes_the_database:
                    away.append((begun - FEISHU_WAITS_S, time.monotonic() + FOUND_AGAIN_WITHIN_S))
                time.sleep(max(quiet_s, FOUND_AGAIN_WITHIN_S if takes_the_database else 0))
                say(fails.__name__, begun, [each for each in sender.log if each.sent_at >= begun])
            is_over.set()
            sending.wait(60)
        assert staff.wait(60) == 0, running.hireops.output.read_text()[-3000:]
        # What a worker that was killed had in hand goes one by one.
        wait_until_handled(running.hireops, sender, seconds=HANDLED_WITHIN_S)
        payroll.wait_until_decided(seconds=120)
        assert all(process.poll() is None for process in running.processes)
        wait_until(lambda: running.listeners() == [WORKER_HOSTS] * len(settings.QUEUES), seconds=60)

        check_all_handled(running.hireops, sender, newest)
        assert payroll.at_feishu() == payroll.in_hireops()
        late = [each.sent_at for each in sender.log if each.took > FEISHU_WAITS_S]
        late = [sent_at for sent_at in late if not any(since <= sent_at < until for since, until in away)]
        print(f"{len(late)} of {len(sender.log)} answered too late")  # noqa: T201 - shown with -s
        assert not late or not long  # the short form runs beside other tests, which take their time


def telling(rate: int, newest: dict[str, Figure], is_over: Event) -> Iterator[Envelope]:
    """Balances, of other accounts each second, and what is newest of each."""
    while not is_over.is_set():
        events, figures = balance_events(rate, accounts=NEW_ACCOUNTS)
        newest |= figures
        yield from events


def say(what: str, begun: float, answers: list[Answer]) -> None:
    """Shown if the drill fails, and with -s."""
    seconds = [answer.took for answer in answers] or [0.0]
    counted = dict(Counter(answer.status for answer in answers))
    refused = [answer.sent_at - begun for answer in answers if answer.status != 200]
    span = f", refused {min(refused):.1f} to {max(refused):.1f} s after it" if refused else ""
    times = ", ".join(f"{name} {percentile(seconds, share) * 1000:.0f} ms" for name, share in SHARES.items())
    print(f"{what}: {counted}; {times}{span}")  # noqa: T201


SHARES = {"p50": 0.5, "p99": 0.99, "max": 1.0}
