"""What happens to people by the clock."""

from hireops.celery import app
from hireops.people import payout_rights


@app.task
def settle_payout_rights() -> None:
    """Rights that were given or taken where Django does not tell of it."""
    payout_rights.settle()
