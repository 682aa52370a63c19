"""What staff can do with background checks, one or a selection of them, without a form of its own."""

from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from bindings.checks import services
from bindings.checks.queue import QUEUE
from bindings.models import BackgroundCheck
from bindings.orders import notes
from hireops.desk.admin import staff_action
from hireops.doorbell import ring
from hireops.outbox.tasks import drain

State = BackgroundCheck.State
CHANGE = "bindings.change_backgroundcheck"


@staff_action(
    permission=CHANGE,
    label=_("Report the next stage"),
    confirm=_(
        "For each of these orders the next of its package's usual stages is reported, with the time of now. "
        "The customers see it on the candidate's page."
    ),
    offered=lambda check: not services.why_no_next_stage(check),
    why_not=lambda check, by: services.why_no_next_stage(check),
    counted=ngettext_lazy(
        "Report the next stage of %(count)s order", "Report the next stage of %(count)s orders", "count"
    ),
)
def next_stage(check: BackgroundCheck, *, by: User, reason: str) -> None:
    services.report_next_stage(check, by=by)
    ring(drain)


@staff_action(
    permission=CHANGE,
    label=_("End it from our side"),
    confirm=_(
        "A last stage “已终止” is reported, then the order is ended at Feishu. That can't be undone there, "
        "and nothing more can be reported of it. The customer does not see your reason: tell them."
    ),
    reason_required=True,
    dangerous=True,
    irreversible=True,
    offered=lambda check: not services.why_not_terminated(check),
    why_not=lambda check, by: services.why_not_terminated(check),
    counted=ngettext_lazy("End %(count)s order from our side", "End %(count)s orders from our side", "count"),
)
def terminate(check: BackgroundCheck, *, by: User, reason: str) -> None:
    services.terminate(check, by=by, reason=reason)
    ring(drain)


@staff_action(
    permission=CHANGE,
    label=_("It is completed"),
    confirm=_(
        "Choose this when the order shows “已完成” in Feishu, or the customer has said so. Nothing is told "
        "to Feishu. A corrected result can still be tried afterwards."
    ),
    offered=lambda check: not services.why_not_completed(check),
    why_not=lambda check, by: services.why_not_completed(check),
    counted=ngettext_lazy("%(count)s order is completed", "%(count)s orders are completed", "count"),
)
def say_completed(check: BackgroundCheck, *, by: User, reason: str) -> None:
    services.say_completed(check, by=by, reason=reason)


@staff_action(
    permission=CHANGE,
    label=_("The customer has sent it back"),
    confirm=_(
        "Choose this when the customer has not approved the result. It is our turn again: report a corrected "
        "result, which takes the place of this one. Nothing is told to Feishu now."
    ),
    reason_required=True,
    offered=lambda check: check.state == State.RESULT_SENT and not services.is_sent_back(check),
    counted=ngettext_lazy("%(count)s order was sent back", "%(count)s orders were sent back", "count"),
)
def say_sent_back(check: BackgroundCheck, *, by: User, reason: str) -> None:
    services.say_sent_back(check, by=by, reason=reason)


@staff_action(
    permission=CHANGE,
    label=_("This customer approves no results"),
    confirm=_(
        "From now on every order of this customer's company is completed as soon as Feishu has its result. "
        "That is right where nobody there approves reports; it can be changed again at any order."
    ),
    offered=lambda check: check.state == State.RESULT_SENT and services.approves(check) is None,
)
def approves_nothing(check: BackgroundCheck, *, by: User, reason: str) -> None:
    services.say_whether_approved(check, approves=False, by=by)


@staff_action(
    permission=CHANGE,
    label=_("This customer approves results"),
    confirm=_(
        "From now on an order of this customer's company with a delivered result waits for the customer, and "
        "is completed when somebody says so or Feishu shows it."
    ),
    offered=lambda check: services.approves(check) is False,
)
def approves_results(check: BackgroundCheck, *, by: User, reason: str) -> None:
    services.say_whether_approved(check, approves=True, by=by)


@staff_action(
    permission=CHANGE,
    label=_("I have looked at it"),
    confirm=_("These orders leave the list of what is to be looked at. Nothing is told to Feishu."),
    reason_required=True,
    offered=lambda check: check.to_look_at in services.OWN_LOOKS,
    counted=ngettext_lazy("I have looked at %(count)s order", "I have looked at %(count)s orders", "count"),
)
def looked_at(check: BackgroundCheck, *, by: User, reason: str) -> None:
    services.looked_at(check, by=by, reason=reason)


@staff_action(
    permission=CHANGE,
    label=_("I look after it"),
    confirm=_("You are named as responsible for these orders. Nothing is told to Feishu."),
    counted=ngettext_lazy("I look after %(count)s order", "I look after %(count)s orders", "count"),
)
def take_care(check: BackgroundCheck, *, by: User, reason: str) -> None:
    notes.take_care(QUEUE, check, by=by)
