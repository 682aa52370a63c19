"""What a withdrawal took, written with the withdrawal and booked in the ledger. Its account is locked."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from hireops.database import clock
from referrals.cases.turned_out import look_into_falls
from referrals.ledger import services as ledger
from referrals.models import BalanceChange, Withdrawal, WithdrawalAmount
from referrals.payouts.transitions import write_step

State = Withdrawal.State


def take_in(
    withdrawal: Withdrawal, taken: Mapping[str, Decimal], *, trans_time: datetime
) -> dict[str, Decimal]:
    """Its next state, *taken* or *empty*, with what it took by asset; gives that with the assets seen."""
    whole = _write_taken(withdrawal, taken)
    state = State.TAKEN if any(whole.values()) else State.EMPTY
    write_step(withdrawal, state, trans_time=trans_time, answered_at=clock.now())
    ledger.record_withdrawal(withdrawal, whole, trans_time=trans_time)
    _look_into_what_is_left(withdrawal)
    return whole


def take_nothing(withdrawal: Withdrawal) -> None:
    """What a figure had booked as taken by it was something else."""
    ledger.record_refusal(withdrawal)
    _look_into_what_is_left(withdrawal)


def _look_into_what_is_left(withdrawal: Withdrawal) -> None:
    """What has left the account meanwhile, and was not this withdrawal."""
    unannounced = BalanceChange.objects.filter(
        withdrawal=withdrawal, cause=BalanceChange.Cause.UNANNOUNCED, difference__lt=0
    )
    look_into_falls({withdrawal.account_id}, unannounced)


def _write_taken(withdrawal: Withdrawal, taken: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """What was taken of each asset that was seen or taken; of what Feishu does not name, nothing was."""
    seen = {row.asset: row for row in withdrawal.amounts.all()}
    for asset, row in seen.items():
        row.taken = taken.get(asset, Decimal(0))
        row.save(update_fields=["taken"])
    WithdrawalAmount.objects.bulk_create(
        WithdrawalAmount(withdrawal=withdrawal, asset=asset, seen=0, taken=amount)
        for asset, amount in taken.items()
        if asset not in seen
    )
    return {**dict.fromkeys(seen, Decimal(0)), **taken}
