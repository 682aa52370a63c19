"""The customer orders background checks and arranges exams."""

from itertools import islice
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from hireops.simulator.customer_forms import CheckForm, ExamForm
from hireops.simulator.forms import SCOPE_LABELS
from hireops.simulator.pages.logs import SHOWN, Context
from hireops.simulator.pages.place import Place
from hireops.simulator.records import CustomerOrder, CustomerOrderStatus, ExamState, Published
from hireops.simulator.state import BoundAccount
from hireops.simulator.world import World

ORDER_LABELS = {
    CustomerOrderStatus.ARRANGED: (_("arranged"), "waiting"),
    CustomerOrderStatus.COMPLETED: (_("completed"), "delivered"),
    CustomerOrderStatus.TERMINATED: (_("terminated"), "lost"),
    CustomerOrderStatus.IN_APPROVAL: (_("in approval"), "waiting"),
    CustomerOrderStatus.APPROVED: (_("approved"), "delivered"),
    CustomerOrderStatus.REJECTED: (_("rejected"), "lost"),
}
EXAM_LABELS = {
    ExamState.ARRANGED: (_("arranged"), "waiting"),
    ExamState.READY: (_("candidate has access"), "waiting"),
    ExamState.FAILED: (_("arrangement failed"), "lost"),
    ExamState.ANSWERED: (_("answered"), "delivered"),
    ExamState.MARKED: (_("marked"), "delivered"),
}


def order_part(world: World, place: Place) -> Context:
    """The form for the account of the place, or for the newest one."""
    with world.lock:
        account = chosen_account(world, place)
        newest = list(islice(reversed(world.state.accounts.values()), SHOWN))
        choices = [{"account": each, "scope_label": SCOPE_LABELS[each.scope]} for each in newest]
        form = order_form(world, account, None) if account else None
    return {"order_accounts": choices, "order_account": account, "order_form": form}


def orders_part(world: World, place: Place) -> Context:
    with world.lock:
        orders = [_order_row(each) for each in islice(reversed(world.state.orders.values()), SHOWN)]
        exams = [
            {"exam": each, "label": EXAM_LABELS[each.state][0], "tone": EXAM_LABELS[each.state][1]}
            for each in islice(reversed(world.state.exams.values()), SHOWN)
        ]
        return {"orders": orders, "exams": exams}


def chosen_account(world: World, place: Place) -> BoundAccount | None:
    accounts = world.state.accounts
    return accounts.get(place.account) or next(reversed(accounts.values()), None)


def order_form(world: World, account: BoundAccount, data: QueryDict | None) -> CheckForm | ExamForm:
    """By the account's scope; made of what the partner has published behind it."""
    published = world.state.published.get(account.account_id, Published())
    form: Any = CheckForm if account.scope == 1 else ExamForm
    made: CheckForm | ExamForm = form(data, published=published)
    return made


def _order_row(order: CustomerOrder) -> Context:
    label, tone = ORDER_LABELS[order.status]
    return {
        "order": order,
        "label": label,
        "tone": tone,
        "can_be_canceled": order.status in {CustomerOrderStatus.ARRANGED, CustomerOrderStatus.IN_APPROVAL},
        "can_be_decided": order.status is CustomerOrderStatus.IN_APPROVAL,
    }
