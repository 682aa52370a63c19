"""One reconciliation from its start to its end: its calls to Feishu, some at a time, and their answers.

Its job enqueues a few calls and rests; an answer that has been compared wakes it. Whoever works on one locks
its row first, accounts second, the job last. The accounts of one answer are all that a transaction locks, at
once, by their ids, as everywhere.
"""

from collections.abc import Mapping
from datetime import date, timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from hireops.database import clock
from hireops.database.locks import advisory_lock
from hireops.desk import audit
from hireops.desk.errors import Refused
from hireops.feishu import hire
from hireops.feishu.models import Tenant
from hireops.feishu.tenants import call_tenant
from hireops.jobs import services as jobs
from hireops.jobs.models import Job
from hireops.jobs.registry import DONE, Step
from hireops.outbox import services as outbox
from hireops.outbox.models import Call
from referrals.cases.services import open_case
from referrals.models import Case, Reconciliation, ReconciliationChunk, ReferralAccount
from referrals.reconciliation import days, points
from referrals.reconciliation.cash import cash_of_the_day, compare_cash

RECONCILE = "referral_account.reconciliation"
COMPARE = "referrals.reconciliation"
ACCOUNTS_AT_ONCE = 100
# So a tenant with 50,000 accounts is neither one huge transaction nor a queue that others wait behind.
CALLS_AT_ONCE = 10
# An answer wakes it sooner; a call that the outbox has given up does not.
LOOK_EVERY = timedelta(minutes=1)

State, Part = Reconciliation.State, ReconciliationChunk.State


def reconcile_day(tenant: Tenant, day: date, *, by: User | None) -> Reconciliation:
    """Start comparing all accounts of the tenant; ``by`` is None for beat.

    Its state tells when it has ended. Raises ``Refused`` for a day that is not over, and while the same one
    is being compared.
    """
    now = clock.now()
    starts_at, ends_at = days.bounds(day)
    if ends_at > now:
        raise Refused(
            _("%(day)s is not over yet. Only a day that is over can be reconciled.")
            % {"day": date_format(day)}
        )
    with transaction.atomic():
        advisory_lock(f"reconciliation of {tenant.pk} {day}")
        _refuse_a_second(tenant, day)
        reconciliation = Reconciliation.objects.create(
            tenant=tenant, day=day, starts_at=starts_at, ends_at=ends_at, started_by=by, started_at=now
        )
        if by is not None:
            action = gettext_noop("reconciliation started")
            audit.record(by=by, action=action, on=reconciliation, day=day.isoformat())
        jobs.start(COMPARE, about=reconciliation, by=by)
    return reconciliation


def _refuse_a_second(tenant: Tenant, day: date) -> None:
    if Reconciliation.objects.filter(tenant=tenant, day=day, state=State.RUNNING).exists():
        raise Refused(
            _("%(day)s is being reconciled at this moment. Wait for its end; the list shows it.")
            % {"day": date_format(day)}
        )


# --- Its calls -------------------------------------------------------------------------------------------


def enqueue_more(job: Job) -> Step:
    """Enqueue as many calls as may be on their way at once, and end it when nothing is left."""
    reconciliation = Reconciliation.objects.select_for_update().get(pk=job.subject_pk)
    _fail_waiting_chunks(reconciliation)
    pending = reconciliation.chunks.filter(state=Part.PENDING).count()
    failed = reconciliation.chunks.filter(state=Part.FAILED).exists()
    while pending < CALLS_AT_ONCE and not (failed or reconciliation.all_owed):
        pending += _enqueue_next(reconciliation)
    if not pending:
        _end(reconciliation, failed=failed)
    reconciliation.save()
    _record_progress(job, reconciliation)
    return Step(rest=LOOK_EVERY) if pending else _outcome(reconciliation)


def _record_progress(job: Job, reconciliation: Reconciliation) -> None:
    """In accounts; how many there are is counted once."""
    if job.total is None:
        job.total = ReferralAccount.objects.filter(tenant=reconciliation.tenant_id).count()
    on_their_way = reconciliation.chunks.filter(state=Part.PENDING).values_list("points", flat=True)
    job.done = reconciliation.accounts - sum(len(figures) for figures in on_their_way)


def _outcome(reconciliation: Reconciliation) -> Step:
    if reconciliation.state != State.FAILED:
        return DONE
    reason = gettext_noop("Feishu has not compared all accounts.")
    return Step(outcome=Job.State.FAILED, reason=reason)


def _enqueue_next(reconciliation: Reconciliation) -> int:
    """The next accounts in the order of their IDs, which the unique index has. How many calls: 1 or 0."""
    rows = ReferralAccount.objects.filter(
        tenant=reconciliation.tenant_id, account_id__gt=reconciliation.owed_up_to
    )
    accounts = list(rows.order_by("account_id")[:ACCOUNTS_AT_ONCE])
    reconciliation.all_owed = len(accounts) < ACCOUNTS_AT_ONCE
    if not accounts:
        return 0
    reconciliation.owed_up_to = accounts[-1].account_id
    reconciliation.accounts += len(accounts)
    figures = points.points_of(reconciliation, accounts)
    _enqueue(reconciliation, {each.account_id: figures[each.account_id].of_the_day for each in accounts})
    return 1


def _enqueue(reconciliation: Reconciliation, ours: dict[str, int]) -> None:
    """One call. Its window is the day with the start of the next one as its end.

    Whether Feishu counts a withdrawal exactly on a bound is not documented (contract 2.6). With windows that
    share their bounds none can fall between two days, as it could if the end were sent a millisecond early;
    one that Feishu counts into the other day, or both, is recognised when the answer is compared.
    """
    call = outbox.enqueue(
        operation=RECONCILE,
        # Of its own, so that several can be on their way at once.
        target=f"reconciliation:{reconciliation.pk}:{next(iter(ours))}+{len(ours)}",
        payload={
            "start_trans_time": reconciliation.starts_at,
            "end_trans_time": reconciliation.ends_at,
            "points": ours,
        },
        tenant=call_tenant(reconciliation.tenant),
        by=reconciliation.started_by,
    )
    ReconciliationChunk.objects.create(reconciliation=reconciliation, points=ours, call=call)


def _end(reconciliation: Reconciliation, *, failed: bool) -> None:
    if failed:
        reconciliation.state = State.FAILED
    elif reconciliation.differences:
        reconciliation.state = State.DIFFERS
    else:
        reconciliation.state = State.MATCHED
    reconciliation.finished_at = clock.now()


# --- Their answers ---------------------------------------------------------------------------------------


def apply_answer(call: Call, result: hire.ReconciliationResult) -> None:
    """Feishu has compared the accounts of one call. Inside the transaction that ends the call."""
    if chunk := _pending_chunk(call):
        theirs = points.figures_of(result)
        accounts = _lock_in_question(chunk, theirs)
        chunk.reconciliation.differences += points.apply_answer(chunk, accounts, theirs)
        chunk.reconciliation.differences += compare_cash(chunk.reconciliation, accounts)
        _end_chunk(chunk, Part.COMPARED)


def _lock_in_question(chunk: ReconciliationChunk, theirs: Mapping[str, int]) -> list[ReferralAccount]:
    """Those accounts of the call that have a case or may get one; nobody else is kept waiting."""
    accounts = list(points.accounts_of(chunk))
    wanted = {account.pk for account in accounts if account.account_id in theirs}
    with_case = Case.objects.filter(account__in=accounts, closed_at=None)
    wanted |= set(with_case.values_list("account_id", flat=True))
    all_cash = cash_of_the_day(chunk.reconciliation, accounts)
    wanted |= {cash.withdrawal.account_id for cash in all_cash if cash.other is not None}
    return list(ReferralAccount.objects.select_for_update().filter(pk__in=wanted).order_by("pk"))


def split(call: Call) -> None:
    """Feishu does not know one of the accounts and compared none (contract 2.6): ask in two halves.

    That ends with the unknown one alone, which is a case.
    """
    chunk = _pending_chunk(call)
    if chunk is None:
        return
    ours = sorted(chunk.points.items())
    if len(ours) == 1:
        _open_unknown(chunk)
        _end_chunk(chunk, Part.UNKNOWN)
        return
    middle = len(ours) // 2
    for half in (ours[:middle], ours[middle:]):
        _enqueue(chunk.reconciliation, dict(half))
    _end_chunk(chunk, Part.SPLIT)


def fail(call: Call) -> None:
    """Feishu does not compare: answers on their way are still applied, and nothing more is enqueued."""
    if chunk := _pending_chunk(call):
        accounts = _lock_in_question(chunk, {})
        chunk.reconciliation.differences += compare_cash(chunk.reconciliation, accounts)
        _end_chunk(chunk, Part.FAILED)


def _pending_chunk(call: Call) -> ReconciliationChunk | None:
    """The part that this call is about, its reconciliation locked; None if it has ended already."""
    chunk = ReconciliationChunk.objects.get(call=call)
    reconciliation = Reconciliation.objects.select_for_update().get(pk=chunk.reconciliation_id)
    chunk.refresh_from_db()
    chunk.reconciliation = reconciliation
    return chunk if chunk.state == Part.PENDING else None


def _end_chunk(chunk: ReconciliationChunk, state: ReconciliationChunk.State) -> None:
    chunk.state = state
    chunk.save(update_fields=["state"])
    chunk.reconciliation.save(update_fields=["differences"])
    jobs.wake(COMPARE, about=chunk.reconciliation)


def _open_unknown(chunk: ReconciliationChunk) -> None:
    """One that a person has looked into and closed is no difference any more."""
    reconciliation, accounts = chunk.reconciliation, list(points.accounts_of(chunk))
    for account in accounts:
        case = open_case(kind=Case.Kind.UNKNOWN_ACCOUNT, account=account, reconciliation=reconciliation)
        reconciliation.differences += case.closed_at is None
    reconciliation.differences += compare_cash(reconciliation, accounts)


# --- Calls given up --------------------------------------------------------------------------------------


def _fail_waiting_chunks(reconciliation: Reconciliation) -> None:
    """Calls that the outbox has given up wait for a person, and their reconciliation would run for ever.

    Feishu is asked anew by the next one, also if the outbox could not apply an answer several times.
    """
    waiting = reconciliation.chunks.filter(state=Part.PENDING, call__state=Call.State.WAITING)
    for chunk in waiting.select_related("call"):
        chunk.state = Part.FAILED
        chunk.save(update_fields=["state"])
        if chunk.call.answer is None:
            outbox.cancel_call(chunk.call, by=None, reason="")
        else:  # it ends, because to a part that has ended nothing is applied
            outbox.resend_call(chunk.call, by=None, reason="")
