"""What the desk does by the clock."""

import logging

from hireops.celery import app
from hireops.desk import invariants

logger = logging.getLogger(__name__)


@app.task
def check_invariants() -> None:
    """Every night: one log line of level ERROR for each row that breaks a promise."""
    for name, sentence in invariants.broken():
        logger.error("%s: %s", name, sentence)
