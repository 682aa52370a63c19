"""The list of events answers from an index, however many there are: what it reads is counted, not timed."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from hireops.database import clock
from hireops.feishu.models import Tenant
from hireops.inbox import dispatch, event_queries
from hireops.inbox.models import Event
from tests.deliveries import deliver, envelope
from tests.selection import also_on_sqlite, on_postgresql

pytestmark = [also_on_sqlite, pytest.mark.django_db]

LIST = "/admin/inbox/event/"
MANY = 200_000


@pytest.fixture(autouse=True)
def _types_that_somebody_owns(handles: Any) -> None:
    for name in ("test.a_v1", "test.b_v1"):
        handles(name, lambda _event: None)


@pytest.fixture
def events(db: None) -> Any:
    """``events(3, state="failed")`` makes rows as they are after the worker; the newest last."""

    def events(count: int, **values: Any) -> list[Event]:
        first = Event.objects.count()
        rows = [
            Event(**{"app_id": "cli_1", "event_id": f"event-{first + number}", **values})
            for number in range(count)
        ]
        return Event.objects.bulk_create(rows)

    return events


def shown(browser: Any, **query: Any) -> list[int]:
    return [event.pk for event in browser.get(LIST, query).context["cl"].result_list]


def ids(events: list[Event]) -> list[int]:
    return [event.pk for event in reversed(events)]


@pytest.fixture
def browser(client_of: Any, vera: Any) -> Any:
    return client_of(vera)


def test_filters_and_search_find_what_they_say_newest_first(browser: Any, events: Any) -> None:
    Tenant.objects.create(app_id="cli_1", tenant_key="tenant_b", name="Bright Ltd")
    plain = events(2, event_type="test.a_v1", tenant_key="tenant_a", subject="account-1", state="unhandled")
    failed = events(2, event_type="test.a_v1", tenant_key="tenant_b", subject="account-2", state="failed")
    other = events(2, event_type="test.b_v1", tenant_key="tenant_b", subject="account-1", state="failed")

    assert shown(browser) == ids(plain + failed + other)
    assert shown(browser, state__exact="failed") == ids(failed + other)
    assert shown(browser, event_type="test.b_v1") == ids(other)
    assert shown(browser, tenant="tenant_a") == ids(plain)
    assert shown(browser, state__exact="failed", event_type="test.a_v1") == ids(failed)
    assert shown(browser, state__exact="failed", event_type="test.a_v1", tenant="tenant_a") == []
    assert shown(browser, q=failed[0].event_id) == [failed[0].pk]
    assert shown(browser, q=" account-1 ") == ids(plain + other)
    assert shown(browser, q="account-1", tenant="tenant_a") == ids(plain)
    assert shown(browser, q="test.b_v1") == ids(other)
    assert shown(browser, q="test.b_v1", event_type="test.a_v1") == []
    assert shown(browser, q="tenant_b") == shown(browser, q="Bright Ltd") == ids(failed + other)
    assert shown(browser, q="account") == []
    assert shown(browser, state__exact="nonsense") == []


@pytest.mark.usefixtures("_salaries_are_hidden")
def test_nobody_learns_by_searching_whom_a_hidden_event_is_about(
    browser: Any, client_of: Any, otto: Any, events: Any
) -> None:
    hidden = events(2, event_type="test.salary_v1", subject="employee-7", state="failed")
    shared = events(1, event_type="test.salary_v1", subject="account-1", state="failed")
    seen = events(1, event_type="test.b_v1", subject="account-1", state="failed")

    assert shown(browser) == ids(hidden + shared + seen)
    assert shown(browser, q=hidden[0].event_id) == [hidden[0].pk]
    assert shown(browser, q="employee-7") == []
    assert shown(browser, q="employee-7", event_type="test.salary_v1") == []
    assert shown(browser, q="account-1") == ids(seen)
    assert shown(browser, q="account-1", state__exact="failed") == ids(seen)
    assert shown(browser, q="account-1", event_type="test.salary_v1") == []
    assert shown(client_of(otto), q="account-1") == ids(shared + seen)
    for lookup in ("subject", "subject__startswith", "payload__event__account_id"):
        assert browser.get(LIST, {lookup: "employee-7"}).status_code == 400


@pytest.fixture
def _salaries_are_hidden(handles: Any) -> None:
    """From all but auditors and administrators."""
    handles("test.salary_v1", lambda event: None, permission="desk.view_auditentry")


def test_a_day_and_an_hour_are_those_of_the_reader(browser: Any, events: Any) -> None:
    noon = timezone.make_aware(datetime(2026, 11, 2, 12, 30))  # noqa: DTZ001 - of the pages' time zone
    at = [noon - timedelta(days=1), noon - timedelta(hours=13), noon - timedelta(hours=12), noon]
    at.append(noon + timedelta(hours=12))
    rows = [events(1, received_at=moment, state="failed")[0].pk for moment in at]

    assert shown(browser, day="2026-11-02") == [rows[3], rows[2]]
    assert shown(browser, day="2026-11-01") == [rows[1], rows[0]]
    assert shown(browser, day="2026-11-02T12", state__exact="failed") == [rows[3]]
    assert shown(browser, day="2026-11-02", state__exact="pending") == []
    for nonsense in ("yesterday", "2026-13-40", "0001-01-01", ""):
        assert len(shown(browser, day=nonsense)) == 5


def test_events_that_arrived_in_another_order_than_their_ids_are_found_on_their_day(events: Any) -> None:
    midnight = datetime(2026, 11, 2, tzinfo=UTC)
    seconds = [-30, 20, -20, 30]
    rows = [events(1, received_at=midnight + timedelta(seconds=s), state="failed")[0] for s in seconds]

    for equal in ({}, {"state": "failed"}, {"state": "failed", "tenant_key": ""}):
        after = event_queries.find(event_queries.EventQuery(equal, since=midnight)).rows
        until = event_queries.find(event_queries.EventQuery(equal, until=midnight)).rows
        assert list(after) == [rows[3], rows[1]]
        assert list(until) == [rows[2], rows[0]]


def test_a_link_leads_on_from_page_to_page_without_an_offset(browser: Any, events: Any) -> None:
    rows = ids(events(120, state="failed"))
    seen, address = [], LIST + "?state__exact=failed"
    while address:
        with CaptureQueriesContext(connection) as queries:
            changes = browser.get(address).context["cl"]
        seen += [event.pk for event in changes.result_list]
        address = LIST + older if (older := changes.older()) else ""
        assert not [query for query in queries if "OFFSET" in query["sql"]]

    assert seen == rows


def test_of_two_conditions_the_rarer_is_read_and_the_list_says_how_far(
    browser: Any, events: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_queries, "SCANNED", 5)
    old = events(1, state="failed", event_type="test.a_v1")
    events(7, state="failed", event_type="test.b_v1")
    new = events(1, state="failed", event_type="test.a_v1")
    events(20, state="unhandled", event_type="test.a_v1")

    page = browser.get(LIST, {"state__exact": "failed", "event_type": "test.a_v1"}).context["cl"]
    assert [event.pk for event in page.result_list] == ids(new)
    following = browser.get(LIST + page.older()).context["cl"]
    assert [event.pk for event in following.result_list] == ids(old)
    assert following.older() == ""


def test_of_two_conditions_no_more_are_read_than_pages_are_turned_in(
    browser: Any, events: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_queries, "BATCH", 3)
    monkeypatch.setattr(event_queries, "ENOUGH", 5)
    rows = ids(events(20, state="failed", event_type="test.a_v1"))
    seen, address = [], f"{LIST}?state__exact=failed&event_type=test.a_v1"
    shown = []
    while address:
        changes = browser.get(address).context["cl"]
        shown.append(len(changes.result_list))
        seen += [event.pk for event in changes.result_list]
        address = LIST + older if (older := changes.older()) else ""
    assert seen == rows
    assert shown == [6, 6, 6, 2]


def test_a_tenant_is_looked_for_also_while_none_is_known(browser: Any, events: Any) -> None:
    theirs = events(2, tenant_key="theirs")
    events(3, tenant_key="of others")
    shown = browser.get(LIST, {"tenant": "theirs"}).context["cl"]
    assert [event.pk for event in shown.result_list] == ids(theirs)
    assert not browser.get(LIST, {"tenant": "nobody"}).context["cl"].result_list


def test_the_worker_notes_what_an_event_is_about_whether_or_not_it_can_handle_it(
    client: Any, handles: Any
) -> None:
    def refuse(event: Event) -> None:
        raise ValueError

    handles("test.bad_v1", refuse)
    handles("test.good_v1", lambda event: None)
    bodies = [
        {"account_id": "a-1"},
        {"background_check_id": "b-1"},
        {"account_id": 7},
        {"account_id": "x" * 300},
    ]
    for event_type in ("test.bad_v1", "test.good_v1", "test.nobody_v1"):
        for body in bodies:
            deliver(client, envelope(event_type, body))
    while batch := dispatch.claim():
        dispatch.handle(batch)

    noted = list(Event.objects.order_by("id").values_list("subject", flat=True))
    assert noted == ["a-1", "b-1", None, "x" * 255] * 3


# --- What is read -------------------------------------------------------------------------------------------


@pytest.fixture
def two_hundred_thousand(db: None) -> None:
    """Made so that statistics mislead: what is failed, of type b and tenant b is all among the oldest."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO inbox_event
                (app_id, event_id, event_type, tenant_key, received_at, digest, state, handled_at,
                 not_before, subject)
            SELECT 'cli_1', 'event-' || n, CASE WHEN old THEN 'test.b_v1' ELSE 'test.a_v1' END,
                   CASE WHEN old THEN 'tenant_b' ELSE 'tenant_a' END, now() - make_interval(mins => %s - n),
                   '', CASE WHEN old THEN 'failed' ELSE 'handled' END,
                   CASE WHEN old THEN NULL ELSE now() END, NULL, 'account-' || n %% 5000
            FROM (SELECT n, n <= 20000 AS old FROM generate_series(1, %s) AS n) AS numbers
            """,
            [MANY, MANY],
        )
        cursor.execute("ANALYZE inbox_event")


@pytest.fixture
def rows_read(db: None) -> Iterator[list[tuple[int, str]]]:
    """How many rows the scans of each query of the events went over, and which query that was."""
    seen: list[tuple[int, str]] = []

    def measured(execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        if sql.startswith(("SELECT", "WITH")) and '"inbox_event"' in sql:
            execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", params, many, context)
            plan = context["cursor"].cursor.fetchone()[0][0]["Plan"]
            seen.append((_read(plan), sql))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(measured):
        yield seen


OF_A_BITMAP = {"Bitmap Index Scan", "BitmapAnd", "BitmapOr"}


def _read(plan: dict[str, Any]) -> int:
    children = plan.get("Plans", ())
    bitmaps = sum(_read(child) for child in children if child["Node Type"] in OF_A_BITMAP)
    below = sum(_read(child) for child in children if child["Node Type"] not in OF_A_BITMAP)
    if "Scan" not in plan["Node Type"] or "Subquery" in plan["Node Type"]:
        return below + bitmaps
    removed = plan.get("Rows Removed by Filter", 0) + plan.get("Rows Removed by Index Recheck", 0)
    here: int = (plan["Actual Rows"] + removed) * plan["Actual Loops"]
    # What a bitmap's index scan went over is what its heap scan fetches: the same rows.
    return max(here, bitmaps) + below


DAY = str((datetime.now(UTC) - timedelta(days=100)).date())
SEARCHES = [
    {},
    {"state__exact": "failed"},
    {"state__exact": "handled"},
    {"state__exact": "unreadable"},
    {"event_type": "test.b_v1"},
    {"event_type": "test.a_v1", "before": "150000"},
    {"tenant": "tenant_b", "before": "5000"},
    {"tenant": "tenant_of_nobody"},
    {"day": DAY},
    {"day": DAY, "state__exact": "handled"},
    {"day": DAY, "state__exact": "failed"},
    {"state__exact": "failed", "event_type": "test.a_v1"},
    {"state__exact": "handled", "event_type": "test.b_v1", "tenant": "tenant_a"},
    {"day": DAY, "event_type": "test.a_v1", "tenant": "tenant_a"},
    {"q": "event-77"},
    {"q": "account-77"},
    {"q": "account-77", "state__exact": "failed"},
    {"q": "nothing-like-it"},
    {"q": "test.b_v1"},
    {"q": "tenant_b"},
    {"p": "3", "event_type": "test.b_v1"},
]


@on_postgresql
def test_no_page_of_the_list_reads_more_than_a_few_thousand_of_many_rows(
    browser: Any, two_hundred_thousand: None, rows_read: list[tuple[int, str]]
) -> None:
    for query in SEARCHES:
        rows_read.clear()
        assert browser.get(LIST, query).status_code == 200
        assert rows_read, query
        worst = max(rows_read)
        assert worst[0] <= event_queries.SCANNED + 1000, (query, worst)


@on_postgresql
def test_the_health_page_and_the_home_page_read_little_of_many_rows(
    browser: Any, two_hundred_thousand: None, rows_read: list[tuple[int, str]]
) -> None:
    for page in ("/admin/", "/admin/health/"):
        rows_read.clear()
        assert browser.get(page).status_code == 200
        worst = max(rows_read)
        assert worst[0] <= 2000, (page, worst)


def test_each_walk_uses_the_index_of_its_column_on_either_database() -> None:
    for column, index in (
        ("state", "event_by_state"),
        ("event_type", "event_by_type"),
        ("tenant_key", "event_by_tenant"),
        ("subject", "event_by_subject"),
    ):
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL enable_seqscan = off")
        plan = event_queries.by_index(column, "x", after=5, before=10)[:50].explain()
        assert index in plan, plan
        assert "TEMP B-TREE" not in plan.upper(), plan


def test_the_list_never_counts_without_a_limit_or_an_order(browser: Any, events: Any) -> None:
    events(60, state="failed", received_at=clock.now())
    with CaptureQueriesContext(connection) as queries:
        browser.get(LIST, {"state__exact": "failed"})

    counts = [query["sql"] for query in queries if "COUNT(" in query["sql"] and "inbox_event" in query["sql"]]
    assert counts
    assert [sql for sql in counts if "LIMIT" not in sql or "ORDER BY" not in sql] == []


def test_an_event_of_this_app_is_still_kept_once(client: Any) -> None:
    content = envelope("test.x_v1", event_id="once")
    for _ in range(2):
        assert deliver(client, content).status_code == 200
    assert Event.objects.filter(event_id="once", app_id=settings.FEISHU_APP_ID).count() == 1


def test_pages_with_numbers_end_early_because_the_link_leads_on(browser: Any, events: Any) -> None:
    events(60, state="failed")
    with CaptureQueriesContext(connection) as queries:
        browser.get(LIST, {"p": "999"}, follow=True)

    limits = [query["sql"].rsplit("LIMIT ", 1)[1] for query in queries if "COUNT(" in query["sql"]]
    assert max(int(limit.split(")")[0]) for limit in limits) == 100 * 50 + 1
