"""Withdrawals as they lie in the books after Feishu's answer, made by their legal steps."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count

from django.contrib.auth.models import User
from django.db import connection, transaction

from hireops.database import clock
from hireops.outbox import services as outbox
from hireops.outbox.models import Call
from referrals.models import (
    POINTS,
    BalanceChange,
    Payment,
    PayoutBatch,
    ReferralAccount,
    ResultsFile,
    Withdrawal,
    WithdrawalAmount,
)

NUMBERS = count(1)
TRANS_TIME = datetime(2026, 11, 2, 3, 4, 5, tzinfo=UTC)
State = Withdrawal.State


def approved(
    account: ReferralAccount,
    *,
    by: User | None = None,
    approver: User | None = None,
    at: datetime | None = None,
    points: bool = True,
    cash: bool = False,
    seen: Mapping[str, Decimal] | None = None,
) -> Withdrawal:
    """Asked for by one person and approved by another; its call is on the way, and nobody sends it."""
    withdrawal = Withdrawal.objects.create(
        account=account,
        external_order_id=f"order{next(NUMBERS):05}",
        takes_points=points,
        takes_cash=cash,
        requested_by=by or _person("asker"),
    )
    for asset, amount in (seen or {}).items():
        WithdrawalAmount.objects.create(withdrawal=withdrawal, asset=asset, seen=amount, approved=amount)
    withdrawal.state, withdrawal.call = State.APPROVED, _call(withdrawal)
    withdrawal.decided_by, withdrawal.decided_at = approver or _person("approver"), at or clock.now()
    withdrawal.save(update_fields=["state", "call", "decided_by", "decided_at"])
    return withdrawal


def _person(username: str) -> User:
    return User.objects.get_or_create(username=username)[0]


def _call(withdrawal: Withdrawal) -> Call:
    with transaction.atomic():
        call = outbox.enqueue(
            operation="referral_account.withdraw",
            target=f"referral_account:{withdrawal.account.account_id}",
            payload={"external_order_id": withdrawal.external_order_id},
            tenant=None,
            by=None,
        )
    call.state, call.finished_at = Call.State.CANCELED, call.created_at
    call.save()
    return call


def answered(
    withdrawal: Withdrawal,
    *,
    at: datetime,
    heard_at: datetime | None = None,
    points: int | None = None,
    **cash: str,
) -> Withdrawal:
    """Feishu took these out at ``at``: written and booked, at ``heard_at`` if that was later."""
    taken = {asset: Decimal(amount) for asset, amount in cash.items()}
    if points is not None:
        taken[POINTS] = Decimal(points)
    for asset, amount in taken.items():
        _write_taken(withdrawal, asset, amount)
        if amount:
            _book(withdrawal, asset, amount, at=at)
    withdrawal.state = State.TAKEN if any(taken.values()) else State.EMPTY
    withdrawal.trans_time, withdrawal.answered_at = at, heard_at or at
    withdrawal.save(update_fields=["state", "trans_time", "answered_at"])
    return withdrawal


def _book(withdrawal: Withdrawal, asset: str, amount: Decimal, *, at: datetime) -> None:
    last = BalanceChange.objects.filter(account=withdrawal.account, asset=asset).order_by("pk").last()
    before = last.after if last else Decimal(0)
    BalanceChange.objects.create(
        account=withdrawal.account,
        asset=asset,
        before=before,
        after=before - amount,
        difference=-amount,
        cause=BalanceChange.Cause.WITHDRAWAL,
        withdrawal=withdrawal,
        as_of=at,
    )


def _write_taken(withdrawal: Withdrawal, asset: str, amount: Decimal) -> None:
    seen = withdrawal.amounts.filter(asset=asset).first()
    if seen is None:
        WithdrawalAmount.objects.create(withdrawal=withdrawal, asset=asset, seen=0, taken=amount)
    else:
        seen.taken = amount
        seen.save(update_fields=["taken"])


def taken(
    account: ReferralAccount,
    *,
    at: datetime = TRANS_TIME,
    by: User | None = None,
    approver: User | None = None,
    points: int | None = None,
    **cash: str,
) -> Withdrawal:
    """``taken(account, points=100, CNY="12.30")``: Feishu has taken that out, as it was seen before."""
    seen = {asset: Decimal(amount) for asset, amount in cash.items()}
    if points is not None:
        seen[POINTS] = Decimal(points)
    asked = approved(
        account, by=by, approver=approver, at=at, points=points is not None, cash=bool(cash), seen=seen
    )
    return answered(asked, at=at, heard_at=None, points=points, **cash)


def payee_of(withdrawal: Withdrawal) -> dict[str, str]:
    """Columns of a payment."""
    account = withdrawal.account
    return {"payee_name": account.name, "payee_mobile": account.mobile, "payee_email": account.email}


def handed_over(withdrawal: Withdrawal) -> list[Payment]:
    """To the paying side, every amount that is not nothing."""
    batch = PayoutBatch.objects.create(created_by=withdrawal.requested_by)
    payments = [
        Payment.objects.create(
            batch=batch,
            amount=amount,
            payment_id=f"payment-{next(NUMBERS)}",
            asset=amount.asset,
            sum=amount.taken or Decimal(0),
            instead_of=amount.payments.order_by("pk").last(),
            **payee_of(withdrawal),
        )
        for amount in withdrawal.amounts.filter(taken__gt=0)
    ]
    withdrawal.state = State.HANDED_OVER
    withdrawal.save(update_fields=["state"])
    return payments


def come_back(withdrawal: Withdrawal) -> None:
    """All payments of it bounced, as a results file says."""
    for payment in Payment.objects.filter(amount__withdrawal=withdrawal, state=Payment.State.HANDED_OVER):
        payment.state, payment.reason = Payment.State.BOUNCED, "卡号有误"
        payment.recorded_by, payment.recorded_at = withdrawal.requested_by, withdrawal.answered_at
        payment.evidence = ResultsFile.objects.create(
            batch=payment.batch, content=b"", uploaded_by=withdrawal.requested_by
        )
        payment.save(update_fields=["state", "reason", "recorded_by", "recorded_at", "evidence"])
    withdrawal.state = State.BOUNCED
    withdrawal.save(update_fields=["state"])


def break_into(table: str, statement: str) -> None:
    """Raw SQL against a table whose guards have been taken away, as only an owner of the database can."""
    take_guards_from(table)
    with connection.cursor() as cursor:
        cursor.execute(statement)


def take_guards_from(table: str) -> None:
    """Until the test ends."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s", [table])
            for (name,) in cursor.fetchall():
                cursor.execute(f'DROP TRIGGER "{name}"')
        else:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
