"""Why a call is as it is, in words: what happened, what it means, what to do.

The row keeps a key and figures, never a sentence, so that each reader gets it in their own language.
"""

from enum import StrEnum
from typing import Any

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from hireops.database import clock
from hireops.desk.display import in_others_words
from hireops.feishu import errors, sentences
from hireops.feishu.errors import Outcome
from hireops.feishu.models import Tenant
from hireops.outbox.models import Call


class Reason(StrEnum):
    LATER = "later"
    PAUSED = "paused"
    NOT_SENT = "not_sent"
    UNKNOWN = "unknown"
    WORKER_LOST = "worker_lost"
    TOO_LATE = "too_late"
    UNAPPLIED = "unapplied"
    REFUSED = "refused"
    UNKNOWN_UNSAFE = "unknown_unsafe"
    SYSTEM_ERROR = "system_error"
    GAVE_UP = "gave_up"
    FAILED_HERE = "failed_here"
    FAILED_HERE_AGAIN = "failed_here_again"
    UNAPPLIED_STILL = "unapplied_still"
    REFUSAL_UNAPPLIED = "refusal_unapplied"
    CANCELED = "canceled"
    SENT_AGAIN = "sent_again"
    RATE_LIMITED = "held_back"
    TENANT_GONE = "tenant_gone"
    FINDING_OUT = "finding_out"
    FOUND_NOT_DONE = "found_not_done"
    UNCLEAR = "unclear"
    NOT_FOUND_OUT = "not_found_out"
    DONE_BY_HAND = "done_by_hand"
    NEVER_AGAIN = "never_again"
    LATE_ANSWER = "late_answer"
    NOT_READY = "not_ready"
    NEVER_READY = "never_ready"
    NOT_WANTED = "not_wanted"
    OLD_NEWS = "old_news"


REASONS = {
    Reason.LATER: _("Feishu asked us to come back later. The call is sent again by itself."),
    Reason.PAUSED: _(
        "Somebody is finding out what became of it, so it is not sent meanwhile. It is sent again by itself "
        "from the time below on."
    ),
    Reason.NOT_SENT: _(
        "The call did not leave: Feishu could not be reached, or gave no access. It is sent again by itself."
    ),
    Reason.UNKNOWN: _(
        "No clear answer came, so Feishu may or may not have done it. Doing it twice is harmless here, "
        "so the call is sent again by itself after a short rest."
    ),
    Reason.WORKER_LOST: _(
        "The worker stopped while it was sending, so Feishu may or may not have done it. Doing it twice is "
        "harmless here, so the call is sent again by itself."
    ),
    Reason.TOO_LATE: _("The worker was held up and did not send in time. The call is sent again by itself."),
    Reason.UNAPPLIED: _(
        "Feishu has done it, but the answer could not be taken in here (%(error)s). It is not sent again; "
        "taking in the answer is tried again by itself."
    ),
    Reason.REFUSED: _("The call was refused for good. Nothing was changed at Feishu."),
    Reason.UNKNOWN_UNSAFE: _(
        "No clear answer came, so Feishu may or may not have done it, and doing it twice would do harm. "
        "Look in Feishu whether it was done: if not, send it again; if it was, choose “It was done”."
    ),
    Reason.SYSTEM_ERROR: _(
        "Feishu answered several times with its general system error, which can also mean that it refuses. "
        "Check what is being sent; then send it again, or cancel it. Feishu's support needs the log ID."
    ),
    Reason.GAVE_UP: _(
        "It could not be done for %(hours)s hours, so hireops stopped trying. See the last attempt for the "
        "cause; then send it again, or cancel it."
    ),
    Reason.FAILED_HERE: _(
        "hireops itself made a mistake (%(error)s). Whoever looks after hireops finds it in the log. Look in "
        "Feishu whether it was done; when the mistake is mended, send it again, or cancel it."
    ),
    Reason.FAILED_HERE_AGAIN: _(
        "hireops itself made a mistake (%(error)s). Whoever looks after hireops finds it in the log. The "
        "call is tried again by itself."
    ),
    Reason.UNAPPLIED_STILL: _(
        "Feishu has done it, but the answer could not be taken in here (%(error)s). Whoever looks after "
        "hireops finds the cause in the log. When it is mended, choose “Send again”: the call does not "
        "leave a second time, only its answer is taken in."
    ),
    Reason.REFUSAL_UNAPPLIED: _(
        "Feishu has refused the call, but that could not be noted everywhere here (%(error)s). Whoever looks "
        "after hireops finds the cause in the log. When it is mended, send the call again, or cancel it."
    ),
    Reason.CANCELED: _("Cancelled by a person before it was done; the history says who and why."),
    Reason.SENT_AGAIN: _("Sent again by a person; the history says who and why."),
    Reason.RATE_LIMITED: _(
        "The quota of this interface is used up for the moment. Nothing was sent; the call leaves by itself "
        "as soon as the quota allows it."
    ),
    Reason.TENANT_GONE: _(
        "The customer has removed the app, so nothing can be sent to them any more. If they install it "
        "again, send the call again."
    ),
    Reason.FINDING_OUT: _(
        "No clear answer came, so Feishu may or may not have done it, and doing it twice would do harm. "
        "hireops is finding out which; there is nothing to do."
    ),
    Reason.FOUND_NOT_DONE: _(
        "No clear answer came, but hireops found out that Feishu has not done it. The call is sent again by "
        "itself."
    ),
    Reason.UNCLEAR: _(
        "No clear answer came, and hireops could not find out whether Feishu has done it: %(why)s Look in "
        "Feishu: if it was not done, send it again; if it was, choose “It was done”."
    ),
    Reason.NOT_FOUND_OUT: _(
        "No clear answer came, and hireops tried in vain to find out whether Feishu has done it; the last "
        "attempt names the cause. Look in Feishu: if it was not done, send it again; if it was, choose “It "
        "was done”."
    ),
    Reason.DONE_BY_HAND: _("A person looked at Feishu and found it done; the history says who and why."),
    Reason.NEVER_AGAIN: _(
        "It was decided that this call is never sent again, although nobody knows for certain what became of "
        "an earlier try. Should an answer of Feishu still come, it is taken in."
    ),
    Reason.LATE_ANSWER: _(
        "Feishu's answer to an earlier try came after the call had been ended. It is not sent again; the "
        "answer is taken in by itself."
    ),
    Reason.NOT_READY: _("Nothing was sent yet. %(why)s As soon as that is done, the call leaves by itself."),
    Reason.NEVER_READY: _(
        "Nothing was sent, and hireops has stopped trying. %(why)s When that is done, send the call again, "
        "or cancel it."
    ),
    Reason.NOT_WANTED: _(
        "Nothing was sent: what it was to tell had been settled, was too old or was not to be told to this "
        "person any more. There is nothing to do."
    ),
    Reason.OLD_NEWS: _(
        "It could not be told in time, so hireops has given it up. The last attempt says why; there is "
        "nothing to do."
    ),
}


# Where Feishu's own code tells more than we can say in general.
EXPLAINED_BY_CODE = {Reason.LATER, Reason.NOT_SENT, Reason.REFUSED}


def explain(call: Call) -> str:
    """Why the call is in its state, in the reader's language. Empty when there is nothing to say."""
    if call.state == Call.State.SUPERSEDED:
        return gettext("A newer call took its place before it was done.")
    if not call.reason:
        return ""
    reason = Reason(call.reason)
    by_code = _meaning_of_last_code(call) if reason in EXPLAINED_BY_CODE else ""
    return by_code or str(REASONS[reason]) % _in_words(call.reason_details)


def _in_words(details: dict[str, Any]) -> dict[str, Any]:
    """``why`` is kept in English and translated into the reader's language."""
    return details | {"why": gettext(details["why"])} if details.get("why") else details


def message_shown(message: str) -> str:
    """What a try ended with: Feishu's own words, marked as such, or ours in the reader's language."""
    return sentences.in_words(message) or in_others_words(message)


def explain_delay(call: Call) -> str:
    """Why a call that is to be sent does not leave although it could. Empty if nothing keeps it."""
    if call.state != Call.State.PENDING:
        return ""
    if call.tenant and call.tenant.state == Tenant.State.SUSPENDED:
        return gettext(
            "The customer has suspended the app. The call leaves by itself when they have activated it again."
        )
    if call.channel.open_from <= clock.now():
        return ""
    closed_by = call.channel.get_closed_by_display() or gettext("One call is trying whether it works again")
    return gettext("%(cause)s. Calls of this kind leave from %(time)s on.") % {
        "cause": closed_by,
        "time": date_format(localtime(call.channel.open_from), "H:i:s"),
    }


def _meaning_of_last_code(call: Call) -> str:
    last = call.attempts.order_by("-id").first()
    if last is None or last.outcome not in {outcome.value for outcome in Outcome}:
        return ""
    return errors.explain(Outcome(last.outcome), last.code, last.message, call.operation)
