"""A page that waits for long work looks by itself how far it is: rarely more than a line, until the end."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from django.utils import translation

from hireops.database import clock
from hireops.desk.waiting import HEADER, share
from hireops.jobs import services
from hireops.jobs.models import Job
from hireops.jobs.registry import Kind
from hireops.people.models import Session
from tests.jobs.kinds import start
from tests.pages import waits

pytestmark = pytest.mark.django_db

Pages = Callable[[User], Client]
NO_LOOK_COSTS_MORE = 8  # queries: session, person, rights, the row, and what it waits for


def page_of(job: Job) -> str:
    return f"/admin/jobs/job/{job.pk}/change/"


def shown(page: str, what: str) -> str:
    found = re.search(f'data-{what}="([^"]*)"', page)
    assert found, what
    return found[1]


def look(browser: Client, job: Job, state: str) -> Any:
    return browser.get(page_of(job), headers={HEADER: state})


@pytest.fixture
def opened(pages: Pages, otto: User) -> tuple[Client, Job, str]:
    """The page of a job, seen once: browser, job, and the state that the page shows."""
    job, browser = start(total=4), pages(otto)
    page = browser.get(page_of(job)).content.decode()
    assert waits(page)
    return browser, job, shown(page, "state")


def test_a_look_at_what_has_not_moved_costs_next_to_nothing(
    opened: tuple[Client, Job, str], django_assert_max_num_queries: Any
) -> None:
    browser, job, state = opened
    look(browser, job, state)  # what is remembered for good is looked up once
    with django_assert_max_num_queries(NO_LOOK_COSTS_MORE):
        answer = look(browser, job, state)
    assert (answer.status_code, answer.content) == (204, b"")


def test_what_has_moved_comes_without_the_frame_and_the_end_says_so(
    opened: tuple[Client, Job, str],
) -> None:
    browser, job, state = opened
    Job.objects.filter(pk=job.pk).update(done=2)

    answer = look(browser, job, state)

    part = answer.content.decode()
    assert answer.status_code == 200
    assert '<progress max="4" value="2"' in part
    assert "2 of 4 done" in part
    assert "<html" not in part
    assert "nav-sidebar" not in part
    assert "data-over" not in part
    assert shown(part, "says") == "Counting: 50 %"
    services.end_all_of(job.kind, reason="")

    end = look(browser, job, shown(part, "state")).content.decode()

    assert "data-over" in end
    assert shown(end, "says") == "Counting: canceled"
    assert not waits(browser.get(page_of(job)).content.decode())


def test_steps_are_said_and_not_each_row() -> None:
    with translation.override("en"):
        said = {share("Importing", done, 200) for done in range(201)}
        assert said == {f"Importing: {percent} %" for percent in (0, 25, 50, 75, 100)}
        assert share("Checking", 17, None) == "Checking"


def test_who_is_signed_out_or_may_not_is_told_and_a_look_is_no_visit(
    opened: tuple[Client, Job, str], pages: Pages, vera: User, kind: Callable[..., Kind]
) -> None:
    browser, job, state = opened
    before = clock.now() - timedelta(hours=1)
    Session.objects.update(last_seen_at=before)
    look(browser, job, state)
    assert Session.objects.get().last_seen_at == before
    browser.get(page_of(job))
    assert Session.objects.get().last_seen_at > before

    missing = browser.get("/admin/jobs/job/4711/change/", headers={HEADER: state})
    assert missing.status_code == 404
    browser.logout()
    answer = look(browser, job, state)
    assert (answer.status_code, "/login/" in answer.url) == (302, True)

    kind("paying", permission="referrals.view_referralaccount")
    hidden = start("paying")
    assert look(pages(vera), hidden, state).status_code == 404


def test_a_worker_that_died_is_told_and_what_comes_next(opened: tuple[Client, Job, str]) -> None:
    browser, job, state = opened
    key = "12345678123456781234567812345678"
    Job.objects.filter(pk=job.pk).update(lease_key=key, not_before=clock.now() - timedelta(seconds=5))
    page = look(browser, job, state).content.decode()
    assert "The worker died over it. What was done is kept; the next worker goes on from there." in page


def test_work_that_nobody_takes_up_says_so(opened: tuple[Client, Job, str]) -> None:
    browser, job, state = opened
    Job.objects.filter(pk=job.pk).update(not_before=clock.now() - timedelta(minutes=7))
    assert "Nobody has taken it up for 7 min" in look(browser, job, state).content.decode()


def test_who_has_left_finds_it_again_on_the_home_page(pages: Pages, otto: User, ada: User) -> None:
    about = ContentType.objects.create(app_label="x", model="x")
    services.start("counting", about=about, by=otto, total=4)
    assert "What you have started is under way" in pages(otto).get("/admin/").content.decode()
    assert "What you have started is under way" not in pages(ada).get("/admin/").content.decode()
