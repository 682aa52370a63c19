"""What staff see of a write that the latch refuses: hireops is being updated, or its update was cut off."""

from collections.abc import Callable

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from hireops.guards.dialects import LATCH


class UpdatingMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A page that says what to do, in place of "something went wrong on our side"."""
        if isinstance(exception, OperationalError) and LATCH in str(exception):
            return render(request, "503.html", status=503)
        return None
