"""What somebody types into the database about events, calls and cases, past all that hireops asks."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import QuerySet
from django.test import Client

from bindings.models import CustomField
from hireops.guards.installed import LIFTED, differences
from hireops.guards.installing import install, lift
from hireops.inbox.models import Event, EventContent
from hireops.outbox.models import Attempt, Call
from referrals.models import Case
from tests.databases import Database
from tests.referrals.raw_sql import columns_of, execute, refused
from tests.selection import also_on_sqlite, on_postgresql, on_sqlite

pytestmark = [also_on_sqlite, pytest.mark.slow]

CONTENT = '{"other": 1}'


@pytest.mark.parametrize("column", ["digest", "event_id", "event_type"])
def test_an_event_stays_as_it_came(company: Database, column: str):
    event = Event.objects.earliest("pk")
    before = columns_of(event)
    refused("event_", f"UPDATE inbox_event SET {column} = %s WHERE id = %s", CONTENT, event.pk)
    refused("event_stays", "DELETE FROM inbox_event WHERE id = %s", event.pk)
    assert columns_of(event) == before


def test_what_an_event_said_stays_as_it_came_and_in_its_month(company: Database):
    content = _contents().exclude(event__event_type="app_ticket").earliest("pk")
    before = columns_of(content)
    for change in (f"payload = '{CONTENT}'", "payload = NULL", "raw = ''", "event_id = event_id + 1000000"):
        refused("content_stays", f"UPDATE inbox_eventcontent SET {change} WHERE event_id = %s", content.pk)
    another = "UPDATE inbox_eventcontent SET month = month + 1 WHERE event_id = %s"
    refused("content_is_only_kept_longer", another, content.pk)
    assert columns_of(content) == before


def test_what_is_due_has_what_it_said(company: Database):
    due = (
        "UPDATE inbox_event SET state = 'pending', handled_at = NULL, not_before = received_at WHERE id = %s"
    )
    removed = "DELETE FROM inbox_eventcontent WHERE event_id = %s"
    handled = _contents().filter(event__state=Event.State.HANDLED, event__not_before=None)
    first, second = handled.order_by("pk")[:2]
    execute(due, first.pk)
    refused("content_of_what_is_due_stays", removed, first.pk)
    execute(removed, second.pk)
    refused("event_to_be_handled_has_its_content", due, second.pk)


def _contents() -> QuerySet[EventContent]:
    return EventContent.objects.filter(payload__isnull=False)


@on_sqlite
def test_an_event_is_not_replaced_by_another_of_its_id(company: Database):
    event = _contents().earliest("pk").event
    columns = "app_id, event_id, event_type, tenant_key, state, subject"
    replaced = f"INSERT OR REPLACE INTO inbox_event ({columns}, digest) SELECT {columns}, 'another'"
    before = columns_of(event)
    execute(f"{replaced} FROM inbox_event WHERE id = %s", event.pk)
    assert columns_of(Event.objects.get(app_id=event.app_id, event_id=event.event_id)) == before
    columns = "event_id, month, raw"
    other = f"INSERT OR REPLACE INTO inbox_eventcontent ({columns}, payload) SELECT {columns}, '{CONTENT}'"
    refused("content_replaces_none", f"{other} FROM inbox_eventcontent WHERE event_id = %s", event.pk)
    whole = "INSERT OR REPLACE INTO inbox_event SELECT * FROM inbox_event WHERE id = %s"
    execute(whole, event.pk)
    assert columns_of(event) == before


def test_an_answer_is_kept_as_it_was_given(company: Database):
    call = Call.objects.filter(answer__isnull=False, trimmed_at=None).exclude(answer={}).earliest("pk")
    for value in (CONTENT, "{}", None):
        refused("answered_once", "UPDATE outbox_call SET answer = %s WHERE id = %s", value, call.pk)
    refused("call_stays", "DELETE FROM outbox_call WHERE id = %s", call.pk)


@pytest.mark.parametrize("column", ["request", "response", "duration_ms", "endpoint", "outcome", "log_id"])
def test_an_attempt_that_has_ended_says_what_it_said(company: Database, column: str):
    attempt = Attempt.objects.filter(finished_at__isnull=False, request__isnull=False).earliest("pk")
    value: Any = {"request": CONTENT, "response": CONTENT, "duration_ms": 7}.get(column, "other")
    refused("attempt_", f"UPDATE outbox_attempt SET {column} = %s WHERE id = %s", value, attempt.pk)
    refused("attempt_content", "UPDATE outbox_attempt SET request = NULL WHERE id = %s", attempt.pk)


@on_postgresql
@pytest.mark.parametrize("table", ["outbox_attempt", "outbox_call", "inbox_event", "inbox_eventcontent"])
def test_evidence_is_not_emptied(company: Database, table: str):
    refused("never emptied", f"TRUNCATE {table} CASCADE")


def test_a_case_begins_open_and_is_closed_once(company: Database):
    case = Case.objects.filter(closed_at__isnull=False).earliest("pk")
    refused("closed_once", "UPDATE referrals_case SET closed_at = NULL, note = '' WHERE id = %s", case.pk)
    columns = "kind, account_id, asset, closed_at, note"
    inserted = f"INSERT INTO referrals_case ({columns}) SELECT {columns} FROM referrals_case WHERE id = %s"
    refused("begins_open", inserted, case.pk)


def test_staff_read_that_nothing_was_saved_and_what_to_do(
    transactional_db: None, vera: User, client_of: Callable[[User], Client]
):
    browser = client_of(vera)
    browser.cookies["django_language"] = "en"
    browser.raise_request_exception = False
    lift(connection)
    try:
        connection.close()  # the next one is not the one that migrates
        field = {"scope": 1, "key": "plan", "name_zh": "套餐", "position": 10}
        answer = browser.post("/admin/bindings/customfield/add/", field)
    finally:
        install(connection)
    assert answer.status_code == 503
    assert "Nothing of what you entered was saved" in answer.content.decode()
    assert not CustomField.objects.exists()


@on_postgresql
def test_the_owner_of_the_tables_need_be_no_superuser(company: Database):
    """What a migrate does to guards, a role without rights on anything else can do."""
    role = f"{company.name}_owner"
    execute(f'CREATE ROLE "{role}" NOSUPERUSER')
    try:
        _give_everything_to(role)
        execute(f'SET ROLE "{role}"')
        lift(connection)
        assert [str(each) for each in differences(connection)] == [LIFTED]
        assert install(connection) == []
        assert differences(connection) == []
    finally:
        execute("RESET ROLE")
        execute(f'REASSIGN OWNED BY "{role}" TO CURRENT_USER')
        execute(f'DROP OWNED BY "{role}"')
        execute(f'DROP ROLE "{role}"')


@on_postgresql
def test_who_does_not_own_the_tables_is_told_who_puts_guards_back(company: Database):
    role = f"{company.name}_stranger"
    execute(f'CREATE ROLE "{role}" NOSUPERUSER')
    try:
        execute(f'GRANT USAGE ON SCHEMA public TO "{role}"')
        execute(f'SET ROLE "{role}"')
        with pytest.raises(CommandError, match="Only the owner of the tables can put guards back"):
            call_command("guards", "--install")
    finally:
        execute("RESET ROLE")
        execute(f'DROP OWNED BY "{role}"')
        execute(f'DROP ROLE "{role}"')
    assert differences(connection) == []


def _give_everything_to(role: str) -> None:
    execute(f'GRANT CREATE, USAGE ON SCHEMA public TO "{role}"')
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT format('ALTER TABLE %I OWNER TO ', tablename) FROM pg_tables WHERE schemaname = 'public'"
        )
        tables = [statement for (statement,) in cursor.fetchall()]
        cursor.execute(
            "SELECT format('ALTER FUNCTION %I() OWNER TO ', proname) FROM pg_proc"
            " WHERE pronamespace = 'public'::regnamespace AND prorettype = 'trigger'::regtype"
        )
        functions = [statement for (statement,) in cursor.fetchall()]
    for statement in [*tables, *functions]:
        execute(f'{statement}"{role}"')
