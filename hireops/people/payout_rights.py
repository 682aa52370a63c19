"""From when who can approve or pay may do so.

``PayoutRight`` is kept true by ``settle``, which compares it with what Django would allow everybody now. It
is called when rights change on any road that Django tells of, every minute by beat, and whenever somebody
uses a right that has no row yet. So a right that was given in raw SQL, too, waits from when it is first seen.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import chain

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from hireops.database import clock
from hireops.database.locks import advisory_lock
from hireops.desk.display import moment
from hireops.desk.errors import Refused
from hireops.people import payout_permissions
from hireops.people.models import PayoutRight

Held = dict[tuple[int, str], bool]


def settle(*, given_by: User | None = None) -> None:
    """Write down who has begun and who has ceased to have a payout right since the last time."""
    if _held_now().keys() == _open().keys():
        return
    with transaction.atomic():
        advisory_lock("payout rights")
        held, known, now = _held_now(), _open(), clock.now()
        ended = [known[key] for key in known.keys() - held.keys()]
        PayoutRight.objects.filter(pk__in=ended).update(ended_at=now)
        begun = (
            _begin(*key, as_superuser=held[key], now=now, given_by=given_by)
            for key in held.keys() - known.keys()
        )
        PayoutRight.objects.bulk_create(sorted(begun, key=lambda right: right.user_id))


def _open() -> dict[tuple[int, str], int]:
    """By person and permission the row."""
    rows = PayoutRight.objects.filter(ended_at=None, permission__in=payout_permissions.names())
    return {(user, permission): pk for pk, user, permission in rows.values_list("pk", "user", "permission")}


def _held_now() -> Held:
    """(person, permission) of all who have one by Django's rules: whether as a superuser."""
    rows = payout_permissions.rows().values_list("pk", "content_type__app_label", "codename")
    name_of = {pk: f"{app}.{codename}" for pk, app, codename in rows}
    active = User.objects.filter(is_active=True)
    by_role = active.filter(groups__permissions__in=name_of).values_list("pk", "groups__permissions")
    direct = active.filter(user_permissions__in=name_of).values_list("pk", "user_permissions")
    superusers = active.filter(is_superuser=True).values_list("pk", flat=True)
    held = {(user, name): True for user in superusers for name in payout_permissions.names()}
    return held | {(user, name_of[pk]): False for user, pk in chain(by_role, direct)}


def _begin(
    user: int, permission: str, *, as_superuser: bool, now: datetime, given_by: User | None
) -> PayoutRight:
    right = PayoutRight(
        user_id=user, permission=permission, as_superuser=as_superuser, since=now, given_by=given_by
    )
    delay = timedelta(0) if _is_the_first(right) else timedelta(hours=settings.PEOPLE_PAYOUT_DELAY_HOURS)
    right.in_effect_at = now + delay
    return right


def _is_the_first(right: PayoutRight) -> bool:
    """Of the installation; or beside superusers the first by a role, from above, before anything was paid."""
    ever = PayoutRight.objects.filter(permission=right.permission)
    if not ever.exists():
        return True
    is_from_above = right.given_by is None or right.given_by.is_superuser
    is_first_by_role = not right.as_superuser and not ever.filter(as_superuser=False).exists()
    return is_from_above and is_first_by_role and not payout_permissions.ever_used(right.permission)


# --- Asking


def withheld(user: User, permissions: Iterable[str]) -> set[str]:
    """Those of these permissions, all of which Django would allow this person, that are not in effect yet."""
    asked = payout_permissions.names().intersection(permissions)
    if not asked:
        return set()
    begun = _taking_effect(user)
    if asked - begun.keys():
        settle()
        begun = _taking_effect(user)
    now = clock.now()
    return {name for name in asked if name not in begun or begun[name] > now}


def waiting(user: User) -> Iterator[tuple[str, datetime]]:
    """(permission, from when) of each right that this person has and may not use yet."""
    if not (begun := _taking_effect(user)):
        return
    now = clock.now()
    yield from ((name, at) for name, at in sorted(begun.items()) if at > now)


def refuse_until_in_effect(user: User, permission: str) -> None:
    """Raises ``Refused`` for who has this right and may not use it yet. Others are the pages' business."""
    if permission not in _taking_effect(user):
        settle()
    for name, at in waiting(user):
        if name == permission:
            raise Refused(takes_effect(name, at) + " " + _("Nothing was changed."))


def takes_effect(permission: str, at: datetime) -> str:
    """A sentence for the person whose right it is."""
    right = payout_permissions.label_of(permission)
    return _("Your right to %(right)s takes effect at %(when)s.") % {"right": right, "when": moment(at)}


def open_rights(user: User) -> QuerySet[PayoutRight]:
    rows = PayoutRight.objects.filter(user=user.pk, ended_at=None).select_related("given_by")
    return rows.order_by("permission")


def holders(permission: str) -> list[int]:
    """Who has this right, in effect or not."""
    settle()
    rows = PayoutRight.objects.filter(permission=permission, ended_at=None)
    return list(rows.values_list("user", flat=True))


def holders_from(permission: str) -> list[tuple[User, datetime]]:
    """(person, from when it counts) of everybody who has this right and can sign in to use it."""
    settle()
    rows = PayoutRight.objects.filter(permission=permission, ended_at=None, user__is_active=True)
    rows = rows.filter(user__is_staff=True).select_related("user").order_by("user__username")
    return [(row.user, row.in_effect_at) for row in rows]


def begun(
    permission: str, users: Iterable[int], *, since: datetime, until: datetime
) -> QuerySet[PayoutRight]:
    """These people's rights of a kind that began in that time."""
    rows = PayoutRight.objects.filter(permission=permission, user__in=users, since__range=(since, until))
    return rows.select_related("user", "given_by")


def _taking_effect(user: User) -> dict[str, datetime]:
    rows = PayoutRight.objects.filter(user=user.pk, ended_at=None)
    return dict(rows.values_list("permission", "in_effect_at"))
