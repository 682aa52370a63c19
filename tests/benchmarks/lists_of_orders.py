"""The lists of background checks and exams: filled by SQL, spread over 10 customers, and their pages."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from tests.benchmarks.filling import dialect, multiply

CHECKS, EXAMS = "/admin/bindings/backgroundcheck/", "/admin/bindings/exam/"
CUSTOMERS = 10
OPEN = 50  # the newest, whatever the number of rows: a team serves so many at a time


def fill_checks(rows: int) -> None:
    from bindings.models import BackgroundCheck  # noqa: PLC0415 - only in the process that has settings

    _fill(BackgroundCheck, rows, "background_check_id", ended="completed", begun="in_progress")


def fill_exams(rows: int) -> None:
    from bindings.models import Exam  # noqa: PLC0415

    _fill(Exam, rows, "exam_id", ended="result_sent", begun="arranged")


def pages_of_checks(rows: int) -> dict[str, str]:
    from bindings.models import BackgroundCheck  # noqa: PLC0415

    middle = BackgroundCheck.objects.get(background_check_id=f"order-{rows // 2}")
    return _pages(CHECKS, rows, middle.pk, ended="completed", begun="in_progress")


def pages_of_exams(rows: int) -> dict[str, str]:
    from bindings.models import Exam  # noqa: PLC0415

    middle = Exam.objects.get(exam_id=f"order-{rows // 2}")
    return _pages(EXAMS, rows, middle.pk, ended="result_sent", begun="arranged")


def _pages(address: str, rows: int, middle: int, *, ended: str, begun: str) -> dict[str, str]:
    """Each with fifty rows or none; a customer has a tenth of all."""
    queries: dict[str, dict[str, object]] = {
        "first page": {},
        "tenth page": {"p": 10},
        "state: the usual": {"state__exact": ended},
        "state: under way (50)": {"state__exact": begun},
        "state: received (none)": {"state__exact": "received"},
        "customer": {"customer__id__exact": 1 + CUSTOMERS // 2},
        "search: order ID": {"q": f"order-{rows // 2}"},
        "search: nothing like it": {"q": "nothing-like-it"},
    }
    lists = {name: f"{address}?{urlencode(query)}" for name, query in queries.items()}
    return {**lists, "an order": f"{address}{middle}/change/"}


def _fill(model: Any, rows: int, named: str, *, ended: str, begun: str) -> None:
    """Orders of 1,000 candidates each day; all but the newest have ended."""
    from bindings.models import Customer, EcoAccount  # noqa: PLC0415
    from hireops.database import clock  # noqa: PLC0415
    from hireops.feishu.models import Tenant  # noqa: PLC0415
    from hireops.inbox.models import Event  # noqa: PLC0415
    from tests.kept_events import keep_event  # noqa: PLC0415

    now = clock.now()
    tenant, _ = Tenant.objects.get_or_create(app_id="cli_demo00000000001", tenant_key="tenant_0")
    for number in range(CUSTOMERS):
        Customer.objects.create(code=f"C{number}", name=f"Customer {number}")
    first = Customer.objects.order_by("pk").first()
    event = keep_event(
        app_id=tenant.app_id,
        event_id="event-0",
        event_type="test.order",
        tenant_key=tenant.tenant_key,
        payload={},
        state=Event.State.HANDLED,
        handled_at=now,
        created_at=now,
    )
    account = EcoAccount.objects.create(tenant=tenant, account_id="account-0", scope=1, event=event)
    multiply(event, rows, event_id="'event-' || n")
    events = dict(Event.objects.filter(event_id__in=["event-0", "event-1"]).values_list("event_id", "pk"))
    example = model.objects.create(
        **{named: "order-0"},
        tenant=tenant,
        account_named=account.account_id,
        account=account,
        customer=first,
        event=event,
        received_at=now,
        turn_since=now,
        state=ended,
        ended_at=now - timedelta(days=1),
    )
    assert first is not None
    is_open = f"n > {rows - OPEN}"
    moment = dialect().moment.format(seconds=f"86.4 * ({rows} - n)")
    multiply(
        example,
        rows,
        **{named: "'order-' || n"},
        event_id=f"{events['event-1'] - 1} + n",
        customer_id=f"{first.pk} + n % {CUSTOMERS}",
        candidate_name="'Candidate ' || n",
        candidate_mobile="'+86138' || (10000000 + n)",
        candidate_email="'candidate-' || n || '@example.com'",
        state=f"CASE WHEN {is_open} THEN '{begun}' ELSE '{ended}' END",
        received_at=moment,
        ended_at=f"CASE WHEN {is_open} THEN NULL ELSE {moment} END",
    )
