"""Long work goes on part by part, and one part is one transaction with its progress."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection

from hireops.desk import invariants
from hireops.desk.models import AuditEntry
from hireops.jobs import leases, services, tasks, working
from hireops.jobs.leases import LeaseLostError
from hireops.jobs.models import Job
from hireops.jobs.registry import GO_ON, Kind, Part, Step
from tests.jobs.kinds import count_on, counted, let_pass, seen, start
from tests.long_work import claimed

pytestmark = pytest.mark.django_db

State = Job.State


def test_work_is_done_part_by_part_and_says_how_far_it_is() -> None:
    job = start(total=3)
    lease = claimed()

    lease.keep(partial(count_on, lease.job))
    assert seen(job) == (State.RUNNING, 1)
    lease.release()
    tasks.work()

    assert seen(job) == (State.DONE, 3)
    assert counted(job) == [0, 1, 2]
    assert job.finished_at
    assert (job.not_before, job.lease_key) == (None, None)


def test_what_it_prepares_between_its_parts_is_outside_of_any_transaction(
    kind: Callable[..., Kind], transactional_db: None
) -> None:
    inside: list[bool] = []

    def parts(job: Job) -> Iterator[Part]:
        for _ in range(2):
            inside.append(connection.in_atomic_block)
            yield partial(note_and_go_on)
        inside.append(connection.in_atomic_block)

    def note_and_go_on() -> Step:
        inside.append(connection.in_atomic_block)
        return GO_ON

    kind("prepared", parts=parts)
    job = start("prepared")
    tasks.work()

    assert inside == [False, True, False, True, False]
    assert seen(job)[0] == State.DONE  # it has no more parts


def test_work_that_rests_is_left_alone_until_its_time_has_come_or_somebody_wakes_it(
    kind: Callable[..., Kind],
) -> None:
    looked: list[int] = []

    def look(job: Job) -> Step:
        looked.append(job.pk)
        return Step(rest=timedelta(minutes=1))

    kind("resting", look)
    user = User.objects.create_user("nobody")
    job = start("resting", about=user)
    tasks.work()
    tasks.work()
    assert len(looked) == 1
    services.wake("resting", about=user)
    tasks.work()
    assert len(looked) == 2
    let_pass(job)
    tasks.work()
    assert len(looked) == 3


def test_an_end_says_how_and_why(kind: Callable[..., Kind]) -> None:
    kind("hopeless", lambda _job: Step(outcome=State.FAILED, reason="It can't be read."))
    job = start("hopeless")
    tasks.work()
    assert seen(job)[0] == State.FAILED
    assert job.reason == "It can't be read."


def test_an_object_has_one_running_job_of_a_kind() -> None:
    user = User.objects.create_user("nobody")
    start(about=user)
    with pytest.raises(IntegrityError):
        start(about=user)


def test_an_object_may_have_the_next_job_when_the_last_has_ended() -> None:
    user = User.objects.create_user("nobody")
    start(about=user)
    tasks.work()
    start(about=user)
    assert list(Job.objects.about(user).values_list("state", flat=True)) == [State.DONE, State.RUNNING]


def test_what_is_canceled_ends_and_its_worker_keeps_nothing_more(
    kind: Callable[..., Kind], otto: User
) -> None:
    ended: list[Job] = []
    kind("long", on_cancel=ended.append)
    job = start("long", total=9)
    lease = claimed()
    lease.keep(partial(count_on, lease.job))

    services.cancel(job, by=otto, reason="by mistake")

    with pytest.raises(LeaseLostError):
        lease.keep(partial(count_on, lease.job))
    assert seen(job) == (State.CANCELED, 1)
    assert counted(job) == [0]
    assert ended == [job]
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action, entry.reason) == (otto, "long work canceled", "by mistake")
    assert leases.claim() is None


def test_a_worker_that_has_worked_for_long_lets_other_tasks_come_and_goes_on_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rung: list[object] = []
    monkeypatch.setattr(tasks, "ring", rung.append)
    monkeypatch.setattr(tasks, "WORK_FOR_S", 0.001)
    monkeypatch.setattr(working, "TURN_S", 0.0)
    job = start(total=1000)

    tasks.work()

    state, done = seen(job)
    assert (state, rung) == (State.RUNNING, [tasks.work])
    assert 0 < done < 1000
    assert (job.lease_key, job.tries) == (None, 0)


def test_what_is_under_way_without_its_job_and_a_job_without_its_object_are_found(
    kind: Callable[..., Kind],
) -> None:
    def broken() -> list[str]:
        return [sentence for name, sentence in invariants.broken() if name.endswith("has_its_job")]

    kind("hiring", under_way=lambda: User.objects.filter(is_active=True))
    hired, left = User.objects.create_user("hired"), User.objects.create_user("left", is_active=False)
    assert broken() == [f"auth.User {hired.pk} is under way and has no running hiring"]
    start("hiring", about=hired)
    assert broken() == []
    start("hiring", about=left)
    assert broken() == [f"auth.User {left.pk} has a running hiring and is not under way"]
