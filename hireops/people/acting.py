"""Who is at work, and where, in what knows no request."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from allauth.account.adapter import get_adapter
from allauth.core import context
from django.contrib.auth.models import User

LONGEST_ADDRESS, LONGEST_USER_AGENT = 45, 200

_behind_it: ContextVar[User | None] = ContextVar("behind_it", default=None)


def acting() -> User | None:
    """Who is signed in, in the request that is being answered; None outside of one.

    Or who has decided what happens in it, where that is somebody else (``decided_by``).
    """
    user = _behind_it.get() or getattr(context.request, "user", None)
    return user if isinstance(user, User) else None


@contextmanager
def decided_by(user: User) -> Iterator[None]:
    """What happens within is the doing of ``user``, who need not be there."""
    before = _behind_it.set(user)
    try:
        yield
    finally:
        _behind_it.reset(before)


def place() -> tuple[str, str]:
    """Address and browser of the request that is being answered; empty outside of one."""
    request = context.request
    if request is None:
        return "", ""
    address = str(get_adapter().get_client_ip(request))
    return address[:LONGEST_ADDRESS], request.headers.get("User-Agent", "")[:LONGEST_USER_AGENT]
