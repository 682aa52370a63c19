"""When a person has last proved who they are, and asking for it once more.

The page that asks takes the place of the one that was asked for, at the same address, and carries along what
was sent to it: so that nothing is lost that was typed or chosen, and nothing of it is stored meanwhile.
"""

import time
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import ReauthenticateForm as PasswordForm
from allauth.account.internal.flows.reauthentication import reauthenticate_by_password
from allauth.account.signals import authentication_step_completed
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from allauth.mfa.webauthn.internal.auth import begin_authentication
from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.cache import add_never_cache_headers

from hireops.people.forms import CodeAgainForm, KeyAgainForm

PROVED_AT = "proved_at"
PREFIX = "proof"


def is_recent(request: HttpRequest) -> bool:
    proved_at = float(request.session.get(PROVED_AT, 0))
    return time.time() - proved_at < settings.PROOF_MINUTES * 60


@receiver(user_logged_in)
def signing_in_is_a_proof(request: HttpRequest, **_: Any) -> None:
    request.session[PROVED_AT] = time.time()


@receiver(authentication_step_completed)
def so_is_doing_it_again(request: HttpRequest, *, reauthenticated: bool = False, **_: Any) -> None:
    if reauthenticated:
        request.session[PROVED_AT] = time.time()


def demand(request: HttpRequest) -> HttpResponse | None:
    """``hireops.desk.proof.Demand``."""
    if is_recent(request):
        return None
    proofs = forms_for(request)
    for name, form in proofs.items():
        if form.is_bound and form.is_valid():
            _accept(request, name, form)
            return _led_on(request)
    return _page(request, proofs)


def forms_for(request: HttpRequest) -> dict[str, forms.Form]:
    """Of each way in which this person can prove it; what was sent is in the one that it was sent for."""
    person = request.user
    if not isinstance(person, User):
        return {}
    offered: dict[str, Any] = {}
    if is_mfa_enabled(person, [Authenticator.Type.TOTP]):
        offered["code"] = CodeAgainForm
    if person.has_usable_password():
        offered["password"] = PasswordForm
    if is_mfa_enabled(person, [Authenticator.Type.WEBAUTHN]):
        offered["credential"] = KeyAgainForm
    return {
        name: form(
            user=person, data=request.POST if request.POST.get(f"{PREFIX}-{name}") else None, prefix=PREFIX
        )
        for name, form in offered.items()
    }


def _accept(request: HttpRequest, name: str, form: Any) -> None:
    if name == "password":
        reauthenticate_by_password(request)
    else:
        form.save()


def _led_on(request: HttpRequest) -> HttpResponse | None:
    """Where a page was only looked at, or a file would have to be sent once more, it is asked for anew."""
    if request.POST.get(f"{PREFIX}-then") == "open":
        return HttpResponseRedirect(request.get_full_path())
    return None


def _page(request: HttpRequest, proofs: dict[str, forms.Form]) -> HttpResponse:
    opens = request.method != "POST" or bool(request.FILES)
    context = {
        **admin.site.each_context(request),
        "title": None,
        "proofs": proofs,
        "sent": [] if opens else _sent(request),
        "then": "open" if opens or request.POST.get(f"{PREFIX}-then") == "open" else "",
        "file_is_lost": bool(request.FILES),
        "others": get_adapter().get_reauthentication_methods(request.user),
        "minutes": settings.PROOF_MINUTES,
    }
    if "credential" in proofs:
        context["js_data"] = {"request_options": begin_authentication(request.user)}
    response = TemplateResponse(request, "people/prove.html", context)
    add_never_cache_headers(response)
    return response


def _sent(request: HttpRequest) -> list[tuple[str, str]]:
    return [
        (name, value)
        for name, values in request.POST.lists()
        if name != "csrfmiddlewaretoken" and not name.startswith(f"{PREFIX}-")
        for value in map(str, values)
    ]
