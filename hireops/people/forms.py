"""What may be sent only so often: codes of a second factor, each of them once; a forgotten password."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import LoginForm, ResetPasswordForm, ResetPasswordKeyForm
from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from django import forms
from django.contrib.admin.forms import AdminPasswordChangeForm

from hireops.people import limits


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

    def clean_code(self) -> str:
        adapter = get_adapter()
        address = limits.of_address(adapter.get_client_ip(context.request))
        try:
            attempt = limits.begin(limits.of_code(self.user), address)
        except limits.LockedOut as locked:
            raise adapter.locked_out(locked) from None
        try:
            code = str(super().clean_code())  # type: ignore[misc]
            self._use_up(code)
        except forms.ValidationError:
            adapter.went_wrong(self.user, attempt)
            raise
        attempt.was_right()
        return code

    def _use_up(self, code: str) -> None:
        """Who has seen a code over somebody's shoulder cannot use it again, on any host."""
        authenticator: Authenticator = self.authenticator  # type: ignore[attr-defined]
        if authenticator.type != Authenticator.Type.TOTP:
            return
        key = limits.digest(f"{self.user.pk} {code.strip()}")
        try:
            limits.begin(limits.Counted(limits.Kind.USED_CODE, key, self.user))
        except limits.LockedOut:
            raise get_adapter().validation_error("incorrect_code") from None


class CodeForm(_CountedCode, AuthenticateForm):
    """At signing in."""


class CodeAgainForm(_CountedCode, ReauthenticateForm):
    """Later."""


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
        sender = get_adapter().get_client_ip(context.request)
        try:
            limits.begin(
                *(limits.Counted(limits.Kind.RESET, limits.digest(each)) for each in (email.lower(), sender))
            )
        except limits.LockedOut as locked:
            raise get_adapter().locked_out(locked) from None
        return email
