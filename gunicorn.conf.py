"""What every gunicorn that is started in this folder heeds; the rest stands in supervisord.conf."""

from typing import Any

worker_class = "hireops.web.worker.DoorWorker"
logger_class = "hireops.web.quiet_logs.QuietLogger"


def when_ready(_server: Any) -> None:
    """With --preload, what is loaded by now is shared; who looks for garbage in it would copy it."""
    from hireops import garbage  # noqa: PLC0415 - this file may be read before its folder is on the path

    garbage.leave_out_what_is_loaded()
