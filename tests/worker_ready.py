"""Included by the workers that tests start: says in a file that the worker has begun to listen."""

import os
from pathlib import Path

from celery.signals import worker_ready


@worker_ready.connect
def say_so(**_details: object) -> None:
    Path(os.environ["HIREOPS_TEST_READY_FILE"]).touch()
