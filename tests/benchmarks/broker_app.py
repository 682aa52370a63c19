"""The Celery application that ``brokers.py`` measures; what it runs on comes from ``BENCH_*`` variables.

``python -m tests.benchmarks.broker_app 0 500`` publishes the messages 0 to 499.
"""

import json
import os
import sys
import time

from celery import Celery

from hireops import broker

broker.register()

app = Celery("bench", broker=os.environ["BENCH_URL"])
app.conf.update(
    broker_transport_options=json.loads(os.environ["BENCH_OPTIONS"]),
    broker_connection_retry_on_startup=True,
    task_default_queue=os.environ["BENCH_QUEUE"],
    task_ignore_result=True,
    worker_prefetch_multiplier=1,
)


@app.task
def note(number: int, published_at: float, takes_s: float = 0.0) -> None:
    """Leaves the line ``number delay_in_seconds`` in the log; one write of one line cannot be torn."""
    time.sleep(takes_s)
    line = f"{number} {time.time() - published_at}\n"
    log = os.open(os.environ["BENCH_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(log, line.encode())
    os.close(log)


if __name__ == "__main__":
    first, after_last = int(sys.argv[1]), int(sys.argv[2])
    # By name: as __main__, this module is another one than the workers import.
    for number in range(first, after_last):
        app.send_task("tests.benchmarks.broker_app.note", (number, time.time()))
