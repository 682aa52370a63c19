"""Withdrawing a whole balance (contract 2.5): what is asked, and what Feishu's answer changes."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from hireops.database import clock
from hireops.desk import audit
from hireops.feishu import hire
from hireops.feishu.client import Answer
from hireops.feishu.endpoints import ENDPOINTS
from hireops.feishu.errors import FeishuError, Outcome
from hireops.outbox.models import Call
from hireops.outbox.registry import Operation, register
from hireops.outbox.timing import RetryPolicy
from hireops.outbox.try_errors import UnappliableError
from referrals.accounts import services as accounts
from referrals.accounts.calls import NO_SUCH_ACCOUNT
from referrals.cases import services as cases
from referrals.ledger import figures
from referrals.ledger.figures import UnusableFigureError
from referrals.models import POINTS, Case, Withdrawal
from referrals.payouts import services as withdrawals
from referrals.payouts import taking, transitions

WRONG_VALUE, ACCOUNT_DISABLED = 1002002, 1002555
DEFINITE = frozenset({WRONG_VALUE, NO_SUCH_ACCOUNT, ACCOUNT_DISABLED})
# With the same order ID, so that it happens once; the older it is, the longer the pauses.
UNTIL_ANSWERED = RetryPolicy(give_up_after=None, part_of_age=0.1, longest_pause=timedelta(hours=1))

ANSWERED = gettext_noop("withdrawal answered")
ANSWERED_AFTER_ALL = gettext_noop("withdrawal answered after it had been ended as not done")

State = Withdrawal.State


class OtherOrderError(Exception):
    """Feishu's answer is about another order than the one that was asked for."""


class AnsweredTwiceError(UnappliableError):
    """There is an answer to a withdrawal that has ended here."""


class UnreadableAnswerError(FeishuError):
    """Feishu says that it is done, but not what this order took. ``content`` is kept with the attempt."""

    def __init__(self, answer: Answer) -> None:
        self.content = answer.data
        super().__init__(
            Outcome.UNKNOWN,
            "the answer does not say what this order took",
            log_id=answer.log_id,
            http_status=answer.http_status,
        )


def withdraw(tenant_key: str, **payload: Any) -> Answer:
    """As the client does it; but an answer that does not say what this order took is none.

    So the order is asked for again, under the same ID: whatever Feishu did meanwhile, it says then.
    """
    answer = hire.withdraw_referral_account(tenant_key, **payload)
    if _is_readable(answer, payload["external_order_id"]):
        return answer
    raise UnreadableAnswerError(answer)


def _is_readable(answer: Answer, order_id: str) -> bool:
    try:
        result = hire.WithdrawalResult.of(answer.data)
        figures.amounts_of(result.withdrawal_details)
    except (FeishuError, UnusableFigureError):
        return False
    return result.external_order_id == order_id


def apply_answer(call: Call, answer: Answer) -> None:
    """Write down what was really taken, which may differ from what was seen when it was asked for.

    What Feishu names without having been asked for it (contract 2.5) becomes a case and counts for nothing.
    Raises if the answer is about another order: then it is kept with the call, for a person.
    """
    result = hire.WithdrawalResult.of(answer.data)
    withdrawal = _locked(call)
    if result.external_order_id != withdrawal.external_order_id:
        raise OtherOrderError
    if withdrawal.state not in Withdrawal.ANSWERABLE:
        raise AnsweredTwiceError
    was_ended = withdrawal.state == State.NOT_DONE
    taken, unasked = _asked_and_not(withdrawal, result.withdrawal_details)
    taken = taking.take_in(withdrawal, taken, trans_time=result.trans_time)
    audit.record(
        by=None,
        action=ANSWERED_AFTER_ALL if was_ended else ANSWERED,
        on=withdrawal,
        taken=withdrawals.as_text(taken),
        not_asked_for=withdrawals.as_text(unasked),
    )
    _open_cases(withdrawal, unasked, kind=Case.Kind.UNASKED)
    if was_ended:
        _open_cases(withdrawal, taken, kind=Case.Kind.TURNED_OUT)
    accounts.refresh(withdrawal.account, by=None)


def _locked(call: Call) -> Withdrawal:
    return transitions.lock(Withdrawal.objects.values_list("pk", flat=True).get(call=call))


def _asked_and_not(
    withdrawal: Withdrawal, bonus: hire.Bonus
) -> tuple[dict[str, Decimal], dict[str, Decimal]]:
    """What Feishu names, by asset: of the kinds that were asked for, and of others; without what is 0."""
    asked: dict[str, Decimal] = {}
    unasked: dict[str, Decimal] = {}
    for asset, amount in figures.amounts_of(bonus).items():
        is_asked = withdrawal.takes_points if asset == POINTS else withdrawal.takes_cash
        if amount:
            (asked if is_asked else unasked)[asset] = amount
    return asked, unasked


def _open_cases(withdrawal: Withdrawal, amounts: Mapping[str, Decimal], *, kind: Case.Kind) -> None:
    """That Feishu names something where we have nothing."""
    for asset, amount in amounts.items():
        if not amount:
            continue
        cases.open_case(
            kind=kind,
            account=withdrawal.account,
            asset=asset,
            ours=Decimal(0),
            theirs=amount,
            withdrawal=withdrawal,
        )


def apply_refusal(call: Call, error: FeishuError) -> None:
    """Feishu has definitely not done it, and never will."""
    withdrawal = _locked(call)
    if withdrawal.state not in Withdrawal.UNDECIDED:
        return
    transitions.write_step(withdrawal, State.REFUSED, answered_at=clock.now())
    audit.record(by=None, action=gettext_noop("withdrawal refused by Feishu"), on=withdrawal, code=error.code)
    taking.take_nothing(withdrawal)
    if error.code == ACCOUNT_DISABLED:
        accounts.refresh(withdrawal.account, by=None)


def apply_doubt(call: Call, error: Exception) -> None:
    """From now on only an answer ends it. Whoever has the account at this moment is not waited for."""
    withdrawal = transitions.lock_if_free(call)
    if withdrawal is None or withdrawal.state not in Withdrawal.UNDECIDED:
        return
    code = error.code if isinstance(error, FeishuError) else None
    if withdrawal.state == State.APPROVED:
        transitions.write_step(withdrawal, State.UNKNOWN)
        action = gettext_noop("withdrawal without an answer")
        if call.answer is not None:
            action = gettext_noop("withdrawal with an answer that can't be taken in")
        details: dict[str, Any] = {} if code is None else {"code": code}
        audit.record(by=None, action=action, on=withdrawal, **details)
    if code == ACCOUNT_DISABLED:
        accounts.refresh(withdrawal.account, by=None)


register(
    Operation(
        name=withdrawals.WITHDRAW,
        label=_("Withdraw the balance"),
        send=withdraw,
        endpoint=ENDPOINTS[withdrawals.WITHDRAW],
        retry=UNTIL_ANSWERED,
        definite_refusals=DEFINITE,
        permission="referrals.view_withdrawal",
        on_answer=apply_answer,
        on_refusal=apply_refusal,
        on_doubt=apply_doubt,
        kept_by_app=_(
            "hireops asks for this withdrawal again by itself, with the same order ID, until Feishu has "
            "answered. Whatever there is to decide is on the page of the withdrawal."
        ),
    )
)
