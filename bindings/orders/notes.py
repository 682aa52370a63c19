"""What staff keep of an order for themselves, and who looks after it. Feishu is told nothing of either."""

from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from bindings.orders.models import Order
from bindings.orders.updates import Queue
from hireops.desk import audit
from hireops.desk.errors import Refused


def keep_notes(
    queue: Queue[Any, Any], order: Order, *, by: User, notes: str, responsible: User | None
) -> None:
    with transaction.atomic():
        order = queue.lock(order.pk)
        if order.emptied_at and notes:
            raise Refused(_("Personal data of this order was removed, so nothing more is noted of it."))
        wanted = {"notes": notes, "responsible": responsible}
        changed = [name for name, value in wanted.items() if getattr(order, name) != value]
        if changed:
            order.notes, order.responsible = notes, responsible
            order.save(update_fields=["notes", "responsible"])
            audit.record(by=by, action=gettext_noop("notes changed"), on=order, changed=changed)


def take_care(queue: Queue[Any, Any], order: Order, *, by: User) -> None:
    """Whoever says so looks after it from now on."""
    with transaction.atomic():
        order = queue.lock(order.pk)
        keep_notes(queue, order, by=by, notes=order.notes, responsible=by)
