"""Withdrawals that were ended as not done, and what says that Feishu has done them all the same."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet

from referrals.cases.services import open_case
from referrals.ledger.batch import takes
from referrals.ledger.figures import ZERO
from referrals.models import BalanceChange, Case, ReferralAccount, Withdrawal


def look_into_falls(accounts: Collection[int], changes: QuerySet[BalanceChange]) -> None:
    """A case for each of the ``changes`` by which a balance of the ``accounts``, which are locked, went down
    and which such a withdrawal may explain.

    Most accounts have none, and then nothing else is asked.
    """
    ended = _ended_as_not_done(accounts)
    fell = changes.filter(account__in=ended, difference__lt=0) if ended else []
    for change in fell:
        its = (each for each in ended[change.account_id] if takes(each, change.asset))
        if withdrawal := next(its, None):
            open_case(
                kind=Case.Kind.TURNED_OUT,
                account=withdrawal.account,
                asset=change.asset,
                ours=ZERO,
                theirs=-change.difference,
                withdrawal=withdrawal,
                change=change,
            )


def may_explain() -> Exists:
    """Of a change of a balance: whether its account has a withdrawal that was ended as not done."""
    ended = Withdrawal.objects.filter(account=OuterRef("account"), state=Withdrawal.State.NOT_DONE)
    return Exists(ended)


def _ended_as_not_done(accounts: Collection[int]) -> dict[int, list[Withdrawal]]:
    """By account, the newest first."""
    if not accounts:
        return {}
    found: dict[int, list[Withdrawal]] = {}
    ended = Withdrawal.objects.filter(account__in=accounts, state=Withdrawal.State.NOT_DONE)
    for withdrawal in ended.select_related("account").order_by("-pk"):
        found.setdefault(withdrawal.account_id, []).append(withdrawal)
    return found


def may_have_taken_points(account: ReferralAccount, *, until: datetime) -> Withdrawal | None:
    """The newest one of the account that may have taken points before that moment."""
    ended = Withdrawal.objects.filter(account=account, state=Withdrawal.State.NOT_DONE, takes_points=True)
    return ended.filter(decided_at__lt=until).order_by("-pk").first()
