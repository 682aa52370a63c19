"""Forms that arrive after their session has ended: kept in the browser's tab until the same person is back.

The answer to such a form has what was sent, encrypted and with whose it is. ``static/desk/forms.js`` keeps
that for the tab, and sends it to the same address once somebody has signed in. Nothing is stored meanwhile.

A cookie says who was signed in last, since nothing else of an ended session does.
"""

import json
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.messages import constants
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _

from hireops import encryption

COOKIE = SALT = "was_signed_in"
KEPT = "kept_form"
PURPOSE = "hireops.desk.signed_out"
NEVER_KEPT = {"csrfmiddlewaretoken", KEPT}
OPEN_TO_ALL = {"jsi18n", "login", "logout"}


class SignedOutMiddleware:
    """After the session's user and the messages are known."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        before = request.user.pk
        response = self.get_response(request)
        if request.user.pk is None and before is not None:  # by their own will
            response.delete_cookie(COOKIE, samesite="Lax")
        elif request.user.pk not in {None, who_was_signed_in(request)}:
            response.set_cookie(
                COOKIE,
                signing.dumps(request.user.pk, salt=SALT),
                max_age=settings.SESSION_COOKIE_AGE,
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Lax",
            )
        return response

    def process_view(self, request: HttpRequest, *_view: object) -> HttpResponseBase | None:
        match = request.resolver_match
        if request.method != "POST" or match is None or match.app_name != "admin":
            return None
        if not request.user.is_authenticated:
            person = who_was_signed_in(request)
            return _page(request, person) if person and match.url_name not in OPEN_TO_ALL else None
        return _bring_back(request) if KEPT in request.POST else None


def who_was_signed_in(request: HttpRequest) -> int | None:
    """Return the key of the person whose session has ended in this browser."""
    try:
        person: int = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT)
    except signing.BadSignature:
        return None
    return person


def is_brought_back(request: HttpRequest) -> bool:
    """Whether the form was sent before the person had to sign in again."""
    return getattr(request, "is_brought_back", False)


def _page(request: HttpRequest, person: int) -> HttpResponse:
    sent = request.POST.copy()
    for name in [each for each in sent if each in NEVER_KEPT or "password" in each]:
        del sent[name]
    kept = {
        "person": person,
        "path": request.get_full_path(),
        "sent": sent.urlencode(),
        "files": [each.name for each in _files(request)],
    }
    context = {
        **admin.site.each_context(request),
        "kept": encryption.encrypt(json.dumps(kept), purpose=PURPOSE),
        "path": request.get_full_path(),
        "files": _files(request),
    }
    response = render(request, "desk/signed_out.html", context)
    add_never_cache_headers(response)
    return response


def _files(request: HttpRequest) -> list[Any]:
    return [file for _name, files in request.FILES.lists() for file in files]


def _bring_back(request: HttpRequest) -> HttpResponse | None:
    """Put what was kept in the place of what came; another person gets nothing of it."""
    kept = json.loads(encryption.decrypt(request.POST[KEPT], purpose=PURPOSE) or "{}")
    if (kept.get("person"), kept.get("path")) != (request.user.pk, request.get_full_path()):
        text = _("What somebody else had typed in this tab is not shown, and nothing was done with it.")
        messages.warning(request, text)
        return HttpResponseRedirect(reverse("admin:index"))
    request.POST = QueryDict(kept["sent"])
    request.is_brought_back = True  # type: ignore[attr-defined]
    if kept["files"]:
        text = _("Files have to be chosen once more: %(files)s")
        messages.add_message(request, constants.WARNING, text % {"files": ", ".join(kept["files"])})
    return None
