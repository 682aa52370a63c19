"""A release rolled out and taken back host by host while Feishu sends: no event is refused, none is lost."""

import sys
import time
from pathlib import Path

import requests

from tests.drills.next_release import environment
from tests.drills.proofs import check_all_handled, wait_until_handled
from tests.drills.sender import Sender, balance_events
from tests.processes import Hireops, Process, free_port
from tests.selection import also_on_sqlite

RATE = 50
MOST_S = 600


class Hosts:
    """Two of them, each with a web server and a worker, behind a balancer that knows which is up."""

    def __init__(self, hireops: Hireops) -> None:
        self.hireops = hireops
        self.ports = [str(free_port()), str(free_port())]
        self.sender = Sender(*(f"http://127.0.0.1:{port}" for port in self.ports), connections=16)
        self._running: dict[str, list[Process]] = {port: [] for port in self.ports}

    def start(self, port: str, **release: str) -> None:
        web = self.hireops.web(WEB_PORT=port, **release)
        server = self.hireops.running[-1]
        self._running[port] = [server, self.hireops.worker(**release)]
        assert requests.get(f"{web}/readyz", timeout=10).status_code == 200

    def restart_one_by_one(self, **release: str) -> None:
        everybody = self.sender.webs
        for port in self.ports:
            self.sender.webs = tuple(web for web in everybody if not web.endswith(port))
            time.sleep(0.5)  # what was on its way to it has arrived
            for process in self._running[port]:
                self.hireops.stop(process)
            self.start(port, **release)
            self.sender.webs = everybody

    def are_ready(self) -> bool:
        return all(requests.get(f"{web}/readyz", timeout=10).ok for web in self.sender.webs)


@also_on_sqlite
def test_a_release_goes_out_and_back_host_by_host_and_every_event_is_answered_200(
    hireops: Hireops, tmp_path: Path, seed: int, long: bool
) -> None:
    following = environment(tmp_path)
    hosts = Hosts(hireops)
    for port in hosts.ports:
        hosts.start(port)
    events, _newest = balance_events(RATE * MOST_S, seed=seed)
    with hosts.sender.send_in_background(events, rate=RATE):
        for _turn in range(5 if long else 1):
            started = time.monotonic()
            migrated = hireops.start(sys.executable, "manage.py", "migrate", **following)
            assert migrated.wait(120) == 0, hireops.output.read_text()
            print(f"migrated within {time.monotonic() - started:.1f} s")  # noqa: T201
            assert hosts.are_ready()  # the release before, on the newer schema
            hosts.restart_one_by_one(**following)
            hosts.restart_one_by_one()
    print(f"{len(hosts.sender.log)} events, slowest {max(hosts.sender.seconds):.2f} s")  # noqa: T201
    assert hosts.sender.answers == {200: len(hosts.sender.sent)}
    wait_until_handled(hireops, hosts.sender, seconds=60)
    hireops.environment |= following  # whose guards are there now
    check_all_handled(hireops, hosts.sender)
    assert hireops.database.rows("SELECT count(*) FROM inbox_event WHERE remark IS NOT NULL") == [(0,)]
