"""Who pays: hands over what was taken, and records what became of it."""

from django.utils.translation import gettext_lazy as _

from hireops.people import payout_permissions
from hireops.people.payout_permissions import PayoutPermission
from referrals.models import PayoutBatch

HAND_OVER = "referrals.add_payoutbatch"
RECORD = "referrals.record_payment"


def anything_was_handed_over() -> bool:
    return PayoutBatch.objects.exists()


for name, label in ((HAND_OVER, _("hand over for payment")), (RECORD, _("record payments"))):
    payout_permissions.register(PayoutPermission(name, label, anything_was_handed_over))
