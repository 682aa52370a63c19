"""Registering thousands from a file: uploaded, checked row by row, confirmed by a person, sent in parts.

The upload only keeps the file; ``checking`` and ``sending`` are long work.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import IO

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from hireops.database import clock
from hireops.desk import audit
from hireops.desk.errors import Refused
from hireops.feishu.endpoints import ENDPOINTS
from hireops.feishu.models import Tenant
from hireops.jobs import services as jobs
from hireops.outbox.models import Call
from hireops.spreadsheets.errors import reason_unreadable
from referrals.models import Registration, RegistrationImport
from referrals.registrations.creating import CREATE, customers
from referrals.registrations.import_checking import CHECK, CHECKED_AT_ONCE
from referrals.registrations.import_sending import SEND
from referrals.registrations.matching import LONGEST_GIVEN

MOST_BYTES = 10 * 1024 * 1024

State, RowState = RegistrationImport.State, Registration.State
NOT_SENT = [RowState.READY, RowState.INVALID, RowState.DUPLICATE]


# --- Uploading, confirming and discarding


def upload(file: IO[bytes], file_name: str, *, by: User, tenant: Tenant | None = None) -> RegistrationImport:
    """Keep the file; a worker checks it. Raises ``Refused`` for one that is too large, without reading on.

    ``tenant`` is the customer of rows that name none in a column of their own; where there is one customer
    only, it is that one.
    """
    served = customers()
    if not served or (tenant is not None and tenant not in served):
        raise Refused(
            _("No customer has this app installed and active at this moment, so nobody can be registered.")
        )
    tenant = served[0] if len(served) == 1 else tenant
    content = file.read(MOST_BYTES + 1)
    if not content:
        raise Refused(reason_unreadable("empty", {}))
    if len(content) > MOST_BYTES:
        text = _("The file has more than %(most)s MB. Split it into smaller ones and upload them one by one.")
        raise Refused(text % {"most": MOST_BYTES // 1024 // 1024})
    with transaction.atomic():
        batch = RegistrationImport.objects.create(
            file_name=file_name[-LONGEST_GIVEN:], content=content, tenant=tenant, uploaded_by=by
        )
        jobs.start(CHECK, about=batch, by=by)
        audit.record(by=by, action=gettext_noop("referrers uploaded"), on=batch, bytes=len(content))
    return batch


def confirm(batch: RegistrationImport, *, by: User) -> RegistrationImport:
    """Register the READY rows of a checked import. Raises ``Refused`` in another state, or without any."""
    with transaction.atomic():
        batch = _locked(batch)
        if batch.state != State.CHECKED:
            raise Refused(
                _("Only an import that has been checked, and not been confirmed, can be confirmed.")
            )
        ready = Registration.objects.filter(batch=batch, state=RowState.READY).count()
        if not ready:
            raise Refused(_("No row is ready to be registered. Correct the rows, or discard the import."))
        _refuse_customers_that_left(batch)
        batch.state, batch.confirmed_by, batch.confirmed_at = State.SENDING, by, clock.now()
        batch.save(update_fields=["state", "confirmed_by", "confirmed_at"])
        jobs.start(SEND, about=batch, by=by, total=ready)
        audit.record(by=by, action=gettext_noop("import confirmed"), on=batch, ready=ready)
        return batch


def _refuse_customers_that_left(batch: RegistrationImport) -> None:
    served = {tenant.pk for tenant in customers()}
    left = [str(tenant) for tenant, _count in ready_by_customer(batch) if tenant.pk not in served]
    if left:
        text = _("%(customer)s has suspended or removed the app, so nobody can be registered for them now.")
        raise Refused(text % {"customer": ", ".join(left)})


def ready_by_customer(batch: RegistrationImport) -> list[tuple[Tenant, int]]:
    """How many rows are ready to be registered for each customer."""
    ready = Registration.objects.filter(batch=batch, state=RowState.READY).order_by()
    counted = dict(ready.values_list("tenant").annotate(Count("pk")))
    return [(tenant, counted[tenant.pk]) for tenant in Tenant.objects.filter(pk__in=counted).order_by("pk")]


def discard(batch: RegistrationImport, *, by: User, reason: str = "") -> RegistrationImport:
    """Leave it, or of one that is being registered all that is not on its way yet."""
    with transaction.atomic():
        batch = _locked(batch)
        if not may_be_discarded(batch):
            raise Refused(_("This import has ended. There is nothing left to be discarded."))
        left = Registration.objects.filter(batch=batch, state__in=NOT_SENT)
        discarded = left.update(state=RowState.DISCARDED, finished_at=clock.now())
        audit.record(by=by, action=gettext_noop("import discarded"), on=batch, reason=reason, rows=discarded)
        if batch.state != State.SENDING:
            batch.state, batch.finished_at = State.DISCARDED, clock.now()
            batch.content = None
            batch.save(update_fields=["state", "finished_at", "content"])
            jobs.end_all(batch)
        return batch


def may_be_discarded(batch: RegistrationImport) -> bool:
    """Whether it makes sense to offer it; ``discard`` looks again."""
    return batch.state in {State.CHECKING, State.CHECKED, State.SENDING}


def _locked(batch: RegistrationImport) -> RegistrationImport:
    return RegistrationImport.objects.select_for_update().defer("content").get(pk=batch.pk)


# --- What a person sees of it


def problem_in_words(batch: RegistrationImport) -> str:
    """Why the file can't be read, in the reader's language; "" if it can."""
    if batch.problem == "no_rows":
        return _("The file has no rows besides its header.")
    if batch.problem == "no_company":
        return _("It is not clear in which company the referrers are to be registered.")
    return reason_unreadable(batch.problem, batch.problem_details) if batch.problem else ""


def counts(batch: RegistrationImport) -> dict[str, int]:
    """How many rows are in each state."""
    rows = Registration.objects.filter(batch=batch).order_by()
    return dict(rows.values_list("state").annotate(Count("pk")))


def minutes_for(rows: int) -> int:
    """How long it takes to send so many, at the API's pace (contract 2.1)."""
    (limit,) = ENDPOINTS[CREATE].limits
    return -(-rows * limit.seconds // (limit.calls * 60))


def problem_rows(batch: RegistrationImport) -> QuerySet[Registration]:
    """Rows that somebody has to look at, in the order of the file."""
    waiting = Q(state=RowState.PENDING, call__state=Call.State.WAITING)
    rows = Registration.objects.filter(batch=batch).filter(~Q(problem="") | waiting)
    return rows.select_related("call", "account", "tenant").order_by("line")


def file_of_problems(
    batch: RegistrationImport,
    header: Sequence[str],
    reason: Callable[[Registration], str],
    *,
    with_customers: bool = False,
) -> Iterator[list[str]]:
    """The rows as they were given, for the file that goes back, each with its line and its reason."""
    yield list(header)
    rows: Iterable[Registration] = problem_rows(batch).iterator(chunk_size=CHECKED_AT_ONCE)
    for row in rows:
        given = [row.mobile_given, row.email_given, row.name]
        # In the file that goes back as it was given, or as it was chosen, so that it can be uploaded again.
        customer = [row.tenant_given or (row.tenant.tenant_key if row.tenant else "")]
        yield [str(row.line or ""), *given, *(customer if with_customers else []), reason(row)]
