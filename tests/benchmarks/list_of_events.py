"""The list of events: filled by SQL, spread over 100 days, and its pages."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from django.db import connection

from tests.benchmarks.filling import dialect

LIST = "/admin/inbox/event/"
DAYS, TENANTS = 100, 4
BALANCE, BINDING, RARE = (
    "hire.referral_account.assets_update_v1",
    "hire.eco_account.created_v1",
    "test.only_among_the_oldest_v1",
)
PAYLOAD = """{"schema": "2.0", "header": {"event_id": "event-NUMBER", "app_id": "cli_demo00000000001",
"create_time": "1763700000000", "tenant_key": "tenant_1"}, "event": {"account_id": "a-77", "modify_time":
"1763700000000", "assets": {"confirmed_bonus": {"point_bonus": NUMBER, "cash_bonus": []}}}}"""
# The oldest hundred have a type and a state that nothing else has: statistics hardly know of them.
EVENTS = """
    WITH {numbers}
    INSERT INTO inbox_event
        (app_id, event_id, event_type, tenant_key, created_at, received_at, digest,
         state, reason, cause, subject, handled_at, not_before, tries)
    SELECT 'cli_demo00000000001', 'event-' || n,
           CASE WHEN n <= 100 THEN '{rare}' WHEN n / 3 % 2 = 0 THEN '{balance}' ELSE '{binding}' END,
           'tenant_' || (n / 5 % {tenants}), {moment}, {moment}, '', state, '', '',
           CASE WHEN n % 2 = 0 THEN 'account-' || (n / 2 % 100) ELSE 'once-' || n END,
           CASE WHEN state = 'handled' THEN {moment} END, NULL, 1
    FROM (
        SELECT n, CASE WHEN n <= 100 THEN 'set_aside' WHEN n % 50 = 0 THEN 'failed' ELSE 'handled' END
               AS state
        FROM numbers
    ) AS events
    ORDER BY n
"""
# All of this month, though the events go back a year: a page reads the content of one.
CONTENTS = """
    INSERT INTO inbox_eventcontent (event_id, raw, payload)
    SELECT id, '', replace('{payload}', 'NUMBER', substr(event_id, 7)){as_json} FROM inbox_event ORDER BY id
"""
ATTEMPTS = """
    INSERT INTO inbox_attempt (event_id, started_at, finished_at, outcome, error)
    SELECT id, received_at, received_at, 'handled', '' FROM inbox_event ORDER BY id
"""


def fill(rows: int) -> None:
    from hireops.feishu.models import Tenant  # noqa: PLC0415 - only in the process that has settings

    for number in range(TENANTS):
        Tenant.objects.get_or_create(app_id="cli_demo00000000001", tenant_key=f"tenant_{number}")
    words = dialect()
    seconds = f"{DAYS} * 86400.0 * ({rows} - n) / {rows}"
    events = EVENTS.format(
        numbers=words.numbers.format(rows=rows),
        moment=words.moment.format(seconds=seconds),
        tenants=TENANTS,
        rare=RARE,
        balance=BALANCE,
        binding=BINDING,
    )
    with connection.cursor() as cursor:
        cursor.execute(events)
        cursor.execute(CONTENTS.format(payload=PAYLOAD, as_json=words.as_json))
        cursor.execute(ATTEMPTS)


def pages(rows: int) -> dict[str, str]:
    """The addresses of the pages, each with fifty rows or none, whatever the number of rows."""
    from hireops.inbox.models import Event  # noqa: PLC0415

    return {
        **dict(_lists(rows)),
        "an event": f"{LIST}{Event.objects.get(event_id=f'event-{rows // 2}').pk}/change/",
    }


def _lists(rows: int) -> Iterator[tuple[str, str]]:
    day = (datetime.now(UTC) - timedelta(days=DAYS / 2)).date()
    queries: dict[str, dict[str, object]] = {
        "first page": {},
        "second page": {"p": 2},
        "tenth page": {"p": 10},
        "on from the middle": {"before": rows // 2},
        "on among the oldest": {"before": 90},
        "state: handled": {"state__exact": "handled"},
        "state: failed (one in 50)": {"state__exact": "failed"},
        "state: set aside (the oldest only)": {"state__exact": "set_aside"},
        "state: waiting (none)": {"state__exact": "pending"},
        "type: balance": {"event_type": BALANCE},
        "type: the oldest only": {"event_type": RARE},
        "type: balance, on from the middle": {"event_type": BALANCE, "before": rows // 2},
        "tenant": {"tenant": "tenant_1"},
        "tenant: of nobody": {"tenant": "tenant_of_nobody"},
        "a day": {"day": day},
        "a day and a state": {"day": day, "state__exact": "handled"},
        "state and type": {"state__exact": "failed", "event_type": BALANCE},
        "state, type and tenant": {"state__exact": "handled", "event_type": BALANCE, "tenant": "tenant_2"},
        "two that exclude each other": {"state__exact": "failed", "event_type": RARE},
        "search: event ID": {"q": f"event-{rows // 2}"},
        "search: account ID": {"q": "account-77"},
        "search: account ID, and a state": {"q": "account-77", "state__exact": "handled"},
        "search: nothing like it": {"q": "nothing-like-it"},
        "search: type": {"q": BINDING},
    }
    for name, query in queries.items():
        yield name, f"{LIST}?{urlencode(query)}"
