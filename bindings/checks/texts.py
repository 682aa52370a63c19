"""What staff read about background checks: why one has to be looked at, and how to find out."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bindings.checks.queue import State
from bindings.checks.services import (
    LONG_WITHOUT_WORD,
    SENT_BACK,
    has_open_update,
    is_sent_back,
    owes_correction,
)
from bindings.models import BackgroundCheck, CheckUpdate
from bindings.orders import texts
from bindings.orders.updates import Look

STATE, UNKNOWN_ORDER, IN_APPROVAL = 1002858, 1002862, 1002863

LOOKS: dict[str, str | Promise] = {
    **texts.LOOKS,
    SENT_BACK: "",  # its meaning says it
    LONG_WITHOUT_WORD: gettext_lazy(
        "The result was delivered long ago, and Feishu sends no word of approvals. Look at the order "
        "in Feishu or ask the customer; then mark it as completed, or as sent back."
    ),
}
SHORT_LOOKS: dict[str, str | Promise] = {
    **{look.value: look.label for look in Look},
    SENT_BACK: gettext_lazy("sent back by the customer"),
    LONG_WITHOUT_WORD: gettext_lazy("long without word of approval"),
}
MEANINGS: dict[str, str | Promise] = {
    State.RECEIVED: gettext_lazy(
        "A customer has ordered this check and waits for us. Begin, and report the first stage; the customer "
        "sees it on the candidate's page in Feishu."
    ),
    State.IN_PROGRESS: gettext_lazy(
        "We are working on it. Report each stage when it is done, then the result with its report."
    ),
    State.RESULT_SENT: gettext_lazy(
        "Feishu has the result. Where the customer approves results it waits for them, and Feishu tells us "
        "nothing of it; otherwise the order is completed there already: then say that it is completed."
    ),
    State.COMPLETED: gettext_lazy("The order is completed. A corrected result can still be tried."),
    State.CANCELED_BY_CUSTOMER: gettext_lazy(
        "The customer has cancelled the order. Stop working on it; nothing more is told to Feishu."
    ),
    State.TERMINATED_BY_VENDOR: gettext_lazy(
        "The order was ended from our side. Nothing more is told to Feishu."
    ),
}
CORRECT_IT = gettext_lazy(
    "The customer has not approved the result. Ask what is missing, then report a corrected result."
)
CORRECTED = gettext_lazy(
    "The customer has not approved the earlier result. Below is what became of the corrected one."
)
CORRECT_BY_MAIL = gettext_lazy(
    "The customer has not approved the result, and Feishu takes no other one of this order. Send the "
    "corrected result by mail; when the customer agrees, say that it is completed."
)
ENDED: dict[str, str | Promise] = {
    State.CANCELED_BY_CUSTOMER: gettext_lazy("The customer has cancelled the order."),
    State.TERMINATED_BY_VENDOR: gettext_lazy("The order was ended from our side."),
}


@dataclass(frozen=True, slots=True)
class Reading:
    """One thing that a refusal may mean, and how to see whether it does."""

    meaning: str
    check: str


def meaning(check: BackgroundCheck) -> str:
    """What the order's state means, and the one thing to do next."""
    if not is_sent_back(check):
        return str(MEANINGS[check.state])
    if owes_correction(check):
        return str(CORRECT_IT)
    return str(CORRECTED if has_open_update(check) else CORRECT_BY_MAIL)


def ended(check: BackgroundCheck) -> str:
    """Why nothing more is told of it. Empty while something may be."""
    return str(ENDED.get(check.state, ""))


def readings(update: CheckUpdate) -> list[Reading]:
    """What a refusal or a missing answer may mean, the likeliest first. Empty if that is clear."""
    if update.state == CheckUpdate.State.IN_DOUBT:
        return IN_DOUBT[CheckUpdate.Kind(update.kind)]()
    code = update.call.error_code if update.call else None
    match code:
        case 1002858 if is_sent_back(update.background_check):
            return [_takes_no_other()]
        case 1002858:
            return [_has_arrived(), _is_completed(), _is_called_off()]
        case 1002863:
            return [_has_arrived(), _another_is_approved(), _was_sent_by_hand()]
        case 1002862:
            return [_of_another_tenant(), _is_gone(), _of_another_app()]
        case _:
            return []


def _has_arrived() -> Reading:
    return Reading(
        _("An earlier try has arrived although no answer came."),
        _("On the candidate's page in Feishu Hire it stands there. Choose “It has arrived”."),
    )


def _takes_no_other() -> Reading:
    return Reading(
        _("The customer has not approved the earlier result, and Feishu takes no other one of this order."),
        _(
            "The order there shows “审批未通过”. Choose “Leave it and go on”, and send the corrected result "
            "by mail."
        ),
    )


def _is_completed() -> Reading:
    return Reading(
        _("The order is completed at Feishu."),
        _("The order there shows “已完成”. Choose “Leave it and go on”, and tell the customer by mail."),
    )


def _is_called_off() -> Reading:
    return Reading(
        _("The order was ended at Feishu, and the event about it has not come."),
        _("The order there shows “已终止”. Choose “Leave it and go on”, and ask the customer."),
    )


def _another_is_approved() -> Reading:
    return Reading(
        _("The customer is approving an earlier result."),
        _("The order there shows “审批中”. Wait until that is decided, then choose “It has not arrived”."),
    )


def _was_sent_by_hand() -> Reading:
    return Reading(
        _("Somebody has entered a result at Feishu by hand."),
        _("The result there has another text than ours. Ask the customer, then choose “Leave it and go on”."),
    )


def _of_another_tenant() -> Reading:
    return Reading(
        _("The app may not see this order any more."),
        _("The customer has removed the app or the account. Ask them; if they add it again, send it again."),
    )


def _is_gone() -> Reading:
    return Reading(
        _("The application of the candidate was deleted in Feishu."),
        _("The customer finds no order for this candidate. Choose “Leave it and go on”."),
    )


def _of_another_app() -> Reading:
    return Reading(
        _("hireops is connected to another app than the one that got the order."),
        _("Health names the app. If it was changed, change it back, then send it again."),
    )


def _stage_in_doubt() -> list[Reading]:
    return [
        Reading(
            _("It has arrived."),
            _("On the candidate's page in Feishu Hire the stage is listed. Choose “It has arrived”."),
        ),
        Reading(
            _("It has not arrived."),
            _(
                "The stage is not listed there. Choose “It has not arrived: send it again”; if nobody can "
                "look, “Leave it and go on”."
            ),
        ),
    ]


def _result_in_doubt() -> list[Reading]:
    return [
        Reading(
            _("It has arrived."),
            _(
                "The order there shows “已完成” or “审批中”, and the result is the one above. Choose “It has "
                "arrived”."
            ),
        ),
        Reading(
            _("It has not arrived."),
            _("The order there shows “已安排”. Choose “It has not arrived: send it again”."),
        ),
    ]


def _termination_in_doubt() -> list[Reading]:
    return [
        Reading(
            _("Our own end has arrived."),
            _(
                "The order there shows “已终止”, and the customer says that they have not ended it. Choose "
                "“It has arrived”."
            ),
        ),
        Reading(
            _("The customer has ended the order."),
            _(
                "Then Feishu tells it by an event within hours, and this page shows it. After that choose "
                "“It has not arrived”: nothing more is sent."
            ),
        ),
        Reading(
            _("It has not arrived."),
            _("The order there shows “已安排”. Choose “It has not arrived: send it again”."),
        ),
    ]


IN_DOUBT = {
    CheckUpdate.Kind.STAGE: _stage_in_doubt,
    CheckUpdate.Kind.RESULT: _result_in_doubt,
    CheckUpdate.Kind.TERMINATION: _termination_in_doubt,
}
