"""Who is at work where something is called that knows no request."""

from allauth.core import context
from django.contrib.auth.models import User


def acting() -> User | None:
    """Who is signed in, in the request that is being answered; None outside of one."""
    user = getattr(context.request, "user", None)
    return user if isinstance(user, User) else None
