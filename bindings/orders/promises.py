"""For when an order is promised: by its package's working days from receipt, and by a reason for each move.

Each change is a ``PromiseChange`` that stays; the first promise stays on the order beside the current one.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from bindings.models import BackgroundCheck, Exam, Order, PromiseChange
from bindings.workdays import services as workdays
from bindings.workdays.calendar import Calendar, Promise
from bindings.workdays.services import Move
from hireops.database import clock
from hireops.desk import audit
from hireops.desk.errors import Refused

KINDS: tuple[type[Order], ...] = (BackgroundCheck, Exam)
PROMISED = ["first_promised_on", "promised_on", "promise_is_provisional", "promised_days", "clock_stopped_at"]
END = ["ended_at", "ended_late"]
PIECE = 500
MOST_DAYS = 250
# In the address of a list: ?promise=late
FILTER, IS_LATE, WAS_LATE = "promise", "late", "was_late"

Cause = PromiseChange.Cause


# --- The first promise


def set_promise(order: Order, days: int) -> None:
    """Promise an order that has come for so many working days after its receipt."""
    set_promises([(order, days)])


def set_promises(orders: Iterable[tuple[Order, int]]) -> None:
    """The same for many; those that have a promise keep it. In the transaction in which they are made."""
    new = [(order, min(days, MOST_DAYS)) for order, days in orders if order.first_promised_on is None]
    calendar = workdays.calendar_for(
        (workdays.received_on(order.received_at) for order, _days in new),
        max((days for _order, days in new), default=0),
    )
    changes = []
    for order, days in new:
        promise = calendar.after(workdays.received_on(order.received_at), days)
        order.first_promised_on, order.promised_days = promise.on, days
        changes.append(_change(order, promise, Cause.RECEIVED))
    for kind in KINDS:
        mine = [order for order, _days in new if isinstance(order, kind)]
        kind._default_manager.bulk_update(mine, PROMISED, batch_size=PIECE)  # noqa: SLF001 - documented
    PromiseChange.objects.bulk_create(changes)


# --- Moving it


def move(order: Order, to: date, *, cause: str, reason: str, by: User) -> None:
    """Promise it for another day, which a person names. Raises ``Refused``."""
    with transaction.atomic():
        order = locked(order)
        if order.ended_at:
            raise Refused(_("This order has ended, so nothing is promised any more."))
        if cause not in PromiseChange.BY_HAND or not reason.strip():
            raise Refused(_("Say why the promised date moves: the customer may ask."))
        if to == order.promised_on:
            raise Refused(_("It is promised for that day already."))
        if to < workdays.received_on(order.received_at):
            raise Refused(_("That is before the order came."))
        before = order.promised_on
        provisional = not workdays.is_loaded(to.year)
        order.promised_days = None
        order.first_promised_on = order.first_promised_on or to
        _keep([_change(order, Promise(to, provisional), cause, reason=reason, by=by)], [order])
        audit.record(
            by=by,
            action=gettext_noop("promised date moved"),
            on=order,
            reason=reason,
            before=str(before) if before else None,
            after=str(to),
        )


# --- The clock stands still while it is the candidate's turn


def stop_clock(order: Order) -> None:
    """From now on the order is not late. The row is locked by the caller."""
    if order.clock_stopped_at is None and order.promised_on is not None and order.ended_at is None:
        order.clock_stopped_at = clock.now()
        order.save(update_fields=["clock_stopped_at"])


def resume_clock(order: Order) -> None:
    """It goes on: the working days that it stood are added. The row is locked by the caller."""
    if order.clock_stopped_at is None:
        return
    received, stopped_on = workdays.received_on(order.received_at), workdays.local_day(order.clock_stopped_at)
    order.clock_stopped_at = None
    calendar = workdays.calendar_for([received, stopped_on, workdays.today()], MOST_DAYS)
    days = calendar.between(stopped_on, workdays.today())
    if not days or order.promised_on is None or order.ended_at:
        order.save(update_fields=["clock_stopped_at"])
        return
    if order.promised_days is None:  # a person has named the day
        promise = calendar.after(order.promised_on, days)
    else:
        order.promised_days = min(order.promised_days + days, MOST_DAYS)
        promise = calendar.after(received, order.promised_days)
    _keep([_change(order, promise, Cause.CLOCK)], [order])


# --- Late


def is_late(order: Order, today: date | None = None) -> bool:
    """``today`` is for who asks about many."""
    return (
        order.ended_at is None
        and order.clock_stopped_at is None
        and order.promised_on is not None
        and order.promised_on < (today or workdays.today())
    )


def late() -> Q:
    """Which orders are, as a condition; ``promised_on`` has an index of what is open."""
    return Q(ended_at__isnull=True, clock_stopped_at__isnull=True, promised_on__lt=workdays.today())


def was_late() -> Q:
    """Which orders are late, or were when they ended."""
    return late() | Q(ended_late=True)


def note_end(order: Order, at: datetime | None) -> None:
    """It ends, or with None goes on after all. The caller saves the columns in ``END``."""
    order.ended_at = at
    order.ended_late = None if at is None else _is_after_the_promise(order, workdays.local_day(at))


def _is_after_the_promise(order: Order, day: date) -> bool:
    return order.promised_on is not None and order.promised_on < day


def changes_of(order: Order) -> "QuerySet[PromiseChange]":
    """Oldest first."""
    return PromiseChange.objects.filter(**{column(type(order)): order}).select_related("by").order_by("id")


# --- When a year's calendar is loaded


class Promised:
    """Orders that are open follow the calendar, but for those whose day a person has named."""

    def moves(self, calendar: Calendar) -> Iterator[Move]:
        for order, promise in otherwise(calendar):
            if order.promised_on and order.promised_on != promise.on:
                yield Move(named(order), order.promised_on, promise.on, promise.is_provisional)

    def follow(self, calendar: Calendar, *, by: User, reason: str) -> int:
        found = list(otherwise(calendar, lock=True))
        changes = [_change(order, promise, Cause.CALENDAR, reason=reason, by=by) for order, promise in found]
        _keep(changes, [order for order, _promise in found])
        return sum(change.before != change.after for change in changes)


workdays.register(Promised())


def otherwise(calendar: Calendar, *, lock: bool = False) -> Iterator[tuple[Order, Promise]]:
    """Open orders that this calendar promises otherwise."""
    for kind in KINDS:
        rows = kind._default_manager.filter(ended_at__isnull=True, promised_days__isnull=False)  # noqa: SLF001
        rows = rows.exclude(promised_on=None).order_by("pk")
        for order in rows.select_for_update() if lock else rows:
            promise = calendar.after(workdays.received_on(order.received_at), order.promised_days or 0)
            if (promise.on, promise.is_provisional) != (order.promised_on, order.promise_is_provisional):
                yield order, promise


def named(order: Order) -> str:
    return f"{order._meta.verbose_name} {order}"  # noqa: SLF001 - documented


# --- Writing


def locked(order: Order) -> Order:
    found: Order = type(order)._default_manager.select_for_update(of=("self",)).get(pk=order.pk)  # noqa: SLF001
    return found


def _change(
    order: Order, promise: Promise, cause: str, *, reason: str = "", by: User | None = None
) -> PromiseChange:
    change = PromiseChange(
        cause=cause,
        before=order.promised_on,
        after=promise.on,
        is_provisional=promise.is_provisional,
        reason=reason,
        by=by,
        **{column(type(order)): order},
    )
    order.promised_on, order.promise_is_provisional = promise.on, promise.is_provisional
    return change


def _keep(changes: Sequence[PromiseChange], orders: Sequence[Order]) -> None:
    for order in orders:
        order.save(update_fields=PROMISED)
    PromiseChange.objects.bulk_create(changes)


def column(kind: type[Order]) -> str:
    """Of ``PromiseChange``, which names an order of this kind."""
    return "exam" if issubclass(kind, Exam) else "background_check"
