"""From an owed call to Feishu's word on it: whose turn it is, claim, send. ``recording.py`` writes the rest.

A claim is a lease by the database's clock, committed together with an open ``Attempt`` before anything
leaves. The request is made outside any transaction. A worker that dies anywhere leaves a lease that runs
out; the call is then judged like a request without an answer, by whoever claims next.
"""

import logging
import uuid
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext_noop

from hireops import deadline
from hireops.database import clock
from hireops.desk import restoring
from hireops.error_location import error_location
from hireops.failpoints import failpoint
from hireops.feishu.client import Answer
from hireops.feishu.endpoints import ONLY_READ
from hireops.feishu.errors import FeishuError
from hireops.feishu.models import Tenant
from hireops.outbox import channels, evidence, recording, registry, timing
from hireops.outbox.models import Attempt, Call, Channel
from hireops.outbox.recording import Claim, TryResult
from hireops.outbox.registry import Found, Operation
from hireops.outbox.try_errors import NotDoneError, TenantGoneError, TooLateError, UnclearError

logger = logging.getLogger(__name__)

EXPECTED = (FeishuError, TooLateError, NotDoneError, UnclearError)
CANNOT_TELL = gettext_noop("Feishu offers no way to look it up.")

CLAIM_TRIES = 5
CHANNELS_TRIED = 20


class ChannelChangedError(Exception):
    """Another worker has closed the channel, or is trying it, since it was read."""


def claim() -> Claim | None:
    """The call whose turn it is, leased to the caller. None when nothing is due."""
    held = False
    for _ in range(CLAIM_TRIES):
        started = deadline.clock()  # before the lease begins, so that our own count is never the longer one
        now = clock.now()
        if recording.end_lost_tries(now):
            now = clock.now()  # from which on they are due again
        try:
            found = _claim(now, send_before=started + timing.LEASE_S - timing.QUIET_S, held=held)
        except (IntegrityError, ChannelChangedError):
            # call_lane_carries_one: somebody has just taken another call of the lane. Now we see it.
            # call_waits_for_release: the database was restored, and only reading calls may leave.
            held = restoring.stands()
            continue
        if found is not None:
            failpoint("outbox.claimed")
        return found
    return None


def _claim(now: datetime, *, send_before: float, held: bool) -> Claim | None:
    with transaction.atomic():
        keep_to_indexes()
        for channel in with_due_calls(now, held=held)[:CHANNELS_TRIED]:
            calls = due(now, held=held).filter(channel=channel).select_related("tenant")
            call = calls.select_for_update(skip_locked=True, of=("self",)).first()
            if call is not None:
                return Claim(call, _lease(call, channel, now), send_before)
    return None


def _lease(call: Call, channel: Channel, now: datetime) -> Attempt:
    call.tries += 1
    call.lease_key = uuid.uuid4()
    call.lease_until = now + timedelta(seconds=timing.LEASE_S)
    call.save(update_fields=["tries", "lease_key", "lease_until"])
    resolving = call.unresolved and call.answer is None
    sends = call.answer is None and not resolving
    attempt = Attempt.objects.create(
        call=call,
        started_at=now,
        resolving=resolving,
        request=evidence.kept(call.payload) if sends else None,
    )
    if not channels.admit(channel, now=now, lease_until=call.lease_until):
        raise ChannelChangedError
    return attempt


# --- Whose turn it is


def keep_to_indexes() -> None:
    """Until the transaction ends, read what is pending in the order of an index.

    PostgreSQL's statistics are mostly from a time when nothing was pending. It then takes any index of
    pending calls for as good as another, reads all of them and sorts. Where it can't do without, it takes
    the query for so costly that it would compile it.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_sort = off; SET LOCAL jit = off")


def steps_aside(now: datetime) -> Q:
    """What pauses and is tried for ever: nothing else of its lane waits for it meanwhile."""
    return Q(operation__in=registry.never_given_up(), not_before__gt=now)


def due(now: datetime, *, held: bool = False) -> QuerySet[Call]:
    """What may be sent at ``now``: its time has come, it is the first of its lane, the lane is quiet.

    While a restored database holds its calls back (``held``) only what changes nothing at Feishu may, and it
    does not wait for what is held.
    """
    # Subqueries with LIMIT look into an index once for each row that is asked about. EXISTS would leave
    # it to PostgreSQL, which joins all pending calls when its statistics are from a time without any.
    in_lane = Call.objects.filter(lane=OuterRef("lane"))
    may_leave = Q(operation__in=ONLY_READ) if held else Q()
    first = (
        in_lane.filter(~steps_aside(now), may_leave, state=Call.State.PENDING).order_by("id").values("id")[:1]
    )
    on_its_way = in_lane.filter(lease_until__gt=now).values("id")[:1]
    lane_is_free = Call.objects.alias(on_its_way=Subquery(on_its_way)).filter(on_its_way=None)
    of_those = {"state": Call.State.PENDING, "lease_key": None, "not_before__lte": now}
    return lane_is_free.filter(**of_those, id=Subquery(first)).order_by("not_before", "id")


def with_due_calls(now: datetime, *, held: bool = False) -> QuerySet[Channel]:
    """Channels from which something may leave at ``now``, the one that was served longest ago first.

    Not those of a suspended tenant. Those of a tenant that is gone are there, so that their calls end.
    """
    # A subquery with LIMIT, not EXISTS: PostgreSQL would turn that into a join over all pending calls.
    first = due(now, held=held).filter(channel=OuterRef("pk")).values("pk")[:1]
    listening = Q(tenant=None) | ~Q(tenant__state=Tenant.State.SUSPENDED)
    may_leave = Q(operation__in=ONLY_READ) if held else Q()
    opened = Channel.objects.filter(listening, may_leave, open_from__lte=now)
    return opened.alias(first_due=Subquery(first)).filter(first_due__isnull=False).order_by("served_at", "id")


def seconds_to_next() -> float | None:
    """Until the next call may become due by the mere passing of time; None if there is no such moment."""
    with transaction.atomic():
        keep_to_indexes()
        return _seconds_to_next(clock.now())


def _seconds_to_next(now: datetime) -> float | None:
    pending = Call.objects.filter(state=Call.State.PENDING, lease_key=None)
    waiting = pending.filter(channel=OuterRef("pk"))
    moments = [
        pending.filter(not_before__gt=now)
        .order_by("not_before")
        .values_list("not_before", flat=True)
        .first(),
        Channel.objects.filter(Exists(waiting), open_from__gt=now)
        .order_by("open_from")
        .values_list("open_from", flat=True)
        .first(),
        Call.objects.filter(lease_until__gt=now)
        .order_by("lease_until")
        .values_list("lease_until", flat=True)
        .first(),
    ]
    known = [moment for moment in moments if moment is not None]
    return (min(known) - now).total_seconds() if known else None


# --- Making the request


def send(claim: Claim) -> TryResult:
    """Make the request, or find out what became of an earlier one. Gives what came of it; raises nothing.

    A call that Feishu has answered before is not sent again: the stored answer is the result.
    """
    if claim.call.answer is not None:
        return TryResult(answer=_stored_answer(claim.call))
    started = monotonic()
    answer, error = None, None
    try:
        answer = _ask_feishu(claim)
    except Exception as reason:  # noqa: BLE001 - whatever an app's function raises ends on the row
        error = reason
        if not isinstance(reason, EXPECTED):
            where = error_location(reason)
            logger.error("call %d (%s) failed: %s", claim.call.pk, claim.call.operation, where)  # noqa: TRY400 - a trace quotes values
    failpoint("outbox.after_send")
    return TryResult(answer=answer, error=error, duration_ms=round((monotonic() - started) * 1000))


def _ask_feishu(claim: Claim) -> Answer:
    call = claim.call
    operation = registry.find(call.operation)
    failpoint("outbox.before_send")
    if call.tenant and call.tenant.state == Tenant.State.GONE:
        raise TenantGoneError
    with deadline.leave_before(claim.send_before):
        # A process that was stopped or starved goes on here, maybe long after another one took its call.
        if deadline.has_passed():
            raise TooLateError
        if claim.attempt.resolving:
            return _resolve(operation, call)
        return operation.send(call.tenant_key, **call.payload)


def _resolve(operation: Operation, call: Call) -> Answer:
    """The answer that was lost; raises if there was none, or nobody can tell."""
    if operation.resolve is None:
        raise UnclearError(CANNOT_TELL)
    resolution = operation.resolve(call)
    match resolution.found:
        case Found.DONE:
            return resolution.answer or Answer(data={}, log_id="", http_status=200, duration_ms=0)
        case Found.NOT_DONE:
            raise NotDoneError
        case Found.UNCLEAR:
            raise UnclearError(resolution.why or CANNOT_TELL)


def _stored_answer(call: Call) -> Answer:
    data: dict[str, Any] = call.answer or {}
    return Answer(data=data, log_id=call.log_id, http_status=call.http_status or 200, duration_ms=0)
