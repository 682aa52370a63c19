"""What a customer does with a bound account: order checks and exams, end them (contract 4.10, 4.11, 5.6)."""

from typing import Any

from hireops.simulator.events import emit
from hireops.simulator.ids import new_id
from hireops.simulator.records import CustomerOrder, CustomerOrderStatus, Exam, ExamState
from hireops.simulator.world import World

CHECK_ORDERED = "hire.eco_background_check.created_v1"
CHECK_CANCELED = "hire.eco_background_check.canceled_v1"
EXAM_ARRANGED = "hire.eco_exam.created_v1"
BUYER = {"name": "李四", "mobile": {"code": "86", "number": "18900002222"}, "email": "buyer@example.com"}


def order_check(world: World, content: dict[str, Any], *, tenant_key: str = "") -> CustomerOrder:
    """The order and its event. ``content`` is the event's; what it lacks, such as the id, is made up."""
    content = {
        "background_check_id": new_id(),
        "additional_item_id_list": [],
        "comment": "",
        "client_contact_info": BUYER,
        "custom_field_list": [],
        **content,
    }
    with world.lock:
        order = CustomerOrder(
            background_check_id=content["background_check_id"],
            tenant_key=tenant_key or owner_of(world, content["account_id"]),
            account_id=content["account_id"],
            package_id=content["package_id"],
            candidate=content["candidate_info"]["name"],
            created_at=world.clock.now(),
            updated_ms=world.clock.now_ms(),
            application_id=new_id(),
            asked=content,
        )
        _refuse_known(order.background_check_id, world.state.orders)
        emit(world, CHECK_ORDERED, content, tenant_key=order.tenant_key)
        world.state.orders[order.background_check_id] = order
        world.changed()
    return order


def cancel_check(world: World, background_check_id: str, *, termination_reason: str) -> None:
    """The customer ends an order that is not over; ``ValueError`` when it is."""
    with world.lock:
        order = _order(
            world, background_check_id, {CustomerOrderStatus.ARRANGED, CustomerOrderStatus.IN_APPROVAL}
        )
        content = {"background_check_id": background_check_id, "termination_reason": termination_reason}
        emit(world, CHECK_CANCELED, content, tenant_key=order.tenant_key)
        order.status, order.termination_reason = CustomerOrderStatus.TERMINATED, termination_reason
        touch(world, order)


def decide_check(world: World, background_check_id: str, *, approved: bool) -> None:
    """The customer approves or rejects a reported result; approved, the order is completed."""
    with world.lock:
        order = _order(world, background_check_id, {CustomerOrderStatus.IN_APPROVAL})
        order.status = CustomerOrderStatus.COMPLETED if approved else CustomerOrderStatus.REJECTED
        touch(world, order)


def arrange_exam(world: World, content: dict[str, Any], *, tenant_key: str = "") -> Exam:
    """The exam and its event. ``content`` is the event's, its ``exam_id`` made up when missing."""
    content = {"exam_id": new_id(), **content}
    with world.lock:
        exam = Exam(
            exam_id=content["exam_id"],
            tenant_key=tenant_key or owner_of(world, content["account_id"]),
            account_id=content["account_id"],
            paper_id=content["paper_id"],
            candidate=content["candidate_info"]["name"],
            created_at=world.clock.now(),
        )
        _refuse_known(exam.exam_id, world.state.exams)
        emit(world, EXAM_ARRANGED, content, tenant_key=exam.tenant_key)
        world.state.exams[exam.exam_id] = exam
        world.changed()
    return exam


def finish_marking(world: World, exam_id: str) -> None:
    """From now on no result is taken; ``ValueError`` before there is one."""
    with world.lock:
        exam = world.state.exams.get(exam_id)
        if exam is None or exam.state is not ExamState.ANSWERED:
            raise ValueError("There is no such exam with a result to be marked.")
        exam.state = ExamState.MARKED
        world.changed()


def touch(world: World, order: CustomerOrder) -> None:
    order.updated_ms = world.clock.now_ms()
    world.changed()


def owner_of(world: World, account_id: str) -> str:
    """The tenant of a partner account; the first tenant when nobody added such an account."""
    account = world.state.accounts.get(account_id)
    return account.tenant_key if account else world.tenant_key


def _order(world: World, background_check_id: str, allowed: set[CustomerOrderStatus]) -> CustomerOrder:
    order = world.state.orders.get(background_check_id)
    if order is None or order.status not in allowed:
        raise ValueError("There is no such order in a state that allows this.")
    return order


def _refuse_known(identifier: str, known: dict[str, Any]) -> None:
    if identifier in known:
        raise ValueError(f"The id {identifier} is taken.")
