"""hireops' settings with a queue of the drill's own, on a broker that others use too."""

import os

from kombu import Queue

from hireops.settings import *  # noqa: F403
from hireops.settings import QUEUES, SWEEPS

CELERY_TASK_DEFAULT_QUEUE = os.environ["HIREOPS_DRILL_QUEUE"]
OWN = {name: f"{CELERY_TASK_DEFAULT_QUEUE}.{name}" for name in QUEUES} | {"celery": CELERY_TASK_DEFAULT_QUEUE}
CELERY_TASK_QUEUES = [Queue(name) for name in OWN.values()]
SWEEPS = {OWN[queue]: task for queue, task in SWEEPS.items()}
CELERY_TASK_ROUTES = {task: {"queue": queue} for queue, task in SWEEPS.items()}
