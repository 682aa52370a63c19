"""Long work of this room: looking at the whole queue again, after the rules have changed."""

from collections.abc import Iterator
from functools import partial

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from bindings.matching.binding import WAITS, lock_accounts, match_accounts, waits
from bindings.models import EcoAccount
from hireops.desk.errors import Refused
from hireops.jobs import services as jobs
from hireops.jobs.models import Job
from hireops.jobs.registry import DONE, GO_ON, Kind, Part, Step, register

MATCH_AGAIN = "bindings.match_again"
IN_ONE_PART = 200


def match_again(*, by: User) -> Job | int:
    """Look at all that wait: at once, which gives how many were bound, or, if they are many, by long work."""
    with transaction.atomic():
        if Job.objects.running().filter(kind=MATCH_AGAIN).exists():
            raise Refused(_("The queue is being looked at again already."))
        waiting = EcoAccount.objects.filter(WAITS).count()
        if waiting > IN_ONE_PART:
            return jobs.start(MATCH_AGAIN, by=by, total=waiting)
        return _match(_next(after=0))


def _parts(job: Job) -> Iterator[Part]:
    """Who takes it up after a dead worker begins anew: looking twice at an account changes nothing."""
    after, looked_at = [0], [0]
    while True:
        yield partial(_part, job, after, looked_at)


def _part(job: Job, after: list[int], looked_at: list[int]) -> Step:
    accounts = _next(after[0])
    _match(accounts)
    if not accounts:
        return DONE
    after[0] = accounts[-1]
    looked_at[0] += len(accounts)
    job.done = min(looked_at[0], job.total or looked_at[0])
    return GO_ON


def _next(after: int) -> list[int]:
    waiting = EcoAccount.objects.filter(WAITS, pk__gt=after).order_by("pk")
    return list(waiting.values_list("pk", flat=True)[:IN_ONE_PART])


def _match(pks: list[int]) -> int:
    """Give how many were bound. Somebody may have bound some of them before they were locked."""
    return len(match_accounts([account for account in lock_accounts(pks) if waits(account)]))


register(
    Kind(
        name=MATCH_AGAIN,
        label=gettext_lazy("Look at the queue again"),
        parts=_parts,
        one_at_a_time=True,
        on_cancel=lambda _job: None,
        told=pgettext_lazy("partner accounts", "%(done)s of %(total)s accounts"),
        told_so_far=pgettext_lazy("partner accounts", "%(done)s accounts"),
        permission="bindings.view_ecoaccount",
    )
)
