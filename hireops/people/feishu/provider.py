"""The provider for allauth. Nothing of what the browser sends decides about scope, process or address."""

from typing import Any

from allauth.account.utils import get_next_redirect_url
from allauth.socialaccount.models import SocialLogin, SocialToken
from allauth.socialaccount.providers.base import ProviderAccount
from allauth.socialaccount.providers.base.constants import AuthProcess
from allauth.socialaccount.providers.oauth2.provider import OAuth2Provider
from allauth.socialaccount.providers.oauth2.views import OAuth2Adapter
from django.conf import settings
from django.http import HttpRequest

from hireops.feishu import authen
from hireops.feishu.authen import FeishuUser
from hireops.feishu.errors import FeishuError
from hireops.people.feishu.refusals import RefusedError, did_not_work
from hireops.people.feishu.tenancy import why_not_ours


class FeishuAccount(ProviderAccount):
    def to_str(self) -> str:
        return str(self.account.extra_data.get("name") or self.account.uid)


class FeishuOAuth2Adapter(OAuth2Adapter):
    """Codes, tokens and errors as Feishu has them; a failure is a ``ProviderException`` for the person."""

    provider_id = "feishu"
    access_token_url = authen.TOKEN  # asked by ``authen``, not by allauth's client

    @property
    def authorize_url(self) -> str:
        return authen.authorize_url()

    def get_access_token_data(
        self, request: HttpRequest, app: Any, client: Any, pkce_code_verifier: str | None = None
    ) -> dict[str, str]:
        try:
            token = authen.exchange_code(
                code=request.GET.get("code", ""),
                redirect_uri=client.callback_url,
                code_verifier=pkce_code_verifier or "",
            )
        except FeishuError as error:
            raise did_not_work(error) from None
        return {"access_token": token}

    def complete_login(
        self, request: HttpRequest, app: Any, token: SocialToken, **kwargs: Any
    ) -> SocialLogin:
        try:
            who = authen.user_info(token.token)
        except FeishuError as error:
            raise did_not_work(error) from None
        if why_not := why_not_ours(who.tenant_key):
            raise RefusedError(why_not)
        login = self.get_provider().sociallogin_from_response(request, who)
        login.feishu_user = who
        return login


class FeishuProvider(OAuth2Provider):
    id = "feishu"
    name = "Feishu"
    account_class = FeishuAccount
    oauth2_adapter_class = FeishuOAuth2Adapter
    pkce_enabled_default = True

    def get_redirect_from_request_kwargs(self, request: HttpRequest) -> dict[str, Any]:
        next_url = get_next_redirect_url(request)
        return {"process": AuthProcess.LOGIN, **({"next_url": next_url} if next_url else {})}

    def get_default_scope(self) -> list[str]:
        return list(authen.CONTACT_SCOPES) if settings.FEISHU_SIGN_IN_CONTACTS else []

    def extract_uid(self, data: FeishuUser) -> str:
        return data.open_id

    def extract_extra_data(self, data: FeishuUser) -> dict[str, str]:
        """No contacts: invitations have been looked up by then, and nothing else needs them."""
        return {"name": data.name, "union_id": data.union_id, "tenant_key": data.tenant_key}
