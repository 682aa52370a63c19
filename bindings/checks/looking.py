"""By night: what became of results that were delivered, and of messages in doubt that wait for a person.

Feishu sends no word of approvals (contract 4.8). Where orders can be read back they are asked for; elsewhere
one that waits for long is for a person.
"""

import logging
from collections.abc import Iterator, Sequence
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_noop

from bindings.checks import queue, read_back, services
from bindings.checks.queue import QUEUE, State
from bindings.models import BackgroundCheck, CheckUpdate
from hireops.database import clock
from hireops.desk import audit
from hireops.feishu.errors import FeishuError
from hireops.feishu.hire import Order, OrderStatus
from hireops.feishu.hire.orders import IDS_MAX
from hireops.feishu.models import Tenant
from hireops.outbox import services as outbox
from hireops.outbox.models import Call

logger = logging.getLogger(__name__)

# The oldest of a tenant; ten requests a second for twenty each are allowed.
MOST_A_NIGHT = 4000
COMPLETED = {OrderStatus.COMPLETED, OrderStatus.APPROVED}
SENT_BACK = {OrderStatus.APPROVAL_REJECTED, OrderStatus.APPROVAL_WITHDRAWN}


def look_after_results() -> None:
    """All orders whose result has been delivered and not been decided about."""
    for tenant in Tenant.objects.filter(state=Tenant.State.ACTIVE).order_by("pk"):
        for piece in _pieces(tenant):
            try:
                found = read_back.read(tenant, [check.background_check_id for check in piece])
            except FeishuError as error:
                logger.warning("orders could not be read back: %s", error)
                break  # tomorrow is another night
            for check in piece:
                take_in(check, (found or {}).get(check.background_check_id))


def look_after_doubts() -> None:
    """Find out once more what became of messages that wait for a person: Feishu may show it by now."""
    in_doubt = CheckUpdate.objects.filter(state=CheckUpdate.State.IN_DOUBT, call__state=Call.State.WAITING)
    of_active = in_doubt.filter(background_check__tenant__state=Tenant.State.ACTIVE)
    for update in of_active.select_related("call", "background_check__tenant").order_by("pk")[:MOST_A_NIGHT]:
        if update.call and not read_back.is_refused(update.background_check.tenant):
            outbox.find_out_again(update.call)


def _pieces(tenant: Tenant) -> Iterator[Sequence[BackgroundCheck]]:
    waiting = BackgroundCheck.objects.filter(tenant=tenant, state=State.RESULT_SENT).order_by("pk")
    after, told = 0, 0
    while told < MOST_A_NIGHT and (piece := list(waiting.filter(pk__gt=after)[:IDS_MAX])):
        after, told = piece[-1].pk, told + len(piece)
        yield piece


def take_in(check: BackgroundCheck, order: Order | None) -> None:
    """What Feishu has of an order with a delivered result; None if nobody can tell."""
    with transaction.atomic():
        check = QUEUE.lock(check.pk)
        if check.state != State.RESULT_SENT or services.open_updates(check).exists():
            return
        if order is None:
            _look_if_long(check)
        elif order.order_status in COMPLETED:
            services.forget_look(check)
            queue.take_step(check, State.COMPLETED)
            audit.record(by=None, action=gettext_noop("completed at Feishu, as read back"), on=check)
        elif order.order_status in SENT_BACK:
            services.note_sent_back(check)
        elif order.order_status == OrderStatus.TERMINATED:
            services.look(check, services.LONG_WITHOUT_WORD)


def _look_if_long(check: BackgroundCheck) -> None:
    before = clock.now() - timedelta(days=settings.CHECKS_ASK_AFTER_DAYS)
    delivered = CheckUpdate.objects.filter(
        background_check=check, kind=CheckUpdate.Kind.RESULT, delivered_at__gt=before
    )
    if not check.to_look_at and not delivered.exists():
        services.look(check, services.LONG_WITHOUT_WORD)
