"""Who must have a second factor, and what becomes of one that is lost."""

from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.models import Authenticator, AuthenticatorManager
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib.auth.models import User
from django.db import models, transaction
from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from hireops.desk import revealing
from hireops.desk.audit import record
from hireops.desk.errors import Refused
from hireops.desk.roles import ROLES
from hireops.people import credentials, payout_permissions, sessions
from hireops.people.models import CredentialChange
from hireops.people.services import refuse_to_change_credentials

SECOND = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]

# Who changes people, or sees their data in the clear. Who approves, confirms or pays: ``payout_permissions``.
_needing = {f"auth.{verb}_{noun}" for verb in ("add", "change", "delete") for noun in ("user", "group")} | {
    "people.add_invitation",
    "people.let_in",
    revealing.VIEW,
}


def declare(*permissions: str) -> None:
    """Have these permissions need a second factor, too. Apps call it at the start."""
    _needing.update(permissions)


def hide_unreadable_keys() -> None:
    """Have allauth see only security keys that were really registered.

    Earlier releases also stored ``false`` as a key: it counted as a second factor, and pages of it failed.
    """
    AuthenticatorManager.get_queryset = _readable


def _readable(manager: AuthenticatorManager) -> models.QuerySet[Authenticator]:
    rows = models.Manager.get_queryset(manager)
    return rows.exclude(
        type=Authenticator.Type.WEBAUTHN, data__credential__response__attestationObject__isnull=True
    )


def is_required_of(person: User) -> bool:
    """Tell whether this person has a role that needs one, or, however it came, a right that does.

    A right to pay counts before it is in effect.
    """
    wanted = settings.SECOND_FACTOR_ROLES
    if not wanted or person.is_superuser:
        return bool(wanted)
    if person.groups.filter(name__in=[ROLES[role] for role in wanted]).exists():
        return True
    needing = payout_permissions.rows_of(_needing | payout_permissions.names())
    return needing.filter(Q(group__user=person) | Q(user=person)).exists()


def has_one(person: User) -> bool:
    return bool(is_mfa_enabled(person, SECOND))


def first_thing(request: HttpRequest) -> str | None:
    """Where who lacks it has to go before any other page (``first_things``)."""
    person = request.user
    if not settings.SECOND_FACTOR_ROLES or not isinstance(person, User) or has_one(person):
        return None
    if settings.FEISHU_SIGN_IN_IS_SECOND_FACTOR and _came_from_feishu(request):
        return None
    return reverse("mfa_index") if is_required_of(person) else None


def _came_from_feishu(request: HttpRequest) -> bool:
    records = get_authentication_records(request, request.user)
    return any(record["method"] == "socialaccount" for record in records)


def remove_all(person: User, *, by: User, reason: str) -> None:
    """For who has lost theirs: the password alone lets them in until they have set up another one."""
    if person == by:
        raise Refused(_("Your own second factors you remove on their page, after proving who you are."))
    refuse_to_change_credentials(by, person)
    with transaction.atomic():
        types = sorted(
            Authenticator.objects.select_for_update().filter(user=person).values_list("type", flat=True)
        )
        if not types:
            raise Refused(_("This person has no second factor."))
        Authenticator.objects.filter(user=person).delete()
        sessions.end_all(person)
        credentials.keep(person, CredentialChange.Kind.SECOND_FACTOR, by=by)
        record(
            by=by, action=gettext_noop("removed the second factors"), on=person, reason=reason, types=types
        )
