"""The person behind a request, and how people are called."""

from collections import Counter
from collections.abc import Collection

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Concat
from django.http import HttpRequest

Reader = User | AnonymousUser


def staff(request: HttpRequest) -> User:
    """Whoever uses the admin, which lets nobody else in."""
    if not isinstance(request.user, User):
        raise TypeError("a page of the admin was asked for by nobody")
    return request.user


def full_name(person: User) -> str:
    """``陈小薇``, ``Ada Wong``: one that is not in ASCII begins with the family's. "" for who has none."""
    family, given = person.last_name.strip(), person.first_name.strip()
    return f"{given} {family}".strip() if f"{given}{family}".isascii() else f"{family}{given}"


def person_name(person: User) -> str:
    """How staff read of this person, on every page: the name, or the user name of who has none.

    It is ``str`` of every user (``hireops.desk.apps``), so columns and templates just name the row.
    """
    return full_name(person) or person.get_username()


def name_and_login(person: User) -> str:
    """``陈小薇 (vera)``, because two may have the same name: where one of several is chosen, and in evidence.

    Templates have it as an attribute of every user.
    """
    full, login = full_name(person), person.get_username()
    return f"{full} ({login})" if full not in {"", login} else login


def names_of(people: Collection[User]) -> list[str]:
    """In their order; with the user name where two of them have the same one."""
    how_many = Counter(map(person_name, people))
    is_one = {name for name, count in how_many.items() if count == 1}
    return [name if (name := person_name(each)) in is_one else name_and_login(each) for each in people]


def people_named(name: str) -> QuerySet[User]:
    """Who is called so, as ``full_name`` writes it."""
    chinese, western = Concat("last_name", "first_name"), Concat("first_name", Value(" "), "last_name")
    called = User.objects.alias(chinese=chinese, western=western)
    return called.filter(Q(chinese=name) | Q(western=name) | Q(last_name=name, first_name="")).exclude(
        last_name="", first_name=""
    )
