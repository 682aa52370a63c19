"""A company's rows for ``tests.benchmarks.pages``: every table of both businesses, in proportion, by SQL.

``rows`` referral accounts and as many orders, half of them checks and half exams; ten times as many events,
and what comes of both: balances and their steps, withdrawals, payments, calls, messages, audit. Of each state
there are the ``EACH`` newest rows, whatever the number of all: a team has so much work at a time. So a page
of a list shows as many rows in a small company as in a large one. PostgreSQL only.
"""

from typing import Any

from tests.benchmarks import list_of_events
from tests.benchmarks.company import bindings, outbox, referrals
from tests.benchmarks.company.rows import EACH, PEOPLE, Company, ago, cycled, only_if, spread, without_indexes

SMALLEST = 1_000
EVENTS_OF_AN_ACCOUNT = 10


def fill(rows: int) -> None:
    """Into an empty database whose guards are lifted. ``rows`` is at least ``SMALLEST``."""
    assert rows >= SMALLEST, f"at least {SMALLEST}, for each state to fill a page"
    with without_indexes("inbox_event"), without_indexes("inbox_attempt"):
        list_of_events.fill(EVENTS_OF_AN_ACCOUNT * rows)
    company = _begun(rows)
    for room in (outbox, referrals, bindings):
        room.fill(company)
    _plumbing(company)
    _audit(company)


def _begun(rows: int) -> Company:
    from django.contrib.auth.models import User  # noqa: PLC0415 - only in the process that has settings

    from hireops.database import clock  # noqa: PLC0415
    from hireops.feishu.models import Tenant  # noqa: PLC0415
    from hireops.inbox.models import Event  # noqa: PLC0415

    people = [
        User.objects.create_user(f"person-{number}", first_name=f"员工 {number}", is_staff=True)
        for number in range(PEOPLE)
    ]
    first = Event.objects.order_by("pk").first()
    tenant = Tenant.objects.order_by("pk").first()
    assert first is not None
    assert tenant is not None
    return Company(rows, people, tenant.pk, {"event": first.pk - 1}, clock.now())


def _plumbing(company: Company) -> None:
    from django.contrib.contenttypes.models import ContentType  # noqa: PLC0415

    from bindings.models import CustomerImport, OrderFile  # noqa: PLC0415
    from hireops.desk.models import InvariantCheck  # noqa: PLC0415
    from hireops.imports.models import ImportState  # noqa: PLC0415
    from hireops.inbox.models import Replay  # noqa: PLC0415
    from hireops.jobs.models import Job  # noqa: PLC0415
    from referrals.models import RegistrationImport  # noqa: PLC0415

    files = 7 * EACH
    state = spread(files, ImportState.DONE, ImportState.values)
    for model in (CustomerImport, OrderFile):
        file: Any = model.objects.create(
            file_name="file.csv", state=ImportState.DONE, uploaded_by=company.people[0]
        )
        differ = {"file_name": "'file-' || n", "uploaded_by_id": company.person(), "uploaded_at": ago(files)}
        company.copy(model.__name__, file, files, state=state, **differ)
    rows = max(company.rows // 10, 5 * EACH)
    job = Job.objects.create(
        kind="referrals.import_send",
        subject_type=ContentType.objects.get_for_model(RegistrationImport),
        subject_id=0,
        asked_by=company.people[0],
        asked_at=company.now,
        state=Job.State.DONE,
        finished_at=company.now,
    )
    running = f"{spread(rows, 'done', Job.State.values)} = 'running'"
    company.copy(
        "job",
        job,
        rows,
        subject_id="n",
        kind=cycled(["referrals.import_send", "referrals.reconciliation", "inbox.replay"]),
        asked_by_id=company.person(),
        asked_at=ago(rows),
        state=spread(rows, Job.State.DONE, Job.State.values),
        not_before=only_if(running, "now() + interval '1 hour'"),
        finished_at=only_if(f"NOT {running}", ago(rows)),
        taken_at=ago(rows),
    )
    replay = Replay.objects.create(
        since=company.now,
        reason="?",
        asked_by=company.people[0],
        asked_at=company.now,
        finished_at=company.now,
    )
    company.copy("replay", replay, 2 * EACH, asked_by_id=company.person())
    InvariantCheck.objects.create(started_at=company.now, finished_at=company.now)


def _audit(company: Company) -> None:
    """Half of it is one person's doing."""
    from django.contrib.contenttypes.models import ContentType  # noqa: PLC0415

    from hireops.desk.models import AuditEntry  # noqa: PLC0415
    from referrals.models import ReferralAccount, Withdrawal  # noqa: PLC0415

    rows = 3 * company.rows
    types = [ContentType.objects.get_for_model(model).pk for model in (Withdrawal, ReferralAccount)]
    entry = AuditEntry.objects.create(
        action="approved", target_type_id=types[0], target_id="0", target_label="#0"
    )
    number = f"CASE WHEN n % 2 = 0 THEN 0 ELSE n % {PEOPLE} END"
    company.copy(
        "audit",
        entry,
        rows,
        at=ago(rows),
        actor_id=f"{company.people[0].pk} + {number}",
        actor_name=f"'person-' || ({number})",
        action=cycled(["approved", "requested", "rejected", "changed", "added", "handed over"]),
        target_type_id=f"CASE n % 2 WHEN 0 THEN {types[0]} ELSE {types[1]} END",
        target_id=f"'' || (n % {company.rows} + 1)",
        target_label="'#' || n",
    )
