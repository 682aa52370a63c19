from bindings.reports import health, integrity, trimming
from hireops.celery import app


@app.task
def empty_reports() -> None:
    """Every night: files whose time is over go."""
    trimming.empty_reports()
    trimming.remove_bytes()


@app.task
def look_at_files() -> None:
    """Every night: files are read again, those first that were not for longest."""
    integrity.look_at_files()


@app.task
def reach_storage() -> None:
    """Every few minutes, so that no page has to wait for the storage to know whether it answers."""
    health.reach_storage()
