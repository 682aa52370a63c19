"""Which states a withdrawal goes through; and the only writer of those up to *taken*, on a locked row."""

from hireops.outbox.models import Call
from referrals.models import ReferralAccount, Withdrawal

# state -> the states that may follow it
STEPS = {
    "requested": ("approved", "rejected", "canceled"),
    "approved": ("unknown", "taken", "empty", "refused"),
    "unknown": ("taken", "empty", "refused", "not_done"),
    "not_done": ("taken", "empty"),  # should it turn out done
    "taken": ("handed_over",),
    "handed_over": ("paid", "bounced"),
    "bounced": ("handed_over",),
    "paid": ("bounced",),  # a payment of it was reversed
}


def lock(pk: int) -> Withdrawal:
    """The withdrawal and its account as they are now, and nobody else's until the transaction ends."""
    account = lock_account(Withdrawal.objects.values_list("account_id", flat=True).get(pk=pk))
    return lock_of(account, pk)


def lock_of(account: ReferralAccount, pk: int) -> Withdrawal:
    withdrawal = Withdrawal.objects.select_for_update().get(pk=pk)
    withdrawal.account = account
    return withdrawal


def lock_if_free(call: Call) -> Withdrawal | None:
    """The withdrawal that owes this call, without waiting for who has its account at this moment."""
    found = Withdrawal.objects.filter(call=call).values_list("pk", "account_id").first()
    if found is None:
        return None
    pk, account_pk = found
    accounts_free = ReferralAccount.objects.select_for_update(skip_locked=True, of=("self",))
    account = accounts_free.select_related("tenant").filter(pk=account_pk).first()
    return lock_of(account, pk) if account else None


def lock_account(pk: int) -> ReferralAccount:
    return ReferralAccount.objects.select_for_update(of=("self",)).select_related("tenant").get(pk=pk)


def write_step(withdrawal: Withdrawal, state: Withdrawal.State, **values: object) -> None:
    """The next state of a locked row, with what this step knows. The database refuses what is no step."""
    withdrawal.state = state
    for name, value in values.items():
        setattr(withdrawal, name, value)
    withdrawal.save(update_fields=["state", *values])
