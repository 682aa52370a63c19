"""A database that was restored beside a Feishu that has moved on: it sends nothing before it is released.

``begin`` says so, right after the restore. What must not happen before people have looked is refused by the
services in words and by the database itself (``guards.IS_RESTORED`` in the rules of each app). The apps
register the parts that are looked at; who has looked at one releases it with a reason, and the last release
ends it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Subquery
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from hireops.database import clock
from hireops.desk import audit
from hireops.desk.cards import Text
from hireops.desk.errors import Refused
from hireops.desk.models import AuditEntry, Heartbeat, Release, Restoration

PERMISSION = "desk.release_restoration"


@dataclass(frozen=True, slots=True)
class Line:
    """One figure of what was found. ``label`` is kept with the release, in English."""

    label: Text
    shown: Text | int
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What a person looks at and releases; parts are shown by their ``place``.

    ``why_not`` says why it can't be released yet. ``number`` asks who releases it for one, which ``take`` is
    given in the transaction of the release; it raises ``Refused`` for one that cannot be. ``ask`` has Feishu
    asked for what has to be known before, and gives how many questions that are.
    """

    key: str
    place: int
    title: Text
    to_do: Text
    found: Callable[[Restoration], Sequence[Line]]
    why_not: Callable[[Restoration], str] = lambda _restoration: ""
    number: Text = ""
    take: Callable[[int], None] = lambda _number: None
    ask: Callable[[User], int] | None = None


Newest = Callable[[], datetime | None]

_parts: dict[str, Part] = {}
_newest: list[Newest] = []


def register(part: Part) -> None:
    _parts[part.key] = part


def register_newest(function: Newest) -> None:
    """``function()`` gives the newest time of some rows: the backup is not older than that."""
    _newest.append(function)


def parts() -> list[Part]:
    return sorted(_parts.values(), key=lambda part: part.place)


# --- Whether it stands


def standing() -> Restoration | None:
    return Restoration.objects.filter(stands=True).first()


def standing_key() -> Subquery:
    """For a query that is made anyway: the session's, which each page begins with (``desk.site``)."""
    return Subquery(Restoration.objects.filter(stands=True).values("pk")[:1])


def stands() -> bool:
    return Restoration.objects.filter(stands=True).exists()


def why_not_now() -> str:
    """Why money and payout files wait, as a sentence for staff; "" if they need not."""
    if not stands():
        return ""
    return _(
        "This database was restored from a backup, and what Feishu and the paying side have done since is "
        "not released yet. Until then nothing is asked for, approved or handed over."
    )


def refuse_while_it_stands() -> None:
    if why := why_not_now():
        raise Refused(why)


# --- Begin and release


def begin(*, by: User | None, reason: str) -> Restoration:
    """Hold everything back. One that stands is ended: its releases were about another backup."""
    newest = newest_time()
    with transaction.atomic():
        for earlier in Restoration.objects.select_for_update().filter(stands=True):
            _end(earlier, by=by, action=gettext_noop("restored once more"), reason=reason)
        restoration = Restoration.objects.create(begun_by=by, reason=reason.strip(), backup_at=newest)
        restoration.refresh_from_db()
        audit.record(
            by=by, action=gettext_noop("database restored"), on=restoration, reason=restoration.reason
        )
    return restoration


def newest_time() -> datetime | None:
    """Nothing in the database is younger: about when the backup was made."""
    times = [*(function() for function in _newest), *_own_newest()]
    return max((time for time in times if time is not None), default=None)


def _own_newest() -> Iterable[datetime | None]:
    yield AuditEntry.objects.order_by("-at").values_list("at", flat=True).first()
    yield Heartbeat.objects.order_by("-at").values_list("at", flat=True).first()


def release(part: Part, *, by: User, reason: str, number: int | None = None) -> Restoration:
    """Says that ``by`` has looked at the part. With the last one all of it is over.

    Raises ``Refused`` without a reason or the number that the part asks for, for one that is released, and
    while the part can't be.
    """
    if not reason.strip():
        raise Refused(_("Give a reason: what was looked at, and what was found?"))
    if part.number and number is None:
        raise Refused(_("Give the number that is asked for."))
    with transaction.atomic():
        restoration = Restoration.objects.select_for_update().filter(stands=True).first()
        if restoration is None:
            raise Refused(_("This database is not restored, or all of it is released. Nothing was done."))
        if restoration.releases.filter(part=part.key).exists():
            raise Refused(_("Somebody has released this already."))
        if why := part.why_not(restoration):
            raise Refused(why)
        with translation.override("en"):
            found = {str(line.label): str(line.shown) for line in part.found(restoration)}
        if number is not None:
            part.take(number)
            with translation.override("en"):
                found[str(part.number)] = str(number)
        Release.objects.create(
            restoration=restoration, part=part.key, by=by, reason=reason.strip(), found=found
        )
        action = gettext_noop("part of a restored database released")
        audit.record(by=by, action=action, on=restoration, reason=reason.strip(), part=part.key, found=found)
        if not left(restoration):
            _end(restoration, by=by, action=gettext_noop("restored database released"))
    return restoration


def left(restoration: Restoration) -> list[Part]:
    """What nobody has released yet."""
    released = set(restoration.releases.values_list("part", flat=True))
    return [part for part in parts() if part.key not in released]


def _end(restoration: Restoration, *, by: User | None, action: str, reason: str = "") -> None:
    restoration.stands, restoration.ended_at = False, clock.now()
    restoration.save(update_fields=["stands", "ended_at"])
    audit.record(by=by, action=action, on=restoration, reason=reason)
