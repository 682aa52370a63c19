"""The person behind a request, and what of other people that person may read."""

from collections.abc import Callable

from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest

from hireops.desk.masking import mask, may_see_personal_data

Reader = User | AnonymousUser


def staff(request: HttpRequest) -> User:
    """Whoever uses the admin, which lets nobody else in."""
    if not isinstance(request.user, User):
        raise TypeError("a page of the admin was asked for by nobody")
    return request.user


def personal_data_for(reader: Reader) -> Callable[[str], str]:
    """What makes personal data readable for this person: nothing is hidden, or all but a little."""
    return str if may_see_personal_data(reader) else mask
