"""Raw events beside the database, by setting (``EVENT_JOURNAL``): what a restored database has lost.

What was answered 200 is never sent again, and Feishu lists no events. So each accepted delivery is also
appended to a file, between the commit and the answer: what is killed before that was not answered and comes
again. A line is one delivery, sealed with our own key, as its bytes are in the database: the time it came,
the headers that its signature needs, and the body as it was received. Each process has a file of its own for
each hour, so several processes and hosts may share a folder. Nothing is flushed to the disk here: the kernel
does within half a minute, also when this process is killed; what the host itself may lose is what has not
been carried off it yet.

A file that can't be written loses no event and refuses none: it is noted (``JournalFailure``), for *Health*.
"""

import base64
import binascii
import heapq
import json
import logging
import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from time import monotonic, time
from uuid import uuid4

from django.conf import settings
from django.db import Error
from django.db.models.functions import Now

from hireops.database.query_deadline import query_deadline
from hireops.desk.heartbeats import this_host
from hireops.encryption import decrypt_bytes, encrypt_bytes
from hireops.inbox.models import JournalFailure

logger = logging.getLogger(__name__)

ENDING = ".events"
HOUR = "%Y-%m-%dT%H"
HOUR_LENGTH = len("2026-11-23T12")
NOTED_EVERY_S = 60.0
NOTE_WITHIN_S = 0.5
DAY_S = 24 * 60 * 60

# --- Writing, in the way of a delivery


def keep(body: bytes, headers: Mapping[str, str] | None) -> None:
    """Append what was stored; ``headers`` is None for what the long connection brought. Raises nothing."""
    if not settings.EVENT_JOURNAL:
        return
    now = datetime.now(UTC)
    try:
        _file.append(now.strftime(HOUR), _sealed(now, body, headers))
    except Exception as error:  # noqa: BLE001 - the event is stored, and Feishu waits for its answer
        _note(error)


def _sealed(now: datetime, body: bytes, headers: Mapping[str, str] | None) -> bytes:
    about = json.dumps({"at": now.isoformat(), "headers": headers}).encode()
    # The line ends before as well, so that one that was cut off spoils no other.
    return b"\n" + base64.b64encode(encrypt_bytes(about + b"\n" + body)) + b"\n"


class _File:
    """The file of this process and hour."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_of: tuple[str, int] | None = None
        self._number = -1

    def append(self, hour: str, line: bytes) -> None:
        with self._lock:  # nobody writes into a number that is being closed
            if self._is_of != (hour, os.getpid()):
                self._open(hour)
            if os.write(self._number, line) != len(line):
                raise OSError("the disk took a part of it only")

    def _open(self, hour: str) -> None:
        folder = Path(settings.EVENT_JOURNAL)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = f"{hour}-{this_host()}-{os.getpid()}-{uuid4().hex[:8]}{ENDING}"
        number = os.open(folder / name, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        if self._is_of is not None and self._is_of[1] == os.getpid():
            os.close(self._number)
        self._number, self._is_of = number, (hour, os.getpid())
        _remove_old(folder)


def _remove_old(folder: Path) -> None:
    """Once an hour, by each process: the workers that trim the database may be on other hosts."""
    before = time() - settings.EVENT_JOURNAL_KEEP_DAYS * DAY_S
    for entry in os.scandir(folder):
        if entry.name.endswith(ENDING) and entry.stat().st_mtime < before:
            Path(entry).unlink(missing_ok=True)


_file = _File()
_noted_at = float("-inf")


def _note(error: Exception) -> None:
    global _noted_at  # noqa: PLW0603 - when it was noted last is a fact about the process
    if monotonic() - _noted_at < NOTED_EVERY_S:
        return
    _noted_at = monotonic()
    reason = getattr(error, "strerror", None) or type(error).__name__
    logger.error("events are not kept in EVENT_JOURNAL: %s", reason)
    try:
        with query_deadline(NOTE_WITHIN_S):
            JournalFailure.objects.bulk_create(
                [JournalFailure(host=this_host(), reason=reason, at=Now())],
                update_conflicts=True,
                unique_fields=["host"],
                update_fields=["reason", "at"],
            )
    except Error as away:
        logger.warning("nor could that be noted (%s)", type(away).__name__)


# --- Reading, after a restore


@dataclass(frozen=True, slots=True)
class Kept:
    """One delivery as it came. ``headers`` is None for what the long connection brought."""

    at: datetime
    body: bytes
    headers: Mapping[str, str] | None


def files_in(paths: Iterable[Path]) -> list[Path]:
    """The files, and those in folders, by the hour."""
    found = {file for path in paths for file in (path.glob(f"*{ENDING}") if path.is_dir() else [path])}
    return sorted(found, key=lambda file: file.name)


def read(files: Iterable[Path]) -> Iterator[Kept | None]:
    """All that was kept, as it came whichever process took it; None for each line that can't be read."""
    for _hour, of_it in groupby(files, key=lambda file: file.name[:HOUR_LENGTH]):
        lines = [_lines(file) for file in of_it]
        yield from (kept for _at, kept in heapq.merge(*lines, key=lambda line: line[0]))


def _lines(file: Path) -> Iterator[tuple[datetime, Kept | None]]:
    at = datetime.min.replace(tzinfo=UTC)
    with file.open("rb") as opened:
        for line in filter(None, map(bytes.strip, opened)):
            kept = _opened(line)
            at = kept.at if kept else at
            yield at, kept


def _opened(line: bytes) -> Kept | None:
    try:
        plain = decrypt_bytes(base64.b64decode(line, validate=True))
    except binascii.Error:
        return None
    if not plain:
        return None
    about, _end, body = plain.partition(b"\n")
    told = json.loads(about)
    return Kept(datetime.fromisoformat(told["at"]), body, told["headers"])
