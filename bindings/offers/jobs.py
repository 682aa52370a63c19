"""Long work of this room: bringing many accounts up to date, and finding out which are not."""

from functools import partial

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from bindings.models import OfferRun
from bindings.offers import outdating, runs
from hireops.doorbell import ring
from hireops.jobs.models import Job
from hireops.jobs.registry import Kind, Step, register, repeated
from hireops.outbox.tasks import drain


def carry_on(job: Job) -> Step:
    transaction.on_commit(partial(ring, drain))
    return runs.carry_on(job)


register(
    Kind(
        name=runs.CARRY_OUT,
        label=_("Bring offers up to date"),
        parts=repeated(carry_on),
        told=pgettext_lazy("partner accounts", "%(done)s of %(total)s accounts"),
        told_so_far=pgettext_lazy("partner accounts", "%(done)s accounts"),
        permission="bindings.view_offerrun",
        under_way=lambda: OfferRun.objects.filter(finished_at=None),
    )
)

register(
    Kind(
        name=outdating.COMPARE,
        label=_("Compare what accounts offer with what they are to offer"),
        parts=repeated(outdating.compare_next),
        one_at_a_time=True,
        told=pgettext_lazy("partner accounts", "%(done)s of %(total)s accounts"),
        told_so_far=pgettext_lazy("partner accounts", "%(done)s accounts"),
        permission="bindings.view_accountoffer",
    )
)
