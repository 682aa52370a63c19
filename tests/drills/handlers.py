"""Handlers of events that Feishu does not send: they count, kill, freeze and raise. Workers include this.

What they do is told by the event. Each leaves a row in ``drill_effect`` whenever it has run to its end, in
the transaction of the event: an event that takes effect twice has two rows.
"""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from django.contrib.auth.models import Permission
from django.db import DatabaseError, connection, transaction

from hireops.inbox.models import Event
from hireops.inbox.registry import EventType, each, register

COUNTED = "drill.counted_v1"
MORTAL = "drill.mortal_v1"
FREEZING = "drill.freezing_v1"
HUNGRY = "drill.hungry_v1"
RAISING = "drill.raising_v1"
MENDED = "drill.mended_v1"
EFFECTS = "CREATE TABLE drill_effect (event_id varchar(255) NOT NULL)"


def count(event: Event) -> None:
    """Takes as long as the event says."""
    time.sleep(event.body.get("seconds", 0))
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO drill_effect (event_id) VALUES (%s)", [event.event_id])


def die(event: Event) -> None:
    """Kills its process as often as the event says."""
    if _happens(event, times=event.body["deaths"]):
        os.kill(os.getpid(), signal.SIGKILL)
    count(event)


def take_memory(event: Event) -> None:
    """More than the machine has to give, once."""
    if _happens(event, times=1):
        _taken = bytearray(event.body["bytes"])
        _taken[::4096] = bytes([1]) * len(_taken[::4096])
    count(event)


def freeze(event: Event) -> None:
    """Stops its process, once, as if the machine had been taken from it. Somebody else makes it go on."""
    if _happens(event, times=1):
        os.kill(os.getpid(), signal.SIGSTOP)
    count(event)


def fail_until_mended(event: Event) -> None:
    if not mended_mark(Path(os.environ["HIREOPS_DRILL_FOLDER"])).exists():
        raise LookupError
    count(event)


def fail(event: Event) -> None:
    """In one of ``WAYS_TO_FAIL``, after something was written."""
    count(event)
    WAYS_TO_FAIL[event.body["how"]](event)


def mended_mark(folder: Path) -> Path:
    """The file that says that the fault is mended."""
    return folder / "mended"


def _happens(event: Event, *, times: int) -> bool:
    """True the first ``times`` times that it is asked for the event, in whichever process."""
    folder = Path(os.environ["HIREOPS_DRILL_FOLDER"])
    for turn in range(times):
        try:
            (folder / f"{event.event_id}-{turn}").touch(exist_ok=False)
        except FileExistsError:
            continue
        return True
    return False


# --- Ways to fail ------------------------------------------------------------------------------------------


def _raise_in_a_nested_transaction(event: Event) -> None:
    with transaction.atomic():
        count(event)
        raise KeyError(event.event_id)


def _raise_a_database_error(_event: Event) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO drill_effect (event_id) VALUES (NULL)")


def _swallow_a_database_error(event: Event) -> None:
    """On PostgreSQL the transaction is lost, and whoever goes on in it without a savepoint finds out late."""
    try:
        _raise_a_database_error(event)
    except DatabaseError:
        return


def _leave_something_that_the_commit_refuses(_event: Event) -> None:
    Permission.objects.create(name="of nothing", codename="drill", content_type_id=-1)


def _lose_the_connection(_event: Event) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")


def _call_itself_for_ever(event: Event) -> None:
    _call_itself_for_ever(event)


def _ask_for_more_memory_than_any_machine_has(_event: Event) -> None:
    bytearray(1 << 60)


WAYS_TO_FAIL: dict[str, Callable[[Event], None]] = {
    "nested": _raise_in_a_nested_transaction,
    "database": _raise_a_database_error,
    "swallowed": _swallow_a_database_error,
    "commit": _leave_something_that_the_commit_refuses,
    "connection": _lose_the_connection,
    "recursion": _call_itself_for_ever,
    "memory": _ask_for_more_memory_than_any_machine_has,
}
ON_POSTGRESQL = {"swallowed", "connection"}

HANDLERS = {
    COUNTED: count,
    MORTAL: die,
    FREEZING: freeze,
    HUNGRY: take_memory,
    MENDED: fail_until_mended,
    RAISING: fail,
}


def _register(name: str, handler: Callable[[Event], None]) -> None:
    register(
        EventType(
            name=name,
            label=name,  # in no language: pages of other tests may show it
            read=lambda payload: payload,
            handle=each(lambda received: handler(received.event)),
        )
    )


for _name, _handler in HANDLERS.items():
    _register(_name, _handler)
