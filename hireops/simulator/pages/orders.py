"""The customer orders background checks and arranges exams."""

from datetime import UTC, datetime
from itertools import islice
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from hireops.simulator import downloads
from hireops.simulator.customer_forms import CheckForm, ExamForm
from hireops.simulator.forms import SCOPE_LABELS, in_language
from hireops.simulator.pages.logs import SHOWN, Context
from hireops.simulator.pages.place import Place
from hireops.simulator.records import CustomerOrder, CustomerOrderStatus, Exam, ExamState, Published
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
        orders = [_order_row(world, each) for each in islice(reversed(world.state.orders.values()), SHOWN)]
        exams = [_exam_row(world, each) for each in islice(reversed(world.state.exams.values()), SHOWN)]
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


def _order_row(world: World, order: CustomerOrder) -> Context:
    label, tone = ORDER_LABELS[order.status]
    published = world.state.published.get(order.account_id, Published())
    items = order.asked.get("additional_item_id_list", [])
    return {
        "order": order,
        "label": label,
        "tone": tone,
        "package": _named(published.packages, order.package_id),
        "items": [_named(published.items, item) for item in items],
        "answers": _answers(published, order),
        "stages": [_reported(world, stage, stage["stage_time"]) for stage in order.stages],
        "results": [
            _reported(world, result, result["result_time"])
            for result in (*order.results_before, order.result)
            if result
        ],
        "can_be_canceled": order.status in {CustomerOrderStatus.ARRANGED, CustomerOrderStatus.IN_APPROVAL},
        "can_be_decided": order.status is CustomerOrderStatus.IN_APPROVAL,
    }


def _exam_row(world: World, exam: Exam) -> Context:
    label, tone = EXAM_LABELS[exam.state]
    published = world.state.published.get(exam.account_id, Published())
    return {
        "exam": exam,
        "label": label,
        "tone": tone,
        "paper": _named(published.papers, exam.paper_id),
        "login": exam.login_info.get("exam_login_info", {}),
        "reports": _reports(world, exam.result),
    }


def _named(published: dict[str, dict[str, Any]], identifier: str) -> str:
    """As the partner calls it; its id, if it is not published any more."""
    return str(published.get(identifier, {}).get("name") or identifier)


def _answers(published: Published, order: CustomerOrder) -> list[Context]:
    names = {field["key"]: in_language(field["name"]) for field in published.fields}
    given = order.asked.get("custom_field_list", [])
    return [{"name": names.get(each["key"]) or each["key"], "value": each["value"]} for each in given]


def _reported(world: World, body: dict[str, Any], at_ms: str) -> Context:
    at = datetime.fromtimestamp(int(at_ms) / 1000, UTC)
    return {"body": body, "at": at, "reports": _reports(world, body)}


def _reports(world: World, body: dict[str, Any]) -> list[Context]:
    return [
        {**each, "download": world.state.downloads.get(each["url"])} for each in downloads.reports_of(body)
    ]
