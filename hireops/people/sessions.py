"""Who is signed in where, and until when: Django's sessions with an owner, a place and two ends.

A session ends after ``SESSION_IDLE_HOURS`` without a page and ``SESSION_DAYS`` after it began; one of nobody
yet ends after ``SIGNING_IN_LASTS``. Its key is kept as a digest: who reads the table is not signed in by it.
"""

import hashlib
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db.models import QuerySet
from django.utils import timezone

from hireops.desk import restoring
from hireops.people.acting import place
from hireops.people.models import Session

TOUCHED_EVERY = timedelta(minutes=1)
SIGNING_IN_LASTS = timedelta(minutes=30)


def digest(session_key: str | None) -> str:
    return hashlib.sha256((session_key or "").encode()).hexdigest()


def end_of(started_at: datetime, last_seen_at: datetime) -> datetime:
    idle, longest = timedelta(hours=settings.SESSION_IDLE_HOURS), timedelta(days=settings.SESSION_DAYS)
    return min(last_seen_at + idle, started_at + longest)


class SessionStore(DatabaseStore):
    """``settings.SESSION_ENGINE``. ``row`` is what was read or written last."""

    row: Session | None = None

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    @classmethod
    def clear_expired(cls) -> None:
        Session.objects.filter(expire_date__lt=timezone.now()).delete()

    def exists(self, session_key: str | None) -> bool:
        return Session.objects.filter(pk=digest(session_key)).exists()

    def create(self) -> None:
        self.row = None
        super().create()

    def delete(self, session_key: str | None = None) -> None:
        Session.objects.filter(pk=digest(session_key or self.session_key)).delete()

    def create_model_instance(self, data: Any) -> Session:
        """The row to be written. It began when it got its present owner."""
        now, owner = timezone.now(), int(data[SESSION_KEY]) if SESSION_KEY in data else None
        before = self.row
        where = (before.address, before.user_agent) if before else place()
        has_begun = before is not None and before.user_id == owner
        self.row = Session(
            session_key=digest(self._get_or_create_session_key()),  # type: ignore[attr-defined]
            session_data=self.encode(data),
            user_id=owner,
            started_at=before.started_at if before and has_begun else now,
            last_seen_at=now,
            address=where[0],
            user_agent=where[1],
        )
        self.row.expire_date = end_of(self.row.started_at, now) if owner else now + SIGNING_IN_LASTS
        return self.row

    def _get_session_from_db(self) -> Session | None:
        now = timezone.now()
        mine = Session.objects.filter(pk=digest(self.session_key), expire_date__gt=now)
        self.row = mine.annotate(restoration=restoring.standing_key()).first()
        if self.row is None:
            self._session_key = None
        return self.row


def touch(session: SessionStore) -> None:
    """The person has asked for a page. Written once a minute at the most."""
    row, now = session.row, timezone.now()
    if row is None or now - row.last_seen_at < TOUCHED_EVERY:
        return
    row.last_seen_at, row.expire_date = now, end_of(row.started_at, now)
    row.address, row.user_agent = place()
    seen = ("last_seen_at", "expire_date", "address", "user_agent")
    Session.objects.filter(pk=row.pk).update(**{name: getattr(row, name) for name in seen})


def open_sessions(user: User | None = None) -> QuerySet[Session]:
    """Of one person or of everybody, those that have not ended."""
    rows = Session.objects.filter(user__isnull=False, expire_date__gt=timezone.now()).select_related("user")
    return rows.filter(user=user) if user else rows


def end_all(user: User) -> int:
    """Whoever is signed in as this person has to sign in again; how many sessions that were."""
    ended, _by_model = Session.objects.filter(user=user).delete()
    return ended
