"""What is known of a call before a try: what a verdict needs besides the error."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from hireops.database.errors import DATABASE_AWAY
from hireops.outbox import registry
from hireops.outbox.models import Attempt, Call
from hireops.outbox.registry import Operation

REMEMBERED_TRIES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class CallHistory:
    """What is known of the call before this try, which was to find out what became of it if ``resolving``.

    ``age`` counts from when it was enqueued, ``pending_for`` from when it was to be sent, maybe again.
    ``earlier``: outcome and code of tries of the same kind since then. ``lookups``: how often it was tried to
    find out. ``may_have_landed``: any earlier request may have been carried out.
    """

    operation: Operation
    age: timedelta
    pending_for: timedelta
    earlier: Sequence[tuple[str, int | None]] = ()  # in any order
    lookups: int = 0
    answered: bool = False
    resolving: bool = False
    may_have_landed: bool = False

    @property
    def pause_s(self) -> float:
        return self.operation.retry.pause_before(len(self.earlier) + 2, age=self.age)


def history_before(attempt: Attempt, call: Call, now: datetime) -> CallHistory:
    """``call`` is as it was when the attempt began."""
    before = call.attempts.filter(id__lt=attempt.pk)
    recent = before.filter(started_at__gte=call.pending_since).order_by("-id")
    # A try whose answer waits because the database was away says nothing against the answer.
    alike = recent.filter(resolving=attempt.resolving).exclude(
        outcome=Attempt.Outcome.UNAPPLIED, message__in=[away.__name__ for away in DATABASE_AWAY]
    )
    return CallHistory(
        operation=registry.find(call.operation),
        age=now - call.created_at,
        pending_for=now - call.pending_since,
        earlier=tuple(alike.values_list("outcome", "code")[:REMEMBERED_TRIES]),
        lookups=recent.filter(resolving=True).count(),
        answered=call.answer is not None,
        resolving=attempt.resolving,
        may_have_landed=before.filter(Attempt.MAY_HAVE_LANDED).exists(),
    )
