"""Long work of this room: bringing all accounts of a form up to date.

Only so many accounts are under way at a time: a form that is deleted and created is gone in between, and
whatever keeps creates from succeeding then keeps no more customers from their form.
"""

from datetime import timedelta
from functools import partial

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop, pgettext_lazy

from bindings.models import AccountOrderForm, OrderForm
from bindings.order_forms import lists, pushes
from bindings.order_forms.services import PUSH_TO_ALL
from hireops.desk.errors import Refused
from hireops.doorbell import ring
from hireops.jobs.models import Job
from hireops.jobs.registry import GO_ON, Kind, Step, register, repeated
from hireops.outbox.tasks import drain

AT_ONCE = 25
# As many as leave in the five seconds until beat has the job looked at again, at 50 calls a second.
MOST_UNDER_WAY = 300
LOOK_EVERY = timedelta(seconds=2)

Standing = AccountOrderForm.Standing


def push_more(job: Job) -> Step:
    """Owe the pushes of the next accounts, as long as few are under way; ends when all were answered."""
    form = OrderForm.objects.get(pk=job.subject_pk)
    due = lists.out_of_date(form).exclude(push__created_at__gte=job.asked_at)
    under_way = AccountOrderForm.objects.filter(form=form, standing=Standing.ON_ITS_WAY).count()
    room = min(AT_ONCE, MOST_UNDER_WAY - under_way)
    piece = list(due.select_related("account").order_by("account_id")[:room]) if room > 0 else []
    for row in piece:
        _push(row, job.asked_by)
    left = due.count()
    job.total = job.total or len(piece) + left
    job.done = max(job.total - left - under_way - len(piece), job.done)
    transaction.on_commit(partial(ring, drain))
    if piece:
        return GO_ON
    if left or under_way:
        return Step(rest=LOOK_EVERY)
    return _end(form, job)


def _push(row: AccountOrderForm, by: User | None) -> None:
    try:
        with transaction.atomic():
            pushes.push(row.account, by=by)
    except Refused:
        # Somebody was quicker, or it turned out to be up to date; its page says which.
        return


def _end(form: OrderForm, job: Job) -> Step:
    job.done = job.total or 0
    failed = AccountOrderForm.objects.filter(form=form, push__created_at__gte=job.asked_at)
    if failed.exclude(standing=Standing.SETTLED).exists():
        reason = gettext_noop("Feishu did not take the form everywhere: the list of accounts says where.")
        return Step(outcome=Job.State.FAILED, reason=reason)
    return Step(outcome=Job.State.DONE)


def stop(_job: Job) -> None:
    """What was owed is still sent; nothing more is."""


register(
    Kind(
        name=PUSH_TO_ALL,
        label=_("Push an order form to its accounts"),
        parts=repeated(push_more),
        on_cancel=stop,
        told=pgettext_lazy("partner accounts", "%(done)s of %(total)s accounts"),
        told_so_far=pgettext_lazy("partner accounts", "%(done)s accounts"),
        permission="bindings.view_accountorderform",
    )
)
