"""The person behind a request."""

from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest

Reader = User | AnonymousUser


def name_of(person: Reader) -> str:
    """As people call each other; a name in Chinese begins with the family's. The login of who has none."""
    if not isinstance(person, User):
        return ""
    full = person.get_full_name()
    if not full.isascii():
        full = f"{person.last_name}{person.first_name}".strip()
    return full or person.get_username()


def staff(request: HttpRequest) -> User:
    """Whoever uses the admin, which lets nobody else in."""
    if not isinstance(request.user, User):
        raise TypeError("a page of the admin was asked for by nobody")
    return request.user
