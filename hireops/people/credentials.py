"""How people sign in: passwords made by others, and a row for each change (``CredentialChange``)."""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import AbstractBaseUser, User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from hireops.database import clock
from hireops.desk import audit
from hireops.desk.errors import Refused
from hireops.people import sessions
from hireops.people.acting import acting
from hireops.people.models import CredentialChange, OneTimePassword
from hireops.people.services import refuse_to_change_credentials

Kind = CredentialChange.Kind
USABLE_FOR = timedelta(days=3)
# Without those that look alike on paper.
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


# --- What is kept of each change


def keep(user: User, kind: CredentialChange.Kind, *, by: User | None) -> None:
    """That ``by`` (None: nobody who was signed in) has changed how ``user`` signs in."""
    CredentialChange.objects.create(user_id=user.pk, kind=kind, by_id=by.pk if by else None, at=clock.now())


def edited(user: User, kinds: Iterable[CredentialChange.Kind], *, by: User) -> None:
    """After somebody has changed this on the page of ``user``. Who cannot sign in is signed in nowhere."""
    for kind in kinds:
        keep(user, kind, by=by)
    if not user.is_active:
        sessions.end_all(user)


def changed_by_others(
    users: Iterable[int], *, since: datetime, until: datetime
) -> QuerySet[CredentialChange]:
    """What somebody else, or nobody who was signed in, has changed of these people in that time."""
    rows = CredentialChange.objects.filter(user__in=users, at__range=(since, until))
    return rows.exclude(by=F("user")).select_related("user", "by")


# --- Passwords that somebody else has made


def new_password() -> str:
    """Easy to read out: four times four letters."""
    return "-".join("".join(secrets.choice(LETTERS) for _letter in range(4)) for _group in range(4))


def set_one_time_password(user: User, *, by: User, reason: str = "") -> str:
    """A password that this person has to replace after signing in; nobody sees it a second time.

    All sessions of the person end. Raises ``Refused`` for the own account, and unless ``by`` may change
    credentials of ``user``.
    """
    if user.pk == by.pk:
        raise Refused(_("Choose a new password for yourself with “Change password” at the top of the page."))
    password = new_password()
    hashed = make_password(password)
    with transaction.atomic():
        locked = User.objects.select_for_update().get(pk=user.pk)
        refuse_to_change_credentials(by, locked)
        locked.password = hashed
        locked.save(update_fields=["password"])
        _has_one_time_password(locked, by)
        sessions.end_all(locked)
        keep(locked, Kind.ONE_TIME_PASSWORD, by=by)
        audit.record(by=by, action=gettext_noop("one-time password set"), on=locked, reason=reason.strip())
    return password


def give_first_password(user: User) -> str:
    """To an account that is being made and saved by the caller, who says then ``account_made``."""
    password = new_password()
    user.password = make_password(password)
    return password


def account_made(user: User, *, by: User) -> None:
    """After a person was made by another one, with a first password."""
    _has_one_time_password(user, by)
    keep(user, Kind.ACCOUNT, by=by)


def _has_one_time_password(user: User, by: User) -> None:
    now = clock.now()
    values = {"set_by": by, "set_at": now, "expires_at": now + USABLE_FOR}
    OneTimePassword.objects.update_or_create(user=user, defaults=values)


def may_sign_in_with_it(user: Any) -> bool:
    """Whether the right password of this person is still good."""
    return not OneTimePassword.objects.filter(user=user.pk, expires_at__lte=clock.now()).exists()


def must_be_replaced(user: Any) -> bool:
    return OneTimePassword.objects.filter(user=user.pk).exists()


class OwnPassword:
    """Of ``AUTH_PASSWORD_VALIDATORS``: Django tells them of every password that a person gets.

    So it is seen on whichever page, or on the server's command line, one is changed.
    """

    def validate(self, password: str, user: AbstractBaseUser | None = None) -> None:
        if user and user.pk and must_be_replaced(user) and user.check_password(password):
            raise ValidationError(_("This is the one-time password. Choose one that nobody else has seen."))

    def get_help_text(self) -> str:
        return _("Your password can't be one that somebody else has made for you.")

    def password_changed(self, password: str, user: User) -> None:
        OneTimePassword.objects.filter(user=user.pk).delete()
        keep(user, Kind.PASSWORD, by=acting())
