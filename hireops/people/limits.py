"""How often somebody may try to get in, counted in the database: for all processes and hosts together.

A try is counted before it is looked at, so that no number of tries at the same time gets more looks than
one after the other would. Who was right takes the count back.
"""

import hashlib
import hmac
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from ipaddress import IPv4Address, ip_address, ip_network
from operator import or_

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q

from hireops.database import clock
from hireops.people.models import Tally

Kind = Tally.Kind


@dataclass(frozen=True, slots=True)
class Limit:
    most: int
    within: timedelta
    locked_for: timedelta


def limit_of(kind: str) -> Limit:
    lock = timedelta(minutes=settings.LOCK_OUT_MINUTES)
    if kind == Kind.ADDRESS:
        return Limit(settings.LOCK_OUT_TRIES_OF_ADDRESS, lock, lock)
    if kind == Kind.PASSKEY:
        return Limit(10 * settings.LOCK_OUT_TRIES_OF_ADDRESS, lock, lock)
    if kind == Kind.RESET:
        return Limit(5, timedelta(minutes=15), timedelta(minutes=15))
    if kind == Kind.USED_CODE:
        return Limit(1, timedelta(minutes=3), timedelta(minutes=3))
    return Limit(settings.LOCK_OUT_TRIES, lock, lock)


@dataclass(frozen=True, slots=True)
class Counted:
    """Whose tries are counted together."""

    kind: str
    key: str
    person: User | None = None


class LockedOut(Exception):  # noqa: N818 - what has happened, in words of the field
    """Too many tries. ``until`` is the database's time from when on there may be another one."""

    def __init__(self, tally: Tally, until: datetime, now: datetime) -> None:
        super().__init__(str(tally))
        self.tally = tally
        self.minutes = max(1, -(-int((until - now).total_seconds()) // 60))


@dataclass(frozen=True, slots=True)
class Try:
    """One try that has been counted."""

    tallies: Sequence[Tally]

    def was_right(self) -> None:
        """The person begins anew; of an address one try is taken back: the others may be somebody else's."""
        self._rewrite(lambda tally: tally.count - 1 if tally.kind == Kind.ADDRESS else 0)

    def was_not_looked_at(self) -> None:
        """It is taken back."""
        self._rewrite(lambda tally: tally.count - 1)

    def _rewrite(self, new_count: Callable[[Tally], int]) -> None:
        with transaction.atomic():
            for tally in _locked(self.tallies):
                tally.count = max(0, new_count(tally))
                if tally.count < limit_of(tally.kind).most:
                    tally.locked_until = None
                tally.save()

    def locked(self) -> list[Tally]:
        """Those that this try was one too many for, once it has turned out wrong."""
        return [tally for tally in self.tallies if tally.locked_until]


def of_password(name: str, person: User | None) -> Counted:
    """A name that nobody has is counted like any other, or the limit would tell which names there are."""
    return Counted(Kind.PASSWORD, str(person.pk) if person else digest(name.strip().casefold()), person)


def of_code(person: User) -> Counted:
    return Counted(Kind.CODE, str(person.pk), person)


def of_address(address: str) -> Counted:
    return Counted(Kind.ADDRESS, network(address))


def of_sign_ins(address: str) -> Counted:
    """Sign-ins begun with a passkey or with Feishu: each keeps a session, whoever began it."""
    return Counted(Kind.PASSKEY, network(address))


def begin(*counted: Counted) -> Try:
    """Count one more try of each. Raises ``LockedOut`` and counts nothing if one of them may not try."""
    now = clock.now()
    # Whoever goes on although locked out writes nothing: events wait for SQLite's one writer too.
    _refuse(Tally.objects.filter(reduce(or_, (Q(kind=each.kind, key=each.key) for each in counted))), now)
    with transaction.atomic():
        tallies = [_tally(each, now) for each in counted]
        _refuse(tallies, now)
        for tally in tallies:
            _count(tally, now)
    return Try(tallies)


def forget() -> None:
    """By the clock: what is over is kept no longer than it counts."""
    oldest = clock.now() - timedelta(minutes=2 * settings.LOCK_OUT_MINUTES)
    Tally.objects.filter(since__lt=oldest).exclude(locked_until__gt=clock.now()).delete()


def network(address: str) -> str:
    """Return what counts as one address: of IPv6 its /64, all of which one customer of a provider has."""
    try:
        ip = ip_address(address)
    except ValueError:
        return address
    if isinstance(ip, IPv4Address):
        return str(ip)
    return str(ip.ipv4_mapped or ip_network((ip, 64), strict=False))


def digest(text: str) -> str:
    """What people type into the field for names is now and then a password."""
    return hmac.new(settings.SECRET_KEY.encode(), text.encode(), hashlib.sha256).hexdigest()


def _tally(counted: Counted, now: datetime) -> Tally:
    tally, _made = Tally.objects.select_for_update().get_or_create(
        kind=counted.kind, key=counted.key, defaults={"since": now, "person": counted.person}
    )
    return tally


def _refuse(tallies: Iterable[Tally], now: datetime) -> None:
    for tally in tallies:
        if tally.locked_until and tally.locked_until > now:
            raise LockedOut(tally, tally.locked_until, now)


def _count(tally: Tally, now: datetime) -> None:
    limit = limit_of(tally.kind)
    if tally.locked_until or tally.since < now - limit.within:
        tally.count, tally.since, tally.locked_until = 0, now, None
    tally.count += 1
    if tally.count >= limit.most:
        tally.locked_until = now + limit.locked_for
    tally.save()


def _locked(tallies: Sequence[Tally]) -> Sequence[Tally]:
    return list(
        Tally.objects.select_for_update().filter(pk__in=[each.pk for each in tallies]).order_by("-kind")
    )
