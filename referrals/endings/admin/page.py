"""What the pages of endings show: the evidence as it is now, or as it was when two people went by it."""

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from hireops.contacts import mask
from hireops.desk.display import linked, state_badge
from hireops.desk.waiting import Waiting
from hireops.feishu.tenant_lists import are_several
from hireops.outbox.models import Call
from hireops.outbox.reasons import Reason
from hireops.outbox.watching import facts_of
from referrals.accounts import services as accounts
from referrals.endings import evidence as evidences
from referrals.endings import services as endings
from referrals.endings.evidence import DayCompared, Evidence
from referrals.ledger.assets import amount_in_words, asset_label, in_words, signed
from referrals.models import Ending, Reconciliation, Withdrawal

MEANINGS = {
    Ending.Outcome.NOT_DONE: _(
        "When a second person has confirmed it, this withdrawal ends as not done: Feishu is never asked for "
        "this order again, nothing is paid for it, and another withdrawal of the account can be asked for. "
        "Should it turn out that Feishu has done it, hireops opens a case."
    ),
    Ending.Outcome.TAKEN: _(
        "When a second person has confirmed it, hireops takes in what this withdrawal took by the cases "
        "below: it is owed to the employee from then on, and can be handed over for payment."
    ),
}


def about(withdrawal: Withdrawal) -> dict[str, Any]:
    """Which withdrawal it is, in the words of a page."""
    account = withdrawal.account
    return {
        "withdrawal": withdrawal,
        "withdrawal_link": linked(withdrawal, f"#{withdrawal.pk}"),
        "withdrawal_badge": state_badge(Withdrawal.State(withdrawal.state)),
        "account_link": linked(account, account.account_id),
        "tenant": account.tenant if are_several() else None,
        "name": mask(account.name),
    }


def now(withdrawal: Withdrawal) -> dict[str, Any]:
    """What speaks for it and against it as of now, by the outcome that can be proposed."""
    if withdrawal.state == Withdrawal.State.UNKNOWN:
        call = Call.objects.get(withdrawal=withdrawal)
        return {
            "outcome": Ending.Outcome.NOT_DONE,
            "paused_until": call.not_before if call.reason == Reason.PAUSED else None,
            **shown(evidences.of(withdrawal)),
        }
    if withdrawal.state == Withdrawal.State.NOT_DONE:
        taken, at = endings.seems_taken(withdrawal)
        return {
            "outcome": Ending.Outcome.TAKEN,
            "taken": [in_words(asset, amount) for asset, amount in taken.items()],
            "taken_at": at,
            "cases": withdrawal.cases.order_by("pk"),
        }
    return {"outcome": None}


def shown(evidence: Evidence) -> dict[str, Any]:
    return {
        "evidence": evidence,
        "attempts": evidence.attempts,
        "query_link": linked(evidence.query, f"#{evidence.query.pk}") if evidence.query else "",
        "assets": [
            {
                "label": asset_label(each.asset),
                "seen": amount_in_words(each.asset, each.seen),
                "now": amount_in_words(each.asset, each.now),
                "difference": ""
                if each.now in {None, each.seen}
                else signed(each.asset, each.now - each.seen),
                "is_missing": each.is_missing,
            }
            for each in evidence.assets
        ],
        "days": [_day(each) for each in evidence.days],
    }


def _day(each: DayCompared) -> dict[str, Any]:
    if each.run is None:
        says, tone = _("not reconciled yet"), "warn"
    elif each.differs:
        says, tone = _("Feishu has other points"), "bad"
    elif not each.is_known_to_feishu:
        says, tone = _("Feishu does not know the account"), "quiet"
    elif each.case is not None:
        says, tone = _("differed, and a person has said why"), "quiet"
    else:
        says, tone = _("the same points here and at Feishu"), "ok"
    return {
        "day": each.day,
        "says": says,
        "tone": tone,
        "run": linked(each.run, f"#{each.run.pk}") if each.run else "",
        "case": linked(each.case) if each.case else "",
    }


def waiting(withdrawal: Withdrawal) -> Waiting:
    """For what Feishu is being asked, so that somebody can decide."""
    account = withdrawal.account
    owed = Call.objects.filter(
        lane=accounts.lane_of_calls(account), operation=accounts.GET_ASSETS, state=Call.State.PENDING
    )
    compared = Reconciliation.objects.filter(tenant=account.tenant_id, state=Reconciliation.State.RUNNING)
    asked, days = list(owed.order_by("pk")), list(compared.order_by("pk").values_list("pk", flat=True))
    state = Withdrawal.State(withdrawal.state)
    if not (asked or days):
        return Waiting(_("Nothing is being asked any more.") + f" {state.label}", (), is_over=True)
    return Waiting(str(_("Feishu is being asked.")), (*facts_of(*asked), days, state))


def kept(ending: Ending) -> dict[str, Any]:
    """What was laid before who decided it."""
    found = ending.decided_on or ending.evidence
    balances = found.get("balances", {})
    return {
        "kept_query": Call.objects.filter(pk=found.get("query")).first(),
        "kept_balances": [
            (asset_label(asset), each["seen"], each["now"]) for asset, each in balances.items()
        ],
        "kept_days": sorted(found.get("reconciliations", {}).items()),
        "kept_against": found.get("against", 0),
        "taken": [in_words(asset, Decimal(amount)) for asset, amount in ending.taken.items()],
        "taken_at": ending.trans_time,
    }
