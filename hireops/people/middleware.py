"""What happens around the requests of who is signed in."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from hireops.desk.waiting import is_look
from hireops.people import sessions
from hireops.people.sessions import SessionStore


class LastSeenMiddleware:
    """Keeps where and when each session was seen last; after allauth's ``AccountMiddleware``.

    A page that looks by itself whether something has moved on is nobody who is there.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        is_visit = request.user.is_authenticated and not is_look(request)
        if is_visit and isinstance(request.session, SessionStore):
            sessions.touch(request.session)
        return self.get_response(request)
