"""The page of a withdrawal: what its state means, every step, the amounts, the call, the payments."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from hireops.database import clock
from hireops.desk import audit
from hireops.desk.display import duration, labelled, linked, state_badge
from hireops.desk.staff import Reader, name_and_login
from hireops.feishu.tenant_lists import are_several
from hireops.outbox import registry
from hireops.outbox import services as outbox
from hireops.outbox.models import Call
from hireops.outbox.reasons import Reason
from hireops.people import payout_rights
from referrals.ledger.assets import amount_in_words, asset_label, in_words, signed
from referrals.models import Ending, Payment, Reversal, Withdrawal, WithdrawalAmount
from referrals.payouts import services
from referrals.payouts.admin.keys import changed_keys
from referrals.payouts.approvers import who_could_approve
from referrals.payouts.rights import APPROVE

State = Withdrawal.State
ACCOUNT_DISABLED = 1002555

# What the state means, and what to do.
MEANINGS = {
    State.REQUESTED: _(
        "Nothing has been taken out yet. Somebody else than who asked for it has to approve or reject it."
    ),
    State.REJECTED: _("Nothing was taken out. If it is to be paid after all, ask for a new withdrawal."),
    State.CANCELED: _("The request was taken back before it was decided. Nothing was taken out."),
    State.APPROVED: _(
        "It is approved and on its way to Feishu, which takes the whole balance of what was asked for. There "
        "is nothing to do: this page shows what becomes of it."
    ),
    State.UNKNOWN: _(
        "Feishu may have taken the balance out, but no clear answer has come. hireops asks again with the "
        "same order ID until it is answered, so nothing is taken twice. Don't pay anything by hand meanwhile."
    ),
    State.NOT_DONE: _(
        "Feishu has never answered it clearly, and two people have ended it as not done: the steps below say "
        "who and why. Its order is never sent again and nothing is paid for it. Should it turn out that "
        "Feishu has done it after all, hireops opens a case."
    ),
    State.REFUSED: _(
        "Feishu has refused it for good, and nothing was taken out. When the cause is gone, ask for a new "
        "withdrawal."
    ),
    State.EMPTY: _("Feishu found nothing to take out of this account, so there is nothing to be paid."),
    State.TAKEN: _(
        "Feishu has taken it out of the account and counts it as paid: from now on it is owed to the "
        "employee. Hand it over for payment."
    ),
    State.HANDED_OVER: _("It is with the paying side. Record what became of each payment."),
    State.BOUNCED: _(
        "A payment came back or was reversed, so the employee does not have all of the money. Find out why, "
        "then hand it over again; other payments of this withdrawal go on meanwhile."
    ),
    State.PAID: _("Everything that was taken out has been paid. There is nothing left to do."),
}
ANSWER_KEPT = _(
    "Feishu has answered, but hireops could not take the answer in: it is kept with the call below and tried "
    "again. Whoever looks after hireops finds the cause in the log. Don't pay anything by hand meanwhile."
)
ENABLE_AGAIN = _(
    "The account was deactivated after it had been asked for, so Feishu refuses to say what became of it. "
    "Enable the account again, so that it can be answered."
)


def what_became_of(withdrawal: Withdrawal, reader: Reader, shown: Callable[[str], str]) -> dict[str, Any]:
    """What the page of a withdrawal shows: state and advice, amounts, every step, the call, the payments."""
    call, state = withdrawal.call, State(withdrawal.state)
    return {
        "withdrawal": withdrawal,
        "account": withdrawal.account,
        "tenant": withdrawal.account.tenant if are_several() else None,
        "name": shown(withdrawal.account.name),
        "badge": state_badge(state),
        "tone": state.tone,
        "meaning": meaning(withdrawal, call),
        "advice": ENABLE_AGAIN if must_be_enabled(withdrawal, call) else "",
        "age": age_shown(withdrawal, clock.now),
        "asked_again_at": outbox.leaves_from(call)
        if call and withdrawal.state in Withdrawal.UNDECIDED
        else None,
        "is_paused": bool(call and withdrawal.state in Withdrawal.UNDECIDED and call.reason == Reason.PAUSED),
        "amounts": amounts(withdrawal),
        "differs": differs(withdrawal),
        "needs_acknowledgement": withdrawal.state in {State.TAKEN, State.BOUNCED}
        and withdrawal.has_unacknowledged_excess,
        "steps": steps(withdrawal),
        "call": call,
        "call_link": linked(call, f"{registry.label_of(call.operation)} #{call.pk}") if call else "",
        "attempts": call.attempts.order_by("id") if call else (),
        "payments": payments(withdrawal),
        "not_yet": not_yet(withdrawal, reader),
        "approvers": who_could_approve(withdrawal.requested_by_id) if state == State.REQUESTED else "",
        "changed_keys": changed_keys([withdrawal], reader=reader),
        "cases": withdrawal.cases.all(),
        "endings": endings(withdrawal),
        "can_be_ended": withdrawal.state == State.UNKNOWN and refuses(call),
        "may_be_taken_in": withdrawal.state == State.NOT_DONE
        and any(case.closed_at is None for case in withdrawal.cases.all()),
    }


def not_yet(withdrawal: Withdrawal, reader: Reader) -> str:
    """For who may approve, but not yet: from when."""
    if withdrawal.state != State.REQUESTED or not isinstance(reader, User):
        return ""
    found = (at for name, at in payout_rights.waiting(reader) if name == APPROVE)
    return next((payout_rights.takes_effect(APPROVE, at) for at in found), "")


def age_shown(withdrawal: Withdrawal, as_of: Callable[[], datetime]) -> str:
    """How long nobody has known what became of it, in words; "" for one that is decided."""
    if withdrawal.state not in Withdrawal.UNDECIDED or withdrawal.decided_at is None:
        return ""
    return duration(as_of() - withdrawal.decided_at)


def meaning(withdrawal: Withdrawal, call: Call | None) -> str:
    if call and call.answer is not None and withdrawal.state in Withdrawal.UNDECIDED:
        return str(ANSWER_KEPT)
    return str(MEANINGS[State(withdrawal.state)])


def must_be_enabled(withdrawal: Withdrawal, call: Call | None) -> bool:
    """Feishu may have done it, and refuses the repetition that would tell because the account is off."""
    return bool(call and withdrawal.state in Withdrawal.UNDECIDED and call.error_code == ACCOUNT_DISABLED)


def refuses(call: Call | None) -> bool:
    """Whether Feishu has answered the last try, and not said that it is done."""
    return bool(call and call.answer is None and call.error_code is not None)


def endings(withdrawal: Withdrawal) -> list[dict[str, Any]]:
    """Those that wait for a second person or were confirmed, with links."""
    found = withdrawal.endings.filter(state__in=["proposed", "confirmed"]).order_by("pk")
    return [
        {"ending": each, "link": linked(each), "badge": state_badge(Ending.State(each.state))}
        for each in found.select_related("proposed_by", "decided_by")
    ]


@dataclass(frozen=True, slots=True)
class AmountLine:
    """One asset of a withdrawal, as it is shown. ``now`` is what is in the account today."""

    label: str
    seen: str
    approved: str
    taken: str
    now: str
    difference: str


def amounts(withdrawal: Withdrawal) -> list[AmountLine]:
    """Every asset that was seen or taken; while it waits for approval, also what has come since."""
    rows = {row.asset: row for row in withdrawal.amounts.all()}
    if withdrawal.state != State.REQUESTED:
        return [_line(asset, row, None) for asset, row in rows.items()]
    today = services.balance_to_take(withdrawal)
    return [_line(asset, rows.get(asset), today.get(asset, Decimal(0))) for asset in sorted({*rows, *today})]


def _line(asset: str, row: WithdrawalAmount | None, now: Decimal | None) -> AmountLine:
    seen = row.seen if row else Decimal(0)
    approved = row.approved if row else None
    taken = row.taken if row else None
    difference = taken if now is None else now
    before = seen if now is not None else approved or Decimal(0)
    return AmountLine(
        label=asset_label(asset),
        seen=amount_in_words(asset, seen),
        approved=amount_in_words(asset, approved),
        taken=amount_in_words(asset, taken),
        now=amount_in_words(asset, now),
        difference=signed(asset, difference - before) if difference not in {None, before} else "",
    )


def differs(withdrawal: Withdrawal) -> str:
    """A sentence where Feishu has taken something else than was approved."""
    rows = [row for row in withdrawal.amounts.all() if row.taken not in {None, row.approved or Decimal(0)}]
    if not rows:
        return ""
    parts = [
        gettext("%(asset)s: %(taken)s taken, %(approved)s approved")
        % {
            "asset": asset_label(row.asset),
            "taken": amount_in_words(row.asset, row.taken),
            "approved": amount_in_words(row.asset, row.approved or Decimal(0)),
        }
        for row in rows
    ]
    return gettext(
        "Feishu has taken something else than was approved, because the balance changed in between "
        "(%(differences)s). What counts, and is paid, is what was taken."
    ) % {"differences": "; ".join(parts)}


@dataclass(frozen=True, slots=True)
class WithdrawalStep:
    """What was done about a withdrawal, as its page shows it."""

    at: datetime
    who: str
    what: str
    why: str


# Reasons that earlier versions have written into the audit.
gettext_noop("no answer yet")


def steps(withdrawal: Withdrawal) -> list[WithdrawalStep]:
    """Who did what when and why, oldest first; hireops' own reasons in the reader's language."""
    decided = [
        WithdrawalStep(
            at=entry.at,
            who=entry.who,
            what=entry.action_label,
            why=entry.reason_shown,
        )
        for entry in list(audit.entries_about(withdrawal))[::-1]
    ]
    return sorted([*decided, *_steps_of_paying(withdrawal)], key=lambda step: step.at)


def _steps_of_paying(withdrawal: Withdrawal) -> Iterator[WithdrawalStep]:
    rows = Payment.objects.filter(amount__withdrawal=withdrawal).select_related(
        "batch__created_by", "recorded_by"
    )
    for batch in {payment.batch for payment in rows}:
        what = gettext("handed over for payment in batch #%(batch)s") % {"batch": batch.pk}
        who = name_and_login(batch.created_by)
        yield WithdrawalStep(at=batch.created_at, who=who, what=what, why=batch.note)
    for payment in rows:
        if payment.recorded_by and payment.recorded_at:
            what = labelled(in_words(payment.asset, payment.sum), payment.get_state_display())
            who, why = name_and_login(payment.recorded_by), payment.reason or payment.reference
            yield WithdrawalStep(at=payment.recorded_at, who=who, what=what, why=why)
    yield from _steps_of_reversing(withdrawal)


def _steps_of_reversing(withdrawal: Withdrawal) -> Iterator[WithdrawalStep]:
    found = Reversal.objects.filter(payment__amount__withdrawal=withdrawal)
    for each in found.select_related("payment", "proposed_by", "decided_by"):
        amount = in_words(each.payment.asset, each.payment.sum)
        what = gettext("%(amount)s: proposed to reverse the payment") % {"amount": amount}
        who = str(each.proposed_by)
        yield WithdrawalStep(at=each.proposed_at, who=who, what=what, why=each.why)
        if each.decided_by and each.decided_at:
            what = gettext("%(amount)s: reversal of the payment %(decided)s") % {
                "amount": amount,
                "decided": each.get_state_display(),
            }
            who = str(each.decided_by)
            yield WithdrawalStep(at=each.decided_at, who=who, what=what, why=each.decision_reason)


def payments(withdrawal: Withdrawal) -> list[dict[str, Any]]:
    rows = Payment.objects.filter(amount__withdrawal=withdrawal).order_by("pk").prefetch_related("reversals")
    return [
        {
            "payment": payment,
            "standing": payment.standing.label,
            "why": payment.why_not_paid,
            "waiting": linked(payment.open_reversal) if payment.open_reversal else "",
            "link": linked(payment),
            "batch": linked(payment.batch),
            "sum": in_words(payment.asset, payment.sum),
        }
        for payment in rows.select_related("batch", "recorded_by")
    ]
