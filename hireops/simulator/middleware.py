"""What holds for every request: one process, this machine only, the chosen language."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation

View = Callable[[HttpRequest], HttpResponse]

_LOOPBACK = ("127.", "::1", "::ffff:127.")
_ONE_PROCESS = (
    "The simulator keeps everything in memory and was started with several processes, which would not agree. "
    "Start it with --workers 1 (threads are fine)."
)
_THIS_MACHINE = "The simulator answers this machine only: whoever reaches it can act as Feishu."


class OneProcessOnThisMachine:
    """Answers 503 when there are several worker processes, 403 when the caller is another machine."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.META.get("wsgi.multiprocess"):
            return HttpResponse(_ONE_PROCESS, status=503, content_type="text/plain")
        if not request.META.get("REMOTE_ADDR", "").startswith(_LOOPBACK):
            return HttpResponse(_THIS_MACHINE, status=403, content_type="text/plain")
        request.get_host()  # refuses a foreign page whose own name leads here
        return self.get_response(request)


class PageLanguageMiddleware:
    """The language of the cookie that the switch sets, else the default; never the browser's own."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        language = chosen if chosen in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
        with translation.override(language):
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        return response
