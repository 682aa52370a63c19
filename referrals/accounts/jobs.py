"""Long work of this room: asking for the balances of all accounts."""

from django.utils.translation import gettext_lazy as _

from hireops.jobs.models import Job
from hireops.jobs.registry import Kind, register, repeated
from referrals.accounts import sweep


def cancel(_job: Job) -> None:
    """Nothing is left to be undone: what was owed is asked."""


register(
    Kind(
        name=sweep.ASK_FOR_ALL,
        label=_("Ask for all balances"),
        parts=repeated(sweep.ask_next),
        on_cancel=cancel,
        told=_("%(done)s of %(total)s accounts"),
        told_so_far=_("%(done)s accounts"),
        permission="referrals.view_referralaccount",
    )
)
