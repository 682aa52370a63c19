"""How much a page lets anybody send, decided before anything of it is read."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from hireops.web.pools import FORM_MAX_BYTES, WEBHOOK_PATH


class BodyLimitMiddleware:
    """Nothing is uploaded by who has not signed in, and no more than a file by who has: 413.

    A body without an announced length is none to Django. The webhook has its own limit, and no sign-in.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        size = _announced(request)
        if size <= FORM_MAX_BYTES or request.path_info == WEBHOOK_PATH:
            return self.get_response(request)
        if request.user.is_authenticated and size <= settings.UPLOAD_MAX_BYTES:
            return self.get_response(request)
        context = {"megabytes": settings.UPLOAD_MAX_BYTES // 1024**2, "user": request.user}
        return render(request, "413.html", context, status=413)


def _announced(request: HttpRequest) -> int:
    length = request.META.get("CONTENT_LENGTH") or "0"
    return int(length) if length.isascii() and length.isdigit() else settings.UPLOAD_MAX_BYTES + 1
