"""A file about orders is uploaded, confirmed and discarded (``hireops.imports`` has what all share)."""

import io
from typing import IO

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy, gettext_noop

from bindings.models import OrderFile, OrderFileRow
from hireops.desk.errors import Refused
from hireops.encryption import encrypt_bytes
from hireops.imports import services
from hireops.imports.kinds import ImportKind
from hireops.imports.models import RowState

KIND = ImportKind(
    batches=OrderFile,
    rows=OrderFileRow,
    check_job="bindings.order_file_check",
    apply_job="bindings.order_file_apply",
    uploaded=gettext_noop("file about orders uploaded"),
    nothing_ready=gettext_lazy(
        "No line is ready. Correct the lines and upload the file again, or discard it."
    ),
)
ENCRYPTED_ADDS = 1024


def upload(file: IO[bytes], file_name: str, *, by: User, sheet: str = "") -> OrderFile:
    """Keep the file, encrypted, until a worker has checked it. Raises ``Refused``."""
    content = file.read(services.MOST_BYTES + 1)
    if len(content) > services.MOST_BYTES:
        raise Refused(services.too_large(services.MOST_BYTES))
    kept = io.BytesIO(encrypt_bytes(content))
    most_bytes = services.MOST_BYTES + ENCRYPTED_ADDS
    return services.upload(KIND, kept, file_name, by=by, most_bytes=most_bytes, sheet=sheet)


def confirm(batch: OrderFile, *, by: User) -> OrderFile:
    return services.confirm(KIND, batch, by=by)


def discard(batch: OrderFile, *, by: User, reason: str = "") -> OrderFile:
    """What was not told yet is not told, and the logins of these lines go."""
    return services.discard(KIND, batch, by=by, reason=reason, access="")


def ready_rows(batch: OrderFile) -> QuerySet[OrderFileRow]:
    """What would be told, in the order of the file: first what was corrected or is unusual."""
    rows = KIND.rows_of(batch, state=RowState.READY).select_related("background_check", "exam", "report_file")
    return rows.order_by("line")
