"""The App Secret, which asks for tokens and tickets; Feishu once having refused it, not again (contract 1.8).

What is refused is this secret, for this app at this Feishu: after any of the three is corrected, hireops asks
again, and so it does when a person has it examined (``manage.py doctor``).
"""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import Error
from django.utils.crypto import salted_hmac

from hireops.feishu import sentences
from hireops.feishu.errors import FeishuError, Outcome
from hireops.feishu.models import RefusedSecret
from hireops.feishu.protocol import Reply, ask

logger = logging.getLogger(__name__)

AUTH = "/open-apis/auth/v3"
# Which of the two a wrong secret gets is unverified.
WRONG_SECRET_CODES = frozenset({10015, 99991543})


def ask_with_secret(path: str, **fields: str) -> Reply:
    """``POST`` with App ID and App Secret; ``FeishuError``, without asking if they are known to be wrong."""
    raise_if_refused()
    return try_secret(path, **fields)


def raise_if_refused() -> None:
    refused = refusal()
    if refused:
        raise FeishuError(Outcome.REFUSED, sentences.SECRET_REFUSED, code=refused.code)


def try_secret(path: str, **fields: str) -> Reply:
    """The same, whatever Feishu has said of them before."""
    body = {"app_id": settings.FEISHU_APP_ID, "app_secret": settings.FEISHU_APP_SECRET}
    try:
        reply = ask("POST", f"{AUTH}/{path}", body=body | fields)
    except FeishuError as error:
        if error.outcome is Outcome.REFUSED and error.code in WRONG_SECRET_CODES and not error.is_rate_limit:
            _note(RefusedSecret.objects.get_or_create, digest=_digest(), defaults={"code": error.code})
        raise
    _note(_forget_refusal)
    return reply


def refusal() -> RefusedSecret | None:
    """That Feishu has refused the App Secret that is set."""
    return RefusedSecret.objects.filter(digest=_digest()).first()


def refused_since() -> datetime | None:
    refused = refusal()
    return refused.refused_at if refused else None


def _forget_refusal() -> None:
    if refused := refusal():
        refused.delete()


def _note(change: Callable[..., Any], **values: Any) -> None:
    """What Feishu has said is true, whether it could be noted or not."""
    try:
        change(**values)
    except Error as error:
        logger.warning("whether the App Secret is refused could not be noted (%s)", type(error).__name__)


def _digest() -> str:
    meant = "\n".join((settings.FEISHU_BASE_URL, settings.FEISHU_APP_ID, settings.FEISHU_APP_SECRET))
    return salted_hmac("hireops.feishu.app_secret", meant, algorithm="sha256").hexdigest()
