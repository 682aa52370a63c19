"""Who is at work, and where, in what knows no request."""

from allauth.account.adapter import get_adapter
from allauth.core import context
from django.contrib.auth.models import User

LONGEST_ADDRESS, LONGEST_USER_AGENT = 45, 200


def acting() -> User | None:
    """Who is signed in, in the request that is being answered; None outside of one."""
    user = getattr(context.request, "user", None)
    return user if isinstance(user, User) else None


def place() -> tuple[str, str]:
    """Address and browser of the request that is being answered; empty outside of one."""
    request = context.request
    if request is None:
        return "", ""
    address = str(get_adapter().get_client_ip(request))
    return address[:LONGEST_ADDRESS], request.headers.get("User-Agent", "")[:LONGEST_USER_AGENT]
