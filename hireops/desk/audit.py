"""Writing down what people do."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model, QuerySet

from hireops.database import bulk
from hireops.desk.models import AuditEntry
from hireops.desk.staff import name_and_login

LONGEST_LABEL = 200
WRITTEN = (
    "actor_id",
    "actor_name",
    "action",
    "target_type_id",
    "target_id",
    "target_label",
    "reason",
    "details",
)


def record(*, by: User | None, action: str, on: Model, reason: str = "", **details: Any) -> AuditEntry:
    """A new audit entry, in the caller's transaction: it is kept exactly if the change is.

    ``by`` is None for what hireops does by itself. Mark ``action`` with ``gettext_noop``. ``details`` are
    JSON values; personal data in them is shown masked.
    """
    written = entry(by=by, action=action, on=on, reason=reason, **details)
    written.save(force_insert=True)
    return written


def entry(*, by: User | None, action: str, on: Model, reason: str = "", **details: Any) -> AuditEntry:
    """What ``record`` writes, for ``record_all``."""
    return AuditEntry(
        actor=by,
        actor_name=by.get_username() if by else "",
        action=action,
        target_type=ContentType.objects.get_for_model(on),
        target_id=str(on.pk),
        target_label=_label_of(on)[:LONGEST_LABEL],
        reason=reason,
        details=details,
    )


def _label_of(on: Model) -> str:
    return name_and_login(on) if isinstance(on, User) else str(on)


def record_all(entries: Iterable[AuditEntry]) -> None:
    """Many at once, as ``record`` does each."""
    bulk.insert(AuditEntry, WRITTEN, ([getattr(written, name) for name in WRITTEN] for written in entries))


def entries_about(obj: Model) -> QuerySet[AuditEntry]:
    """All entries about this object, newest first."""
    return AuditEntry.objects.filter(
        target_type=ContentType.objects.get_for_model(obj), target_id=str(obj.pk)
    ).select_related("actor")
