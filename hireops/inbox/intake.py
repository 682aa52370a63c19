"""Stores an authentic delivery, once; what is committed here may be acknowledged to Feishu."""

import hashlib
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any, NamedTuple, TypeVar

from django.conf import settings
from django.db import DataError, IntegrityError, InternalError, OperationalError, connection
from django.utils.translation import gettext_noop

from hireops import tracing
from hireops.database import months, prepared, query_deadline
from hireops.database.errors import DATABASE_AWAY
from hireops.encryption import encrypt_bytes
from hireops.feishu import callbacks
from hireops.feishu.app_events import APP_TICKET, ticket_encrypted
from hireops.inbox.models import MONTHLY
from hireops.web.pools import EVENT_MAX_BYTES

Result = TypeVar("Result")

MAX_BYTES = EVENT_MAX_BYTES
# Feishu waits three seconds (contract 6.6), also if what came before took most of them. A broken connection
# shows at once and is worth a second one, which may take two seconds to open (``connect_timeout``).
STORE_TIMEOUT_S = 2.5
STORE_TIMEOUT_LEAST_S = 0.3
RECONNECT_WITHIN_S = 0.4
# A circuit breaker: requests that queue behind one that timed out fail at once, or they would be too late.
BREAKER_OPEN_S = 1.0

# InternalError: it has become a standby, which is read-only.
NOT_STORED = (*DATABASE_AWAY, InternalError)

_breaker_open_until = 0.0

UNFORESEEN = gettext_noop("the database cannot hold its content")

# How PostgreSQL keeps all that came together: each statement is a way there and back, and each commit waits
# for the disk. By the order of their ids, so that two processes never wait for each other.
INSERT_EVENTS = """
    WITH given AS (
        SELECT * FROM unnest(%b::text[], %b::text[], %b::text[], %b::text[], %b::text[], %b::timestamptz[],
            %b::text[], %b::bytea[], %b::text[])
        AS given (app_id, event_id, event_type, tenant_key, subject, created_at, digest, raw, payload)
    ), event AS (
        INSERT INTO inbox_event
            (app_id, event_id, event_type, tenant_key, subject, created_at, digest, state)
        SELECT app_id, event_id, event_type, tenant_key, subject, created_at, digest, 'pending'
        FROM given ORDER BY app_id, event_id
        ON CONFLICT (app_id, event_id) DO NOTHING
        RETURNING id, app_id, event_id
    ), content AS (
        INSERT INTO inbox_eventcontent (event_id, raw, payload)
        SELECT event.id, given.raw, given.payload::jsonb FROM event JOIN given USING (app_id, event_id)
    )
    SELECT event_id FROM event
"""
# SQLite knows no such statement, and nothing is far: one by one, in one transaction.
INSERT_EVENT = """
    INSERT INTO inbox_event
        (app_id, event_id, event_type, tenant_key, subject, created_at, digest, state)
    VALUES (%s, %s, %s, %s, %s, %s, %s, 'pending')
    ON CONFLICT (app_id, event_id) DO NOTHING
    RETURNING id
"""
INSERT_UNREADABLE = """
    INSERT INTO inbox_event
        (app_id, event_id, event_type, tenant_key, digest, state, reason, not_before)
    VALUES (%s, %s, '', '', %s, 'unreadable', %s, NULL)
    ON CONFLICT (app_id, event_id) DO NOTHING
    RETURNING id
"""
INSERT_CONTENT = "INSERT INTO inbox_eventcontent (event_id, raw, payload) VALUES (%s, %s, %s)"
NOTE_OTHER_CONTENT = """
    INSERT INTO inbox_conflict (event_id, digest, raw, payload)
    SELECT id, %s, %s, %s FROM inbox_event WHERE app_id = %s AND event_id = %s AND digest <> %s
    ON CONFLICT (event_id, digest) DO NOTHING
"""


def keys() -> callbacks.CallbackKeys:
    """What a delivery to this app is proved and opened with."""
    return callbacks.CallbackKeys(
        app_id=settings.FEISHU_APP_ID,
        encrypt_keys=_given(settings.FEISHU_ENCRYPT_KEY, settings.FEISHU_ENCRYPT_KEY_PREVIOUS),
        verification_tokens=verification_tokens(),
    )


def verification_tokens() -> tuple[str, ...]:
    """Today's, and during a rotation the one before it."""
    return _given(settings.FEISHU_VERIFICATION_TOKEN, settings.FEISHU_VERIFICATION_TOKEN_PREVIOUS)


def _given(*secrets: str) -> tuple[str, ...]:
    return tuple(secret for secret in secrets if secret)


def store_delivery(delivery: callbacks.CallbackEvent | callbacks.Unreadable, raw: bytes) -> bool:
    """``store_deliveries`` for one that has just come."""
    return store_deliveries([(delivery, raw)], monotonic())


def store_deliveries(
    deliveries: Sequence[tuple[callbacks.CallbackEvent | callbacks.Unreadable, bytes]], first_came_at: float
) -> bool:
    """Commit what came by either way in, each with its raw body. True if a worker is to look at any of it.

    ``first_came_at``: since when, by ``monotonic``, the first of them waits for its answer. Raises one of
    ``NOT_STORED`` when the database does not store it in time, and ``DataError`` when it can't hold one of
    several; then it is not known what of it is stored.
    """
    rows = [_row(said, raw) for said, raw in deliveries if isinstance(said, callbacks.CallbackEvent)]
    unreadable = [(said, raw) for said, raw in deliveries if isinstance(said, callbacks.Unreadable)]
    tracing.note({tracing.EVENT_IDS: [row.event_id for row in rows]})

    def insert() -> bool:
        for said, raw in unreadable:
            _insert_unreadable(raw, settings.FEISHU_APP_ID, said.reason)
        try:
            return _insert_events(rows)
        except DataError:  # the database knows values that it cannot hold and we did not foresee
            if len(deliveries) > 1:
                raise
            return _insert_unreadable(deliveries[0][1], rows[0].app_id, UNFORESEEN)

    return _in_time(insert, first_came_at) if deliveries else False


class _Row(NamedTuple):
    """As the statements want it; ``raw`` is encrypted."""

    app_id: str
    event_id: str
    event_type: str
    tenant_key: str
    subject: str | None
    created_at: Any
    digest: str
    raw: bytes
    payload: str


def _row(event: callbacks.CallbackEvent, raw: bytes) -> _Row:
    is_ticket = event.event_type == APP_TICKET
    return _Row(
        app_id=event.app_id,
        event_id=event.event_id,
        event_type=event.event_type,
        tenant_key=event.tenant_key,
        subject=event.subject,
        created_at=connection.ops.adapt_datetimefield_value(event.created_at),
        digest=event.digest,
        raw=encrypt_bytes(raw),
        payload=ticket_encrypted(event.payload_json) if is_ticket else event.payload_json,
    )


def _insert_events(rows: Sequence[_Row]) -> bool:
    """True if any is new; a copy changes nothing, another content under its id is noted."""
    firsts: dict[str, _Row] = {}
    for row in rows:
        firsts.setdefault(row.event_id, row)
    new = _insert_firsts(list(firsts.values())) if firsts else set()
    for row in rows:
        if row.event_id not in new or row is not firsts[row.event_id]:
            known = (row.digest, row.raw, row.payload, row.app_id, row.event_id, row.digest)
            prepared.execute_prepared(NOTE_OTHER_CONTENT, known)
    return bool(new)


def _insert_firsts(rows: Sequence[_Row]) -> set[str]:
    """The ids of those of which there was no event yet; now their content is there as well."""
    if connection.vendor == "sqlite":
        with prepared.before_others() as cursor:
            return {row.event_id for row in rows if _insert_one(cursor, INSERT_EVENT, row[:-2], row[-2:])}
    columns = [list(column) for column in zip(*rows, strict=True)]
    return {event_id for (event_id,) in _with_room(lambda: prepared.execute_prepared(INSERT_EVENTS, columns))}


def _insert_unreadable(raw: bytes, app_id: str, reason: str) -> bool:
    digest = hashlib.sha256(raw).hexdigest()
    values = (app_id, f"sha256:{digest}", digest, reason)
    content = (encrypt_bytes(raw), None)

    def insert() -> bool:
        with prepared.before_others() as cursor:
            return _insert_one(cursor, INSERT_UNREADABLE, values, content)

    return _with_room(insert)


def _insert_one(cursor: Any, insert: str, values: Sequence[Any], content: Sequence[Any]) -> bool:
    cursor.execute(insert, values)
    found = cursor.fetchall()
    for (event,) in found:
        cursor.execute(INSERT_CONTENT, (event, *content))
    return bool(found)


def _with_room(insert: Callable[[], Result]) -> Result:
    try:
        return insert()
    except IntegrityError:  # no room for this month: nobody has made it for longer than it is made ahead
        months.make_ahead(*MONTHLY)
        return insert()


def _in_time(insert: Callable[[], bool], first_came_at: float) -> bool:
    global _breaker_open_until  # noqa: PLW0603 - that the database is silent is a fact about the process
    started = monotonic()
    if started < _breaker_open_until:
        raise OperationalError("the database did not answer a moment ago")
    end = max(first_came_at + STORE_TIMEOUT_S, started + STORE_TIMEOUT_LEAST_S)
    try:
        with query_deadline.query_deadline(end - started):
            return insert()
    except NOT_STORED:
        connection.close()
        if monotonic() - started > RECONNECT_WITHIN_S:
            _breaker_open_until = monotonic() + BREAKER_OPEN_S
        if monotonic() - first_came_at > RECONNECT_WITHIN_S:
            raise
    connection.ensure_connection()
    with query_deadline.query_deadline(end - monotonic()):
        return insert()
