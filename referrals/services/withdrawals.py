"""Taking balances out of Feishu: asking for it, deciding it, and asking again until it is answered.

Contract 2.5 and 9.3. What an answer changes is in ``calls/withdrawals.py``, paying in ``payments.py``.
"""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
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

from hireops import database
from hireops.desk import audit
from hireops.desk.errors import Refused
from hireops.feishu.hire import BonusType
from hireops.outbox import services as outbox
from hireops.outbox.models import Attempt, Call
from hireops.outbox.verdicts import CATCH_ALL_CODES
from referrals import tenancy
from referrals.models import POINTS, ReferralAccount, Withdrawal, WithdrawalAmount
from referrals.services import accounts

logger = logging.getLogger(__name__)

WITHDRAW = "referral_account.withdraw"
SHORTEST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)
PART_OF_AGE = 10
MOST_AT_ONCE = 200
TIME_TO_TAKE_IN = timedelta(minutes=5)
# Also where Feishu says "system error" with HTTP 400: that is one of the meanings (contract 8.4).
PERHAPS_DONE = Q(outcome__in=Attempt.MAY_HAVE_LANDED) | Q(code__in=CATCH_ALL_CODES)

State = Withdrawal.State


# --- Asking for it


def request_withdrawal(
    account: ReferralAccount, *, by: User, points: bool, cash: bool, reason: str
) -> Withdrawal:
    """Ask for the whole balance of points, cash or both, so that somebody else decides; nothing is taken yet.

    A fresh balance is asked for, so that who decides sees one. Raises ``Refused`` if the account is
    deactivated, nothing of it is known to be there, or a withdrawal of it is open.
    """
    with transaction.atomic():
        account = _lock_account(account.pk)
        seen = seen_in(account, points=points, cash=cash)
        _refuse_to_request(account, seen, asked=points or cash)
        withdrawal = _create(account, by=by, points=points, cash=cash, reason=reason.strip())
        WithdrawalAmount.objects.bulk_create(
            WithdrawalAmount(withdrawal=withdrawal, asset=asset, seen=amount)
            for asset, amount in seen.items()
        )
        audit.record(
            by=by,
            action=gettext_noop("withdrawal requested"),
            on=withdrawal,
            reason=withdrawal.request_reason,
            seen=as_text(seen),
        )
        accounts.refresh(account, by=by)
        return withdrawal


def seen_in(account: ReferralAccount, *, points: bool, cash: bool) -> dict[str, Decimal]:
    """What is known to be in the account of these kinds, by asset; without what is 0."""
    return {
        balance.asset: balance.amount
        for balance in account.balances.all()
        if balance.amount > 0 and (points if balance.asset == POINTS else cash)
    }


def as_text(amounts: Mapping[str, Decimal]) -> dict[str, str]:
    return {asset: str(amount) for asset, amount in amounts.items()}


def _refuse_to_request(account: ReferralAccount, seen: Mapping[str, Decimal], *, asked: bool) -> None:
    if not asked:
        raise Refused(_("Choose what to take out: points, cash or both."))
    open_one = account.withdrawals.filter(state__in=Withdrawal.OPEN).first()
    if why_not := why_not_requested(account, seen, open_one):
        raise Refused(why_not)
    if accounts.heading_for(account) != ReferralAccount.Status.AVAILABLE:
        raise Refused(_deactivated())


def why_not_requested(
    account: ReferralAccount, seen: Mapping[str, Decimal], open_one: Withdrawal | None
) -> str:
    """Why nothing can be taken out of this account now, as a sentence for staff. Empty if it can."""
    if open_one is not None:
        return is_open_already(open_one)
    if account.status != ReferralAccount.Status.AVAILABLE:
        return _deactivated()
    if not seen:
        return _(
            "As far as hireops knows, nothing of that is in this account. If there should be, refresh the "
            "account from Feishu first."
        )
    return ""


def is_open_already(withdrawal: Withdrawal) -> str:
    return _(
        "Withdrawal #%(number)s of this account is open (%(state)s), and an account has one at a time. Wait "
        "until it is decided and answered."
    ) % {"number": withdrawal.pk, "state": withdrawal.get_state_display()}


def _deactivated() -> str:
    return _(
        "This account is deactivated, or about to be, and Feishu takes nothing out of it then. Enable it "
        "first."
    )


def _create(account: ReferralAccount, *, by: User, points: bool, cash: bool, reason: str) -> Withdrawal:
    try:
        with transaction.atomic():
            withdrawal = Withdrawal.objects.create(
                account=account,
                external_order_id=uuid4().hex,
                takes_points=points,
                takes_cash=cash,
                requested_by=by,
                request_reason=reason,
            )
    except IntegrityError as error:  # one_open_withdrawal_of_an_account: somebody was quicker
        raise Refused(
            _("A withdrawal of this account has been asked for at this moment by somebody else.")
        ) from error
    withdrawal.refresh_from_db(fields=["requested_at"])
    return withdrawal


# --- Deciding it


def approve_withdrawal(withdrawal: Withdrawal, *, by: User, reason: str) -> Call:
    """Owe Feishu the withdrawal, with the order ID that it has had since it was asked for.

    Raises ``Refused`` for who asked for it, unless REFERRALS_SELF_APPROVAL allows it, for an account that is
    deactivated, and if it has been decided already.
    """
    with transaction.atomic():
        withdrawal = lock(withdrawal.pk)
        _refuse_to_approve(withdrawal, by)
        call = _owe(withdrawal, by)
        _decide(withdrawal, State.APPROVED, by=by, reason=reason, call=call)
        audit.record(
            by=by,
            action=gettext_noop("withdrawal approved"),
            on=withdrawal,
            reason=withdrawal.decision_reason,
            call=call.pk,
            self_approved=withdrawal.self_approved,
        )
        return call


def _refuse_to_approve(withdrawal: Withdrawal, by: User) -> None:
    _refuse_what_is_decided(withdrawal)
    if by.pk == withdrawal.requested_by_id and not settings.REFERRALS_SELF_APPROVAL:
        raise Refused(
            _(
                "You have asked for this withdrawal yourself, so somebody else has to approve it. Nothing "
                "was sent."
            )
        )
    if accounts.heading_for(withdrawal.account) != ReferralAccount.Status.AVAILABLE:
        raise Refused(_deactivated())


def _refuse_what_is_decided(withdrawal: Withdrawal) -> None:
    if withdrawal.state != State.REQUESTED:
        raise Refused(
            _("This withdrawal has been decided already (%(state)s). Its page says by whom and why.")
            % {"state": withdrawal.get_state_display()}
        )


def _owe(withdrawal: Withdrawal, by: User) -> Call:
    account = withdrawal.account
    kinds = {BonusType.POINTS: withdrawal.takes_points, BonusType.CASH: withdrawal.takes_cash}
    return outbox.enqueue(
        operation=WITHDRAW,
        target=accounts.target_of(account.account_id),
        payload={
            "referral_account_id": account.account_id,
            "withdraw_bonus_type": [kind.value for kind, is_asked in kinds.items() if is_asked],
            "external_order_id": withdrawal.external_order_id,
        },
        tenant=tenancy.caller(account.tenant),
        by=by,
    )


def reject_withdrawal(withdrawal: Withdrawal, *, by: User, reason: str) -> None:
    """Decide that nothing is taken out. Raises ``Refused`` without a reason, and if it has been decided."""
    if not reason.strip():
        raise Refused(_("Give a reason: who asked for the withdrawal wants to know why it was rejected."))
    _end(withdrawal, State.REJECTED, by=by, reason=reason, action=gettext_noop("withdrawal rejected"))


def cancel_withdrawal(withdrawal: Withdrawal, *, by: User, reason: str) -> None:
    """Take the own request back. Raises ``Refused`` for everybody else, and if it has been decided."""
    if by.pk != withdrawal.requested_by_id:
        raise Refused(
            _(
                "Only who asked for this withdrawal can take the request back. If it is not to be paid, an "
                "approver rejects it."
            )
        )
    _end(
        withdrawal, State.CANCELED, by=by, reason=reason, action=gettext_noop("withdrawal request taken back")
    )


def _end(withdrawal: Withdrawal, state: Withdrawal.State, *, by: User, reason: str, action: str) -> None:
    with transaction.atomic():
        withdrawal = lock(withdrawal.pk)
        _refuse_what_is_decided(withdrawal)
        _decide(withdrawal, state, by=by, reason=reason)
        audit.record(by=by, action=action, on=withdrawal, reason=withdrawal.decision_reason)


def _decide(
    withdrawal: Withdrawal, state: Withdrawal.State, *, by: User, reason: str, call: Call | None = None
) -> None:
    write_step(
        withdrawal,
        state,
        call=call,
        decided_by=by,
        decided_at=database.now(),
        decision_reason=reason.strip(),
        self_approved=state == State.APPROVED and by.pk == withdrawal.requested_by_id,
    )


# --- Rows and steps


def lock(pk: int) -> Withdrawal:
    """The withdrawal and its account as they are now, and nobody else's until the transaction ends."""
    account = _lock_account(Withdrawal.objects.values_list("account_id", flat=True).get(pk=pk))
    return _lock_of(account, pk)


def _lock_if_free(pk: int) -> Withdrawal | None:
    """The same without waiting for who has the account at this moment."""
    theirs = Withdrawal.objects.filter(pk=pk).values("account_id")
    account = ReferralAccount.objects.select_for_update(skip_locked=True).filter(pk__in=theirs).first()
    return _lock_of(account, pk) if account else None


def _lock_of(account: ReferralAccount, pk: int) -> Withdrawal:
    withdrawal = Withdrawal.objects.select_for_update().get(pk=pk)
    withdrawal.account = account
    return withdrawal


def _lock_account(pk: int) -> ReferralAccount:
    return ReferralAccount.objects.select_for_update(of=("self",)).select_related("tenant").get(pk=pk)


def write_step(withdrawal: Withdrawal, state: Withdrawal.State, **values: object) -> None:
    """The next state of a locked row, with what this step knows. The database refuses what is no step."""
    withdrawal.state = state
    for name, value in values.items():
        setattr(withdrawal, name, value)
    withdrawal.save(update_fields=["state", *values])


# --- Asking again until it is answered


def settle_undecided() -> int:
    """Ask again, with the same order ID, for withdrawals that the outbox has stopped asking for; how many.

    One that Feishu may have done without our hearing of it, or whose answer can't be taken in, becomes
    *unknown*. It is never given up and never called failed, however long Feishu is away. A round takes
    ``MOST_AT_ONCE`` of each, least recently tried first; the next one goes on.
    """
    now = database.now()
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
    return database.now() - withdrawal.decided_at
