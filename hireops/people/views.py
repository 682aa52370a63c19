"""The page on which a person replaces a password that somebody else has made."""

from typing import Any

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from hireops.desk.staff import staff
from hireops.people import credentials

REPLACE = "one_time_password"


@receiver(user_logged_in)
def remember_what_to_replace(request: HttpRequest, user: User, **_others: Any) -> None:
    """In the session, so that no page has to look: setting such a password ends all sessions."""
    if credentials.must_be_replaced(user):
        request.session[REPLACE] = True


def first_thing(request: HttpRequest) -> str | None:
    """Before any other page (``first_things``)."""
    return reverse("account_new_password") if request.session.get(REPLACE) else None


@login_required
def new_password(request: HttpRequest) -> HttpResponse:
    if REPLACE not in request.session:
        return HttpResponseRedirect(reverse("admin:index"))
    user = staff(request)
    form = SetPasswordForm(user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        form.save()
        update_session_auth_hash(request, user)
        del request.session[REPLACE]
        messages.success(request, _("Your password is changed. Nobody else knows this one."))
        return HttpResponseRedirect(reverse("admin:index"))
    title = _("Choose your password")
    return TemplateResponse(request, "account/new_password.html", {"title": title, "form": form})
