"""What happens by the clock. Each task leaves what is due to a service, and rings if something is owed."""

from hireops.celery import app
from hireops.doorbell import ring
from hireops.outbox.tasks import drain
from referrals.services import accounts, imports, reconciliation, withdrawals


@app.task
def work_on_imports() -> None:
    """Check a file that was uploaded, and owe the registrations of those that were confirmed, in parts."""
    imports.check_uploaded()
    if imports.owe_confirmed():
        ring(drain)


@app.task
def settle_withdrawals() -> None:
    """Ask again, with the same order ID, for what Feishu has not answered yet."""
    if withdrawals.settle_undecided():
        ring(drain)


@app.task
def sweep_accounts() -> None:
    """Ask for the balances of enabled accounts that were not asked for lately."""
    if accounts.sweep():
        ring(drain)


@app.task
def reconcile_closed_days() -> None:
    """Reconcile every closed day that has not been yet."""
    if reconciliation.reconcile_closed_days():
        ring(drain)
