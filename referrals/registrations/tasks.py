from hireops.celery import app
from hireops.doorbell import ring
from hireops.outbox.tasks import drain
from referrals.registrations import imports


@app.task
def work_on_imports() -> None:
    """Check a file that was uploaded, and owe the registrations of those that were confirmed, in parts."""
    imports.check_uploaded()
    if imports.enqueue_confirmed():
        ring(drain)
