"""What is to be paid, on the home page."""

from django.utils.translation import gettext as _

from hireops.desk.cards import Card, counted, list_url
from hireops.desk.staff import Reader
from referrals.models import Withdrawal
from referrals.payments.services import TO_BE_PAID


def payouts_to_pay(reader: Reader) -> Card | None:
    """Taken out of Feishu and not handed over for payment, or come back from it."""
    if not reader.has_perm("referrals.add_payoutbatch"):
        return None
    bounced = counted(Withdrawal.objects.filter(state=Withdrawal.State.BOUNCED))
    count = counted(Withdrawal.objects.filter(state__in=TO_BE_PAID))
    return Card(
        title=_("Payouts to be paid"),
        value=count,
        note=_("%(count)s of them came back") % {"count": bounced} if bounced else "",
        url=list_url("referrals_withdrawal", f"state__in={','.join(TO_BE_PAID)}"),
        tone="warn" if count else "ok",
    )
