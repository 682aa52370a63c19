"""How HR begins, on the home page."""

from django.urls import reverse
from django.utils.translation import gettext as _

from hireops.desk.first_steps import FirstSteps, Step
from hireops.desk.staff import Reader
from referrals.models import Balance, ReferralAccount, Withdrawal

NEEDED = ("referrals.add_registration", "referrals.request_withdrawal")


def first_steps(reader: Reader) -> FirstSteps | None:
    """Until a withdrawal has been asked for."""
    if not reader.has_perms(NEEDED) or Withdrawal.objects.exists():
        return None
    accounts = reverse("admin:referrals_referralaccount_changelist")
    return FirstSteps(
        _("First steps of HR"),
        [
            Step(
                _("Register referral accounts"),
                _("For employees who refer candidates: one by form, or many from a file."),
                reverse("admin:referrals_registration_changelist"),
                is_done=ReferralAccount.objects.exists(),
            ),
            Step(
                _("See balances arrive"),
                _("Feishu tells of every reward by itself; nothing has to be typed."),
                accounts,
                is_done=Balance.objects.exists(),
            ),
            Step(
                _("Ask for a withdrawal"),
                _("Choose accounts and ask; somebody else approves it before anything is paid."),
                accounts,
            ),
        ],
        _("Reward employees there."),
    )
