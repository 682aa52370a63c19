"""What is kept of the database from one event to the next: connections and the plan of the INSERT."""

import pytest
import requests
from django.db import connection

from hireops.database.many_rows import many_rows
from hireops.inbox.models import Event
from tests.deliveries import deliver, envelope, sealed
from tests.processes import wait_until
from tests.selection import on_postgresql

pytestmark = on_postgresql


def prepared():
    """How often each prepared INSERT of this connection has been planned or run."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT generic_plans + custom_plans FROM pg_prepared_statements "
            "WHERE statement LIKE '%INTO inbox_event%'"
        )
        return [times for (times,) in cursor.fetchall()]


@pytest.mark.django_db(transaction=True)
def test_the_insert_is_parsed_once_for_all_events(client):
    connection.close()
    for _ in range(3):
        assert deliver(client, envelope("test.x_v1")).status_code == 200
    assert prepared() == [3]


@pytest.mark.django_db(transaction=True)
def test_nothing_is_prepared_behind_a_pooler(client, settings):
    connection.close()
    settings.DATABASE_POOLER = "transaction"
    for _ in range(3):
        assert deliver(client, envelope("test.x_v1")).status_code == 200
    assert prepared() == []
    assert Event.objects.count() == 3


@pytest.mark.django_db
@pytest.mark.parametrize(("pooler", "cursors"), [("none", 1), ("transaction", 0)])
def test_no_cursor_is_left_at_the_server_behind_a_pooler(settings, pooler: str, cursors: int):
    settings.DATABASE_POOLER = pooler
    rows = many_rows("SELECT generate_series(1, 5000)")
    assert next(rows) == (1,)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_cursors")
        assert cursor.fetchone() == (cursors,)
    assert len(list(rows)) == 4999


def test_a_worker_keeps_its_connection_from_task_to_task(hireops):
    web = hireops.web()
    mark = "&" if "?" in hireops.database.url else "?"
    hireops.worker("--concurrency", "1", DATABASE_URL=f"{hireops.database.url}{mark}application_name=worker")

    def connections_after_an_event():
        body, headers = sealed(envelope("test.x_v1"))
        assert requests.post(f"{web}/webhook/event", data=body, headers=headers, timeout=20).ok
        wait_until(
            lambda: not hireops.database.rows("SELECT 1 FROM inbox_event WHERE state = 'pending'"),
            what="the event is not handled",
        )
        rows = hireops.database.rows(
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'worker' "
            "AND datname = current_database()"
        )
        return {pid for (pid,) in rows}

    seen = [connections_after_an_event() for _ in range(3)]
    assert set.intersection(*seen), seen
