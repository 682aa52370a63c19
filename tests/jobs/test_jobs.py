"""Long work goes on part by part: with one holder at a time, through errors and deaths, fair to all kinds."""

import signal
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, connection
from django.test import Client

from hireops.database import clock
from hireops.desk import invariants
from hireops.desk.models import AuditEntry
from hireops.jobs import leases, registry, services, tasks, working
from hireops.jobs.leases import LEASE, LeaseLostError
from hireops.jobs.models import Job
from hireops.jobs.registry import GO_ON, Kind, Part, Step, repeated
from tests.jobs.kinds import COUNTING, count_on, counted
from tests.jobs.mortal import killed_at
from tests.long_work import claimed
from tests.outbox.test_concurrency import in_threads

pytestmark = pytest.mark.django_db

State = Job.State
Start = Callable[..., Job]


@pytest.fixture
def pages(client_of: Callable[[User], Client]) -> Callable[[User], Client]:
    """``pages(otto)``: his browser, in English."""

    def pages(person: User) -> Client:
        browser = client_of(person)
        browser.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
        return browser

    return pages


@pytest.fixture
def kind(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Kind]:
    """``kind("x", part)``: a kind of work that is known in this test."""

    def kind(name: str, part: Callable[[Job], Step] = count_on, **values: Any) -> Kind:
        made = Kind(name=name, label=name.title(), **{"parts": repeated(part), **values})
        monkeypatch.setitem(registry._kinds, name, made)
        return made

    return kind


@pytest.fixture(autouse=True)
def _counting_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry._kinds, COUNTING.name, COUNTING)


def start(kind: str = "counting", *, total: int = 3, **values: Any) -> Job:
    return services.start(kind, by=None, total=total, **values)


def seen(job: Job) -> tuple[str, int]:
    job.refresh_from_db()
    return job.state, job.done


def let_pass(job: Job) -> None:
    """Its lease, or the pause before its next try, is over."""
    Job.objects.filter(pk=job.pk).update(not_before=clock.now())


# --- Part by part


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


# --- One holder at a time


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


# --- Errors and deaths


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
    assert job.error.startswith("ValueError at test_jobs.py")
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


# --- Ending it before its time


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


# --- The pages


def test_the_page_says_how_far_it_is_what_went_wrong_and_shows_itself_again(
    kind: Callable[..., Kind], pages: Callable[[User], Client], otto: User
) -> None:
    kind("failing", lambda _job: 1 // 0, on_cancel=lambda _job: None)
    job = start("failing", total=7)
    tasks.work()
    browser = pages(otto)
    address = f"/admin/jobs/job/{job.pk}/change/"

    page = browser.get(address).content.decode()
    assert '<progress max="7" value="0"' in page
    assert 'http-equiv="refresh"' in page
    assert "ZeroDivisionError at test_jobs.py" in page
    health = browser.get("/admin/health/").content.decode()
    assert "Failed when it was last tried" in health
    press = {"_selected_action": job.pk, "confirmed": "yes", "back": address}
    browser.post("/admin/jobs/job/actions/try_now/", press)
    job.refresh_from_db()
    assert job.not_before
    assert job.not_before <= clock.now()
    browser.post("/admin/jobs/job/actions/cancel/", {**press, "reason": "it can't work"})
    page = browser.get(address).content.decode()
    assert "http-equiv" not in page
    assert "Somebody has canceled it." in page


def test_who_may_not_see_what_it_is_about_does_not_see_the_work(
    kind: Callable[..., Kind], pages: Callable[[User], Client], vera: User, hira: User
) -> None:
    kind("paying", permission="referrals.view_referralaccount")
    job = start("paying")
    address = f"/admin/jobs/job/{job.pk}/change/"
    assert pages(hira).get(address).status_code == 200
    assert pages(vera).get(address).status_code == 302
    assert "Paying" not in pages(vera).get("/admin/jobs/job/").content.decode()
    press = {"_selected_action": job.pk, "confirmed": "yes", "reason": "x"}
    assert pages(hira).post("/admin/jobs/job/actions/cancel/", press).status_code == 403


def test_health_tells_of_work_that_nobody_takes_up(pages: Callable[[User], Client], otto: User) -> None:
    start()
    Job.objects.update(not_before=clock.now() - timedelta(hours=1))
    browser = pages(otto)
    assert "due for 60 min" in browser.get("/admin/health/").content.decode()
    assert "The oldest that nobody has taken up" in browser.get("/admin/").content.decode()


def test_what_rests_is_no_trouble(
    kind: Callable[..., Kind], pages: Callable[[User], Client], otto: User
) -> None:
    kind("resting", lambda _job: Step(rest=timedelta(minutes=1)))
    start("resting")
    tasks.work()
    assert "badge-bad" not in pages(otto).get("/admin/health/").content.decode().split("Long work")[-1]


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
