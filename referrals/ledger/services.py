"""What Feishu's answers make of balances. All run in the caller's transaction and lock the account first."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from hireops.database import clock
from hireops.feishu.client import Answer
from hireops.feishu.hire import Bonus
from hireops.feishu.models import Tenant
from hireops.outbox import clocks
from hireops.outbox.models import Attempt, Call
from referrals.ledger import figures
from referrals.ledger.batch import LedgerBatch, is_newest
from referrals.ledger.figures import Age, Asked
from referrals.models import BalanceChange, ReferralAccount, Withdrawal

BROUGHT_THE_ANSWER = ["", Attempt.Outcome.SUCCESS, Attempt.Outcome.UNAPPLIED]


def account_for(tenant: Tenant, account_id: str, *, source: str) -> tuple[ReferralAccount, bool]:
    """The account, locked, and whether it was not known before. Two that make it at once make one."""
    return ReferralAccount.objects.select_for_update().get_or_create(
        tenant=tenant, account_id=account_id, defaults={"source": source}
    )


def lock(account_pk: int) -> ReferralAccount:
    """The account as it is now; nobody else writes it before this transaction ends."""
    return ReferralAccount.objects.select_for_update().get(pk=account_pk)


def record_answer(account: ReferralAccount, bonus: Bonus, *, call: Call, asked: Asked) -> list[BalanceChange]:
    """Apply the balance of an answer; the changes that it made. None if something newer is known.

    A change is the one of a withdrawal (``Cause.WITHDRAWAL``) if it empties what a withdrawal without an
    answer may have taken. Raises ``figures.UnusableFigureError``.
    """
    amounts = figures.amounts_of(bonus)
    locked = lock(account.pk)
    known = [locked.figure_at, locked.points_taken_at, locked.cash_taken_at]
    age = Age.of_answer(figures.moment_of_answer(asked, locked.seen_at, known), call.pk)
    if locked.figure_call_id == call.pk or _is_older_answer(asked, locked) or not is_newest(locked, age):
        return []
    batch = LedgerBatch([locked])
    entry = batch.entry(locked)
    entry.apply_figure(amounts, age, cause=BalanceChange.Cause.CALL, call=call)
    entry.set_figure(figure_at=age.at, figure_event_id=None, figure_call_id=call.pk)
    batch.write()
    _copy_columns(locked, account)
    return list(BalanceChange.objects.filter(account=locked, call=call).order_by("pk"))


def record_withdrawal(withdrawal: Withdrawal, taken: Mapping[str, Decimal], *, trans_time: datetime) -> None:
    """Apply what Feishu says it took, by asset: afterwards the withdrawal's steps make up just that.

    ``taken`` names assets of the kinds that were asked for; what it leaves out was not taken. A
    ``trans_time`` from the future counts as now.
    """
    account, now = lock(withdrawal.account_id), clock.now()
    trans_time = now if is_from_the_future(trans_time, came_at=now) else trans_time
    batch = LedgerBatch([account])
    entry = batch.entry(account)
    empties = account.figure_at is None or trans_time > account.figure_at
    entry.apply_withdrawal(withdrawal, taken, as_of=trans_time, empties=empties)
    columns = {}
    if withdrawal.takes_points:
        columns["points_taken_at"] = max(trans_time, account.points_taken_at or trans_time)
    if withdrawal.takes_cash:
        columns["cash_taken_at"] = max(trans_time, account.cash_taken_at or trans_time)
    entry.set_figure(**columns)
    batch.write()


def record_refusal(withdrawal: Withdrawal) -> None:
    """Feishu took nothing: what a figure had booked as taken by this withdrawal was something else."""
    account = lock(withdrawal.account_id)
    batch = LedgerBatch([account])
    batch.entry(account).apply_withdrawal(withdrawal, {}, as_of=clock.now(), empties=False)
    batch.write()


def _is_older_answer(asked: Asked, account: ReferralAccount) -> bool:
    """Of two answers the one asked for later is newer, by our clock, which is finer than a second."""
    if account.figure_call is None:
        return False
    here, _feishu_at, _duration_ms = _brought(account.figure_call)
    return asked.here < here


def asked(call: Call, answer: Answer) -> Asked:
    """When the request that brought the call's answer had left; what it tells is not older than that."""
    here, feishu_at, duration_ms = _brought(call)
    if answer.feishu_at is not None:  # it has just come; later only the attempt knows
        feishu_at, duration_ms = answer.feishu_at, answer.duration_ms
    return Asked(here, feishu_at and feishu_at - timedelta(milliseconds=duration_ms or 0))


def asked_at(call: Call) -> datetime:
    """When the request that brought the call's answer left, by our clock."""
    return _brought(call)[0]


def _brought(call: Call) -> tuple[datetime, datetime | None, int | None]:
    """When the try that brought the call's answer began, when Feishu answered, and how long it took."""
    attempts = call.attempts.filter(outcome__in=BROUGHT_THE_ANSWER).order_by("started_at")
    times = attempts.values_list("started_at", "feishu_at", "duration_ms").first()
    return times or (call.created_at, None, None)


def is_from_the_future(moment: datetime, *, came_at: datetime) -> bool:
    """Whether a time that Feishu told with something that came at ``came_at`` (our clock) is none."""
    if not figures.is_from_the_future(moment, came_at=came_at, clock_is_behind=timedelta()):
        return False
    difference = clocks.difference()
    behind = max(-difference.at_least, timedelta()) if difference else timedelta()
    return figures.is_from_the_future(moment, came_at=came_at, clock_is_behind=behind)


WRITTEN_HERE = [
    "figure_at",
    "figure_event_id",
    "figure_call_id",
    "modify_time",
    "seen_at",
    "points_taken_at",
    "cash_taken_at",
]


def _copy_columns(locked: ReferralAccount, account: ReferralAccount) -> None:
    # The caller goes on with its own object, and must not save what was there before.
    for name in WRITTEN_HERE:
        setattr(account, name, getattr(locked, name))
