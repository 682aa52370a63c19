"""What happens around the requests of who is signed in."""

from collections.abc import Callable

from allauth.account.adapter import get_adapter
from django.http import HttpRequest, HttpResponse

from hireops.people import sessions
from hireops.people.sessions import SessionStore


class LastSeenMiddleware:
    """Keeps where and when each session was seen last; after Django's ``AuthenticationMiddleware``."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated and isinstance(request.session, SessionStore):
            address = str(get_adapter().get_client_ip(request))
            sessions.touch(request.session, address=address, user_agent=request.headers.get("User-Agent", ""))
        return self.get_response(request)
