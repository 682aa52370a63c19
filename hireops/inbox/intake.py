"""Stores an authentic delivery, once; what is committed here may be acknowledged to Feishu."""

import hashlib
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any

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

MAX_BYTES = EVENT_MAX_BYTES
# Feishu waits three seconds (contract 6.6). A broken connection shows at once and is worth a second one,
# which may take two seconds to open (``connect_timeout``).
STORE_TIMEOUT_S = 2.5
RECONNECT_WITHIN_S = 0.4
# A circuit breaker: requests that queue behind one that timed out fail at once, or they would be too late.
BREAKER_OPEN_S = 1.0

# InternalError: it has become a standby, which is read-only.
NOT_STORED = (*DATABASE_AWAY, InternalError)

_breaker_open_until = 0.0

UNFORESEEN = gettext_noop("the database cannot hold its content")

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
# On PostgreSQL both at once, as each statement is a way there and back. SQLite knows no such statement.
WITH_CONTENT = """
    WITH event AS ({insert})
    INSERT INTO inbox_eventcontent (event_id, raw, payload)
    SELECT id, %s::bytea, %s::jsonb FROM event
    RETURNING event_id
"""
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
    """Commit what came by either way in. True if a worker is to look at it.

    Raises one of ``NOT_STORED`` when the database does not store it in time; then it is not known whether
    it is stored.
    """
    if isinstance(delivery, callbacks.Unreadable):
        _store_unreadable(raw, app_id=settings.FEISHU_APP_ID, reason=delivery.reason)
        return False
    return _store_event(delivery, raw)


def _store_event(event: callbacks.CallbackEvent, raw: bytes) -> bool:
    """True if it is new; a copy changes nothing, another content under its id is noted."""
    tracing.note({tracing.EVENT_ID: event.event_id})
    content = ticket_encrypted(event.payload_json) if event.event_type == APP_TICKET else event.payload_json

    def insert() -> bool:
        try:
            return _insert_event(event, encrypt_bytes(raw), content)
        except DataError:  # the database knows values that it cannot hold and we did not foresee
            return _insert_unreadable(raw, event.app_id, UNFORESEEN)

    return _within_deadline(insert)


def _store_unreadable(raw: bytes, *, app_id: str, reason: str) -> bool:
    return _within_deadline(lambda: _insert_unreadable(raw, app_id, reason))


def _insert_event(event: callbacks.CallbackEvent, encrypted: bytes, content: str) -> bool:
    values = (
        event.app_id,
        event.event_id,
        event.event_type,
        event.tenant_key,
        event.subject,
        connection.ops.adapt_datetimefield_value(event.created_at),
        event.digest,
    )
    if _insert(INSERT_EVENT, values, (encrypted, content)):
        return True
    known = (event.digest, encrypted, content, event.app_id, event.event_id, event.digest)
    prepared.execute_prepared(NOTE_OTHER_CONTENT, known)
    return False


def _insert_unreadable(raw: bytes, app_id: str, reason: str) -> bool:
    digest = hashlib.sha256(raw).hexdigest()
    values = (app_id, f"sha256:{digest}", digest, reason)
    return _insert(INSERT_UNREADABLE, values, (encrypt_bytes(raw), None))


def _insert(insert: str, values: Sequence[Any], content: Sequence[Any]) -> bool:
    """Whether there was no such event yet; then its content is there as well."""
    if connection.vendor == "sqlite":
        return _insert_one_by_one(insert, values, content)
    both, values = WITH_CONTENT.format(insert=insert), (*values, *content)
    try:
        return bool(prepared.execute_prepared(both, values))
    except IntegrityError:  # no room for this month: nobody has made it for longer than it is made ahead
        months.make_ahead(*MONTHLY)
        return bool(prepared.execute_prepared(both, values))


def _insert_one_by_one(insert: str, values: Sequence[Any], content: Sequence[Any]) -> bool:
    with prepared.before_others() as cursor:
        cursor.execute(insert, values)
        found = cursor.fetchall()
        for (event,) in found:
            cursor.execute(INSERT_CONTENT, (event, *content))
    return bool(found)


def _within_deadline(insert: Callable[[], bool]) -> bool:
    global _breaker_open_until  # noqa: PLW0603 - that the database is silent is a fact about the process
    started = monotonic()
    if started < _breaker_open_until:
        raise OperationalError("the database did not answer a moment ago")
    try:
        with query_deadline.query_deadline(STORE_TIMEOUT_S):
            return insert()
    except NOT_STORED:
        connection.close()
        if monotonic() - started > RECONNECT_WITHIN_S:
            _breaker_open_until = monotonic() + BREAKER_OPEN_S
            raise
    connection.ensure_connection()
    with query_deadline.query_deadline(STORE_TIMEOUT_S - (monotonic() - started)):
        return insert()
