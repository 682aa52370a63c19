"""What happens to people by the clock."""

from django.contrib.sessions.models import Session as FormerSession

from hireops.celery import app
from hireops.people import limits, payout_rights
from hireops.people.sessions import SessionStore


@app.task
def settle_payout_rights() -> None:
    """Rights that were given or taken where Django does not tell of it."""
    payout_rights.settle()


@app.task
def remove_ended_sessions() -> None:
    SessionStore.clear_expired()
    FormerSession.objects.all().delete()  # of earlier versions: keys in clear, which open nothing any more


@app.task
def forget_tries() -> None:
    """Addresses and names that were wrong an hour ago are nobody's business any more."""
    limits.forget()
