"""What Feishu tells of a balance, taken in without a Feishu: answers to queries and to withdrawals."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from hireops.database import clock
from hireops.feishu.hire import Bonus
from hireops.inbox import registry
from hireops.inbox.models import Event
from hireops.inbox.registry import Received
from hireops.outbox.models import Attempt, Call
from hireops.outbox.services import enqueue
from referrals.ledger import services as ledger
from referrals.ledger.figures import Asked
from referrals.models import POINTS, BalanceChange, ReferralAccount, Withdrawal, WithdrawalAmount


def bonus(points: int = 0, cash: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """``confirmed_bonus`` of contract 2.0."""
    listed = [{"currency_type": name, "amount": str(amount)} for name, amount in (cash or {}).items()]
    return {"point_bonus": points, "cash_bonus": listed}


def handle(event: Event) -> None:
    """A worker handles the event, for the first time or again."""
    event_type = registry.get(event.event_type)
    assert event_type is not None
    assert event_type.handle is not None
    received_at: Any = event.received_at
    if not isinstance(received_at, datetime):  # it is the database's
        event.refresh_from_db()
    event_type.handle([Received(event, event_type.read(event.payload))])


def steps(account: ReferralAccount) -> list[Any]:
    """(asset, before, after, cause), oldest first."""
    changes = BalanceChange.objects.filter(account=account).order_by("pk")
    return list(changes.values_list("asset", "before", "after", "cause"))


def owed(account: ReferralAccount, operation: str = "referral_account.get_account_assets") -> Call:
    with transaction.atomic():
        return enqueue(
            operation=operation,
            target=f"referral_account:{account.account_id}",
            payload={"referral_account_id": account.account_id},
            tenant=None,
            by=None,
        )


def answer(
    account: ReferralAccount,
    *,
    asked_at: datetime,
    there: datetime | None = None,
    points: int = 0,
    cash: Mapping[str, Any] | None = None,
    call: Call | None = None,
) -> list[BalanceChange]:
    """A query that left at ``asked_at`` (``there``: by Feishu's clock) is answered now; what it changed."""
    call = call or owed(account)
    told = bonus(points, cash)
    if not call.attempts.exists():
        times = {"started_at": asked_at, "finished_at": clock.now(), "feishu_at": there}
        Attempt.objects.create(call=call, outcome=Attempt.Outcome.SUCCESS, **times)
    Call.objects.filter(pk=call.pk).update(
        state=Call.State.SUCCEEDED,
        finished_at=clock.now(),
        answer={
            "account": {
                "account_id": account.account_id,
                "status": 1,
                "assets": {"confirmed_bonus": told},
            }
        },
    )
    with transaction.atomic():
        return ledger.record_answer(account, Bonus.of(told), call=call, asked=Asked(asked_at, there))


def answer_withdrawal(
    withdrawal: Withdrawal, trans_time: datetime, points: int = 0, cash: Mapping[str, Any] | None = None
) -> None:
    """Feishu answers what it took; another time the same, if it is asked again."""
    amounts = {name: Decimal(amount) for name, amount in {POINTS: points, **(cash or {})}.items()}
    with transaction.atomic():
        ledger.record_withdrawal(withdrawal, amounts, trans_time=trans_time)
        if withdrawal.state in Withdrawal.UNDECIDED:
            _write_down(withdrawal, trans_time, amounts)


def _write_down(withdrawal: Withdrawal, trans_time: datetime, amounts: Mapping[str, Decimal]) -> None:
    for asset, amount in amounts.items():
        WithdrawalAmount.objects.create(withdrawal=withdrawal, asset=asset, seen=0, taken=amount)
    Withdrawal.objects.filter(pk=withdrawal.pk).update(
        state=Withdrawal.State.TAKEN if any(amounts.values()) else Withdrawal.State.EMPTY,
        trans_time=trans_time,
        answered_at=clock.now(),
    )
    withdrawal.refresh_from_db()
