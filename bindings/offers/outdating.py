"""After a change of what accounts are to offer: which of them are out of date now."""

from collections.abc import Sequence

from django.contrib.auth.models import User
from django.db.models import QuerySet

from bindings.models import Customer, EcoAccount
from bindings.offers.comparing import compare
from hireops.jobs import services as jobs
from hireops.jobs.models import Job
from hireops.jobs.registry import DONE, GO_ON, Step

COMPARE = "bindings.compare_offers"
# More accounts than these are compared by the workers, so many at a time.
AT_ONCE = 500


def concern(accounts: QuerySet[EcoAccount], *, by: User | None) -> None:
    """These accounts are compared in the caller's transaction; of many, it leaves that to the workers."""
    if accounts[AT_ONCE : AT_ONCE + 1].exists():
        jobs.start(COMPARE, by=by, total=EcoAccount.objects.count())
    else:
        compare(accounts)


def compare_next(job: Job) -> Step:
    """All accounts, oldest first; new ones are at the end, so none is passed over."""
    accounts = list(EcoAccount.objects.order_by("pk")[job.done : job.done + AT_ONCE])
    compare(accounts)
    job.done += len(accounts)
    job.total = max(job.total or 0, job.done)
    return GO_ON if len(accounts) == AT_ONCE else DONE


# --- What changes elsewhere


def accounts_changed(accounts: Sequence[EcoAccount]) -> None:
    """They have become known, or somebody else's."""
    concern(EcoAccount.objects.filter(pk__in=[account.pk for account in accounts]), by=None)


def customers_changed(customers: Sequence[Customer]) -> None:
    """They have another tier."""
    concern(EcoAccount.objects.filter(customer__in=[customer.pk for customer in customers]), by=None)
