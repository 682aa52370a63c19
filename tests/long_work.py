"""Workers that do the long work that is due."""

from hireops.database import clock
from hireops.jobs import leases, working
from hireops.jobs.leases import Lease
from hireops.jobs.models import Job


def work() -> None:
    """What is due now, until nothing is. A part that fails is a failure of the test."""
    while working.take_turn():
        pass
    failed = Job.objects.exclude(error="").values_list("kind", "error")
    assert not failed, list(failed)


def let_rests_pass() -> None:
    """Whatever rests has rested long enough."""
    Job.objects.running().filter(lease_key=None).update(not_before=clock.now())


def work_after_a_rest() -> None:
    let_rests_pass()
    work()


def claimed() -> Lease:
    lease = leases.claim()
    assert lease
    return lease
