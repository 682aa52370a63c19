from bindings.checks import looking, trimming
from hireops.celery import app
from hireops.doorbell import ring
from hireops.outbox.tasks import drain


@app.task
def look_after_results() -> None:
    """Every night: what became of results that were delivered, and of what is in doubt."""
    looking.look_after_results()
    looking.look_after_doubts()
    ring(drain)


@app.task
def empty_candidates() -> None:
    """Every night: whom orders were about that ended long ago is forgotten."""
    trimming.empty_candidates()
