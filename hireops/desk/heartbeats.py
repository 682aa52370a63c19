"""Signs of life of the processes that nobody sees: a row for each worker, and for beat on each host."""

import os
import socket
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q
from django.db.models.functions import Now

from hireops import VERSION
from hireops.database import clock
from hireops.desk.models import Heartbeat

WORKER, BEAT = "worker", "beat"
# Five that did not come; a busy worker may write the one of beat rather late.
STOPPED_AFTER = timedelta(seconds=100)
# A process that was ended leaves its row behind; the last one of a host says for longer that there was one.
FORGOTTEN_AFTER = timedelta(hours=1)
HOST_FORGOTTEN_AFTER = timedelta(days=1)
HOST_LENGTH = 64

# One of a release before hosts were kept has the bare name.
OF_WORKERS = Q(name=WORKER) | Q(name__startswith=f"{WORKER}@")
OF_BEATS = Q(name=BEAT) | Q(name__startswith=f"{BEAT}@")


@dataclass(frozen=True, slots=True)
class Seen:
    """A worker process, or beat on a host. What its release did not say is empty.

    ``queues``: what a worker takes up; empty, everything.
    """

    name: str
    process: str
    host: str
    version: str
    queues: frozenset[str]
    age: timedelta

    @property
    def has_stopped(self) -> bool:
        return has_stopped(self.age)

    def serves(self, queue: str) -> bool:
        return not self.queues or queue in self.queues


def beat(name: str, *, host: str | None = None, version: str = VERSION, queues: Collection[str] = ()) -> None:
    """One statement, by the database's clock."""
    host = this_host() if host is None else host
    taken_up = ",".join(sorted(queues))
    Heartbeat.objects.bulk_create(
        [Heartbeat(name=name, host=host, version=version, queues=taken_up, at=Now())],
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["host", "version", "queues", "at"],
    )


def worker_lives(queues: Collection[str] = ()) -> None:
    """Each worker process has a row of its own."""
    beat(f"{WORKER}@{this_host()}/{os.getpid()}", queues=queues)


def beat_lives(host: str, version: str) -> None:
    """Each host on which beat runs has a row, written by whichever worker was asked to."""
    beat(f"{BEAT}@{host}" if host else BEAT, host=host, version=version)


def forget() -> None:
    """Those that have long been silent, but for the last one of all: it says since when there is none."""
    everybody = seen()
    last = {each.process: each.name for each in reversed(everybody)}
    last_of_host = {each.name for each in by_host(everybody)}
    gone = [
        each.name
        for each in everybody
        if each.age > (HOST_FORGOTTEN_AFTER if each.name in last_of_host else FORGOTTEN_AFTER)
        and each.name != last[each.process]
    ]
    # Who has said something meanwhile is not gone.
    Heartbeat.objects.filter(name__in=gone, at__lt=clock.now() - FORGOTTEN_AFTER).delete()


def seen() -> list[Seen]:
    """All workers and beats that are not forgotten; the one seen last stands first."""
    now = clock.now()
    return [
        Seen(
            name=row.name,
            process=row.name.split("@")[0],
            host=row.host,
            version=row.version,
            queues=frozenset(filter(None, row.queues.split(","))),
            age=now - row.at,
        )
        for row in Heartbeat.objects.filter(OF_WORKERS | OF_BEATS).order_by("-at")
    ]


def by_host(everybody: Iterable[Seen]) -> list[Seen]:
    """Of each process the one seen last on each host, in the order of their names.

    One that did not say its host and has stopped is of a release before this one: its host may have another.
    """
    last: dict[tuple[str, str], Seen] = {}
    for each in everybody:
        if each.has_stopped and not each.host:
            continue
        last.setdefault((each.process, each.host), each)
    return [each for _, each in sorted(last.items())]


def alive(process: str) -> list[Seen]:
    return [each for each in seen() if each.process == process and not each.has_stopped]


def ages() -> dict[str, timedelta | None]:
    """How long ago a worker and beat were last alive; None for one that never was."""
    last = {each.process: each.age for each in reversed(seen())}
    return {process: last.get(process) for process in (WORKER, BEAT)}


def has_stopped(age: timedelta | None) -> bool:
    return age is None or age > STOPPED_AFTER


def hosts() -> set[str]:
    """Those on which a worker runs, and this one."""
    return {worker.host for worker in alive(WORKER)} | {this_host()}


def this_host() -> str:
    return socket.gethostname()[:HOST_LENGTH]
