"""Where people are signed in: until when, who sees it, who ends it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext

from hireops.desk.models import AuditEntry
from hireops.people.models import Session
from hireops.people.sessions import digest
from hireops.people.tasks import remove_ended_sessions
from tests.selection import also_on_sqlite

pytestmark = [also_on_sqlite, pytest.mark.django_db]

Browser = Callable[[User], Client]
SESSIONS = "/admin/people/session/"


def is_signed_in(browser: Client) -> bool:
    return browser.get("/admin/").status_code == 200


def go_back_in_time(*, idle: timedelta = timedelta(0), begun: timedelta = timedelta(0)) -> None:
    """As if all sessions had last been seen, or begun, so much earlier."""
    Session.objects.update(
        last_seen_at=F("last_seen_at") - idle,
        expire_date=F("expire_date") - idle,
        started_at=F("started_at") - begun,
    )


def end(browser: Client, *sessions: Session) -> None:
    sent = {"_selected_action": [session.pk for session in sessions], "confirmed": "yes", "reason": ""}
    browser.post(f"{SESSIONS}actions/end/", sent)


def test_a_session_ends_after_eight_hours_without_a_page(client_of: Browser, vera: User) -> None:
    browser = client_of(vera)
    go_back_in_time(idle=timedelta(hours=7, minutes=59))
    assert is_signed_in(browser)

    go_back_in_time(idle=timedelta(hours=7, minutes=59))  # it was seen in between
    assert is_signed_in(browser)
    go_back_in_time(idle=timedelta(hours=8, seconds=1))

    assert not is_signed_in(browser)


def test_a_session_that_is_used_all_the_time_ends_after_seven_days(client_of: Browser, vera: User) -> None:
    browser = client_of(vera)
    go_back_in_time(idle=timedelta(hours=7), begun=timedelta(days=6, hours=23))
    assert is_signed_in(browser)
    left = Session.objects.get().expire_date - Session.objects.get().last_seen_at
    assert left <= timedelta(hours=1)

    go_back_in_time(idle=timedelta(hours=1, seconds=1), begun=timedelta(hours=1))

    assert not is_signed_in(browser)


def test_of_a_sign_in_that_was_begun_nothing_is_left_after_an_hour(
    client_of: Browser, vera: User, settings: object
) -> None:
    settings.FEISHU_SIGN_IN = True  # type: ignore[attr-defined]
    hers = client_of(vera)
    Client().post("/account/feishu/login/")
    Client().get("/account/2fa/keys/login/", headers={"accept": "application/json"})
    assert Session.objects.filter(user=None).count() == 2

    go_back_in_time(idle=timedelta(minutes=31))
    remove_ended_sessions()

    assert Session.objects.filter(user=None).count() == 0
    assert is_signed_in(hers)


def test_both_are_settings(client_of: Browser, vera: User, settings: object) -> None:
    settings.SESSION_IDLE_HOURS = 1  # type: ignore[attr-defined]
    browser = client_of(vera)

    go_back_in_time(idle=timedelta(hours=1, seconds=1))

    assert not is_signed_in(browser)


def test_being_seen_is_written_once_a_minute(client_of: Browser, vera: User) -> None:
    browser = client_of(vera)
    browser.get("/admin/")

    with CaptureQueriesContext(connection) as again:
        browser.get("/admin/")
    assert not [query for query in again if query["sql"].startswith("UPDATE")]
    go_back_in_time(idle=timedelta(minutes=2))
    with CaptureQueriesContext(connection) as later:
        browser.get("/admin/")
    assert len([query for query in later if query["sql"].startswith("UPDATE")]) == 1


def test_the_key_of_a_session_is_in_no_table(client_of: Browser, vera: User) -> None:
    key = client_of(vera).cookies["sessionid"].value

    assert Session.objects.get().pk == digest(key)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM people_session")
        assert key not in str(cursor.fetchall())
    assert not is_signed_in(_with_cookie(digest(key)))


def _with_cookie(value: str) -> Client:
    browser = Client()
    browser.cookies["sessionid"] = value
    return browser


def test_a_person_sees_and_ends_the_own_sessions_only(client_of: Browser, vera: User, hira: User) -> None:
    here, there, hers = client_of(vera), client_of(vera), client_of(hira)
    page = here.get(SESSIONS)
    (this_one,) = page.context["cl"].result_list.filter(pk=digest(here.cookies["sessionid"].value))

    assert set(page.context["cl"].result_list.values_list("user", flat=True)) == {vera.pk}
    assert here.cookies["sessionid"].value not in page.content.decode()
    end(here, *Session.objects.exclude(pk=this_one.pk))

    assert is_signed_in(here)
    assert not is_signed_in(there)
    assert is_signed_in(hers)
    assert AuditEntry.objects.filter(action="session ended", actor=vera, target_id=str(vera.pk)).exists()


def test_an_administrator_sees_and_ends_those_of_others(client_of: Browser, otto: User, ada: User) -> None:
    hers, his = client_of(ada), client_of(otto)
    assert "ada" in his.get(SESSIONS).content.decode()

    address = "/admin/auth/user/actions/end_sessions/"
    his.post(address, {"_selected_action": [ada.pk], "confirmed": "yes", "reason": "phone lost"})

    assert not is_signed_in(hers)
    assert is_signed_in(his)
    assert AuditEntry.objects.get(action="all sessions ended").reason == "phone lost"


def test_an_auditor_sees_none_but_the_own(client_of: Browser, audrey: User, ada: User) -> None:
    client_of(ada)

    page = client_of(audrey).get(SESSIONS)

    assert set(page.context["cl"].result_list.values_list("user", flat=True)) == {audrey.pk}


def test_who_is_made_inactive_is_signed_in_nowhere(client_of: Browser, otto: User, vera: User) -> None:
    hers = client_of(vera)
    groups = [group.pk for group in vera.groups.all()]

    client_of(otto).post(f"/admin/auth/user/{vera.pk}/change/", {"username": "vera", "groups": groups})

    assert not is_signed_in(hers)
    assert not Session.objects.filter(user=vera).exists()


def test_ended_sessions_are_removed_by_night(client_of: Browser, vera: User) -> None:
    client_of(vera)
    go_back_in_time(idle=timedelta(hours=9))
    browser = client_of(vera)

    remove_ended_sessions()

    assert Session.objects.count() == 1
    assert is_signed_in(browser)


def test_signing_out_removes_the_session(client_of: Browser, vera: User) -> None:
    browser = client_of(vera)

    browser.post("/admin/logout/")

    assert not Session.objects.exists()


def test_it_is_known_from_where_and_with_which_browser_somebody_has_signed_in(otto: User) -> None:
    otto.set_password("otto's own 7")
    otto.save()
    chrome = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/156.0 Safari/537.36"
    browser = Client(HTTP_USER_AGENT=chrome, REMOTE_ADDR="10.1.2.3")

    browser.post("/account/login/", {"login": "otto", "password": "otto's own 7"})

    session = Session.objects.get(user=otto)
    assert (session.address, session.user_agent) == ("10.1.2.3", chrome)
    page = browser.get(SESSIONS).content.decode()
    assert "Chrome · Windows <span" in page
    assert "10.1.2.3" in page
