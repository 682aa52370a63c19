"""What must be true of background checks at any time (``manage.py check_invariants``)."""

from collections.abc import Iterator

from django.db.models import Exists, F, OuterRef, Q

from bindings.checks.queue import CALLED_OFF, OPERATIONS
from bindings.models import BackgroundCheck, CheckUpdate
from hireops.outbox.models import Attempt, Call

State = CheckUpdate.State
# What is known to have reached Feishu; one that was on its way at the end may be among them.
REACHED = [Attempt.Outcome.SUCCESS, Attempt.Outcome.REFUSED]


def checks_come_from_their_event() -> Iterator[str]:
    """An order's event is one of its own tenant, and its account is the one that the event names."""
    named = Q(event__tenant_key=F("tenant__tenant_key")) | Q(event__tenant_key="")
    theirs = Q(event__app_id=F("tenant__app_id")) & named
    for check in BackgroundCheck.objects.exclude(theirs).only("background_check_id", "event_id").iterator():
        yield f"background check {check.background_check_id} has event #{check.event_id} of another tenant"
    others = BackgroundCheck.objects.filter(account__isnull=False).exclude(
        account__account_id=F("account_named"), account__tenant=F("tenant")
    )
    for check in others.only("background_check_id").iterator():
        yield f"background check {check.background_check_id} has another account than its event names"


def check_updates_leave_in_their_order() -> Iterator[str]:
    """Nothing was owed while something before it was open, and nothing that waits has a call."""
    before = CheckUpdate.objects.filter(
        background_check=OuterRef("background_check"),
        number__lt=OuterRef("number"),
        state__in=CheckUpdate.OPEN,
    )
    told = [State.SENDING, State.IN_DOUBT, State.REFUSED, State.DELIVERED]
    for update in CheckUpdate.objects.filter(Exists(before), state__in=told).iterator():
        order = update.background_check_id
        yield f"check update #{update.pk} was told before an earlier one of order #{order} had ended"
    owed = CheckUpdate.objects.filter(state=State.QUEUED, call__isnull=False)
    for update in owed.only("pk").iterator():
        yield f"check update #{update.pk} waits for its turn and is owed already"


def times_of_checks_increase() -> Iterator[str]:
    """No stage or result is as old as one before it (contract 4.7)."""
    before = CheckUpdate.objects.filter(
        background_check=OuterRef("background_check"),
        number__lt=OuterRef("number"),
        time__gte=OuterRef("time"),
    )
    for update in CheckUpdate.objects.filter(Exists(before)).only("pk").iterator():
        yield f"check update #{update.pk} is not later than those before it"


def check_updates_are_what_their_calls_say() -> Iterator[str]:
    """A call that Feishu has taken is of an update that has arrived, and of the kind that it sends."""
    done = Call.objects.filter(state=Call.State.SUCCEEDED, operation__in=OPERATIONS.values())
    taken = CheckUpdate.objects.filter(call__in=done)
    for update in taken.exclude(state=State.DELIVERED).only("pk").iterator():
        yield f"check update #{update.pk} was taken by Feishu and is not delivered"
    for kind, operation in OPERATIONS.items():
        others = CheckUpdate.objects.filter(kind=kind, call__isnull=False)
        for update in others.exclude(call__operation=operation).only("pk").iterator():
            yield f"check update #{update.pk} has a call of another kind"


def nothing_is_sent_after_an_order_was_called_off() -> Iterator[str]:
    """No request began after its order had been cancelled or terminated here."""
    late = Attempt.objects.filter(
        call__checkupdate__background_check__state__in=CALLED_OFF,
        started_at__gt=F("call__checkupdate__background_check__ended_at"),
        outcome__in=REACHED,
        request__isnull=False,  # otherwise it only read back, or took in what had been answered
    )
    for attempt in late.only("pk", "call_id").iterator():
        yield f"attempt #{attempt.pk} of call #{attempt.call_id} was made after its order had ended"
