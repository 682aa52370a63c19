"""Withdrawals that Feishu has answered, step by step as the database wants it; the paying side's files."""

import io
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count

from django.contrib.auth.models import User

from hireops.database.clock import now
from hireops.outbox.channels import channel_for
from hireops.outbox.models import Call, lane_of
from hireops.spreadsheets.writing import write_xlsx
from referrals.models import Payment, PayoutBatch, ReferralAccount, Withdrawal, WithdrawalAmount
from referrals.payments.recording import CheckedResults, check_results, record_results

NUMBERS = count(1)
TRANS_TIME = datetime(2026, 11, 2, 3, 4, 5, tzinfo=UTC)


def taken(account: ReferralAccount, *, by: User, approver: User, points: int = 0, **cash: str) -> Withdrawal:
    """``taken(account, by=hira, approver=ada, points=100, CNY="12.30")``: Feishu has taken that out."""
    withdrawal = Withdrawal.objects.create(
        account=account,
        external_order_id=f"order{next(NUMBERS):05}",
        takes_points=bool(points),
        takes_cash=bool(cash),
        requested_by=by,
    )
    amounts = ({"points": points} if points else {}) | cash
    for asset, amount in amounts.items():
        WithdrawalAmount.objects.create(withdrawal=withdrawal, asset=asset, seen=amount)
    step(withdrawal, state="approved", decided_by=approver, decided_at=now(), call=owed_call(account))
    for seen in withdrawal.amounts.all():
        seen.taken = Decimal(amounts[seen.asset])
        seen.save()
    step(withdrawal, state="taken", trans_time=TRANS_TIME, answered_at=now())
    return withdrawal


def step(withdrawal: Withdrawal, **values: object) -> None:
    Withdrawal.objects.filter(pk=withdrawal.pk).update(**values)
    withdrawal.refresh_from_db()


def owed_call(account: ReferralAccount) -> Call:
    operation, target, moment = "referral_account.withdraw", f"referral_account:{account.account_id}", now()
    return Call.objects.create(
        operation=operation,
        target=target,
        channel=channel_for(operation, None),
        lane=lane_of(None, target),
        payload={},
        not_before=moment,
        pending_since=moment,
        created_at=moment,
    )


def state(withdrawal: Withdrawal) -> str:
    return Withdrawal.objects.get(pk=withdrawal.pk).state


def payment_of(withdrawal: Withdrawal, asset: str = "CNY") -> Payment:
    """The newest one."""
    return Payment.objects.filter(amount__withdrawal=withdrawal, asset=asset).latest("pk")


def record_file(batch: PayoutBatch, file: io.BytesIO, file_name: str, *, by: User) -> CheckedResults:
    """As the page does: the file is checked, then its good lines are recorded; what was found."""
    checked = check_results(batch, file, file_name)
    record_results(batch, checked.good, by=by)
    return checked


def csv_file(*lines: str) -> io.BytesIO:
    file = io.BytesIO("\r\n".join(lines).encode("utf-8-sig"))
    file.name = "results.csv"
    return file


def xlsx_file(*rows) -> io.BytesIO:
    with write_xlsx({"Sheet": rows}) as written:
        file = io.BytesIO(written.read())
    file.name = "results.xlsx"
    return file
