"""What opens and closes a channel; there is one for each operation of each tenant.

A channel that Feishu, our quota or a broken tenant has closed costs the others nothing: its calls are not
looked at before it opens. While it fails, one call at a time tries it, and its lease keeps the others away.
"""

from datetime import datetime, timedelta

from django.db.models import Q

from hireops.database import clock
from hireops.feishu.models import Tenant
from hireops.outbox import timing
from hireops.outbox.models import Call, Channel
from hireops.outbox.verdicts import ChannelSignal, Verdict

ClosedBy = Channel.ClosedBy


def channel_for(operation: str, tenant: Tenant | None) -> Channel:
    """The channel's row, made with its first call."""
    defaults = {"open_from": clock.now, "served_at": clock.now}
    return Channel.objects.get_or_create(operation=operation, tenant=tenant, defaults=defaults)[0]


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
