"""Who was refused what is in the audit, once a minute and counted."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError
from django.test import Client

from hireops.desk import tasks
from hireops.desk.models import AuditEntry, RepeatedEntry
from hireops.people import recording
from tests.clocks import Clock

pytestmark = pytest.mark.django_db


def refusals() -> list[tuple[str, object]]:
    found = AuditEntry.objects.filter(action="was refused a page").order_by("id")
    return [(entry.details["path"], entry.details.get("more_times_within_a_minute")) for entry in found]


def test_a_refused_page_is_recorded_with_who_asked_for_it(
    eve: User, client_of: Callable[[User], Client]
) -> None:
    assert client_of(eve).get("/admin/auth/user/?q=13812345678").status_code == 403
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.details) == (eve, {"path": "/admin/auth/user/", "method": "GET"})


def test_what_is_repeated_within_a_minute_is_counted(
    eve: User, client_of: Callable[[User], Client], clock: Clock
) -> None:
    client = client_of(eve)
    for _time in range(20):
        client.get("/admin/auth/user/")
    client.get("/admin/auth/group/")
    assert refusals() == [("/admin/auth/user/", None), ("/admin/auth/group/", None)]

    clock.advance(minutes=2)
    client.get("/admin/auth/user/")

    assert refusals()[2:] == [("/admin/auth/user/", 19), ("/admin/auth/user/", None)]


def test_what_never_comes_again_is_summed_up_by_the_clock(
    eve: User, client_of: Callable[[User], Client], clock: Clock
) -> None:
    client = client_of(eve)
    for _time in range(3):
        client.get("/admin/auth/user/")
    tasks.sum_up_repeated()
    assert len(refusals()) == 1

    clock.advance(minutes=2)
    tasks.sum_up_repeated()

    assert refusals() == [("/admin/auth/user/", None), ("/admin/auth/user/", 2)]
    assert not RepeatedEntry.objects.exists()
    tasks.sum_up_repeated()
    assert len(refusals()) == 2


def test_a_stranger_is_not_recorded(client: Client, db: None) -> None:
    assert Client(enforce_csrf_checks=True).post("/language/", {"language": "en"}).status_code == 403
    assert refusals() == []


def test_a_page_is_refused_also_while_nothing_can_be_written(
    eve: User,
    client_of: Callable[[User], Client],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def no_database(**_: object) -> None:
        raise OperationalError

    client = client_of(eve)
    monkeypatch.setattr(recording, "record_once_a_minute", no_database)
    assert client.get("/admin/auth/user/").status_code == 403
    assert "a refused page is not in the audit (OperationalError)" in caplog.text
