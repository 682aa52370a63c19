from hireops.celery import app
from hireops.doorbell import ring
from hireops.outbox.tasks import drain
from referrals.payouts import settling


@app.task
def settle_withdrawals() -> None:
    """Ask again, with the same order ID, for what Feishu has not answered yet."""
    if settling.settle_undecided():
        ring(drain)
