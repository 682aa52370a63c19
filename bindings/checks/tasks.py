from bindings.checks import looking, trimming
from hireops.celery import app


@app.task
def look_after_results() -> None:
    """Every night: what became of results that were delivered."""
    looking.look_after_results()


@app.task
def empty_candidates() -> None:
    """Every night: whom orders were about that ended long ago is forgotten."""
    trimming.empty_candidates()
