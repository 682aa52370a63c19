"""Which calls may leave now, and in whose turn: one channel for each operation of each tenant.

A channel that Feishu, our quota or a broken tenant has closed costs the others nothing: its calls are not
looked at before it opens. While it fails, one call at a time tries it, and its lease keeps the others away.
"""

from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from hireops.database import clock
from hireops.feishu.models import Tenant
from hireops.outbox import registry, timing
from hireops.outbox.models import Call, Channel
from hireops.outbox.verdicts import ChannelSignal, Verdict

ClosedBy = Channel.ClosedBy


def channel_for(operation: str, tenant: Tenant | None) -> Channel:
    """The channel's row, made with its first call."""
    defaults = {"open_from": clock.now, "served_at": clock.now}
    return Channel.objects.get_or_create(operation=operation, tenant=tenant, defaults=defaults)[0]


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


def due(now: datetime) -> QuerySet[Call]:
    """What may be sent at ``now``: its time has come, it is the first of its lane, the lane is quiet."""
    # Subqueries with LIMIT look into an index once for each row that is asked about. EXISTS would leave
    # it to PostgreSQL, which joins all pending calls when its statistics are from a time without any.
    in_lane = Call.objects.filter(lane=OuterRef("lane"))
    first = in_lane.filter(~steps_aside(now), state=Call.State.PENDING).order_by("id").values("id")[:1]
    on_its_way = in_lane.filter(lease_until__gt=now).values("id")[:1]
    lane_is_free = Call.objects.alias(on_its_way=Subquery(on_its_way)).filter(on_its_way=None)
    of_those = {"state": Call.State.PENDING, "lease_key": None, "not_before__lte": now}
    return lane_is_free.filter(**of_those, id=Subquery(first)).order_by("not_before", "id")


def with_due_calls(now: datetime) -> QuerySet[Channel]:
    """Channels from which something may leave at ``now``, the one that was served longest ago first.

    Not those of a suspended tenant. Those of a tenant that is gone are there, so that their calls end.
    """
    # A subquery with LIMIT, not EXISTS: PostgreSQL would turn that into a join over all pending calls.
    first = due(now).filter(channel=OuterRef("pk")).values("pk")[:1]
    listening = Q(tenant=None) | ~Q(tenant__state=Tenant.State.SUSPENDED)
    opened = Channel.objects.filter(listening, open_from__lte=now)
    return opened.alias(first_due=Subquery(first)).filter(first_due__isnull=False).order_by("served_at", "id")


def admit(channel: Channel, *, now: datetime, lease_until: datetime) -> bool:
    """Note that a call of the channel is leaving. False if it was closed, or tried, since it was read.

    The only call that a failing channel lets through closes it until that call's lease is over.
    """
    changes = {"served_at": now} | ({"open_from": lease_until} if channel.failures else {})
    unchanged = Channel.objects.filter(pk=channel.pk, failures=channel.failures, open_from__lte=now)
    return unchanged.update(**changes) == 1


def learn(call: Call, verdict: Verdict, *, began: datetime, now: datetime) -> None:
    """Open or close the call's channel, after a try that began at ``began``."""
    # What began before the last failure was under way together with it, and tells nothing new.
    current = Channel.objects.filter(Q(failed_at=None) | Q(failed_at__lte=began), pk=call.channel_id)
    failing = current.filter(failures__gt=0)
    match verdict.signal:
        case ChannelSignal.WORKS:
            failing.update(failures=0, open_from=now, closed_by="")
        case ChannelSignal.NOTHING:
            failing.update(open_from=now)
        case ChannelSignal.RATE_LIMITED:
            wait_s = max((verdict.demanded_s or 0) - timing.READY_BEFORE_TURN_S, 0)
            current.update(open_from=now + timedelta(seconds=wait_s), closed_by=ClosedBy.OWN_QUOTA)
        case ChannelSignal.FAILS | ChannelSignal.PERHAPS_FAILS:
            _close(call.channel_id, verdict, began, now)


def _close(channel_id: int, verdict: Verdict, began: datetime, now: datetime) -> None:
    channel = Channel.objects.select_for_update().get(pk=channel_id)
    if channel.failed_at is None or channel.failed_at <= began:
        channel.failures += 1
        channel.failed_at = channel.open_from = now
    # The catch-all may be about this one call: the first time the next call just goes alone.
    in_a_row = channel.failures - (verdict.signal is ChannelSignal.PERHAPS_FAILS)
    pause_s = timing.closed_after(in_a_row) if verdict.demanded_s is None else verdict.demanded_s
    channel.open_from = max(channel.open_from, now + timedelta(seconds=pause_s))
    channel.closed_by = ClosedBy.FAILURES if verdict.demanded_s is None else ClosedBy.FEISHU
    channel.save(update_fields=["failures", "failed_at", "open_from", "closed_by"])


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
