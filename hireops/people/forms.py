"""What may be sent only so often: codes of a second factor, each of them once; a forgotten password."""

import struct
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import LoginForm, ResetPasswordForm, ResetPasswordKeyForm
from allauth.core import context
from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.mfa.utils import decrypt
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from allauth.mfa.webauthn.internal.auth import parse_registration_response
from django import forms
from django.contrib.admin.forms import AdminPasswordChangeForm

from hireops.people import limits

TOTP_DIGITS = 6


class _LabelsAreEnough:
    """The templates have labels; a placeholder says the same again, or less."""

    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)


class SignInForm(_LabelsAreEnough, LoginForm):
    pass


class NewPasswordForm(_LabelsAreEnough, ResetPasswordKeyForm):
    """By the link of a mail."""


class _CountedCode:
    """``clean_code`` of allauth's forms, counted in the database."""

    user: Any
    cleaned_data: dict[str, Any]

    def clean_code(self) -> str:
        adapter = get_adapter()
        address = limits.of_address(adapter.get_client_ip(context.request))
        try:
            attempt = limits.begin(limits.of_code(self.user), address)
        except limits.LockedOut as locked:
            raise adapter.locked_out(locked) from None
        try:
            _refuse_other_spellings(self.cleaned_data["code"])
            code = str(super().clean_code())  # type: ignore[misc]
            self._use_up(code)
        except forms.ValidationError:
            adapter.went_wrong(self.user, attempt)
            raise
        attempt.was_right()
        return code

    def _use_up(self, code: str) -> None:
        """Refuse a time step that was used before, on any host, however its code is written."""
        authenticator: Authenticator = self.authenticator  # type: ignore[attr-defined]
        if authenticator.type != Authenticator.Type.TOTP:
            return
        _use_time_step(self.user, decrypt(authenticator.data["secret"]), code)


def _refuse_other_spellings(code: str) -> None:
    """Raise ``ValidationError`` for six digits with anything between them, which allauth would ignore."""
    digits = normalize_user_code(code)
    if digits != code and len(digits) == TOTP_DIGITS:
        raise get_adapter().validation_error("incorrect_code")


def _use_time_step(person: Any, secret: str, code: str) -> None:
    key = limits.digest(f"{person.pk} {_time_step(secret, code)}")
    try:
        limits.begin(limits.Counted(limits.Kind.USED_CODE, key, person))
    except limits.LockedOut:
        raise get_adapter().validation_error("incorrect_code") from None


def _time_step(secret: str, code: str) -> int:
    """Return the time step (RFC 6238) whose digits are ``code``. Raises ``ValidationError`` if none fits."""
    for step in yield_hotp_counters_from_time():
        if format_hotp_value(hotp_value(secret, step)) == code:
            return int(step)
    raise get_adapter().validation_error("incorrect_code")


class CodeForm(_CountedCode, AuthenticateForm):
    """At signing in."""


class CodeAgainForm(_CountedCode, ReauthenticateForm):
    """Later."""


class SetUpAppForm(ActivateTOTPForm):
    """An authenticator app, with its first code."""

    def clean_code(self) -> str:
        code = str(super().clean_code())
        _use_time_step(self.user, self.secret, code)
        return code


class _ReadKey:
    """Refuse what is no answer of a security key. allauth checks nothing that is false in Python, and fails
    on some of what it cannot read."""

    cleaned_data: dict[str, Any]

    def clean_credential(self) -> Any:
        try:
            return super().clean_credential()  # type: ignore[misc]
        except (AttributeError, KeyError, IndexError, TypeError, ValueError, struct.error):
            raise get_adapter().validation_error("incorrect_code") from None


class _ParsedKeyForm(AddWebAuthnForm):
    def clean_credential(self) -> Any:
        parse_registration_response(self.cleaned_data["credential"])
        return self.cleaned_data["credential"]


class AddKeyForm(_ReadKey, _ParsedKeyForm):
    """A new key of who is signed in."""


class KeyForm(_ReadKey, AuthenticateWebAuthnForm):
    """At signing in, after the password."""


class KeyAgainForm(_ReadKey, ReauthenticateWebAuthnForm):
    """Later."""


class PasskeyForm(_ReadKey, LoginWebAuthnForm):
    """At signing in, without a password."""


class ChangePasswordForm(AdminPasswordChangeForm):
    """The present password may be tried as often as at signing in."""

    def clean_old_password(self) -> str:
        password = str(self.cleaned_data["old_password"])
        if not get_adapter().reauthenticate(self.user, password):
            raise get_adapter().validation_error("incorrect_password")
        return password


class ForgottenPasswordForm(_LabelsAreEnough, ResetPasswordForm):
    """Only so many mails to one address and from one address, whether or not anybody has it."""

    def clean_email(self) -> str:
        email = str(super().clean_email())
        sender = limits.network(get_adapter().get_client_ip(context.request))
        try:
            limits.begin(
                *(limits.Counted(limits.Kind.RESET, limits.digest(each)) for each in (email.lower(), sender))
            )
        except limits.LockedOut as locked:
            raise get_adapter().locked_out(locked) from None
        return email
