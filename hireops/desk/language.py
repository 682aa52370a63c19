"""Which language a page is shown in: the one chosen in the header, else the house's own."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers


def chosen_language(request: HttpRequest) -> str:
    """A code of ``settings.LANGUAGES``.

    ``Accept-Language`` has no say: many Chinese offices run English browsers, and a page that is half in
    the language of the browser helps nobody.
    """
    wanted = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    return wanted if wanted in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


class LanguageMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = chosen_language(request)
        translation.activate(language)
        request.LANGUAGE_CODE = language
        response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        patch_vary_headers(response, ["Cookie"])
        return response


def is_being_switched(request: HttpRequest) -> bool:
    """Whether a form was sent by the language switch of its page, and so is only to be shown once more.

    See ``desk/language_switch.html``: the switch sends what was chosen and typed along, and this comes back.
    """
    return request.method == "POST" and "language" in request.POST
