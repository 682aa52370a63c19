"""What hireops wants of allauth's social accounts otherwise than allauth does it."""

from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from allauth.socialaccount.providers.base import AuthError
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.db import IntegrityError
from django.http import Http404, HttpRequest
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from hireops.people.feishu import arriving
from hireops.people.feishu.provider import FeishuProvider
from hireops.people.feishu.refusals import NoAnswerError, RefusedError

WAS_REFUSED = "feishu_sign_in_was_refused"  # of a request that asked to be signed in


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """One provider, from the settings; rows of ``SocialApp`` are not looked at."""

    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        if not settings.FEISHU_SIGN_IN or provider not in {None, FeishuProvider.id}:
            return []
        return [
            SocialApp(
                provider=FeishuProvider.id,
                name=FeishuProvider.name,
                client_id=settings.FEISHU_APP_ID,
                secret=settings.FEISHU_APP_SECRET,
            )
        ]

    def list_providers(self, request: HttpRequest) -> list[FeishuProvider]:
        return [FeishuProvider(request, app=app) for app in self.list_apps(request)]

    def get_provider(
        self, request: HttpRequest, provider: str, client_id: str | None = None
    ) -> FeishuProvider:
        for app in self.list_apps(request, provider):
            return FeishuProvider(request, app=app)
        raise Http404(provider)

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Who is let in by Feishu becomes a person, without a role."""
        return True

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        if not sociallogin.is_existing:
            arriving.link_invited_person(request, sociallogin)

    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None) -> User:
        try:
            return arriving.make_person(request, sociallogin)
        except IntegrityError:  # the same person at the same moment in another window
            self._back_to_login(request, _("Please sign in once more."))
            raise

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: FeishuProvider,
        error: Any = None,
        exception: Exception | None = None,
        extra_context: dict[str, Any] | None = None,
    ) -> None:
        """Back to the login page, away from the address with the code, with a sentence."""
        setattr(request, WAS_REFUSED, not isinstance(exception, NoAnswerError))
        self._back_to_login(request, _what_to_say(error, exception))

    def _back_to_login(self, request: HttpRequest, text: str) -> None:
        messages.error(request, text)
        raise ImmediateHttpResponse(redirect(settings.LOGIN_URL))


def _what_to_say(error: Any, exception: Exception | None) -> str:
    if isinstance(exception, RefusedError):
        return str(exception)
    if error == AuthError.CANCELLED:
        return _("You did not agree in Feishu, so nobody was signed in.")
    return _("This sign-in was not begun here, or more than ten minutes ago. Sign in once more.")
