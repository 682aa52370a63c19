"""What a person has to do after signing in, before any page of the admin opens.

Whoever knows such a thing registers a function that names the page where it is done; None if there is nothing
to do. Pages outside the admin are never kept back, so that no such page leads to itself.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase

FirstThing = Callable[[HttpRequest], str | None]

ALWAYS_OPEN = {"jsi18n", "login", "logout", "password_change", "password_change_done"}

_first_things: list[FirstThing] = []


def register(first_thing: FirstThing) -> None:
    _first_things.append(first_thing)


def page_for(request: HttpRequest) -> str | None:
    """Where this person has to go first."""
    return next((page for first_thing in _first_things if (page := first_thing(request))), None)


class FirstThingsMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: object) -> HttpResponseBase | None:
        match = request.resolver_match
        if match is None or match.app_name != "admin" or match.url_name in ALWAYS_OPEN:
            return None
        if not request.user.is_authenticated:
            return None
        page = page_for(request)
        return HttpResponseRedirect(page) if page else None
