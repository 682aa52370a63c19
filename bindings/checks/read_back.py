"""What Feishu has of an order (contract 4.12): read back to find out what became of a call without an answer.

Not documented: whether an app of a vendor may do that, and whether an order is known there by the same ID. So
a refused permission is remembered for a day, and nothing is believed of an order with another ID.
"""

from collections.abc import Sequence
from datetime import timedelta

from django.utils.translation import gettext_noop

from bindings.models import BackgroundCheck, CheckCancellation, CheckTenant, CheckUpdate
from hireops.database import clock
from hireops.feishu import hire
from hireops.feishu.errors import FeishuError, Outcome
from hireops.feishu.hire import OrderStatus, ReportType
from hireops.feishu.models import Tenant
from hireops.feishu.tenants import call_tenant
from hireops.outbox.models import Call
from hireops.outbox.registry import Found, Resolution

ReadBack = CheckTenant.ReadBack
NOT_GRANTED = {99991672, 99991676}
NOT_ASKED_AGAIN_FOR = timedelta(days=1)
ENDS_ARE_TOLD_WITHIN = timedelta(days=1)  # Feishu repeats an event for seven hours (contract 6.6)

HAS_A_RESULT = {
    OrderStatus.COMPLETED,
    OrderStatus.IN_APPROVAL,
    OrderStatus.APPROVAL_WITHDRAWN,
    OrderStatus.APPROVED,
    OrderStatus.APPROVAL_REJECTED,
}

MAY_NOT = gettext_noop(
    "The app may not read orders back from Feishu (it lacks the permission for it), so a person has to look."
)
UNKNOWN_THERE = gettext_noop("Feishu shows no order with this ID when orders are read back.")
ENDED_BY_WHOM = gettext_noop("Feishu shows the order as ended, and not whether by us or by the customer.")
SAYS_NOTHING = gettext_noop("What Feishu shows of the order does not tell whether this has arrived.")


def read(tenant: Tenant, order_ids: Sequence[str]) -> dict[str, hire.Order] | None:
    """What Feishu has of these orders, at most 20; without those that it does not know by this ID.

    None if the app may not read them, or was refused it less than a day ago. Raises ``FeishuError``.
    """
    if is_refused(tenant):
        return None
    on_behalf = call_tenant(tenant)
    try:
        answer = hire.batch_query_background_check_orders(
            on_behalf.tenant_key if on_behalf else "", background_check_order_id_list=list(order_ids)
        )
    except FeishuError as error:
        if error.outcome is Outcome.REFUSED and error.code in NOT_GRANTED:
            _remember(tenant, ReadBack.NOT_GRANTED)
            return None
        raise
    found = {order.order_id: order for order in hire.OrderPage.of(answer.data).items}
    known = {order_id: found[order_id] for order_id in order_ids if order_id in found}
    _remember(tenant, ReadBack.WORKS if known else ReadBack.OTHER_IDS)
    return known


def is_refused(tenant: Tenant) -> bool:
    """Whether reading back was refused so lately that it is not asked for again."""
    since = clock.now() - NOT_ASKED_AGAIN_FOR
    refused = CheckTenant.objects.filter(tenant=tenant, read_back=ReadBack.NOT_GRANTED)
    return refused.filter(read_back_at__gt=since).exists()


def _remember(tenant: Tenant, read_back: CheckTenant.ReadBack) -> None:
    known = {"read_back": read_back, "read_back_at": clock.now()}
    CheckTenant.objects.update_or_create(tenant=tenant, defaults=known)


# --- What became of one call


def find_stage(call: Call) -> Resolution:
    """Whether a stage has arrived. That it is missing counts only where those before it are there."""
    update, order = _update_of(call)
    found = _order_of(order)
    if isinstance(found, Resolution):
        return found
    told = update.stage_name
    before = [
        stage.stage_name
        for stage in CheckUpdate.objects.filter(background_check=order, kind=CheckUpdate.Kind.STAGE)
        if stage.number < update.number and stage.state == CheckUpdate.State.DELIVERED
    ]
    if found.stages.count(told) > before.count(told):
        return Resolution(found=Found.DONE)
    shows_stages = bool(before) and all(found.stages.count(name) == before.count(name) for name in before)
    if shows_stages and found.order_status == OrderStatus.ARRANGED:
        return Resolution(found=Found.NOT_DONE)
    return Resolution(found=Found.UNCLEAR, why=SAYS_NOTHING)


def find_result(call: Call) -> Resolution:
    """Whether the first final result has arrived. Of a corrected one nothing can be seen from outside."""
    update, order = _update_of(call)
    found = _order_of(order)
    if isinstance(found, Resolution):
        return found
    earlier = CheckUpdate.objects.filter(
        background_check=order, kind=CheckUpdate.Kind.RESULT, number__lt=update.number
    )
    if earlier.filter(state__in=[CheckUpdate.State.DELIVERED, CheckUpdate.State.LEFT]).exists():
        return Resolution(found=Found.UNCLEAR, why=SAYS_NOTHING)
    if found.order_status in HAS_A_RESULT or ReportType.FINAL in found.report_types:
        return Resolution(found=Found.DONE)
    if found.order_status == OrderStatus.ARRANGED:
        return Resolution(found=Found.NOT_DONE)
    return Resolution(found=Found.UNCLEAR, why=SAYS_NOTHING)


def find_termination(call: Call) -> Resolution:
    """Whether our own end has arrived. Feishu does not show who has ended an order.

    A customer's end comes as an event, if late. So an ended order is ours only after ``ENDS_ARE_TOLD_WITHIN``
    without one.
    """
    _update, order = _update_of(call)
    found = _order_of(order)
    if isinstance(found, Resolution):
        return found
    if found.order_status != OrderStatus.TERMINATED:
        return Resolution(found=Found.NOT_DONE)
    ended_there = CheckCancellation.objects.filter(
        tenant=order.tenant, background_check_id=order.background_check_id
    )
    if ended_there.exists() or call.created_at > clock.now() - ENDS_ARE_TOLD_WITHIN:
        return Resolution(found=Found.UNCLEAR, why=ENDED_BY_WHOM)
    return Resolution(found=Found.DONE)


def _update_of(call: Call) -> tuple[CheckUpdate, BackgroundCheck]:
    update = CheckUpdate.objects.select_related("background_check__tenant").get(call=call)
    return update, update.background_check


def _order_of(order: BackgroundCheck) -> hire.Order | Resolution:
    orders = read(order.tenant, [order.background_check_id])
    if orders is None:
        return Resolution(found=Found.UNCLEAR, why=MAY_NOT)
    found = orders.get(order.background_check_id)
    return found or Resolution(found=Found.UNCLEAR, why=UNKNOWN_THERE)
