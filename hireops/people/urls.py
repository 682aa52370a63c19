"""The pages of signing in: those of allauth that hireops has a use for, in the desk's frame."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account import views as account
from allauth.account.adapter import get_adapter
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LogoutView
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.template.response import SimpleTemplateResponse
from django.urls import URLPattern, include, path, re_path
from django.views.decorators.cache import never_cache

from hireops.desk.signed_out import who_was_signed_in
from hireops.people import first_things, limits, proof, views
from hireops.people.feishu import views as feishu

View = Callable[..., HttpResponseBase]


def in_the_desk(view: View) -> View:
    """What every page of the admin knows, for the templates of allauth's views."""

    @never_cache
    @wraps(view)
    def framed(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        if isinstance(response, SimpleTemplateResponse) and not response.is_rendered:
            ours = {
                "may_reset_password": settings.MAIL,
                "something_comes_first": bool(first_things.page_for(request)),
                "session_has_ended": request.user.is_anonymous and bool(who_was_signed_in(request)),
            }
            known = {**admin.site.each_context(request), **ours}
            response.context_data = {**known, **(response.context_data or {})}
        return response

    return framed


def proved(view: View) -> View:
    """For who has signed in, and has lately proved who they are."""

    @login_required
    @wraps(view)
    def asking(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return proof.demand(request) or view(request, *args, **kwargs)

    return in_the_desk(asking)


def counted(view: View) -> View:
    """Before anybody has signed in, only so often from one address."""

    @wraps(view)
    def counting(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            limits.begin(limits.of_sign_ins(get_adapter().get_client_ip(request)))
        except limits.LockedOut:
            return render(request, "429.html", status=429)
        return view(request, *args, **kwargs)

    return in_the_desk(counting)


def mailed(view: View) -> View:
    """Only where mails can be sent."""

    @wraps(view)
    def sending(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not settings.MAIL:
            raise Http404
        return view(request, *args, **kwargs)

    return in_the_desk(sending)


def page(route: str, view: View, name: str) -> URLPattern:
    return path(route, view, name=name)


second_factors = [
    page("", in_the_desk(mfa.index), "mfa_index"),
    page("authenticate/", in_the_desk(mfa.authenticate), "mfa_authenticate"),
    page("totp/activate/", proved(totp.activate_totp), "mfa_activate_totp"),
    page("totp/deactivate/", proved(totp.deactivate_totp), "mfa_deactivate_totp"),
    page("codes/", proved(recovery_codes.view_recovery_codes), "mfa_view_recovery_codes"),
    page("codes/generate/", proved(recovery_codes.generate_recovery_codes), "mfa_generate_recovery_codes"),
    page("codes/download/", proved(recovery_codes.download_recovery_codes), "mfa_download_recovery_codes"),
    page("keys/", proved(webauthn.list_webauthn), "mfa_list_webauthn"),
    page("keys/add/", proved(webauthn.add_webauthn), "mfa_add_webauthn"),
    page("keys/login/", counted(webauthn.login_webauthn), "mfa_login_webauthn"),
    page("keys/<int:pk>/remove/", proved(webauthn.remove_webauthn), "mfa_remove_webauthn"),
    page("keys/<int:pk>/edit/", proved(webauthn.edit_webauthn), "mfa_edit_webauthn"),
]

forgotten_password = [
    page("", mailed(account.password_reset), "account_reset_password"),
    page("sent/", mailed(account.password_reset_done), "account_reset_password_done"),
    re_path(
        r"^(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        mailed(account.password_reset_from_key),
        name="account_reset_password_from_key",
    ),
    page("done/", mailed(account.password_reset_from_key_done), "account_reset_password_from_key_done"),
]

urlpatterns = [
    page("login/", in_the_desk(account.login), "account_login"),
    page("logout/", LogoutView.as_view(next_page="account_login"), "account_logout"),
    page("inactive/", in_the_desk(account.account_inactive), "account_inactive"),
    page("new-password/", in_the_desk(views.new_password), "account_new_password"),
    page("feishu/login/", counted(feishu.to_feishu), "feishu_login"),
    page("feishu/callback/", feishu.from_feishu, "feishu_callback"),
    path("2fa/", include(second_factors)),
    path("password/", include(forgotten_password)),
]
