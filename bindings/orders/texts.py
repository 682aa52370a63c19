"""Where an update stands, in words: what happened, what it means, what to do. For the page of its order."""

from collections.abc import Callable

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bindings.orders.models import OrderUpdate
from bindings.orders.updates import Found, Look, waits_for_a_person
from hireops.desk.display import moment
from hireops.outbox.models import Call
from hireops.outbox.reasons import explain, explain_delay

State = OrderUpdate.State

LOOKS: dict[str, str | Promise] = {
    Look.REFUSED: gettext_lazy(
        "Feishu has refused what was reported last; nothing else leaves until you say on."
    ),
    Look.IN_DOUBT: gettext_lazy("What was reported last may or may not have arrived; say which."),
    Look.STUCK: gettext_lazy(
        "What was reported last could not be sent; send it again when the cause is gone."
    ),
}

SHORT: dict[str, str | Promise] = {
    State.QUEUED: gettext_lazy("It waits for its turn: what stands before it has to arrive first."),
    State.LEFT: gettext_lazy("Nobody knows whether it arrived. Somebody has decided to go on all the same."),
}


def in_words(update: OrderUpdate, ended: str = "") -> str:
    """One sentence or two about one update. ``ended`` says why nothing more is told of the order, if so."""
    words: dict[str, Callable[[OrderUpdate, str], str]] = {
        State.SENDING: _sending,
        State.DELIVERED: _delivered,
        State.IN_DOUBT: _in_doubt,
        State.REFUSED: _refused,
        State.STOPPED: _stopped,
    }
    if update.state in words:
        return words[update.state](update, ended)
    return str(SHORT[State(update.state)])


def _sending(update: OrderUpdate, ended: str) -> str:
    if waits_for_a_person(update):
        cause = explain(update.call) if update.call else ""
        return " ".join(filter(None, [_("It has not left."), cause]))
    if ended:
        return _(
            "%(ended)s While it was on its way: hireops waits for Feishu's answer, and nothing follows it."
        ) % {"ended": ended}
    delay = (explain_delay(update.call) or explain(update.call)) if update.call else ""
    return " ".join(filter(None, [_("It is on its way to Feishu; there is nothing to do."), delay]))


def _delivered(update: OrderUpdate, _ended: str) -> str:
    at = moment(update.delivered_at) if update.delivered_at else ""
    if update.why == Found.ARRIVED:
        return _("Somebody has looked and found that it has arrived (said on %(time)s).") % {"time": at}
    if update.why:
        return _("Feishu took it on %(time)s, just before the order ended there.") % {"time": at}
    return _("Feishu has it since %(time)s.") % {"time": at}


def _in_doubt(update: OrderUpdate, ended: str) -> str:
    if not waits_for_a_person(update):
        return _(
            "No clear answer came, so it may or may not have arrived. hireops is finding out; there is "
            "nothing to do, and nothing else leaves meanwhile."
        )
    if ended:
        return _(
            "%(ended)s Nobody knows whether this arrived before that. Nothing more is sent; look at the "
            "order in Feishu or ask the customer, then say which, so that the history is right."
        ) % {"ended": ended}
    return _(
        "No clear answer came, so it may or may not have arrived, and sending it twice could do harm. Look "
        "at the order in Feishu or ask the customer, then say which. Nothing else leaves before that."
    )


def _refused(update: OrderUpdate, _ended: str) -> str:
    call = update.call
    if call is None or call.state != Call.State.REFUSED:
        return _("Feishu has refused it.")
    return explain(call)


def _stopped(update: OrderUpdate, ended: str) -> str:
    if update.why == Found.LEAVE:
        return _("Feishu did not take it, and somebody has decided to go on without it.")
    return _("%(ended)s This had not left before, and will not be sent.") % {"ended": ended}
