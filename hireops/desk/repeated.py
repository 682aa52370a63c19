"""Audit entries of what somebody can make happen as often as they like: the first at once, the rest counted.

What happens again within a minute is counted; the sum is an entry of its own, written when the next one comes
after that minute, or by the clock.
"""

import hashlib
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, Model

from hireops.database import clock
from hireops.desk.audit import record
from hireops.desk.models import AuditEntry, RepeatedEntry

TOGETHER = timedelta(minutes=1)


def record_once_a_minute(*, by: User | None, action: str, on: Model, of: str = "", **details: Any) -> None:
    """As ``audit.record``. The same ``action`` by the same person on the same object is the same; so that
    ``details`` may differ, ``of`` says what else makes it another one."""
    parts = [action, by.pk if by else "", on._meta.label, on.pk, of]  # noqa: SLF001 - public API
    key = hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()
    again = RepeatedEntry.objects.filter(key=key, first__isnull=False, since__gt=clock.now() - TOGETHER)
    if again.update(times=F("times") + 1):
        return
    with transaction.atomic():
        seen, _made = RepeatedEntry.objects.select_for_update(of=("self",)).get_or_create(key=key)
        now = clock.now()
        if seen.first and seen.since and seen.since > now - TOGETHER:
            seen.times += 1
        else:
            _sum_up(seen)
            seen.first, seen.since, seen.times = record(by=by, action=action, on=on, **details), now, 0
        seen.save()


def sum_up() -> None:
    """By the clock, what has not come again since."""
    over = RepeatedEntry.objects.filter(since__lte=clock.now() - TOGETHER)
    for pk in list(over.values_list("pk", flat=True)):
        with transaction.atomic():
            seen = RepeatedEntry.objects.select_for_update(of=("self",)).filter(pk=pk).first()
            if seen and seen.since and seen.since <= clock.now() - TOGETHER:
                _sum_up(seen)
                seen.delete()


def _sum_up(seen: RepeatedEntry) -> None:
    if not seen.first or not seen.times:
        return
    AuditEntry(
        actor=seen.first.actor,
        actor_name=seen.first.actor_name,
        action=seen.first.action,
        target_type=seen.first.target_type,
        target_id=seen.first.target_id,
        target_label=seen.first.target_label,
        details={**seen.first.details, "more_times_within_a_minute": seen.times},
    ).save(force_insert=True)
