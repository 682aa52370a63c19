"""Which language a page is shown in: the one chosen in the header, else the house's own."""

from collections.abc import Callable

from django.conf import settings
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.datastructures import MultiValueDict

from hireops.desk.signed_out import is_brought_back


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
    So does a form of a session that had ended (``signed_out.py``).
    """
    is_shown_again = "language" in request.POST or (is_brought_back(request) and "again" in request.POST)
    return request.method == "POST" and is_shown_again


# --- Pages with a form that only has to be filled in again

FORM_FILLED = "filled"  # the id of such a form


def shown_again(request: HttpRequest) -> HttpRequest:
    """The same request as one that only asks for the page, if the language switch has sent its form along.

    What was typed is kept for ``fill_again``; whatever looks at the request afterwards sees nothing of it.
    """
    if is_being_switched(request) and FORM_FILLED in request.POST:
        request.typed_again = request.POST  # type: ignore[attr-defined]
        request.method, request.POST = "GET", QueryDict()
    return request


def chosen_again(name: str, request: HttpRequest) -> list[str] | None:
    """Values ticked under this name; None unless the language switch has sent the form along."""
    typed: QueryDict | None = getattr(request, "typed_again", None)
    return None if typed is None else typed.getlist(name)


def fill_again(form: BaseForm, request: HttpRequest) -> None:
    """What was typed stands in the form once more. Files can't be given back to a browser."""
    typed: QueryDict | None = getattr(request, "typed_again", None)
    if typed is None:
        return
    for name, field in form.fields.items():
        if not field.widget.needs_multipart_form:
            value = field.widget.value_from_datadict(typed, MultiValueDict(), form.add_prefix(name))
            form.initial[name] = value
