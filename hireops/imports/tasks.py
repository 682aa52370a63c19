from hireops.celery import app
from hireops.imports import trimming


@app.task
def empty_rows() -> None:
    """Every night: what was in the rows of old imports is forgotten."""
    trimming.empty_rows()
