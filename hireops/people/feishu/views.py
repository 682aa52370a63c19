"""From the login page to Feishu, and back."""

from allauth.account.adapter import get_adapter
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from hireops.people import limits, recording
from hireops.people.feishu.adapter import WAS_REFUSED
from hireops.people.feishu.provider import FeishuOAuth2Adapter

begin = OAuth2LoginView.adapter_view(FeishuOAuth2Adapter)
complete = OAuth2CallbackView.adapter_view(FeishuOAuth2Adapter)


@never_cache
@require_POST
def to_feishu(request: HttpRequest) -> HttpResponse:
    """A page that leads on to Feishu by itself.

    No redirect: browsers hold those of a form's answer against ``form-action 'self'`` too. No GET either, or
    any page could begin a sign-in in somebody's browser.
    """
    response: HttpResponse = begin(request)
    if not isinstance(response, HttpResponseRedirect):
        return response
    context = {**admin.site.each_context(request), "feishu_url": response.url}
    return render(request, "account/to_feishu.html", context)


@never_cache
@require_GET
def from_feishu(request: HttpRequest) -> HttpResponse:
    """A sign-in that is refused counts as a wrong try of its address; a silent Feishu does not."""
    address = get_adapter().get_client_ip(request)
    try:
        attempt = limits.begin(limits.of_address(address))
    except limits.LockedOut as locked:
        text = get_adapter().locked_out(locked)
        messages.error(request, text.message)
        return redirect("account_login")
    response: HttpResponse = complete(request)
    if getattr(request, WAS_REFUSED, False):
        recording.failed(None, address, attempt)
    else:
        attempt.was_right()
    return response
