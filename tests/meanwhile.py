"""Two transactions at once, one of which waits for the other. For PostgreSQL: SQLite has one writer."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from queue import Queue
from time import sleep

from django.db import connection

from tests.selection import on_postgresql

two_writers = on_postgresql  # SQLite has one writer


@contextmanager
def meanwhile(work: Callable[[], object]) -> Iterator[Callable[[], None]]:
    """``work`` in a transaction of its own; what is given waits until it waits for us, or is done.

    What ``work`` raises is raised at the end.
    """
    pids: Queue[int] = Queue()

    def start() -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                pids.put(cursor.fetchone()[0])
            work()
        finally:
            connection.close()

    def is_held_up(pid: int) -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT cardinality(pg_blocking_pids(%s)) > 0", [pid])
            return bool(cursor.fetchone()[0])

    with ThreadPoolExecutor(1) as worker:

        def wait() -> None:
            worked, pid = worker.submit(start), pids.get()
            results.append(worked)
            while not (worked.done() or is_held_up(pid)):
                sleep(0.01)

        results: list[Future[None]] = []
        yield wait
    for worked in results:
        worked.result()
