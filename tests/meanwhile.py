"""Work at the same time as other work: in threads that start together, or held up by each other."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from queue import Queue
from threading import Barrier
from time import sleep
from typing import Any

from django.db import connection
from django.utils.translation import get_language, override

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


def at_once(*work: Callable[[], Any]) -> list[Any]:
    """Each in a thread of its own, all started together; what it gave or raised, in their order."""
    start, language = Barrier(len(work)), get_language()

    def run(each: Callable[[], Any]) -> Any:
        try:
            start.wait()
            with override(language):
                return each()
        except Exception as error:  # noqa: BLE001 - the test looks at it
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(work)) as threads:
        return list(threads.map(run, work))
