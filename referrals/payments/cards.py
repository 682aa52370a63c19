"""What is to be paid, and which payments are to be reversed, on the home page."""

from django.conf import settings
from django.utils.translation import gettext as _

from hireops.desk.cards import Card, counted, list_url
from hireops.desk.staff import Reader
from referrals.models import Reversal, Withdrawal
from referrals.payments.services import TO_BE_PAID
from referrals.payouts.rights import APPROVE


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


def reversals_to_confirm(reader: Reader) -> Card | None:
    """Those that this person may decide: not the own ones. None while there are none at all."""
    if not (reader.has_perm(APPROVE) and reader.has_perm("referrals.view_reversal")):
        return None
    waiting = Reversal.objects.filter(state=Reversal.State.PROPOSED)
    if not settings.REFERRALS_SELF_APPROVAL:
        waiting = waiting.exclude(proposed_by=reader.pk)
    count = counted(waiting)
    if not count:
        return None
    return Card(
        title=_("Payments to be reversed"),
        value=count,
        note=_("Somebody says that the money has not arrived, and you are the second person."),
        url=list_url("referrals_reversal", f"state__exact={Reversal.State.PROPOSED}"),
        tone="warn",
    )
