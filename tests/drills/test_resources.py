"""The machine runs out of disk or memory, or is switched off, by the catalogue (H5, H6): nothing is lost.

Disks of their own are mounted, and memory is limited, by root only; elsewhere these drills are skipped.
"""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.databases import Database
from tests.deliveries import envelope
from tests.drills import handlers
from tests.drills.handling import Handling, counted, slow
from tests.drills.proofs import check_all_handled, wait_until_handled
from tests.drills.sender import Sender, balance_events
from tests.drills.world import PACKAGES_PATH, World
from tests.own_postgresql import OwnPostgreSQL, own_postgresql
from tests.processes import Hireops, wait_until
from tests.selection import also_on_sqlite, on_postgresql, on_sqlite

MEBIBYTE = 1024 * 1024
FEISHU_WAITS_S = 3
ENDS_WITHIN_S = 30  # what process managers allow (supervisord.conf)
MEMORY = Path("/sys/fs/cgroup/memory")


# --- Disks -------------------------------------------------------------------------------------------------


class SmallDisk:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filler = folder / "filler"

    def fill(self) -> None:
        with suppress(OSError), self._filler.open("wb", buffering=0) as filler:
            for piece in (MEBIBYTE, 4096):
                with suppress(OSError):
                    while filler.write(bytes(piece)):
                        pass

    def make_room(self) -> None:
        self._filler.unlink()


@contextmanager
def small_disk(mebibytes: int) -> Iterator[SmallDisk]:
    with tempfile.TemporaryDirectory(prefix="disk-", dir="/tmp") as name:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m,mode=0755", "none", name]
        if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
            pytest.skip("no disk may be mounted here")
        try:
            yield SmallDisk(Path(name))
        finally:
            subprocess.run(["umount", "--lazy", name], check=True)


@on_sqlite
def test_a_full_disk_is_answered_503_until_there_is_room_again(
    database: Database, tmp_path: Path, seed: int
) -> None:
    with small_disk(24) as disk:
        hireops = Hireops(database.copy(disk.folder), tmp_path)
        try:
            _fill_and_make_room(hireops, disk, seed)
        finally:
            hireops.kill_all()


@pytest.mark.long  # a server of its own has to be made
@on_postgresql
def test_a_full_disk_of_postgresql_is_answered_503_until_there_is_room_again(
    tmp_path: Path, seed: int
) -> None:
    with small_disk(400) as disk, own_postgresql(str(disk.folder), max_wal_size="64MB") as own:
        own.server.execute("CREATE DATABASE migrated")
        hireops = Hireops(Database(own.server.url_of("migrated")), tmp_path)
        try:
            hireops.manage("migrate", "--verbosity", "0")
            _fill_and_make_room(hireops, disk, seed, own)
        finally:
            hireops.kill_all()


def _fill_and_make_room(
    hireops: Hireops, disk: SmallDisk, seed: int, own: OwnPostgreSQL | None = None
) -> None:
    """What a full disk still has room for (pages, a log that is written again) is taken in, and is safe."""
    web = hireops.web("--workers", "2")
    hireops.worker()
    hireops.beat()
    rate, many = 40, 4_000
    events, _newest = balance_events(many, accounts=50, seed=seed)
    sender = Sender(web, connections=32)
    with sender.send_in_background(events, rate=rate):
        time.sleep(2)
        disk.fill()
        filled_at = time.monotonic()
        wait_until(lambda: 503 in sender.answers, seconds=80, what="the disk is not full")
        time.sleep(3)
        disk.make_room()
        if own and not own.is_running:
            own.start()
        room_at = time.monotonic()
        wait_until(
            lambda: any(answer.at > room_at and answer.status == 200 for answer in sender.log),
            seconds=30,
            what="it did not recover",
        )
        time.sleep(3)
    answers = {answer.status for answer in sender.between(filled_at, room_at)}
    print(f"503 after {sender.answers[200]} events; while it was full: {answers}")  # noqa: T201
    assert set(sender.answers) == {200, 503}
    assert max(sender.seconds) <= FEISHU_WAITS_S
    assert all(process.poll() is None for process in hireops.running)
    refused = [event for event in events if event["header"]["event_id"] in sender.sent - sender.acknowledged]
    sender.send(refused)  # as Feishu does
    wait_until(lambda: _all_is_handled(hireops), seconds=120, what="some are not handled")
    check_all_handled(hireops, sender)


def _all_is_handled(hireops: Hireops) -> bool:
    """What failed for want of room is tried again after pauses; here at once."""
    hireops.database.rows(
        "UPDATE inbox_event SET not_before = received_at WHERE state = 'failed' AND not_before > received_at"
    )
    time.sleep(1)
    return not hireops.database.rows("SELECT 1 FROM inbox_event WHERE not_before IS NOT NULL LIMIT 1")


@also_on_sqlite
def test_a_full_disk_of_the_logs_stops_nothing(hireops: Hireops, seed: int) -> None:
    handling = Handling(hireops)
    with small_disk(1) as disk:
        hireops.output.symlink_to(disk.folder / "log")
        web = handling.web()
        handling.worker()
        handling.beat()
        wait_until(lambda: [*hireops.folder.glob("beat-*")], seconds=60, what="beat does not run")
        disk.fill()
        told, newest = balance_events(50, seed=seed)
        bad = [envelope(handlers.RAISING, {"how": "nested"}) for _ in range(5)]  # each is worth a line
        sender, forger = Sender(web), Sender(web, key="of somebody else")
        forger.send([envelope() for _ in range(20)])
        sender.send([*told, *counted(20), *bad])
        assert set(forger.answers) == {401}
        assert set(sender.answers) == {200}
        handling.wait_for(lambda: not handling.waiting(), 60)
        assert all(process.poll() is None for process in hireops.running)
        handling.check(sender, newest, failed=bad)
        hireops.kill_all()


# --- Memory ------------------------------------------------------------------------------------------------


@contextmanager
def memory_of_at_most(pid: int, mebibytes: int) -> Iterator[None]:
    """As a service manager or a container does it: who takes more is killed."""
    group = MEMORY / f"hireops-drill-{pid}"
    try:
        group.mkdir()
        (group / "memory.limit_in_bytes").write_text(str(mebibytes * MEBIBYTE))
        (group / "cgroup.procs").write_text(str(pid))
    except OSError:
        pytest.skip("no process's memory may be limited here")
    try:
        yield
    finally:
        with suppress(OSError):
            group.rmdir()


@on_postgresql
def test_a_worker_that_is_killed_for_its_memory_loses_and_doubles_nothing(
    hireops: Hireops, seed: int
) -> None:
    handling = Handling(hireops)
    told, newest = balance_events(50, seed=seed)
    sender = Sender(handling.web(), seed=seed)
    greedy = envelope(handlers.HUNGRY, {"bytes": 1024 * MEBIBYTE})
    worker = handling.worker()
    with memory_of_at_most(worker.pid, 300):
        sender.send(sender.shuffled([*told, *counted(50), greedy]))
        assert worker.wait(60) == -signal.SIGKILL
        hireops.kill(worker)
    handling.let_a_minute_pass()
    handling.worker()
    handling.ring()
    handling.finish(sender, newest)
    assert handling.lost()


# --- The end of a process ----------------------------------------------------------------------------------


@also_on_sqlite
def test_a_worker_that_is_told_to_stop_finishes_what_it_has_in_hand_and_leaves_the_rest(
    hireops: Hireops, seed: int
) -> None:
    handling = Handling(hireops)
    told, newest = balance_events(50, seed=seed)
    sender = Sender(handling.web(), connections=1)
    sender.send([*(slow(seconds=1) for _ in range(4)), *told, *counted(50)])
    worker = handling.worker()
    handling.ring()
    wait_until(
        lambda: handling.one("SELECT count(*) FROM inbox_batch"), seconds=30, what="nothing is in hand"
    )
    worker.terminate()
    assert worker.wait(ENDS_WITHIN_S) == 0
    assert not handling.one("SELECT count(*) FROM inbox_batch")
    handling.worker()
    handling.ring()
    handling.finish(sender, newest)
    assert not handling.lost()


@also_on_sqlite
def test_calls_that_are_on_their_way_when_a_worker_is_told_to_stop_are_answered_first(world: World) -> None:
    world.simulator.add_fault("slow", path=PACKAGES_PATH, seconds=3, calls=8)
    world.owe([world.packages(account) for account in [world.account() for _ in range(4)] for _ in range(3)])
    worker = world.worker()
    world.ring()
    in_hand = "WHERE lease_key IS NOT NULL"
    wait_until(lambda: world.rows("count(*)", in_hand)[0][0] >= 1, seconds=20, what="nothing is in hand")
    worker.terminate()
    assert worker.wait(ENDS_WITHIN_S) == 0
    assert world.rows("count(*)", in_hand) == [(0,)]
    assert world.states()["succeeded"] >= 1
    world.finish()
    world.check_promises()
    assert not world.hireops.database.rows("SELECT 1 FROM outbox_attempt WHERE outcome = 'lost'")
    assert world.states() == {"succeeded": 12}


@also_on_sqlite
def test_a_web_server_that_is_told_to_stop_answers_what_it_has_in_hand(hireops: Hireops, seed: int) -> None:
    events, newest = balance_events(300, seed=seed)
    sender = Sender(hireops.web("--workers", "2"), connections=32, resend=True)
    [web] = hireops.running
    hireops.worker()
    with sender.send_in_background(events, rate=100) as sending:
        time.sleep(1)
        web.terminate()
        assert web.wait(ENDS_WITHIN_S) == 0
        hireops.web("--workers", "2")
        sending.wait(60)
    assert set(sender.answers) <= {200, 0}  # refused while nobody listened
    wait_until_handled(hireops, sender, seconds=60)
    check_all_handled(hireops, sender, newest)
