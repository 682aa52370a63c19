"""Withdrawals that a restored database holds back, for whoever releases it."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from hireops.desk.models import Restoration
from hireops.desk.restoring import Line, Part, register
from referrals.models import Withdrawal

State = Withdrawal.State
UNFINISHED = [State.REQUESTED, State.APPROVED, State.UNKNOWN, State.TAKEN, State.BOUNCED, State.HANDED_OVER]


def _unfinished(_restoration: Restoration) -> list[Line]:
    address = reverse("admin:referrals_withdrawal_changelist")
    return [
        Line(state.label, count, f"{address}?state__exact={state.value}")
        for state in UNFINISHED
        if (count := Withdrawal.objects.filter(state=state).count())
    ]


register(
    Part(
        key="withdrawals",
        place=2,
        title=_("Withdrawals that were not finished"),
        to_do=_(
            "Those that are approved or unknown keep their order ID, and to a second request under it Feishu "
            "gives the first one's result; they are sent when all is released. Those that are with the "
            "paying side may have been paid since: record its results."
        ),
        found=_unfinished,
    )
)
