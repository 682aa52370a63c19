"""Long work of this room: comparing all accounts of a day, a few calls at a time."""

from functools import partial

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from hireops.doorbell import ring
from hireops.jobs.models import Job
from hireops.jobs.registry import Kind, Step, register, repeated
from hireops.outbox.tasks import drain
from referrals.models import Reconciliation
from referrals.reconciliation import services as runs


def compare_more(job: Job) -> Step:
    transaction.on_commit(partial(ring, drain))
    return runs.enqueue_more(job)


register(
    Kind(
        name=runs.COMPARE,
        label=_("Reconcile a day"),
        parts=repeated(compare_more),
        told=_("%(done)s of %(total)s accounts"),
        told_so_far=_("%(done)s accounts"),
        permission="referrals.view_reconciliation",
        under_way=lambda: Reconciliation.objects.filter(state=Reconciliation.State.RUNNING),
    )
)
