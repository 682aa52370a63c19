"""What happens around the requests of who is signed in."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from hireops.people import sessions
from hireops.people.sessions import SessionStore


class LastSeenMiddleware:
    """Keeps where and when each session was seen last; after allauth's ``AccountMiddleware``."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated and isinstance(request.session, SessionStore):
            sessions.touch(request.session)
        return self.get_response(request)
