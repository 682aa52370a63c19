"""Doing what is due: part after part of one job, until it rests, has ended, or others have waited enough."""

import logging
import threading
from math import inf
from time import monotonic

from hireops import tracing
from hireops.database import clock
from hireops.error_location import error_location
from hireops.jobs import leases, registry
from hireops.jobs.leases import Lease, LeaseLostError
from hireops.jobs.registry import DONE, Kind

TURN_S = 5.0

_stopping = threading.Event()

logger = logging.getLogger(__name__)


def stop() -> None:
    """Take up nothing more. The part in hand is finished."""
    _stopping.set()


def take_turn(until: float = inf) -> bool:
    """Work on the job whose turn it is, not much beyond ``until`` (``monotonic``). False if there is none."""
    lease = None if _stopping.is_set() else leases.claim()
    kind = registry.get(lease.job.kind) if lease else None
    if lease is None or kind is None:
        return False
    try:
        with tracing.span("do part of job", {tracing.JOB_ID: lease.job.pk, tracing.JOB_KIND: kind.name}):
            _do_parts(lease, kind, until)
    except LeaseLostError:
        logger.info("job %d (%s) is no longer ours", lease.job.pk, kind.name)
    except Exception as error:  # noqa: BLE001 - whatever a part raises, the others go on
        where = error_location(error)
        logger.error("job %d (%s) failed: %s", lease.job.pk, kind.name, where)  # noqa: TRY400 - the text of an error may hold personal data
        _note_failure(lease, where)
    return True


def _do_parts(lease: Lease, kind: Kind, until: float) -> None:
    turn_ends = None
    for part in kind.parts(lease.job):
        turn_ends = turn_ends or monotonic() + TURN_S  # what had to be prepared first is not counted
        step = lease.keep(part)
        if step.outcome or step.rest is not None:
            return
        now = monotonic()
        if _stopping.is_set() or (now > turn_ends and (now > until or _others_wait(kind))):
            lease.release()
            return
    lease.keep(lambda: DONE)


def _others_wait(kind: Kind) -> bool:
    due = leases.due(clock.now())
    return (due.exclude(kind=kind.name) if kind.one_at_a_time else due).exists()


def _note_failure(lease: Lease, where: str) -> None:
    try:
        lease.fail(where)
    except LeaseLostError:
        logger.info("job %d is no longer ours", lease.job.pk)
