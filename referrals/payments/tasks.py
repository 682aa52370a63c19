from hireops.celery import app
from referrals.payments import trimming


@app.task
def empty_payees() -> None:
    """Every night: who was paid so long ago that no law asks for it is forgotten."""
    trimming.empty_payees()
    trimming.empty_results_files()
