"""What staff see of long work: how far it is, what went wrong, and whether anybody does it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client

from hireops.database import clock
from hireops.jobs import tasks
from hireops.jobs.models import Job
from hireops.jobs.registry import Kind, Step
from tests.jobs.kinds import start
from tests.pages import waits

pytestmark = pytest.mark.django_db

State = Job.State


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
    assert waits(page)
    assert "ZeroDivisionError at test_pages.py" in page
    health = browser.get("/admin/health/").content.decode()
    assert "Failed when it was last tried" in health
    press = {"_selected_action": job.pk, "confirmed": "yes", "back": address}
    browser.post("/admin/jobs/job/actions/try_now/", press)
    job.refresh_from_db()
    assert job.not_before
    assert job.not_before <= clock.now()
    browser.post("/admin/jobs/job/actions/cancel/", {**press, "reason": "it can't work"})
    page = browser.get(address).content.decode()
    assert not waits(page)
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
