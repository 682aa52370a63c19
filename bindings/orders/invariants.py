"""What must be true of promises at any time (``manage.py check_invariants``)."""

from collections.abc import Iterator

from django.db.models import F, OuterRef, Q, Subquery

from bindings.models import PromiseChange
from bindings.orders import promises
from bindings.workdays import services as workdays


def promises_are_as_last_changed() -> Iterator[str]:
    """An order is promised for what its last change says, and was at first for what its first one says."""
    for kind in promises.KINDS:
        changes = PromiseChange.objects.filter(**{promises.column(kind): OuterRef("pk")})
        orders = kind._default_manager.alias(  # noqa: SLF001 - documented
            newest=Subquery(changes.order_by("-id").values("after")[:1]),
            oldest=Subquery(changes.order_by("id").values("after")[:1]),
        )
        as_changed = Q(promised_on=F("newest"), first_promised_on=F("oldest"))
        never = Q(promised_on=None, first_promised_on=None, newest=None)
        for order in orders.exclude(as_changed).exclude(never).iterator():
            yield f"{promises.named(order)} is promised for another day than its changes say"


def promises_are_counted_by_the_calendar() -> Iterator[str]:
    """Where nobody has named the day, an open order is promised for what the calendar gives."""
    for order, _promise in promises.otherwise(workdays.whole_calendar()):
        yield f"{promises.named(order)} is not promised for the day that the working calendar gives"
