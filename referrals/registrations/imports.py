"""Registering thousands from a file: uploaded, checked row by row, confirmed by a person, sent in parts.

What all imports have in common is in ``hireops.imports``; ``import_checking`` and ``import_sending`` are its
long work.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import IO

from django.contrib.auth.models import User
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from hireops.database import clock
from hireops.desk.errors import Refused
from hireops.feishu.endpoints import ENDPOINTS
from hireops.feishu.models import Tenant
from hireops.imports import problems, services
from hireops.imports.kinds import ImportKind
from hireops.outbox.models import Call
from referrals.models import Registration, RegistrationImport
from referrals.registrations.creating import CREATE, customers

CHECK = "referrals.import_check"
SEND = "referrals.import_send"
MOST_BYTES = services.MOST_BYTES

State, RowState = RegistrationImport.State, Registration.State

KIND = ImportKind(
    batches=RegistrationImport,
    rows=Registration,
    check_job=CHECK,
    apply_job=SEND,
    uploaded=gettext_noop("referrers uploaded"),
    nothing_ready=gettext_lazy("No row is ready to be registered. Correct the rows, or discard the import."),
    applying=State.SENDING,
    applied=RowState.REGISTERED,
)


# --- Uploading, confirming and discarding


def upload(
    file: IO[bytes], file_name: str, *, by: User, tenant: Tenant | None = None, sheet: str = ""
) -> RegistrationImport:
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
    return services.upload(KIND, file, file_name, by=by, most_bytes=MOST_BYTES, sheet=sheet, tenant=tenant)


def confirm(batch: RegistrationImport, *, by: User) -> RegistrationImport:
    """Register the READY rows of a checked import. Raises ``Refused`` in another state, or without any."""
    return services.confirm(KIND, batch, by=by, refuse=_refuse_customers_that_left)


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
    return services.discard(KIND, batch, by=by, reason=reason, finished_at=clock.now())


def may_be_discarded(batch: RegistrationImport) -> bool:
    """Whether it makes sense to offer it; ``discard`` looks again."""
    return services.may_be_discarded(KIND, batch)


# --- What a person sees of it


def problem_in_words(batch: RegistrationImport) -> str:
    """Why the file can't be read, in the reader's language; "" if it can."""
    if batch.problem == "no_company":
        return _("It is not clear in which company the referrers are to be registered.")
    return problems.of_the_file(batch)


def minutes_for(rows: int) -> int:
    """How long it takes to send so many, at the API's pace (contract 2.1)."""
    (limit,) = ENDPOINTS[CREATE].limits
    return -(-rows * limit.seconds // (limit.calls * 60))


def problem_rows(batch: RegistrationImport) -> QuerySet[Registration]:
    """Rows that somebody has to look at, in the order of the file."""
    waiting = Q(state=RowState.PENDING, call__state=Call.State.WAITING)
    rows = Registration.objects.filter(batch=batch).filter(~Q(problem="") | waiting)
    rows = rows.exclude(problem="corrected")
    return rows.exclude(state=RowState.DUPLICATE).select_related("call", "account", "tenant").order_by("line")


def file_of_problems(
    batch: RegistrationImport,
    header: Sequence[str],
    reason: Callable[[Registration], str],
    *,
    with_customers: bool = False,
) -> Iterator[list[str]]:
    """For ``services.file_of_problems``: the contacts, the customer if there are several, and the row's own
    number, by which the file that is uploaded again ends it."""

    def given(row: Registration) -> list[str]:
        contacts = [row.mobile_given, row.email_given, row.name]
        # As it was given, or as it was chosen, so that it can be uploaded again.
        customer = row.tenant_given or (row.tenant.tenant_key if row.tenant else "")
        return [*contacts, *([customer] if with_customers else []), str(row.pk)]

    return services.file_of_problems(header, problem_rows(batch), given, reason)
