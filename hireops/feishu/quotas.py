"""Calls within Feishu's limits (contract 8.3), counted in the database for all processes.

Each call takes a *slot*: its turn in the ring of the latest calls of one interface, app and tenant. A slot is
given when the call that many places before it is older than the window, for each window at once. Turns that
come soon are given ahead, in order, so that who waits need not ask again. When Feishu refuses a call for its
rate all the same, nobody calls that interface for that tenant until the time it names; then one call tries.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from operator import attrgetter
from time import monotonic, sleep

from django.db import DatabaseError, connection, transaction

from hireops import deadline
from hireops.database import clock
from hireops.feishu import sentences
from hireops.feishu.endpoints import Endpoint
from hireops.feishu.errors import Advice, FeishuError, Outcome
from hireops.feishu.models import Quota, QuotaSlot
from hireops.feishu.slots import (
    CEILINGS,
    LONGEST_BLOCK_S,
    MARGIN_S,
    REMEMBER_CEILING_S,
    QuotaUsedUpError,
    Slot,
    reserve,
)

__all__ = ["QuotaUsedUpError", "Slot", "acquire", "learn", "slot"]

logger = logging.getLogger(__name__)

LONGEST_GUESS_S = 60.0


@contextmanager
def slot(endpoint: Endpoint, tenant_key: str) -> Iterator[None]:
    """Inside is the caller's turn to make one request; learns from how that ends.

    Raises ``QuotaUsedUpError`` if the turn would come too late. An interface without limits is not counted.
    ``tenant_key`` as ``tokens.tenant_of_token`` has it: a custom app has one tenant, whatever it is called.
    """
    if not endpoint.limits:
        yield
        return
    taken = acquire(endpoint, tenant_key)
    try:
        yield
    except FeishuError as error:
        _record_end(taken, error)
        raise
    _record_end(taken, None)


def acquire(endpoint: Endpoint, tenant_key: str) -> Slot:
    """A slot whose turn it is now, after ``MAX_WAIT_S`` at most and never past ``hireops.deadline``."""
    if connection.in_atomic_block:
        raise RuntimeError(f"{endpoint.name} was called inside a database transaction")
    try:
        taken = reserve(endpoint, tenant_key)
        if taken.wait_s > 0:
            _wait(taken.starts)
            _refuse_if_blocked(taken)
    except DatabaseError as error:
        logger.exception("the quota of %s could not be counted", endpoint.name)
        message = sentences.QUOTA_NOT_COUNTED % {"kind": type(error).__name__}
        raise FeishuError(Outcome.NOT_SENT, message, advice=Advice.RETRY_LATER) from error
    return taken


def learn(taken: Slot, error: FeishuError | None) -> None:
    """Keep in mind what the call's end says of the quota: a rate limit for all, or that one is over."""
    if error and error.is_rate_limit:
        _block(taken, error)
    elif taken.probe and (error is None or error.outcome is Outcome.REFUSED):
        _update_quota(taken, strikes=0, probe_until=0)
    elif taken.probe:  # nobody knows; the next one may try
        _update_quota(taken, probe_until=0)


def _record_end(taken: Slot, error: FeishuError | None) -> None:
    """What Feishu has answered must reach the caller, whatever becomes of our own counting."""
    try:
        _count_when_it_arrived(taken)
        learn(taken, error)
    except DatabaseError:
        logger.exception("the quota of %s could not be kept", taken.endpoint.name)


def _wait(until: float) -> None:
    """In steps, because the deadline can be asked but not read."""
    while (left := until - monotonic()) > 0:
        if deadline.has_passed():
            raise FeishuError(Outcome.NOT_SENT, sentences.TOO_LATE)
        sleep(min(left, 0.1))


def _count_when_it_arrived(taken: Slot) -> None:
    """A slow call may have arrived late, and the next one in its place will not: its windows start later."""
    late_s = monotonic() - taken.earliest - min(MARGIN_S[limit.seconds] for limit in taken.endpoint.limits)
    if late_s > 0:
        arrived_at = taken.leaves_at + late_s
        slots = QuotaSlot.objects.filter(quota_id=taken.quota_id, position=taken.position)
        slots.filter(taken_at__lt=arrived_at).update(taken_at=arrived_at)


# --- When Feishu refuses a call for its rate -------------------------------------------------------------


def _refuse_if_blocked(taken: Slot) -> None:
    """Feishu may have refused another call while this one was waiting."""
    blocked_until, strikes = Quota.objects.values_list("blocked_until", "strikes").get(pk=taken.quota_id)
    wait_s = blocked_until - clock.now().timestamp()
    if strikes > taken.strikes and 0 < wait_s <= LONGEST_BLOCK_S:
        raise QuotaUsedUpError(taken.endpoint, wait_s)


def _block(taken: Slot, error: FeishuError) -> None:
    """Nobody calls until the time that Feishu names; without one, after 1, 2, 4 ... 60 s."""
    guess_s = min(2.0**taken.strikes, LONGEST_GUESS_S)
    with transaction.atomic():
        quota = Quota.objects.select_for_update().get(pk=taken.quota_id)
        strikes = taken.strikes + 1  # calls that were under way together count as one
        if strikes < quota.strikes:
            return
        now = clock.now().timestamp()
        until = now + (error.retry_after_s or guess_s)
        quota.blocked_until = max(until, quota.blocked_until) if strikes == quota.strikes else until
        quota.strikes = strikes
        quota.probe_until = 0
        _learn_ceiling(quota, taken.endpoint, error, now)
        quota.save(update_fields=["blocked_until", "probe_until", "strikes", "learnt_at", *CEILINGS.values()])


def _learn_ceiling(quota: Quota, endpoint: Endpoint, error: FeishuError, now: float) -> None:
    """A ceiling lower than the documented one; it belongs to the longest window if the wait is over 1 s."""
    by_seconds = sorted(endpoint.limits, key=attrgetter("seconds"))
    limit = by_seconds[-1 if (error.retry_after_s or 0) > 1 else 0]
    ceiling = error.ceiling or limit.calls
    if not 0 < ceiling < limit.calls:
        return
    if now - quota.learnt_at >= REMEMBER_CEILING_S:
        quota.calls_per_second = quota.calls_per_minute = None
    setattr(quota, CEILINGS[limit.seconds], ceiling)
    quota.learnt_at = now


def _update_quota(taken: Slot, **changes: float) -> None:
    """Unless more has been learnt meanwhile."""
    Quota.objects.filter(pk=taken.quota_id, strikes=taken.strikes).update(**changes)
