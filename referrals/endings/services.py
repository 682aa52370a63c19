"""Ending a withdrawal that Feishu never answers: one person says what became of it, another confirms it.

Whoever ends one locks its account first, then the withdrawal, the ending and the call. So an answer that
comes at that moment is either taken in before, or finds the call ended and is taken in after.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from hireops.database import clock
from hireops.desk import audit
from hireops.desk.errors import Refused
from hireops.desk.staff import Reader, name_and_login
from hireops.outbox import services as outbox
from hireops.outbox.models import Call
from hireops.people import payout_rights
from referrals.accounts import services as accounts
from referrals.endings import evidence as evidences
from referrals.endings.evidence import Evidence
from referrals.models import POINTS, Case, Ending, SelfApproval, Withdrawal
from referrals.payouts import services as withdrawals
from referrals.payouts import taking, transitions
from referrals.payouts.rights import APPROVE
from referrals.reconciliation.services import reconcile_day

MOST_DAYS_AT_ONCE = 31
# How long hireops stops asking for the withdrawal itself: while evidence comes in, and for a second person.
PAUSED_WHILE_ASKING = timedelta(hours=1)
PAUSED_WHILE_PROPOSED = timedelta(days=3)

State = Ending.State
Outcome = Ending.Outcome
ENDS_IN = {Outcome.NOT_DONE: Withdrawal.State.UNKNOWN, Outcome.TAKEN: Withdrawal.State.NOT_DONE}


# --- What two people go by


def ask_for_evidence(withdrawal: Withdrawal, *, by: User) -> int:
    """Ask Feishu for the balance, and to compare the days that were not; how many days are started.

    hireops does not ask for the withdrawal itself meanwhile: a try makes the evidence stale. Raises
    ``Refused`` while a try is under way.
    """
    with transaction.atomic():
        withdrawal = transitions.lock(withdrawal.pk)
        _pause_retries(withdrawal, PAUSED_WHILE_ASKING)
        found = evidences.of(withdrawal)
        accounts.refresh(withdrawal.account, by=by)
        action = gettext_noop("evidence asked for")
        days = found.days_missing[:MOST_DAYS_AT_ONCE]
        audit.record(by=by, action=action, on=withdrawal, days=[str(day) for day in days])
    return sum(_start(withdrawal, day, by) for day in days)


def _pause_retries(withdrawal: Withdrawal, length: timedelta) -> None:
    """Only if Feishu has answered the last try: until then it has to be asked on."""
    call = Call.objects.get(withdrawal=withdrawal)
    if withdrawal.state == Withdrawal.State.UNKNOWN and call.error_code is not None:
        outbox.pause_call(call, until=clock.now() + length)


def _start(withdrawal: Withdrawal, day: date, by: User) -> bool:
    try:
        reconcile_day(withdrawal.account.tenant, day, by=by)
    except Refused:  # it is being compared already
        return False
    return True


def seems_taken(withdrawal: Withdrawal) -> tuple[dict[str, Decimal], datetime | None]:
    """What open cases say that one ended as not done has taken after all, by asset, and when."""
    taken: dict[str, Decimal] = {}
    times: list[datetime] = []
    found = withdrawal.cases.filter(closed_at=None, kind__in=[Case.Kind.TURNED_OUT, Case.Kind.POINTS])
    for case in found.select_related("change", "reconciliation").order_by("pk"):
        amount = (case.theirs or Decimal(0)) - (case.ours or Decimal(0))
        if case.asset == POINTS or case.change is not None:
            taken[case.asset] = max(taken.get(case.asset, Decimal(0)), amount)
        if case.change is not None:
            times.append(case.change.as_of)
        elif case.reconciliation is not None:
            times.append(case.reconciliation.starts_at)
    return {asset: amount for asset, amount in taken.items() if amount > 0}, max(times, default=None)


# --- Proposing it


def propose_not_done(withdrawal: Withdrawal, *, by: User, reason: str, in_spite: bool = False) -> Ending:
    """Say that Feishu has not done it. Raises ``Refused`` while evidence is missing, and without a reason.

    ``in_spite``: this person knows what speaks against it, and why it is not so.
    """
    with transaction.atomic():
        withdrawal = transitions.lock(withdrawal.pk)
        _refuse_in_another_state(withdrawal, Outcome.NOT_DONE)
        found = _complete(withdrawal)
        if found.against and not in_spite:
            why = " ".join(found.against)
            raise Refused(_("Something says that Feishu has probably done it. %(why)s") % {"why": why})
        _pause_retries(withdrawal, PAUSED_WHILE_PROPOSED)
        return _propose(withdrawal, Outcome.NOT_DONE, by=by, reason=reason, evidence=found.as_kept())


def propose_taken(withdrawal: Withdrawal, *, by: User, reason: str) -> Ending:
    """Say that one that was ended as not done was done after all, and took what its open cases say."""
    with transaction.atomic():
        withdrawal = transitions.lock(withdrawal.pk)
        _refuse_in_another_state(withdrawal, Outcome.TAKEN)
        taken, at = seems_taken(withdrawal)
        if not taken or at is None:
            raise Refused(
                _(
                    "No open case of this withdrawal says that it took anything. One is opened when the "
                    "balance goes down, or a reconciliation finds more at Feishu than here."
                )
            )
        cases = list(withdrawal.cases.filter(closed_at=None).values_list("pk", flat=True))
        return _propose(
            withdrawal,
            Outcome.TAKEN,
            by=by,
            reason=reason,
            evidence={"cases": cases},
            taken=withdrawals.as_text(taken),
            trans_time=at,
        )


def _refuse_in_another_state(withdrawal: Withdrawal, outcome: Outcome) -> None:
    if withdrawal.state != ENDS_IN[outcome]:
        raise Refused(
            _("This withdrawal is in another state by now (%(state)s). Its page says how that came about.")
            % {"state": withdrawal.get_state_display()}
        )


def _complete(withdrawal: Withdrawal) -> Evidence:
    """The evidence as of now, for a caller that has locked the call if it goes by it."""
    found = evidences.of(withdrawal)
    if why := _in_words(found.missing):
        raise Refused(why)
    return found


def _propose(withdrawal: Withdrawal, outcome: Outcome, *, by: User, reason: str, **values: object) -> Ending:
    if not reason.strip():
        raise Refused(_("Give a reason: who confirms it, and whoever asks later, has to know it."))
    try:
        with transaction.atomic():
            ending = Ending.objects.create(
                withdrawal=withdrawal, outcome=outcome, proposed_by=by, reason=reason.strip(), **values
            )
    except IntegrityError as error:  # one_ending_of_a_withdrawal
        raise Refused(_("Somebody has proposed that already. It waits for a second person.")) from error
    audit.record(by=by, action=PROPOSED[outcome], on=withdrawal, reason=ending.reason, ending=ending.pk)
    return ending


PROPOSED = {
    Outcome.NOT_DONE: gettext_noop("proposed to end it as not done"),
    Outcome.TAKEN: gettext_noop("proposed to take it in as done after all"),
}
CONFIRMED = {
    Outcome.NOT_DONE: gettext_noop("withdrawal ended as not done"),
    Outcome.TAKEN: gettext_noop("withdrawal taken in as done after all"),
}


# --- Deciding it


def confirm(ending: Ending, *, by: User, reason: str) -> None:
    """End the withdrawal as was proposed.

    Raises ``Refused`` for who proposed it, unless REFERRALS_SELF_APPROVAL allows it, for who may not approve
    payouts yet, without a reason, if the evidence is not complete any more, and if Feishu may be doing it at
    this moment or has answered.
    """
    with transaction.atomic():
        withdrawal, ending = _locked(ending)
        _refuse_to_confirm(ending, by, reason)
        _refuse_in_another_state(withdrawal, Outcome(ending.outcome))
        if by.pk == ending.proposed_by_id:
            SelfApproval.objects.get_or_create(withdrawal=withdrawal)
        if ending.outcome == Outcome.NOT_DONE:
            _end_as_not_done(withdrawal, ending, by=by, reason=reason)
        else:
            _take_in(withdrawal, ending, by=by, reason=reason)
        audit.record(
            by=by,
            action=CONFIRMED[Outcome(ending.outcome)],
            on=withdrawal,
            reason=ending.decision_reason,
            ending=ending.pk,
            self_approved=ending.self_approved,
        )


def still_to_confirm() -> QuerySet[Ending]:
    """Whose withdrawal is still in the state that they would end."""
    # Looked up one by one: they are few, and joined PostgreSQL may walk along all withdrawals.
    withdrawal = Withdrawal.objects.filter(pk=OuterRef("withdrawal"))
    still_so = Q(pk__in=[])
    for outcome, state in ENDS_IN.items():
        still_so |= Q(outcome=outcome, state_now=state)
    proposed = Ending.objects.filter(state=State.PROPOSED)
    return proposed.alias(state_now=Subquery(withdrawal.values("state")[:1])).filter(still_so)


def to_decide(person: Reader) -> QuerySet[Ending]:
    """Those that this approver may decide: not the own ones."""
    waiting = still_to_confirm()
    return waiting if settings.REFERRALS_SELF_APPROVAL else waiting.exclude(proposed_by=person.pk)


def _locked(ending: Ending) -> tuple[Withdrawal, Ending]:
    withdrawal = transitions.lock(ending.withdrawal_id)
    return withdrawal, Ending.objects.select_for_update().get(pk=ending.pk)


def _refuse_to_confirm(ending: Ending, by: User, reason: str) -> None:
    if why := why_not_confirmed(ending, by):
        raise Refused(why)
    payout_rights.refuse_until_in_effect(by, APPROVE)
    if not reason.strip():
        raise Refused(_("Write what you have looked at: it is kept with the withdrawal for ever."))


def why_not_confirmed(ending: Ending, by: User) -> str:
    """Why ``by`` can't be its second person now, as a sentence for staff. Empty if they can."""
    if why := why_not_decided(ending):
        return why
    if by.pk == ending.proposed_by_id and not settings.REFERRALS_SELF_APPROVAL:
        return _("You have proposed this yourself, so somebody else has to confirm it. Nothing was ended.")
    return why_not_proven(ending)


def why_not_proven(ending: Ending) -> str:
    """Which evidence of *not done* is missing, and since when. Empty if it is complete."""
    if ending.outcome != Outcome.NOT_DONE or ending.withdrawal.state != Withdrawal.State.UNKNOWN:
        return ""
    return _in_words(evidences.of(ending.withdrawal).missing)


def _in_words(missing: Sequence[str]) -> str:
    if not missing:
        return ""
    why = " ".join(missing)
    return _("The evidence is not complete or no longer fresh. %(why)s") % {"why": why}


def why_not_taken_back(ending: Ending, by: User) -> str:
    if by.pk != ending.proposed_by_id:
        return _("Only who has proposed this can take it back. Somebody else declines it.")
    return why_not_decided(ending)


def why_not_decided(ending: Ending) -> str:
    if ending.decided_by is None:
        return ""
    text = _("This has been decided already by %(name)s (%(state)s).")
    return text % {"name": name_and_login(ending.decided_by), "state": ending.get_state_display()}


def _refuse_what_is_decided(ending: Ending) -> None:
    if why := why_not_decided(ending):
        raise Refused(why)


def _end_as_not_done(withdrawal: Withdrawal, ending: Ending, *, by: User, reason: str) -> None:
    """The call first: from here on no worker takes it, so the evidence is that of its last try."""
    call = Call.objects.select_for_update().get(withdrawal=withdrawal)
    found = _complete(withdrawal)
    if len(found.against) > ending.evidence["against"]:
        raise Refused(
            _(
                "Since it was proposed, something more says that Feishu has done it. %(why)s Decline it; it "
                "can be proposed anew."
            )
            % {"why": " ".join(found.against)}
        )
    outbox.never_send_again(call)
    _decide(ending, State.CONFIRMED, by=by, reason=reason, decided_on=found.as_kept())
    transitions.write_step(withdrawal, Withdrawal.State.NOT_DONE)
    taking.take_nothing(withdrawal)


def _take_in(withdrawal: Withdrawal, ending: Ending, *, by: User, reason: str) -> None:
    _decide(ending, State.CONFIRMED, by=by, reason=reason)
    assert ending.trans_time is not None  # noqa: S101 - by constraint
    taken: Mapping[str, Decimal] = {asset: Decimal(amount) for asset, amount in ending.taken.items()}
    taking.take_in(withdrawal, taken, trans_time=ending.trans_time)


def _decide(
    ending: Ending, state: Ending.State, *, by: User, reason: str, decided_on: dict[str, object] | None = None
) -> None:
    ending.state, ending.decided_by, ending.decided_at = state, by, clock.now()
    ending.decision_reason, ending.decided_on = reason.strip(), decided_on or {}
    ending.self_approved = state == State.CONFIRMED and by.pk == ending.proposed_by_id
    ending.save(
        update_fields=[
            "state",
            "decided_by",
            "decided_at",
            "decision_reason",
            "decided_on",
            "self_approved",
        ]
    )


def decline(ending: Ending, *, by: User, reason: str) -> None:
    """It is not so, or not proven. Raises ``Refused`` without a reason, and if it has been decided."""
    if not reason.strip():
        raise Refused(_("Give a reason: who proposed it wants to know why it was declined."))
    _leave(ending, State.DECLINED, by=by, reason=reason, action=gettext_noop("proposed ending declined"))


def take_back(ending: Ending, *, by: User, reason: str) -> None:
    """The own proposal. Raises ``Refused`` for everybody else, and if it has been decided."""
    if why := why_not_taken_back(ending, by):
        raise Refused(why)
    _leave(ending, State.CANCELED, by=by, reason=reason, action=gettext_noop("proposed ending taken back"))


def _leave(ending: Ending, state: Ending.State, *, by: User, reason: str, action: str) -> None:
    with transaction.atomic():
        withdrawal, ending = _locked(ending)
        _refuse_what_is_decided(ending)
        _decide(ending, state, by=by, reason=reason)
        if ending.outcome == Outcome.NOT_DONE:
            outbox.end_pause(Call.objects.get(withdrawal=withdrawal))
        audit.record(by=by, action=action, on=withdrawal, reason=ending.decision_reason, ending=ending.pk)
