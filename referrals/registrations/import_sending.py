"""Sending the rows of a confirmed import: 50 are owed at once, while fewer than these are on their way."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from django.db import transaction

from hireops.database import clock
from hireops.doorbell import ring
from hireops.feishu.models import Tenant
from hireops.jobs.models import Job
from hireops.jobs.registry import DONE, GO_ON, Step
from hireops.outbox.models import Call
from hireops.outbox.tasks import drain
from referrals.models import Registration, RegistrationImport
from referrals.registrations.creating import enqueue_creation
from referrals.registrations.imports import KIND
from referrals.registrations.matching import KnownAccounts, compare_with_known, end_corrected, known_accounts

# No more than half a minute's worth is owed ahead: who registers one person by form does not wait for long.
OWED_AT_ONCE = 50
# Far faster than Feishu's hundred calls a minute.
LOOK_EVERY = timedelta(seconds=5)

State, RowState = RegistrationImport.State, Registration.State
ENDED = [RowState.REGISTERED, RowState.REFUSED]


def enqueue_next(job: Job) -> Step:
    """Owe the next rows of the import, and end it when none is left."""
    batch = KIND.locked(job.subject_pk)
    rows = _next_part(batch)
    job.done = Registration.objects.filter(batch=batch, state__in=ENDED).count()
    if not rows:
        return _end_if_done(batch)
    known = {tenant: _known(tenant, rows) for tenant in {row.tenant for row in rows} if tenant}
    end_corrected(rows)
    owed = [row for row in rows if row.tenant and _enqueue_or_end(row, known[row.tenant], batch)]
    if owed:
        transaction.on_commit(partial(ring, drain))
    return GO_ON


def _known(tenant: Tenant, rows: Sequence[Registration]) -> KnownAccounts:
    its = [row for row in rows if row.tenant == tenant]
    return known_accounts(tenant, [row.mobile for row in its], [row.email for row in its])


def _next_part(batch: RegistrationImport) -> list[Registration]:
    on_their_way = Registration.objects.filter(
        batch=batch, state=RowState.PENDING, call__state=Call.State.PENDING
    )
    if on_their_way[:OWED_AT_ONCE].count() >= OWED_AT_ONCE:
        return []
    ready = Registration.objects.filter(batch=batch, state=RowState.READY).order_by("line")
    return list(ready.select_related("tenant").select_for_update(of=("self",))[:OWED_AT_ONCE])


def _enqueue_or_end(row: Registration, known: KnownAccounts, batch: RegistrationImport) -> bool:
    """False if its owner has got an account since the file was checked."""
    compare_with_known(row, known)
    if row.state != RowState.READY:
        row.save()
        return False
    enqueue_creation(row, by=batch.confirmed_by)
    return True


def _end_if_done(batch: RegistrationImport) -> Step:
    left = Registration.objects.filter(batch=batch, state__in=[RowState.READY, RowState.PENDING])
    if left.exists():
        return Step(rest=LOOK_EVERY)
    batch.state, batch.finished_at = State.DONE, clock.now()
    batch.save(update_fields=["state", "finished_at"])
    return DONE
