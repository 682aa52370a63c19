"""Signs of life of the processes that nobody sees, one row each."""

from datetime import timedelta

from django.db.models.functions import Now

from hireops.database import clock
from hireops.desk.models import Heartbeat

WORKER, BEAT = "worker", "beat"
# Five that did not come; a busy worker may write the one of beat rather late.
STOPPED_AFTER = timedelta(seconds=100)


def beat(name: str) -> None:
    """One statement, by the database's clock."""
    Heartbeat.objects.bulk_create(
        [Heartbeat(name=name, at=Now())],
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["at"],
    )


def ages() -> dict[str, timedelta | None]:
    """How long ago the worker and beat were last alive; None for one that never was."""
    now, last = clock.now(), dict(Heartbeat.objects.values_list("name", "at"))
    return {name: now - last[name] if name in last else None for name in (WORKER, BEAT)}


def has_stopped(age: timedelta | None) -> bool:
    return age is None or age > STOPPED_AFTER
