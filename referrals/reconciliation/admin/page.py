"""The page of a day that was compared: what came of it, the cases of the day, the calls."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, QuerySet, Sum
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from hireops.desk.display import linked, state_badge
from hireops.desk.waiting import Waiting
from hireops.jobs.display import facts_of, newest_about, newest_job
from hireops.outbox import reasons
from referrals.cases import admin as cases
from referrals.cases.admin import BOOKS
from referrals.ledger.assets import amount_in_words
from referrals.models import POINTS, Case, Reconciliation, ReconciliationChunk, WithdrawalAmount
from referrals.reconciliation.cash import cash_of

State, Part = Reconciliation.State, ReconciliationChunk.State

PARTS_SHOWN = 50
CASES_SHOWN = 100
MEANINGS = {
    State.RUNNING: _(
        "The accounts are being compared. There is nothing to do: this page shows what comes of it."
    ),
    State.MATCHED: _(
        "Points: every account has the same figure here and at Feishu. Cash: what was taken, booked and "
        "handed over for payment is the same. There is nothing to do."
    ),
    State.DIFFERS: _(
        "Some figures are not equal. Each of them is a case below: look into it and close it with a note. "
        "When the cause is gone, reconcile the day once more: cases that match then close by themselves."
    ),
    State.FAILED: _(
        "Feishu has not compared all accounts, so this day is not proven. Below is why. hireops tries again "
        "by itself after some hours; when the cause is gone, you can reconcile the day once more at once. "
        "Cases that were found stay."
    ),
}


def what_became_of(run: Reconciliation) -> dict[str, Any]:
    """What the page shows: its state in words, the figures, the cases of its day, the calls."""
    state = State(run.state)
    same_day = Reconciliation.objects.filter(tenant=run.tenant_id, day=run.day)
    found = list(_cases_of_the_day(run)[: CASES_SHOWN + 1])
    parts = list(
        run.chunks.select_related("call__channel", "call__tenant").order_by("-id")[: PARTS_SHOWN + 1]
    )
    return {
        "run": run,
        "progress": newest_about(run),
        "badge": state_badge(state),
        "tone": state.tone,
        "meaning": MEANINGS[state],
        "newer": same_day.filter(pk__gt=run.pk).order_by("-pk").first(),
        "points": _points_paid_out(run),
        "cases": [_case_row(case) for case in found[:CASES_SHOWN]],
        "more_cases": len(found) > CASES_SHOWN,
        "part_counts": list(_part_counts(run)),
        "parts": [_part_row(part) for part in _failed(run, parts) + parts[:PARTS_SHOWN]],
        "more_parts": len(parts) > PARTS_SHOWN,
    }


def waiting(run: Reconciliation) -> Waiting:
    state = State(run.state)
    job = newest_job(run)
    facts = (run.accounts, run.differences, list(_part_counts(run)), facts_of(job) if job else ())
    return Waiting(str(state.label), facts, is_over=state != State.RUNNING)


def _cases_of_the_day(run: Reconciliation) -> QuerySet[Case]:
    """Also those that an earlier run of the day has opened: the same mismatch is one case."""
    of_the_day = Case.objects.filter(reconciliation__tenant=run.tenant_id, reconciliation__day=run.day)
    return of_the_day.select_related("account").order_by(F("closed_at").desc(nulls_first=True), "-pk")


def _points_paid_out(run: Reconciliation) -> str:
    amounts = WithdrawalAmount.objects.filter(
        asset=POINTS,
        withdrawal__account__tenant=run.tenant_id,
        withdrawal__trans_time__gte=run.starts_at,
        withdrawal__trans_time__lt=run.ends_at,
    )
    return amount_in_words(POINTS, amounts.aggregate(sum=Sum("taken"))["sum"] or Decimal(0))


def _case_row(case: Case) -> dict[str, Any]:
    return {
        "case": linked(case),
        "account": linked(case.account, case.account.account_id),
        "asset": cases.asset_shown(case),
        "ours": amount_in_words(case.asset, case.ours),
        "theirs": amount_in_words(case.asset, case.theirs),
        "state": cases.state_of(case),
    }


def _part_counts(run: Reconciliation) -> Iterator[tuple[str, int]]:
    counted = dict(run.chunks.order_by().values_list("state").annotate(Count("pk")))
    return ((str(state.label), counted[state]) for state in Part if state in counted)


def _failed(run: Reconciliation, shown: list[ReconciliationChunk]) -> list[ReconciliationChunk]:
    """Those that failed and are not among the newest."""
    failed = run.chunks.filter(state=Part.FAILED).exclude(pk__in=[part.pk for part in shown])
    return list(failed.select_related("call__channel", "call__tenant").order_by("-id")[:PARTS_SHOWN])


def _part_row(part: ReconciliationChunk) -> dict[str, Any]:
    return {
        "part": str(part),
        "accounts": len(part.points),
        "points": amount_in_words(POINTS, Decimal(sum(part.points.values()))),
        "state": state_badge(Part(part.state)),
        "call": linked(part.call, f"#{part.call_id}"),
        "why": _why(part),
    }


def _why(part: ReconciliationChunk) -> str:
    """Why it is not compared, or not yet."""
    if part.state not in {Part.PENDING, Part.FAILED}:
        return ""
    if part.state == Part.FAILED and part.call.answer is not None:
        return gettext(
            "Feishu has answered, but the answer could not be taken in. If that happens again, send Feishu's "
            "support the log ID, which is on the page of the call."
        )
    return reasons.explain(part.call) or reasons.explain_delay(part.call)


def books_of(case: Case) -> list[dict[str, str | None]]:
    if case.withdrawal is None:
        return []
    return [
        {
            "currency": cash.currency,
            "taken": amount_in_words(cash.currency, cash.taken),
            "booked": amount_in_words(cash.currency, cash.booked),
            "paid": amount_in_words(cash.currency, cash.paid) if cash.paid is not None else None,
        }
        for cash in cash_of(case.withdrawal)
    ]


BOOKS[Case.Kind.CASH] = books_of
