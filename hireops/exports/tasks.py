from hireops.celery import app
from hireops.exports import trimming


@app.task
def trim() -> None:
    """Remove files of long ago."""
    trimming.trim()
