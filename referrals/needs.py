"""What paying for referrals needs of the app at Feishu (contract 8.5)."""

from django.utils.translation import gettext_lazy as _

from hireops.doctor.permissions import Need
from referrals.models import ReferralAccount

NEEDS = (
    Need(
        what=_("Referral accounts"),
        scopes=("hire:referral_account", "hire:referral_account:readonly"),
        events=("hire.referral_account.assets_update_v1",),
        is_used=ReferralAccount.objects.exists,
    ),
)
