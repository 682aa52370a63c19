"""One worker at a time has a job, kinds take turns, and errors and deaths cost one part at most."""

import signal
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest

from hireops.database import clock
from hireops.jobs import leases, tasks, working
from hireops.jobs.leases import LEASE, LeaseLostError
from hireops.jobs.models import Job
from hireops.jobs.registry import Kind, Step
from tests.jobs.kinds import count_on, counted, let_pass, seen, start
from tests.jobs.mortal import killed_at
from tests.long_work import claimed
from tests.outbox.test_concurrency import in_threads
from tests.selection import also_on_sqlite

pytestmark = [also_on_sqlite, pytest.mark.django_db]

State = Job.State


def test_what_a_worker_has_no_other_one_takes() -> None:
    start()
    assert leases.claim()
    assert leases.claim() is None


def test_a_lease_that_is_over_goes_to_the_next_and_the_slow_one_keeps_nothing() -> None:
    job = start(total=9)
    slow = claimed()
    slow.keep(partial(count_on, slow.job))
    let_pass(job)
    quick = claimed()
    quick.keep(partial(count_on, quick.job))

    with pytest.raises(LeaseLostError):
        slow.keep(partial(count_on, slow.job))
    for late in (slow.release, partial(slow.fail, "too late")):
        with pytest.raises(LeaseLostError):
            late()

    assert counted(job) == [0, 1]
    assert seen(job) == (State.RUNNING, 2)


def test_a_part_during_which_the_lease_was_lost_is_rolled_back() -> None:
    job = start(total=9)
    slow = claimed()

    def slowly() -> Step:
        Job.objects.filter(pk=job.pk).update(lease_key=None)  # as if another one had it, and gave it back
        return count_on(slow.job)

    with pytest.raises(LeaseLostError):
        slow.keep(slowly)
    assert counted(job) == []


def test_each_part_renews_the_lease() -> None:
    job = start(total=9)
    lease = claimed()
    Job.objects.update(not_before=clock.now() + timedelta(seconds=1))
    lease.keep(partial(count_on, lease.job))
    job.refresh_from_db()
    assert job.not_before
    assert job.not_before - clock.now() > LEASE - timedelta(seconds=5)


@pytest.mark.django_db(transaction=True)
def test_workers_that_look_at_the_same_time_never_do_a_part_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working, "TURN_S", 0.0)  # they hand the jobs to each other after every part
    jobs = [start(total=8) for _ in range(3)]

    def look(_worker: int) -> None:
        while working.take_turn():
            pass

    in_threads(4, look)
    while working.take_turn():  # what the last of them gave back
        pass

    assert [seen(job) for job in jobs] == [(State.DONE, 8)] * 3
    assert [counted(job) for job in jobs] == [list(range(8))] * 3
    assert not Job.objects.exclude(error="").exists()


@pytest.mark.django_db(transaction=True)
def test_of_a_kind_that_is_done_one_at_a_time_workers_begin_one(kind: Callable[..., Kind]) -> None:
    kind("heavy", one_at_a_time=True)
    for _ in range(4):
        start("heavy")

    in_threads(4, lambda _worker: leases.claim())

    assert Job.objects.filter(lease_key__isnull=False).count() == 1


def test_kinds_take_turns_however_many_jobs_one_of_them_has(
    kind: Callable[..., Kind], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(working, "TURN_S", 0.0)
    for _ in range(5):
        start("counting", total=2)
    kind("rare")
    rare = start("rare", total=2)

    for _ in range(4):
        working.take_turn()

    assert seen(rare) == (State.DONE, 2)
    assert Job.objects.filter(kind="counting", done__gt=0).count() == 2


def test_a_kind_that_no_app_knows_any_more_is_left_alone() -> None:
    job = start("forgotten")
    tasks.work()
    assert seen(job) == (State.RUNNING, 0)


def test_a_part_that_fails_leaves_nothing_and_is_tried_again_after_growing_pauses(
    kind: Callable[..., Kind], caplog: pytest.LogCaptureFixture
) -> None:
    mended: list[bool] = []

    def fail(job: Job) -> Step:
        step = count_on(job)
        if not mended:
            raise ValueError("the secret of somebody")
        return step

    kind("failing", fail)
    job = start("failing", total=1)
    pauses = []
    for _ in range(3):
        tasks.work()
        job.refresh_from_db()
        assert job.not_before
        pauses.append(round((job.not_before - clock.now()).total_seconds()))
        let_pass(job)

    assert pauses == [5, 30, 120]
    assert counted(job) == []
    assert job.error.startswith("ValueError at test_leases.py")
    assert "secret" not in job.error + caplog.text
    mended.append(True)
    tasks.work()
    assert seen(job) == (State.DONE, 1)
    assert (job.error, job.tries) == ("", 0)


def test_work_that_fails_keeps_no_other_from_being_done(kind: Callable[..., Kind]) -> None:
    kind("failing", lambda _job: 1 // 0)
    start("failing")
    job = start()
    tasks.work()
    assert seen(job)[0] == State.DONE


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_worker_that_is_killed_loses_one_part_at_most_and_the_next_repeats_none() -> None:
    job = start(total=6)

    assert killed_at("jobs.between_parts:4") == -signal.SIGKILL

    assert seen(job) == (State.RUNNING, 4)
    tasks.work()
    assert seen(job) == (State.RUNNING, 4)  # it may still be alive
    let_pass(job)
    tasks.work()
    assert seen(job) == (State.DONE, 6)
    assert counted(job) == [0, 1, 2, 3, 4, 5]


def test_work_over_which_workers_die_again_and_again_has_to_wait_longer() -> None:
    job = start()
    for _ in range(2):
        assert leases.claim()
        let_pass(job)

    assert leases.claim() is None

    job.refresh_from_db()
    assert job.error == leases.LOST
    assert job.not_before
    assert job.not_before > clock.now() + timedelta(seconds=20)
    let_pass(job)
    assert leases.claim()
