from bindings.exams import services, trimming
from hireops.celery import app


@app.task
def notice_ended_windows() -> None:
    """Every few minutes: exams whose paper can't be taken any more wait for us, not for the candidate."""
    services.notice_ended_windows()


@app.task
def empty_candidates() -> None:
    """Every night: whom exams were about that ended long ago is forgotten."""
    trimming.empty_candidates()
