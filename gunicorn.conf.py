"""What every gunicorn that is started in this folder heeds; the rest stands in supervisord.conf."""

worker_class = "hireops.web.worker.DoorWorker"
logger_class = "hireops.web.quiet_logs.QuietLogger"
