from hireops.celery import app
from referrals.registrations import trimming


@app.task
def empty_contacts() -> None:
    """Every night: who was registered long ago, and whose account is off, is forgotten."""
    trimming.empty_contacts()
