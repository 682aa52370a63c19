"""What hireops wants of allauth otherwise than allauth does it."""

import logging
import secrets
from base64 import b32encode
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.userkit import filter_users_by_email, get_user_by_username
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hireops import encryption
from hireops.people import limits, proof, recording
from hireops.people.credentials import may_sign_in_with_it
from hireops.people.hashing import TooManyPasswordsError
from hireops.web.callers import address_of

logger = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {
        "username_password_mismatch": gettext_lazy("The user name or the password is wrong."),
        "incorrect_password": gettext_lazy("The password is wrong."),
        "incorrect_code": gettext_lazy("The code is wrong, or was used already. Wait for the next one."),
    }
    attempt: limits.Try | None = None

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Administrators make the accounts of staff."""
        return False

    def add_message(self, request: HttpRequest, level: int, *args: Any, **kwargs: Any) -> None:
        """Errors; who has signed in or out sees it."""
        if kwargs.get("message"):
            super().add_message(request, level, *args, **kwargs)

    def get_client_ip(self, request: HttpRequest) -> str:
        return address_of(request.META, settings.TRUSTED_PROXIES) or "unknown"

    # --- How often somebody may try

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        name = credentials["username"]
        counted = limits.of_password(name, person_named(name)), limits.of_address(self.get_client_ip(request))
        try:
            self.attempt = limits.begin(*counted)
        except limits.LockedOut as locked:
            raise self.locked_out(locked) from None

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """By an email address as by the user name of the one person who has it."""
        name = str(credentials.get("username", ""))
        who = person_named(name)
        credentials = {"username": who.get_username() if who else name, "password": credentials["password"]}
        try:
            person: User | None = super().authenticate(request, **credentials)
        except TooManyPasswordsError:
            if self.attempt:
                self.attempt.was_not_looked_at()
            raise
        if person and self.attempt:
            self.attempt.was_right()
        if person and not may_sign_in_with_it(person):
            text = _("This one-time password is too old. Ask an administrator for another one.")
            raise ValidationError(text, "too_old")
        return person

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        if self.attempt:
            self.went_wrong(person_named(credentials["username"]), self.attempt)

    def went_wrong(self, person: User | None, attempt: limits.Try) -> None:
        address = self.get_client_ip(context.request)
        recording.failed(person, address, attempt)

    def locked_out(self, locked: limits.LockedOut) -> ValidationError:
        recording.refused_while_locked(locked, self.get_client_ip(context.request))
        text = _(
            "Too many wrong tries. You can try again in %(minutes)s min, or ask an administrator to let you "
            "in again."
        )
        return ValidationError(text % {"minutes": locked.minutes}, "too_many_login_attempts")

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        recording.inactive(user, self.get_client_ip(request))
        page: HttpResponse = super().respond_user_inactive(request, user)
        return page

    # --- Mail

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Whoever asked for it learns neither that the server is down nor that nobody has the address."""
        try:
            super().send_mail(template_prefix, email, context)
        except OSError as error:  # of smtplib too
            logger.error("a mail was not sent (%s)", type(error).__name__)  # noqa: TRY400 - no address in the log

    def send_password_reset_mail(self, user: User, email: str, context: dict[str, Any]) -> None:
        """Not to who has no password: they come in by another way, which this must not open."""
        if user.has_usable_password():
            super().send_password_reset_mail(user, email, context)

    # --- Who has to prove it once more

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Ways beyond those of ``hireops.people.proof``, each with ``url`` and ``description``."""
        return []

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        return not proof.is_recent(context.request)


def person_named(name: str) -> User | None:
    """Whom this name or, if it is one person's alone, this address belongs to."""
    person: User | None = get_user_by_username(name)
    if person:
        return person
    having_it: list[User] = filter_users_by_email(name, for_login=True) if "@" in name else []
    return having_it[0] if len(having_it) == 1 else None


class MFAAdapter(DefaultMFAAdapter):
    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": AccountAdapter.error_messages["incorrect_code"],
    }

    def encrypt(self, text: str) -> str:
        return encryption.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        """A secret that nobody has, where the keys are gone that it was encrypted with: no code fits it."""
        secret = encryption.decrypt(encrypted_text)
        return b32encode(secrets.token_bytes(20)).decode() if secret is None else secret

    def get_totp_label(self, user: User) -> str:
        return str(user.get_username())

    def generate_authenticator_name(self, user: User, type: Any) -> str:  # noqa: A002 - allauth's signature
        return _("Key %(number)s") % {"number": user.authenticator_set.filter(type=type).count() + 1}  # type: ignore[attr-defined]
