"""Whether Feishu lets the app send messages, as its answers say.

An app without a bot or the permission is told so once, not with each message: one is tried, and the others
follow when it has arrived.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from django.db.models import Q

from hireops.feishu.codes import CODES, Advice
from hireops.feishu.endpoints import ENDPOINTS
from hireops.notices.models import Message
from hireops.outbox.models import Call
from hireops.outbox.reasons import Reason

SEND = "message.create"
NOT_IN_RANGE = 230013
# Until somebody changes something at the app, every message is refused with these.
APP_NOT_ALLOWED = frozenset(
    code
    for code, (advice, _why) in {**CODES, **ENDPOINTS[SEND].meanings}.items()
    if advice is Advice.ASK_PERSON and code != NOT_IN_RANGE
)
# What one person's message was refused with, which says nothing of the others'.
REFUSED_TO_ONE = Q(state=Call.State.REFUSED, error_code__isnull=False) & ~Q(error_code__in=APP_NOT_ALLOWED)
TRIED_AGAIN_AFTER = timedelta(hours=1)


class Begin(Enum):
    ALL = "all"
    ONE = "one"  # to see whether the app may
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Word:
    """Feishu's last word on it."""

    code: int | None
    message: str
    at: datetime

    @property
    def is_allowed(self) -> bool:
        return self.code not in APP_NOT_ALLOWED


def newest_word() -> Word | None:
    """None while Feishu has neither taken nor refused a message."""
    said = Q(state=Call.State.SUCCEEDED) | Q(state=Call.State.REFUSED, error_code__isnull=False)
    call = Call.objects.filter(said, operation=SEND, finished_at__isnull=False).order_by("-id").first()
    if call is None or call.finished_at is None:
        return None
    return Word(call.error_code, call.error_message, call.finished_at)


def may_begin(now: datetime) -> Begin:
    """How many messages may be made at this moment."""
    word = newest_word()
    if word and word.is_allowed:
        return Begin.ALL
    newest = Message.objects.filter(call__isnull=False).select_related("call").first()
    if newest is None or newest.call is None:
        return Begin.ONE
    if newest.call.state == Call.State.PENDING:
        return Begin.NONE
    if word is None and newest.call.reason == Reason.NOT_WANTED:
        return Begin.ONE  # it never left
    return Begin.NONE if newest.created_at > now - TRIED_AGAIN_AFTER else Begin.ONE


def refused_since(moment: datetime) -> bool:
    word = newest_word()
    return word is not None and not word.is_allowed and word.at >= moment
