"""Who approves a payout. It takes effect after a delay (``hireops.people.payout_rights``)."""

from django.utils.translation import gettext_lazy as _

from hireops.people import payout_permissions
from hireops.people.payout_permissions import PayoutPermission
from referrals.models import Withdrawal

APPROVE = "referrals.approve_withdrawal"
REQUEST = "referrals.request_withdrawal"


def anything_was_decided() -> bool:
    return Withdrawal.objects.filter(decided_by__isnull=False).exists()


payout_permissions.register(PayoutPermission(APPROVE, _("approve payouts"), anything_was_decided))
