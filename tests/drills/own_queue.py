"""hireops' settings with a queue of the drill's own, on a broker that others use too."""

import os

from hireops.settings import *  # noqa: F403

CELERY_TASK_DEFAULT_QUEUE = os.environ["HIREOPS_DRILL_QUEUE"]
