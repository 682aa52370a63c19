"""Access tokens, shared by all processes through the database (contract 1.1 to 1.8).

One process at a time renews a token: a guarded UPDATE claims the row, the request is made outside any
transaction, and the others go on with the old token while it is valid, or wait a few seconds for the new one.
Each process remembers for a few seconds what it has read, so that most calls ask the database nothing.
"""

import logging
import re
from datetime import datetime, timedelta
from time import monotonic, sleep
from typing import Any

from django.conf import settings
from django.db.models import Q

from hireops.database import clock
from hireops.encryption import decrypt, encrypt
from hireops.feishu import sentences
from hireops.feishu.app_secret import AUTH, ask_with_secret, raise_if_refused, refusal, try_secret
from hireops.feishu.errors import Advice, FeishuError, Outcome
from hireops.feishu.models import AccessToken, AppTicket
from hireops.feishu.protocol import Reply, ask

logger = logging.getLogger(__name__)

LIFETIME_MAX_S = 7200
# Feishu gives out a new token only when fewer than 30 minutes remain of the old one.
RENEW_BEFORE_END = timedelta(minutes=20)
# No call is started with a token that may end before it arrives.
USABLE_BEFORE_END = timedelta(seconds=15)
CLAIM_LEASE = timedelta(seconds=30)
PAUSE_AFTER_FAILURE = timedelta(seconds=1)
PAUSE_WITH_OLD_TOKEN = timedelta(minutes=1)
WAIT_S = 5.0
# The waiting look less and less often, so that many of them do not slow down the one that fetches.
POLL_S, POLL_MAX_S = 0.05, 0.5
CACHE_S = 5.0
TICKET_REQUEST_EVERY = timedelta(minutes=10)
APP_TICKET_INVALID = 10012

Kind = AccessToken.Kind
_TOKEN = re.compile(r"[!-~]+")  # goes into a header


def access_token(tenant_key: str) -> str:
    """A tenant_access_token that is valid now; ``FeishuError`` with ``NOT_SENT`` if there is none to be had.

    A custom app has one tenant and one token, whatever ``tenant_key`` says.
    """
    try:
        tenant = tenant_of_token(tenant_key)
        return _cached(tenant) or _current(tenant, Kind.TENANT)
    except FeishuError as error:
        raise _before_sending(error) from None


def prove_credentials() -> datetime | None:
    """Have Feishu look at App ID and App Secret, whatever token is kept; ``FeishuError`` if it refuses them.

    Gives when Feishu answered, by its own clock, if it said so.
    """
    if settings.FEISHU_APP_TYPE == "custom":
        return try_secret("tenant_access_token/internal").feishu_at
    if refusal():  # and there may be no ticket, or an old one: who asks for one needs none
        try_secret("app_ticket/resend")
    return try_secret("app_access_token", app_ticket=_ticket()).feishu_at


def invalidate(tenant_key: str, token: str) -> None:
    """Forget ``token``, which Feishu did not accept; a newer one that has taken its place is kept."""
    tenant = tenant_of_token(tenant_key)
    _invalidated[_cache_key(tenant)] = token
    _cache.pop(_cache_key(tenant), None)
    _invalidate_row(tenant, Kind.TENANT, token)


def tenant_of_token(tenant_key: str) -> str:
    """The tenant under which tokens and quotas are kept: "" for a custom app, which has only one."""
    if settings.FEISHU_APP_TYPE == "custom":
        return ""
    if not tenant_key:
        raise FeishuError(Outcome.NOT_SENT, sentences.NO_TENANT, advice=Advice.ASK_PERSON)
    return tenant_key


def keep_app_ticket(*, app_id: str, ticket: str, sent_at: datetime) -> None:
    """Keep a store app's ticket, unless a newer one is here already. ``sent_at`` is the event's ``ts``."""
    AppTicket.objects.get_or_create(app_id=app_id)
    from_the_future = Q(sent_at__gt=clock.now() + clock.FROM_THE_FUTURE)
    older = Q(sent_at=None) | Q(sent_at__lt=sent_at) | from_the_future
    AppTicket.objects.filter(older, app_id=app_id).update(sealed=encrypt(ticket), sent_at=sent_at)


# --- What this process remembers ---------------------------------------------------------------------------

_cache: dict[tuple[str, str, str], tuple[str, float]] = {}  # a token, and until when, by time.monotonic()
_invalidated: dict[tuple[str, str, str], str] = {}  # a thread that read it before that may come late


def _cache_key(tenant_key: str) -> tuple[str, str, str]:
    return settings.FEISHU_BASE_URL, settings.FEISHU_APP_ID, tenant_key


def _cached(tenant_key: str) -> str | None:
    token, until = _cache.get(_cache_key(tenant_key), ("", 0.0))
    return token if monotonic() < until else None


def _cache_token(row: AccessToken, token: str, renew_in: timedelta) -> None:
    key = _cache_key(row.tenant_key)
    if row.kind == Kind.TENANT and token != _invalidated.get(key):
        _cache[key] = token, monotonic() + min(CACHE_S, renew_in.total_seconds())


# --- The row ---------------------------------------------------------------------------------------------


def _current(tenant_key: str, kind: AccessToken.Kind) -> str:
    row, _created = AccessToken.objects.get_or_create(
        app_id=settings.FEISHU_APP_ID, tenant_key=tenant_key, kind=kind
    )
    waited_until, pause = monotonic() + WAIT_S, POLL_S
    while True:
        now = clock.now()
        token = decrypt(row.sealed)
        if token and row.renew_at and now < row.renew_at:
            _cache_token(row, token, row.renew_at - now)
            return token
        usable = token if token and row.expires_at and now < row.expires_at - USABLE_BEFORE_END else None
        if _claim(row, now):
            return _renewed(row, usable)
        if usable:
            return usable
        if monotonic() > waited_until:
            raise FeishuError(Outcome.NOT_SENT, sentences.FETCHED_ELSEWHERE)
        sleep(pause)
        pause = min(pause * 2, POLL_MAX_S)
        row.refresh_from_db()


def _claim(row: AccessToken, now: datetime) -> bool:
    """Whether this process, and no other, may renew what it has read in ``row``."""
    if row.claimed_until and now < row.claimed_until:
        return False
    until = now + CLAIM_LEASE
    unchanged = AccessToken.objects.filter(pk=row.pk, sealed=row.sealed, claimed_until=row.claimed_until)
    row.claimed_until = until
    return unchanged.update(claimed_until=until) == 1


def _renewed(row: AccessToken, usable: str | None) -> str:
    """A fresh token; the old one if that is still usable and no fresh one is to be had."""
    now = clock.now()
    try:
        token, lifetime = _fetch(row)
    except Exception as error:
        pause = PAUSE_WITH_OLD_TOKEN if usable else PAUSE_AFTER_FAILURE
        _release(row, claimed_until=clock.now() + pause)
        if isinstance(error, FeishuError):
            told = "%s could not be renewed and is used on: %s" if usable else "there is no %s: %s"
            logger.warning(told, row.kind, error)
            if usable:
                return usable
        raise
    _release(
        row,
        sealed=encrypt(token),
        expires_at=now + lifetime,
        renew_at=now + max(lifetime - RENEW_BEFORE_END, lifetime / 2),
        claimed_until=None,
    )
    return token


def _release(row: AccessToken, **changes: Any) -> None:
    # Not if the claim has run out meanwhile and is another's now.
    AccessToken.objects.filter(pk=row.pk, claimed_until=row.claimed_until).update(**changes)


def _invalidate_row(tenant_key: str, kind: AccessToken.Kind, token: str) -> None:
    for row in AccessToken.objects.filter(app_id=settings.FEISHU_APP_ID, tenant_key=tenant_key, kind=kind):
        if decrypt(row.sealed) == token:
            AccessToken.objects.filter(pk=row.pk, sealed=row.sealed).update(
                sealed="", expires_at=None, renew_at=None
            )


# --- Feishu ----------------------------------------------------------------------------------------------


def _fetch(row: AccessToken) -> tuple[str, timedelta]:
    try:
        if settings.FEISHU_APP_TYPE == "custom":
            return _token_in(ask_with_secret("tenant_access_token/internal"), "tenant_access_token")
        if row.kind == Kind.APP:
            return _token_in(ask_with_secret("app_access_token", app_ticket=_ticket()), "app_access_token")
        return _fetch_for_tenant(row.tenant_key)
    except FeishuError as error:
        if error.code == APP_TICKET_INVALID:
            _request_ticket()
        raise


def _fetch_for_tenant(tenant_key: str) -> tuple[str, timedelta]:
    """Whatever Feishu says against it, a refusal may be meant for the app's token, which is all that goes
    with the request beside the tenant's key: its codes for that are not documented (contract 1.8). So it is
    asked once more with a new one.
    """
    app_token = _current("", Kind.APP)
    try:
        return _ask_for_tenant(tenant_key, app_token)
    except FeishuError as error:
        if error.outcome is not Outcome.REFUSED or error.is_rate_limit:
            raise
    _invalidate_row("", Kind.APP, app_token)
    return _ask_for_tenant(tenant_key, _current("", Kind.APP))


def _ask_for_tenant(tenant_key: str, app_token: str) -> tuple[str, timedelta]:
    body = {"app_access_token": app_token, "tenant_key": tenant_key}
    return _token_in(ask("POST", f"{AUTH}/tenant_access_token", body=body), "tenant_access_token")


def _token_in(reply: Reply, name: str) -> tuple[str, timedelta]:
    """The token called ``name`` in the answer, and how long it lives."""
    token, expire = reply.content.get(name), reply.content.get("expire")
    if isinstance(token, str) and _TOKEN.fullmatch(token) and type(expire) is int and expire > 0:
        return token, timedelta(seconds=min(expire, LIFETIME_MAX_S))
    raise FeishuError(
        Outcome.UNKNOWN,
        sentences.UNUSABLE_TOKEN % {"name": name},
        log_id=reply.log_id,
        http_status=reply.http_status,
        advice=Advice.RETRY_LATER,
    )


def _before_sending(error: FeishuError) -> FeishuError:
    """However the token call ended: the call that wanted the token has not been sent."""
    advice = Advice.ASK_PERSON if error.advice is Advice.REFRESH_TOKEN else error.advice
    return FeishuError(
        Outcome.NOT_SENT,
        sentences.NO_ACCESS % {"why": error.message},
        code=error.code,
        log_id=error.log_id,
        http_status=error.http_status,
        retry_after_s=error.retry_after_s,
        advice=advice,
        feishu_at=error.feishu_at,
    )


# --- The ticket of a store app (contract 1.4) ------------------------------------------------------------


def _ticket() -> str:
    row = AppTicket.objects.filter(app_id=settings.FEISHU_APP_ID).first()
    ticket = decrypt(row.sealed) if row else None
    if ticket:
        return ticket
    _request_ticket()
    raise FeishuError(Outcome.NOT_SENT, sentences.NO_TICKET, advice=Advice.RETRY_LATER)


def _request_ticket() -> None:
    """Ask Feishu to push the ticket again, at most every ten minutes, however many processes want it."""
    raise_if_refused()
    AppTicket.objects.get_or_create(app_id=settings.FEISHU_APP_ID)
    now = clock.now()
    due = Q(asked_at=None) | Q(asked_at__lt=now - TICKET_REQUEST_EVERY)
    if AppTicket.objects.filter(due, app_id=settings.FEISHU_APP_ID).update(asked_at=now):
        try_secret("app_ticket/resend")
