"""What must always be true of calls, as queries (design, promises 5 and 7)."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef, Q

from hireops.database import clock
from hireops.desk import restoring
from hireops.outbox.models import Attempt, Call
from hireops.outbox.reasons import Reason
from hireops.outbox.sending import due, keep_to_indexes, with_due_calls

MOST_SENTENCES = 100
SUCCESSES = Count("attempts", filter=Q(attempts__outcome=Attempt.Outcome.SUCCESS))
OPEN = Count("attempts", filter=Q(attempts__finished_at=None))


def broken_calls() -> Iterator[str]:
    """One sentence for each call that is not as promised."""
    calls = Call.objects.order_by("id")
    a_while_ago = clock.now() - timedelta(minutes=5)
    on_its_way = calls.filter(lease_key__isnull=False)
    for call in on_its_way.filter(lease_until__lt=a_while_ago)[:MOST_SENTENCES]:
        yield f"call {call.pk} was taken by a worker that has been gone for more than five minutes"
    same_lane = on_its_way.filter(lane=OuterRef("lane")).exclude(pk=OuterRef("pk"))
    for call in on_its_way.filter(Exists(same_lane))[:MOST_SENTENCES]:
        yield f"call {call.pk} is on its way while another one of its lane is"
    for call in calls.filter(finished_at=None, state__in=Call.FINAL)[:MOST_SENTENCES]:
        yield f"call {call.pk} has ended without a time"
    for call in calls.exclude(state__in=Call.FINAL).exclude(finished_at=None)[:MOST_SENTENCES]:
        yield f"call {call.pk} has an end but has not ended"
    for call in _forgotten(a_while_ago):
        yield f"call {call.pk} has been due for more than five minutes and no worker took it"
    misplaced = calls.exclude(Q(channel__operation=F("operation")))
    for call in misplaced[:MOST_SENTENCES]:
        yield f"call {call.pk} is in the channel of another operation"
    elsewhere = calls.filter(tenant__isnull=False).exclude(channel__tenant=F("tenant"))
    for call in elsewhere[:MOST_SENTENCES]:
        yield f"call {call.pk} is in the channel of another tenant"


def _forgotten(a_while_ago: datetime) -> list[Call]:
    """The first call of each channel that nobody has served although something was due."""
    with transaction.atomic():
        keep_to_indexes()
        held = restoring.stands()
        unserved = with_due_calls(a_while_ago, held=held).filter(served_at__lt=a_while_ago)
        owed = due(a_while_ago, held=held)
        return [owed.filter(channel=channel)[0] for channel in unserved[:MOST_SENTENCES]]


def broken_attempts() -> Iterator[str]:
    """One sentence for each call whose attempts tell another story than the call."""
    done = Call.objects.filter(state=Call.State.SUCCEEDED).exclude(reason=Reason.DONE_BY_HAND)
    succeeded = done.annotate(successes=SUCCESSES)
    wrong = succeeded.exclude(successes=1).order_by("id").values_list("pk", "successes")
    for pk, successes in wrong[:MOST_SENTENCES]:
        yield f"call {pk} succeeded, but {successes} attempts say so"
    others = Call.objects.exclude(state=Call.State.SUCCEEDED).annotate(successes=SUCCESSES)
    for call in others.filter(successes__gt=0).order_by("id")[:MOST_SENTENCES]:
        yield f"call {call.pk} is {call.state}, but an attempt succeeded"
    unheld = Call.objects.filter(lease_key=None).annotate(open=OPEN)
    for call in unheld.filter(open__gt=0).order_by("id")[:MOST_SENTENCES]:
        yield f"call {call.pk} has an open attempt, but no worker holds it"
    tried = Call.objects.annotate(attempts_made=Count("attempts"))
    uneven = (
        tried.exclude(attempts_made=F("tries")).order_by("id").values_list("pk", "tries", "attempts_made")
    )
    for pk, tries, made in uneven[:MOST_SENTENCES]:
        yield f"call {pk} was tried {tries} times, but has {made} attempts"


def broken_order() -> Iterator[str]:
    """One sentence for each call that was sent although a newer one had replaced it."""
    newer_done = Attempt.objects.filter(
        call__lane=OuterRef("call__lane"),
        call__operation=OuterRef("call__operation"),
        call__replaces_older=True,
        call__gt=OuterRef("call"),
        outcome=Attempt.Outcome.SUCCESS,
        finished_at__lt=OuterRef("started_at"),
    )
    sent = Attempt.objects.filter(
        outcome__in=[Attempt.Outcome.SUCCESS, Attempt.Outcome.UNKNOWN],
        duration_ms__isnull=False,
        resolving=False,
    )
    for attempt in sent.filter(Exists(newer_done)).order_by("id")[:MOST_SENTENCES]:
        yield f"call {attempt.call_id} was sent after a newer one had replaced it"
