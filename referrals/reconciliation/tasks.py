from hireops.celery import app
from hireops.doorbell import ring
from hireops.jobs.tasks import work
from referrals.reconciliation import closed_days


@app.task
def reconcile_closed_days() -> None:
    """Reconcile every closed day that has not been yet."""
    if closed_days.reconcile_closed_days():
        ring(work)
