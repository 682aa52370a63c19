"""Signs of life of the processes that nobody sees, one row each."""

import os
import socket
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
# A worker that was ended or moved leaves its row behind.
FORGOTTEN_AFTER = timedelta(hours=1)
HOST_LENGTH = 64

# A worker of a release before hosts were kept writes the bare name.
OF_WORKERS = Q(name=WORKER) | Q(name__startswith=f"{WORKER}@")


@dataclass(frozen=True, slots=True)
class SeenWorker:
    """One worker process. ``host`` and ``version`` are "" for one of a release that did not say them."""

    host: str
    version: str
    age: timedelta

    @property
    def has_stopped(self) -> bool:
        return has_stopped(self.age)


def beat(name: str) -> None:
    """One statement, by the database's clock."""
    Heartbeat.objects.bulk_create(
        [Heartbeat(name=name, host=this_host(), version=VERSION, at=Now())],
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["host", "version", "at"],
    )


def worker_lives() -> None:
    """Each worker process has a row of its own."""
    beat(f"{WORKER}@{this_host()}/{os.getpid()}")


def forget_workers() -> None:
    """Those that have long been silent, but for the last one: it says since when there is none."""
    newest = Heartbeat.objects.filter(OF_WORKERS).order_by("-at").values_list("name", flat=True).first()
    silent = Heartbeat.objects.filter(OF_WORKERS, at__lt=clock.now() - FORGOTTEN_AFTER)
    silent.exclude(name=newest or "").delete()


def workers() -> list[SeenWorker]:
    """All that were seen lately, by host; the one seen last stands first of its host."""
    now = clock.now()
    rows = Heartbeat.objects.filter(OF_WORKERS).order_by("host", "-at")
    return [SeenWorker(row.host, row.version, now - row.at) for row in rows]


def ages() -> dict[str, timedelta | None]:
    """How long ago a worker and beat were last alive; None for one that never was."""
    now, last = clock.now(), dict(Heartbeat.objects.order_by("at").values_list("name", "at"))
    of_workers = [at for name, at in last.items() if name.split("@")[0] == WORKER]
    return {
        WORKER: now - of_workers[-1] if of_workers else None,
        BEAT: now - last[BEAT] if BEAT in last else None,
    }


def has_stopped(age: timedelta | None) -> bool:
    return age is None or age > STOPPED_AFTER


def this_host() -> str:
    return socket.gethostname()[:HOST_LENGTH]
