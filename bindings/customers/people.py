"""Who can look after a customer: staff of the vendor."""

from collections.abc import Iterable

from django.contrib.auth.models import Permission, User
from django.db.models import Exists, OuterRef, Q, QuerySet

VIEW = "view_customer"


def vendor_staff() -> QuerySet[User]:
    """Who may see customers, superusers included."""
    sees = Permission.objects.filter(codename=VIEW, content_type__app_label="bindings")
    by_role = Exists(sees.filter(group__user=OuterRef("pk")))
    alone = Exists(sees.filter(user=OuterRef("pk")))
    return User.objects.filter(Q(is_superuser=True) | by_role | alone, is_active=True).order_by("username")


def named(person: User) -> str:
    """``陈小薇 (vera)``, or what there is of it; a name in Chinese begins with the family's."""
    full = person.get_full_name()
    if not full.isascii():
        full = f"{person.last_name}{person.first_name}".strip()
    return f"{full} ({person.get_username()})" if full else person.get_username()


def by_name(people: Iterable[User]) -> dict[str, set[int]]:
    """Whom a file may mean: by user name, email address, and full name in either order, without case."""
    found: dict[str, set[int]] = {}
    for person in people:
        family, given = person.last_name.strip(), person.first_name.strip()
        names = {person.get_username(), person.email, f"{family}{given}", f"{given} {family}"}
        for name in {_plain(name) for name in names} - {""}:
            found.setdefault(name, set()).add(person.pk)
    return found


def find(name: str, among: dict[str, set[int]]) -> set[int]:
    """Who is meant by ``name`` or by ``姓名 (user name)``, as ``named`` writes it."""
    plain = _plain(name)
    inside = _plain(plain.rpartition("(")[2].removesuffix(")")) if plain.endswith(")") else ""
    return among.get(plain) or among.get(inside) or set()


def _plain(name: str) -> str:
    return " ".join(name.replace("（", "(").replace("）", ")").split()).casefold()
