"""What a claim costs beside very many calls that may not leave. Times are printed; plans are asserted."""

import json
import sys
from datetime import UTC, datetime
from time import perf_counter

import pytest
from django.db import connection, transaction

from hireops.database import clock
from hireops.feishu.models import Tenant
from hireops.outbox.models import Call, Channel
from hireops.outbox.recording import record
from hireops.outbox.sending import due, keep_to_indexes, send, with_due_calls
from tests.outbox.conftest import claim
from tests.selection import on_postgresql

pytestmark = pytest.mark.django_db

MANY = 20_000

_COPIES = """
    INSERT INTO outbox_call ({columns})
    WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < %s)
    SELECT {values} FROM outbox_call CROSS JOIN numbers WHERE outbox_call.id = %s"""


def multiply(call, count=MANY, *, analyze=True):
    """Copies of a pending call, each for a target of its own."""
    columns = [str(field.column) for field in Call._meta.concrete_fields if not field.primary_key]
    values = [f"{column} || n" if column in {"target", "lane"} else column for column in columns]
    sql = _COPIES.format(columns=", ".join(columns), values=", ".join(values))
    with connection.cursor() as cursor:
        cursor.execute(sql, [count, call.pk])
        if analyze:
            cursor.execute("ANALYZE")


def milliseconds_per_claim(count=50):
    started = perf_counter()
    for _ in range(count):
        taken = claim()
        record(taken, send(taken))
    return round((perf_counter() - started) * 1000 / count, 2)


@pytest.mark.parametrize("shut", [True, False], ids=["in a closed channel", "in an open channel"])
def test_a_claim_does_not_look_at_the_calls_of_other_channels(enqueue, feishu, capsys, shut):
    dead = enqueue(1, target="dead", tenant=Tenant.objects.known(app_id="cli_1", tenant_key="dead"))
    live = enqueue(2, target="live")
    multiply(live, 200)
    if shut:
        Channel.objects.filter(tenant__tenant_key="dead").update(open_from=datetime(2099, 1, 1, tzinfo=UTC))
    before = milliseconds_per_claim()
    multiply(Call.objects.get(pk=dead.pk) if shut else enqueue(3, target="more", tenant=dead.tenant))
    after = milliseconds_per_claim()
    with capsys.disabled():
        sys.stdout.write(f"\n  {before} ms for claim and record, {after} ms with {MANY} more calls\n")
    if shut:
        assert set(Call.objects.filter(tries__gt=0).values_list("tenant", flat=True)) == {None}
    plan = with_due_calls(clock.now()).explain()
    assert "call_due_in_channel" in plan
    assert "Seq Scan on outbox_call" not in plan
    assert "SCAN U0" not in plan


@on_postgresql
def test_statistics_from_a_time_without_pending_calls_do_no_harm(enqueue):
    """ANALYZE with nothing pending is the normal state; it must not lead to joins over all pending calls."""
    enqueue(1)
    Call.objects.update(state="canceled", finished_at=clock.now())
    multiply(Call.objects.get())
    pending = enqueue(2, target="b")
    multiply(pending, 5_000, analyze=False)
    with transaction.atomic(), connection.cursor() as cursor:
        keep_to_indexes()
        now = clock.now()
        sql, params = due(now).filter(channel=pending.channel)[:1].query.sql_with_params()
        assert rows_read(cursor, sql, params) < 100
        sql, params = with_due_calls(now)[:20].query.sql_with_params()
        assert rows_read(cursor, sql, params) < 100


def rows_read(cursor, sql, params):
    cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", params)
    (plan,) = cursor.fetchone()
    return sum(_rows((plan if isinstance(plan, list) else json.loads(plan))[0]["Plan"]))


def _rows(node):
    yield node["Actual Loops"] * (node["Actual Rows"] + node.get("Rows Removed by Filter", 0))
    for below in node.get("Plans", []):
        yield from _rows(below)
