"""What staff can do with withdrawals."""

from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from hireops.desk.admin import staff_action
from hireops.doorbell import ring
from hireops.outbox.tasks import drain
from referrals.models import Withdrawal
from referrals.payouts import services
from referrals.payouts.rights import APPROVE, REQUEST

State = Withdrawal.State
TO_BE_PAID = [State.TAKEN, State.BOUNCED]


@staff_action(
    permission=APPROVE,
    label=_("Approve"),
    confirm=_(
        "Feishu takes the whole balance of what was asked for out of these accounts, also what has come "
        "since it was asked for. That can't be undone: from then on it is owed to the employees."
    ),
    reason_label=_("Comment on the approval"),
    irreversible=True,
    offered=lambda withdrawal: withdrawal.state == State.REQUESTED,
    why_not=services.why_not_approved,
    counted=ngettext_lazy("Approve %(count)s withdrawal", "Approve %(count)s withdrawals", "count"),
    names_sum=True,
    template="admin/referrals/withdrawal/approve.html",
)
def approve(withdrawal: Withdrawal, *, by: User, reason: str) -> None:
    amounts = services.balance_to_take(withdrawal)  # as the page has compared it with what it had shown
    services.approve_withdrawal(withdrawal, by=by, reason=reason, amounts=amounts)
    ring(drain)


@staff_action(
    permission=APPROVE,
    label=_("Reject"),
    confirm=_("Nothing is taken out of these accounts. Who asked for it reads your reason."),
    reason_required=True,
    dangerous=True,
    offered=lambda withdrawal: withdrawal.state == State.REQUESTED,
    why_not=lambda withdrawal, by: services.why_not_decided(withdrawal),
    counted=ngettext_lazy("Reject %(count)s withdrawal", "Reject %(count)s withdrawals", "count"),
    names_sum=True,
)
def reject(withdrawal: Withdrawal, *, by: User, reason: str) -> None:
    services.reject_withdrawal(withdrawal, by=by, reason=reason)


@staff_action(
    permission=APPROVE,
    label=_("Acknowledge the difference"),
    confirm=_(
        "Feishu has taken more than was approved, because more came in until then. It is owed to the "
        "employees and can be handed over for payment once you have acknowledged it. Ask where it came from "
        "first."
    ),
    reason_required=True,
    irreversible=True,
    offered=lambda withdrawal: withdrawal.state in TO_BE_PAID and withdrawal.has_unacknowledged_excess,
    why_not=services.why_not_acknowledged,
    counted=ngettext_lazy("Acknowledge %(count)s difference", "Acknowledge %(count)s differences", "count"),
    names_sum=True,
)
def acknowledge(withdrawal: Withdrawal, *, by: User, reason: str) -> None:
    services.acknowledge_excess(withdrawal, by=by, reason=reason)


@staff_action(
    permission=REQUEST,
    label=_("Take the request back"),
    confirm=_("These requests end without a decision, and nothing is taken out of the accounts."),
    dangerous=True,
    offered=lambda withdrawal: withdrawal.state == State.REQUESTED and withdrawal.is_own,
    why_not=services.why_not_cancelled,
    counted=ngettext_lazy("Take %(count)s request back", "Take %(count)s requests back", "count"),
    names_sum=True,
)
def cancel(withdrawal: Withdrawal, *, by: User, reason: str) -> None:
    services.cancel_withdrawal(withdrawal, by=by, reason=reason)


@staff_action(
    permission=REQUEST,
    label=_("Ask Feishu again now"),
    confirm=_(
        "Feishu is asked now, with the same order ID, instead of when the pause is over. It takes nothing a "
        "second time: what was taken already is answered again."
    ),
    offered=lambda withdrawal: withdrawal.state in Withdrawal.UNDECIDED,
    counted=ngettext_lazy(
        "Ask Feishu again about %(count)s withdrawal", "Ask Feishu again about %(count)s withdrawals", "count"
    ),
    names_sum=True,
)
def ask_again(withdrawal: Withdrawal, *, by: User, reason: str) -> None:
    services.ask_again(withdrawal, by=by, reason=reason)
    ring(drain)
