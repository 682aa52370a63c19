"""Whose people may sign in: those of our own company, never those of customers."""

from django.conf import settings
from django.utils.translation import gettext as _

from hireops.feishu.models import Tenant


def why_not_ours(tenant_key: str) -> str:
    """Why nobody of this company is let in, as a sentence; "" for our own.

    A custom app learns its own company's key from events; a store app has many tenants, so a setting says
    which one is the vendor's.
    """
    own = settings.FEISHU_SIGN_IN_TENANT_KEY or _learnt()
    if not own:
        return _unknown(tenant_key)
    if tenant_key != own:
        return _(
            "You are signed in to Feishu for another company than the one that runs hireops, so you were not "
            "let in. Switch to your company in Feishu, then sign in once more."
        )
    return ""


def _learnt() -> str:
    return "" if settings.FEISHU_APP_TYPE == "store" else Tenant.objects.own().tenant_key


def _unknown(tenant_key: str) -> str:
    return _(
        "hireops does not know yet which company is its own, so nobody can sign in with Feishu. Whoever runs "
        "hireops says it with FEISHU_SIGN_IN_TENANT_KEY; yours is %(tenant_key)s."
    ) % {"tenant_key": tenant_key}
