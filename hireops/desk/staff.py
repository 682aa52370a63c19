"""The person behind a request."""

from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest

Reader = User | AnonymousUser


def staff(request: HttpRequest) -> User:
    """Whoever uses the admin, which lets nobody else in."""
    if not isinstance(request.user, User):
        raise TypeError("a page of the admin was asked for by nobody")
    return request.user
