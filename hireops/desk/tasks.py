"""What the desk does by the clock."""

import logging
from collections.abc import Sequence

from hireops.celery import app
from hireops.database import clock
from hireops.desk import figures, heartbeats, invariants, repeated
from hireops.desk.models import InvariantCheck

logger = logging.getLogger(__name__)

SENTENCES_KEPT = 100
CHECKS_KEPT = 100


@app.task
def check_invariants() -> None:
    """Every night: one log line of level ERROR for each row that breaks a promise, and a row with the sum."""
    check = InvariantCheck.objects.create(started_at=clock.now(), checked=invariants.count())
    for name, sentence in invariants.broken():
        logger.error("%s: %s", name, sentence)
        check.broken += 1
        if len(check.sentences) < SENTENCES_KEPT:
            check.sentences.append(sentence)
    check.finished_at = clock.now()
    check.save()
    InvariantCheck.objects.filter(pk__lte=check.pk - CHECKS_KEPT).delete()


@app.task
def worker_lives(queues: Sequence[str] = ()) -> None:
    """Each worker says so by itself, whatever becomes of the broker, and what it takes up."""
    heartbeats.worker_lives(queues)


@app.task
def beat_lives(host: str = "", version: str = "") -> None:
    """Beat asks for it, and a worker writes it down: beat, the broker between them and a worker are alive."""
    heartbeats.beat_lives(host, version)
    heartbeats.forget()


@app.task
def sum_up_repeated() -> None:
    """What came again within a minute and then no more is in the audit too."""
    repeated.sum_up()


@app.task
def count_days() -> None:
    """For the charts of the home page."""
    figures.bring_up_to_date()
