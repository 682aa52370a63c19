"""Which permissions let a person approve or pay. Business apps register them when Django starts."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import reduce
from operator import or_

from django.contrib.auth.models import Group, Permission, User
from django.db.models import Q, QuerySet
from django.utils.functional import Promise


@dataclass(frozen=True, slots=True)
class PayoutPermission:
    """``name`` is such as ``referrals.approve_withdrawal``; ``ever_used()`` says if money has moved yet."""

    name: str
    label: str | Promise
    ever_used: Callable[[], bool]


_registered: dict[str, PayoutPermission] = {}


def register(permission: PayoutPermission) -> None:
    """Whoever has it can approve or pay: it takes effect after a delay, and its holders are protected."""
    _registered[permission.name] = permission


def names() -> set[str]:
    return set(_registered)


def label_of(name: str) -> str:
    """In the reader's language; of a permission that is registered no more, its name."""
    return str(_registered[name].label) if name in _registered else name


def ever_used(name: str) -> bool:
    return _registered[name].ever_used()


def rows() -> QuerySet[Permission]:
    """Django's rows of the registered permissions."""
    return rows_of(_registered)


def rows_of(names: Iterable[str]) -> QuerySet[Permission]:
    """Django's rows of permissions such as ``referrals.approve_withdrawal``."""
    split = (name.split(".") for name in names)
    wanted = (Q(content_type__app_label=app, codename=codename) for app, codename in split)
    return Permission.objects.filter(reduce(or_, wanted, Q(pk__in=[])))


def among(permissions: Iterable[Permission]) -> bool:
    return bool({row.pk for row in rows()} & {permission.pk for permission in permissions})


def are_carried_by(groups: Iterable[Group]) -> bool:
    """Whether one of these roles lets who has it approve or pay."""
    carrying = Group.objects.filter(permissions__in=rows())
    return carrying.filter(pk__in=[group.pk for group in groups]).exists()


def might_be_used_by(user: User) -> bool:
    """Whether this person can approve or pay, or could if the account were active again."""
    by_role = rows().filter(Q(group__user=user) | Q(user=user))
    return user.is_superuser or by_role.exists()
