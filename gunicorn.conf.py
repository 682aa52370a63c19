"""What every gunicorn that is started in this folder heeds; the rest stands in supervisord.conf."""

import gc
from typing import Any

worker_class = "hireops.web.worker.DoorWorker"
logger_class = "hireops.web.quiet_logs.QuietLogger"


def when_ready(_server: Any) -> None:
    """With --preload, what is loaded by now is shared; who looks for garbage in it would copy it."""
    gc.collect()
    gc.freeze()
