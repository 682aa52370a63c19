"""What the page of an order says of its promised date."""

from datetime import date

from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bindings.models import Order, Turn
from bindings.orders import promises
from hireops.desk.display import badge
from hireops.desk.sections import Section

SECTION = "admin/bindings/order/promise_section.html"


def promised_shown(order: Order, today: date | None = None) -> str | SafeString:
    """The promised date: red once it is over and the order is open, marked while it is provisional."""
    if order.promised_on is None:
        return "–"
    day = f"{order.promised_on:%Y-%m-%d}"
    if promises.is_late(order, today):
        return badge(gettext("late: %(day)s") % {"day": day}, "bad")
    if order.ended_at is None and order.clock_stopped_at:
        return badge(gettext("%(day)s, the clock stands still") % {"day": day}, "quiet")
    if order.ended_at is None and order.promise_is_provisional:
        return badge(gettext("provisional: %(day)s") % {"day": day}, "warn")
    return day


def promise_section(request: HttpRequest, order: Order) -> Section:
    """On the page of an order: what was promised, what holds now, and why it moved."""
    options = order._meta  # noqa: SLF001 - documented
    context = {
        "order": order,
        "promised": promised_shown(order),
        "is_late": promises.is_late(order),
        "turn": Turn(order.turn).label,
        "changes": promises.changes_of(order),
        "may_move": order.ended_at is None and request.user.has_perm(change_right(order)),
        "move_url": f"admin:{options.app_label}_{options.model_name}_promise",
    }
    return Section(_("Promised date"), SECTION, context)


def change_right(order: Order) -> str:
    options = order._meta  # noqa: SLF001 - documented
    return f"{options.app_label}.change_{options.model_name}"
