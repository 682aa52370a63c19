"""Emptying what nobody needs any more: who was registered long ago, and who had an account that is off.

What is under way, open or not paid yet keeps its person. Of an account that is enabled Feishu tells the
person with every answer, so only a deactivated one is emptied; once it is enabled, it is somebody's again.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet

from hireops.database import clock
from hireops.desk import retention
from referrals.models import (
    Balance,
    BalanceChange,
    Case,
    ReferralAccount,
    Registration,
    Reversal,
    Withdrawal,
)

State = Registration.State
UNDER_WAY = [State.READY, State.PENDING]


def empty_contacts() -> int:
    """How many registrations and accounts were emptied that have had their time."""
    before = clock.now() - timedelta(days=settings.REFERRALS_KEEP_CONTACTS_DAYS)
    return retention.empty(_old_registrations(before)) + retention.empty(_old_accounts(before))


def _old_registrations(before: datetime) -> QuerySet[Registration]:
    ended = Q(finished_at__lt=before) | Q(finished_at=None, created_at__lt=before)
    return Registration.objects.filter(ended, emptied_at=None).exclude(state__in=UNDER_WAY)


def _old_accounts(before: datetime) -> QuerySet[ReferralAccount]:
    account = OuterRef("pk")
    withdrawals = Withdrawal.objects.filter(account=account)
    under_way = Registration.objects.filter(account=account, created_at__gte=before)
    disputed = Reversal.objects.filter(
        payment__amount__withdrawal__account=account, state=Reversal.State.PROPOSED
    )
    return ReferralAccount.objects.filter(
        ~Exists(Balance.objects.filter(account=account).exclude(amount=0)),
        ~Exists(BalanceChange.objects.filter(account=account, created_at__gte=before)),
        ~Exists(withdrawals.exclude(state__in=Withdrawal.ENDED)),
        ~Exists(withdrawals.filter(requested_at__gte=before)),
        ~Exists(Case.objects.filter(account=account, closed_at=None)),
        ~Exists(under_way),
        ~Exists(disputed),
        status=ReferralAccount.Status.DISABLED,
        created_at__lt=before,
        emptied_at=None,
    )
