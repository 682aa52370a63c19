"""SQLite has one writer: an event is written before what staff and strangers cause to be written."""

import gc
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from django.db import connection

from hireops.inbox import intake
from hireops.inbox.models import Event
from tests.deliveries import deliver, envelope
from tests.selection import on_sqlite

HELD_S, PAUSE_S = 0.005, 0.0005  # a commit on a slow disk, and what Python does between two


@contextmanager
def writers(number: int) -> Iterator[None]:
    """They write one after the other, as wrong logins do that are counted."""
    over = threading.Event()

    def write() -> None:
        with closing(
            sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None, timeout=60)
        ) as link:
            while not over.is_set():
                link.execute("BEGIN IMMEDIATE")
                time.sleep(HELD_S)
                link.execute("COMMIT")
                time.sleep(PAUSE_S)

    threads = [threading.Thread(target=write) for _ in range(number)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


@on_sqlite
@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_events_come_in_while_eight_others_write_one_after_the_other(client, monkeypatch):
    monkeypatch.setattr(intake, "_breaker_open_until", 0.0)  # and what it becomes here is forgotten
    with writers(8):
        answers = [deliver(client, envelope("test.x_v1")).status_code for _ in range(6)]
    assert answers.count(200) >= 5  # of those that wait as long as all others, hardly one does
    assert Event.objects.count() == answers.count(200)


@contextmanager
def cursors_left_to_the_collector() -> Iterator[list[sqlite3.Cursor]]:
    gc.collect()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        found: list[sqlite3.Cursor] = []
        yield found
        gc.collect()
        # By its type: a lazy object, asked whether it is one, would become what it stands for.
        found += [thing for thing in gc.garbage if issubclass(type(thing), sqlite3.Cursor)]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()


@on_sqlite
@pytest.mark.django_db(transaction=True)
def test_an_event_that_waited_for_its_turn_leaves_no_statement_for_another_thread_to_end(client, monkeypatch):
    monkeypatch.setattr(intake, "_breaker_open_until", 0.0)
    with closing(
        sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None, check_same_thread=False)
    ) as other:
        other.execute("BEGIN IMMEDIATE")
        threading.Timer(0.3, other.execute, ["COMMIT"]).start()
        started = time.monotonic()
        with cursors_left_to_the_collector() as cursors:
            assert deliver(client, envelope("test.x_v1")).status_code == 200
    assert time.monotonic() - started > 0.2
    assert not cursors
