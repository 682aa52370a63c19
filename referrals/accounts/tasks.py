from hireops.celery import app
from hireops.doorbell import ring
from hireops.outbox.tasks import drain
from referrals.accounts import sweep


@app.task
def sweep_accounts() -> None:
    """Ask for the balances of accounts that were not asked for lately."""
    if sweep.sweep():
        ring(drain)
