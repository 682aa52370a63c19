"""Customers from a file: uploaded, checked row by row, confirmed by a person, applied in parts.

What all imports have in common is in ``hireops.imports``.
"""

from typing import IO

from django.contrib.auth.models import User
from django.db.models import Q
from django.utils.translation import gettext_lazy, gettext_noop

from bindings.models import CustomerImport, CustomerImportRow
from hireops.imports import services
from hireops.imports.kinds import ImportKind
from hireops.imports.models import RowState

KIND = ImportKind(
    batches=CustomerImport,
    rows=CustomerImportRow,
    check_job="bindings.customer_import_check",
    apply_job="bindings.customer_import_apply",
    uploaded=gettext_noop("customers uploaded"),
    nothing_ready=gettext_lazy(
        "No row adds or changes a customer. Correct the file and upload it again, or discard the import."
    ),
)


def upload(
    file: IO[bytes], file_name: str, *, by: User, update_existing: bool, sheet: str = ""
) -> CustomerImport:
    """Keep the file; a worker checks it. Raises ``Refused`` for one that is empty or too large."""
    return services.upload(KIND, file, file_name, by=by, sheet=sheet, update_existing=update_existing)


def confirm(batch: CustomerImport, *, by: User) -> CustomerImport:
    return services.confirm(KIND, batch, by=by)


def discard(batch: CustomerImport, *, by: User, reason: str = "") -> CustomerImport:
    return services.discard(KIND, batch, by=by, reason=reason)


def ready_counts(batch: CustomerImport) -> tuple[int, int]:
    """How many customers a checked import adds, and how many it changes."""
    ready = KIND.rows_of(batch, state=RowState.READY)
    return ready.filter(customer=None).count(), ready.exclude(customer=None).count()


def first_changes(batch: CustomerImport, most: int) -> list[CustomerImportRow]:
    """The first customers of the file that it changes."""
    rows = KIND.rows_of(batch).filter(~Q(customer=None), state=RowState.READY)
    return list(rows.select_related("customer").order_by("line")[:most])
