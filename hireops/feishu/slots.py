"""The ring of the latest calls, in the database, and who is next in it: the hot path of ``quotas.py``."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from time import monotonic
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext_lazy as _

from hireops.feishu import sentences
from hireops.feishu.endpoints import Endpoint, Limit
from hireops.feishu.errors import Advice, FeishuError, Outcome
from hireops.feishu.models import Quota

# Whoever has to wait longer than this for a turn gets none, but the time at which to come back.
MAX_WAIT_S = 2.0
# Feishu counts when a call arrives, and one may take that much longer to arrive than the one after it.
MARGIN_S = {1: 0.08, 60: 0.1}
LONGEST_BLOCK_S = 3600.0  # as long as FeishuError.retry_after_s can be
PROBE_S = 15.0  # longer than a request may take
RETRY_AFTER_PROBE_S = 1.0  # most are answered long before
REMEMBER_CEILING_S = 3600.0

CEILINGS = {1: "calls_per_second", 60: "calls_per_minute"}  # a window in seconds, its column of Quota
_USED_UP = _(
    "The quota of this interface is used up for this tenant at the moment. Nothing was sent; hireops sends "
    "the call by itself as soon as the quota allows it."
)
_CLOCK = {
    "sqlite": "(julianday('now') - 2440587.5) * 86400.0",
    "postgresql": "extract(epoch FROM clock_timestamp())::float8",
}
# Without Django's atomic(), which would make six round trips to PostgreSQL of two.
_BEGIN: dict[str, list[tuple[str, list[Any]]]] = {
    "sqlite": [("BEGIN IMMEDIATE", [])],
    "postgresql": [("BEGIN", []), ("SET LOCAL synchronous_commit = off", [])],
}
_COUNT = "UPDATE feishu_quota SET given = given + 1 WHERE app_id = %s AND tenant_key = %s AND endpoint = %s"
# In its own statement, after the row is locked: only then does it see the slots of all earlier calls.
_READ = """
    SELECT id, given, strikes, blocked_until, probe_until, learnt_at, {now}, {oldest}
    FROM feishu_quota AS quota WHERE app_id = %s AND tenant_key = %s AND endpoint = %s"""
# A window allows n calls, as learnt or else as documented: when the n-th last call left.
_OLDEST = """(
    SELECT taken_at FROM feishu_quotaslot AS slot
    WHERE slot.quota_id = quota.id AND slot.position = (given - coalesce({ceiling}, %s)) %% %s
)"""
_UPSERT_SLOT = """
    INSERT INTO feishu_quotaslot (quota_id, position, taken_at) VALUES (%s, %s, %s)
    ON CONFLICT (quota_id, position) DO UPDATE SET taken_at = excluded.taken_at"""
_PROBE = "UPDATE feishu_quota SET probe_until = %s WHERE id = %s"


class QuotaUsedUpError(FeishuError):
    """Held back here, before anything was sent. ``retry_after_s`` is the time until the next turn."""

    def __init__(self, endpoint: Endpoint, wait_s: float) -> None:
        message = sentences.QUOTA_USED_UP % {"endpoint": endpoint.name, "seconds": f"{wait_s:.1f}"}
        super().__init__(Outcome.NOT_SENT, message, retry_after_s=wait_s, advice=Advice.RETRY_LATER)

    @property
    def explanation(self) -> str:
        return str(_USED_UP)


@dataclass(frozen=True, slots=True)
class Slot:
    """One call's turn, in ``wait_s`` seconds.

    That is ``leaves_at`` by the database's clock and ``starts``, or a little before, by ``time.monotonic()``:
    not earlier than ``earliest``. A ``probe`` tries whether Feishu's rate limit is over.
    """

    quota_id: int
    position: int
    leaves_at: float
    wait_s: float
    starts: float
    earliest: float
    endpoint: Endpoint
    strikes: int
    probe: bool


class _CountedCall(NamedTuple):
    """A call's number, what is known of its quota, and when the oldest call left in each of its windows."""

    quota_id: int
    number: int
    strikes: int
    blocked_until: float
    probe_until: float
    learnt_at: float
    now: float
    oldest: tuple[float | None, ...]

    @property
    def knows_old_ceilings(self) -> bool:
        return 0 < self.learnt_at <= self.now - REMEMBER_CEILING_S


def reserve(endpoint: Endpoint, tenant_key: str) -> Slot:
    """The next slot, counted and committed, whose turn comes in ``wait_s``; else ``QuotaUsedUpError``."""
    vendor, key = connection.vendor, [settings.FEISHU_APP_ID, tenant_key, endpoint.name]
    back = [value for limit in endpoint.limits for value in (limit.calls, _ring_size(endpoint.limits))]
    asked_at = monotonic()
    with _commit_without_fsync(), connection.cursor() as cursor:
        steps = (_COUNT, key), (_read(vendor, endpoint.limits), [*back, *key])
        # Where no row was counted up, one that is read is another's, made in between.
        counted = _run(cursor, *_BEGIN[vendor], *steps) == 1
        row = cursor.fetchone() if counted else None
        call = row and _CountedCall._make([*row[:7], row[7:]])
        if call and not call.knows_old_ceilings:
            return _take_slot(cursor, endpoint, call, asked_at)
        cursor.execute("ROLLBACK")
    quota, _created = Quota.objects.get_or_create(
        app_id=settings.FEISHU_APP_ID, tenant_key=tenant_key, endpoint=endpoint.name
    )
    Quota.objects.filter(pk=quota.pk).update(**dict.fromkeys(CEILINGS.values()), learnt_at=0)
    return reserve(endpoint, tenant_key)


@lru_cache(maxsize=100)
def _read(vendor: str, limits: tuple[Limit, ...]) -> str:
    oldest = ", ".join(_OLDEST.format(ceiling=CEILINGS[limit.seconds]) for limit in limits)
    return _READ.format(now=_CLOCK[vendor], oldest=oldest)


def _run(cursor: Any, *steps: tuple[str, list[Any]]) -> int:
    """How many rows the last but one of these statements touched; the last one's can be fetched afterwards.

    PostgreSQL gets them as one message, which saves a third of the time.
    """
    if connection.vendor == "postgresql":
        cursor.execute("; ".join(sql for sql, _ in steps), [each for _, values in steps for each in values])
        cursor.set_result(-2)
        touched = int(cursor.rowcount)
        cursor.set_result(-1)
        return touched
    *first, (last, values) = steps
    for sql, each in first:
        cursor.execute(sql, each)
    touched = int(cursor.rowcount)
    cursor.execute(last, values)
    return touched


def _take_slot(cursor: Any, endpoint: Endpoint, call: _CountedCall, asked_at: float) -> Slot:
    """The slot of a call just counted; raising undoes that it was. Until the commit, all others wait."""
    read_at = monotonic()
    if call.now < call.blocked_until <= call.now + LONGEST_BLOCK_S:  # later still: the clock was set back
        raise QuotaUsedUpError(endpoint, call.blocked_until - call.now)
    if call.now < call.probe_until <= call.now + PROBE_S + MAX_WAIT_S:
        raise QuotaUsedUpError(endpoint, RETRY_AFTER_PROBE_S)
    wait_s = _due(endpoint, call) - call.now
    if wait_s > MAX_WAIT_S:
        raise QuotaUsedUpError(endpoint, wait_s)
    leaves_at = call.now + wait_s
    position = call.number % _ring_size(endpoint.limits)
    steps = [(_UPSERT_SLOT, [call.quota_id, position, leaves_at])]
    if call.strikes:
        steps.append((_PROBE, [leaves_at + PROBE_S, call.quota_id]))
    _run(cursor, *steps, ("COMMIT", []))
    return Slot(
        call.quota_id,
        position,
        leaves_at,
        wait_s,
        starts=read_at + wait_s,
        earliest=asked_at + wait_s,
        endpoint=endpoint,
        strikes=call.strikes,
        probe=call.strikes > 0,
    )


def _due(endpoint: Endpoint, call: _CountedCall) -> float:
    """When the call may leave, in seconds since 1970: now, or when enough earlier ones are old enough."""
    due = call.now
    for limit, taken_at in zip(endpoint.limits, call.oldest, strict=True):
        if taken_at is not None and taken_at <= call.now + MAX_WAIT_S:  # later: the clock was set back
            due = max(due, taken_at + limit.seconds + MARGIN_S[limit.seconds])
    return due


@lru_cache(maxsize=100)
def _ring_size(limits: tuple[Limit, ...]) -> int:
    return max(limit.calls for limit in limits)


@contextmanager
def _commit_without_fsync() -> Iterator[None]:
    """A transaction begun inside has ended after it. Committing does not wait for the disk: a power cut lasts
    longer than the quota that it would lose."""
    if connection.vendor == "sqlite":
        _execute("PRAGMA synchronous = NORMAL")
    try:
        yield
    except QuotaUsedUpError:
        _execute("ROLLBACK")
        raise
    except BaseException:
        connection.close()  # also ends a transaction, whatever state the connection is in
        raise
    finally:
        if connection.vendor == "sqlite":
            _execute("PRAGMA synchronous = FULL")


def _execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)
