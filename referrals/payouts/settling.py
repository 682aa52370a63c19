"""Asking again, with the same order ID, until a withdrawal is answered (contract 9.3)."""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import (
    DateTimeField,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Value,
)
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from hireops.database import clock
from hireops.desk import audit
from hireops.desk.errors import Refused
from hireops.outbox import services as outbox
from hireops.outbox.models import Attempt, Call
from hireops.outbox.verdicts import CATCH_ALL_CODES
from referrals.models import ReferralAccount, Withdrawal
from referrals.payouts.services import lock, lock_of, write_step

SHORTEST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)
PART_OF_AGE = 10
MOST_AT_ONCE = 200
TIME_TO_TAKE_IN = timedelta(minutes=5)
# Also where Feishu says "system error" with HTTP 400: that is one of the meanings (contract 8.4).
PERHAPS_DONE = Q(outcome__in=Attempt.MAY_HAVE_LANDED) | Q(code__in=CATCH_ALL_CODES)

State = Withdrawal.State

logger = logging.getLogger(__name__)


def _lock_if_free(pk: int) -> Withdrawal | None:
    """The same without waiting for who has the account at this moment."""
    theirs = Withdrawal.objects.filter(pk=pk).values("account_id")
    account = ReferralAccount.objects.select_for_update(skip_locked=True).filter(pk__in=theirs).first()
    return lock_of(account, pk) if account else None


def settle_undecided() -> int:
    """Ask again, with the same order ID, for withdrawals that the outbox has stopped asking for; how many.

    One that Feishu may have done without our hearing of it, or whose answer can't be taken in, becomes
    *unknown*. It is never given up and never called failed, however long Feishu is away. A round takes
    ``MOST_AT_ONCE`` of each, least recently tried first; the next one goes on.
    """
    now = clock.now()
    for pk in _first(_in_doubt(now)):
        _note_doubt(pk, now)
    return sum(_ask_again_if_due(pk, now) for pk in _first(_due(now)))


def _first(withdrawals: QuerySet[Withdrawal]) -> list[int]:
    return list(withdrawals.order_by("call__not_before", "pk").values_list("pk", flat=True)[:MOST_AT_ONCE])


def _in_doubt(now: datetime) -> QuerySet[Withdrawal]:
    """Approved ones that Feishu may have done: no answer was heard, or it could not be taken in for long."""
    perhaps_done = Attempt.objects.filter(PERHAPS_DONE, call=OuterRef("call"))
    long_ago = perhaps_done.filter(finished_at__lte=now - TIME_TO_TAKE_IN)
    unheard = Q(Exists(perhaps_done), call__answer__isnull=True)
    not_taken_in = Q(Exists(long_ago), call__answer__isnull=False)
    return Withdrawal.objects.filter(unheard | not_taken_in, state=State.APPROVED, call__tries__gt=0)


def _note_doubt(pk: int, now: datetime) -> None:
    with transaction.atomic():
        withdrawal = _lock_if_free(pk)
        if withdrawal and _in_doubt(now).filter(pk=pk).exists():
            note_doubt(withdrawal)


def may_have_been_done(call: Call) -> bool:
    """Whether an earlier attempt may have reached Feishu; the one that is being made now does not count."""
    return call.attempts.filter(PERHAPS_DONE).exists()


def note_doubt(withdrawal: Withdrawal, **details: Any) -> None:
    """Feishu may have done it: from now on only its answer ends it. For a locked row."""
    write_step(withdrawal, State.UNKNOWN)
    is_answered = Call.objects.filter(withdrawal=withdrawal, answer__isnull=False).exists()
    action = (
        gettext_noop("withdrawal with an answer that can't be taken in")
        if is_answered
        else gettext_noop("withdrawal without an answer")
    )
    audit.record(by=None, action=action, on=withdrawal, **details)


def _due(now: datetime) -> QuerySet[Withdrawal]:
    """Undecided ones whose call nobody is making any more, and whose pause is over: see ``_asked_after``."""
    stopped = Withdrawal.objects.filter(
        state__in=Withdrawal.UNDECIDED,
        call__state__in=outbox.RESENDABLE,
        call__not_before__lte=now - SHORTEST_PAUSE,
    )
    moment = Value(now, output_field=DateTimeField())
    # not_before + (not_before - decided_at) / PART_OF_AGE <= now, as SQLite can calculate it too
    since_tried = (moment - F("call__not_before")) * (PART_OF_AGE + 1)
    return stopped.alias(
        since_tried=ExpressionWrapper(since_tried, output_field=DurationField()),
        age=ExpressionWrapper(moment - F("decided_at"), output_field=DurationField()),
    ).filter(Q(call__not_before__lte=now - LONGEST_PAUSE) | Q(since_tried__gte=F("age")))


def _asked_after(decided: datetime, tried: datetime) -> datetime:
    """The older it is, the longer the pause: a tenth of its age."""
    return tried + min(max((tried - decided) / PART_OF_AGE, SHORTEST_PAUSE), LONGEST_PAUSE)


def _ask_again_if_due(pk: int, now: datetime) -> bool:
    """False if somebody else has asked, or the answer has come, since it was found."""
    with transaction.atomic():
        withdrawal = _lock_if_free(pk)
        if withdrawal is None or not _due(now).filter(pk=pk).exists():
            return False
        return _resend(withdrawal, gettext_noop("no answer yet"))


def _resend(withdrawal: Withdrawal, reason: str) -> bool:
    call = Call.objects.get(withdrawal=withdrawal)
    if call.state not in outbox.RESENDABLE:
        return False
    try:
        outbox.resend_call(call, by=None, reason=reason)
    except Refused:
        logger.warning("withdrawal %d: its call can't be sent again", withdrawal.pk, exc_info=True)
        return False
    return True


def ask_again(withdrawal: Withdrawal, *, by: User, reason: str) -> None:
    """Ask Feishu now, with the same order ID, instead of when its pause is over.

    Raises ``Refused`` if it has been answered, or is about to be asked anyway.
    """
    with transaction.atomic():
        withdrawal = lock(withdrawal.pk)
        if withdrawal.state not in Withdrawal.UNDECIDED:
            raise Refused(_("Nothing is open at Feishu for this withdrawal, so there is nothing to ask."))
        if not _resend(withdrawal, reason.strip() or gettext_noop("asked again from the page")):
            raise Refused(_("Feishu is being asked already. Look again in a minute."))
        audit.record(by=by, action=gettext_noop("Feishu asked again"), on=withdrawal, reason=reason.strip())


def asked_again_at(withdrawal: Withdrawal) -> datetime | None:
    """When Feishu is asked the next time; None if it is not undecided."""
    if withdrawal.state not in Withdrawal.UNDECIDED or withdrawal.decided_at is None:
        return None
    call = Call.objects.get(withdrawal=withdrawal)
    if call.state not in outbox.RESENDABLE:
        return call.not_before
    return _asked_after(withdrawal.decided_at, call.not_before)  # of a stopped one: when its last try ended


def age_of_doubt(withdrawal: Withdrawal) -> timedelta:
    """How long it has been approved and not answered; nothing for one that Feishu does not have to answer."""
    if withdrawal.state not in Withdrawal.UNDECIDED or withdrawal.decided_at is None:
        return timedelta(0)
    return clock.now() - withdrawal.decided_at
