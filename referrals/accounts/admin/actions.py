"""What staff can do with referral accounts."""

from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from hireops.desk.admin import staff_action
from hireops.doorbell import ring
from hireops.outbox.tasks import drain
from referrals.accounts import services as accounts
from referrals.models import ReferralAccount

Status = ReferralAccount.Status


@staff_action(
    permission="referrals.refresh_referralaccount",
    label=_("Refresh from Feishu"),
    confirm=_("Feishu is asked what is in these accounts now. Its answer is the balance from then on."),
    counted=ngettext_lazy("Refresh %(count)s account", "Refresh %(count)s accounts", "count"),
)
def refresh(account: ReferralAccount, *, by: User, reason: str) -> None:
    accounts.refresh(account, by=by)
    ring(drain)


@staff_action(
    permission="referrals.switch_referralaccount",
    label=_("Enable"),
    confirm=_(
        "Feishu announces changes of these accounts again and lets their balances be withdrawn. hireops then "
        "asks for the balances, because what changed meanwhile was not announced."
    ),
    reason_required=True,
    offered=lambda account: accounts.pending_status(account) != Status.AVAILABLE,
    why_not=lambda account, by: accounts.why_not_enabled(account),
    counted=ngettext_lazy("Enable %(count)s account", "Enable %(count)s accounts", "count"),
)
def enable(account: ReferralAccount, *, by: User, reason: str) -> None:
    accounts.enable(account, by=by, reason=reason)
    ring(drain)


@staff_action(
    permission="referrals.switch_referralaccount",
    label=_("Deactivate"),
    confirm=_(
        "From then on Feishu announces no changes of these accounts, and nothing can be withdrawn from them "
        "until they are enabled again."
    ),
    reason_required=True,
    dangerous=True,
    offered=lambda account: accounts.pending_status(account) == Status.AVAILABLE,
    why_not=lambda account, by: accounts.why_not_deactivated(account),
    counted=ngettext_lazy("Deactivate %(count)s account", "Deactivate %(count)s accounts", "count"),
    template="admin/referrals/referralaccount/deactivate.html",
)
def deactivate(account: ReferralAccount, *, by: User, reason: str) -> None:
    accounts.deactivate(account, by=by, reason=reason)
    ring(drain)
