"""What Feishu says, as staff may read it: every page leaves through here, whatever put a text on it."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from hireops.invisible import INVISIBLE, without_invisible


class ReadableMiddleware:
    """Takes characters that mislead out of pages. What is stored, and what Feishu gets, keeps them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if isinstance(response, HttpResponse) and response.get("Content-Type", "").startswith("text/html"):
            text = response.content.decode(response.charset, errors="replace")
            if INVISIBLE.search(text):
                response.content = without_invisible(text).encode(response.charset)
        return response
