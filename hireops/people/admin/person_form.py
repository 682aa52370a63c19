"""The form of a person: name, user name, roles; of a new one also how the first sign-in goes."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.models import User
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from hireops import contacts
from hireops.desk.errors import Refused
from hireops.desk.staff import full_name
from hireops.people import services
from hireops.people.invitations import services as invitations
from hireops.people.invitations.admin import INVITE

PASSWORD, FEISHU = "password", "feishu"
LONGEST_NAME = 150
LONGEST_GIVEN = 254


def may_invite(by: User) -> bool:
    return settings.FEISHU_SIGN_IN and by.has_perm(INVITE)


class PersonForm(forms.ModelForm):  # type: ignore[type-arg]
    """Who makes somebody an approver, or an approver somebody else, is looked at before anything is saved."""

    by: User  # who uses the page

    full_name = forms.CharField(
        label=_("Name"),
        max_length=LONGEST_NAME,
        required=False,
        widget=forms.TextInput(attrs={"class": "vTextField", "autocomplete": "off"}),
        help_text=_("As colleagues write it, the family name first in Chinese. Every page shows it."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and "full_name" in self.fields:
            self.initial["full_name"] = full_name(self.instance)

    def clean_groups(self) -> Any:
        groups = self.cleaned_data["groups"]
        before = set(self.instance.groups.all()) if self.instance.pk else set()
        if set(groups) == before:
            return groups
        try:
            to = self.instance if self.instance.pk else None
            services.refuse_to_hand_out(self.by, groups, to=to)
        except Refused as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        return groups

    def save(self, commit: bool = True) -> Any:  # noqa: FBT001, FBT002 - Django's signature
        if "full_name" in self.changed_data:
            self.instance.last_name, self.instance.first_name = self.cleaned_data["full_name"], ""
        return super().save(commit)


class NewPersonForm(PersonForm):
    """``is_invited``: the first sign-in is with Feishu, by an invitation to the contacts ``invited_by``."""

    first_sign_in = forms.ChoiceField(
        label=_("How"),
        required=False,
        initial=PASSWORD,
        widget=forms.RadioSelect,
        choices=[
            (PASSWORD, _("With a one-time password, which the next page shows once")),
            (FEISHU, _("With Feishu, by an invitation; no password is made")),
        ],
    )
    mobile = forms.CharField(
        label=_("Mobile number"),
        required=False,
        max_length=LONGEST_GIVEN,
        widget=forms.TextInput(attrs={"class": "vTextField", "autocomplete": "off"}),
        help_text=_(
            "For the invitation only, as in Feishu's directory of your company. The email above is as good."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["full_name"].required = True
        if not may_invite(self.by):
            del self.fields["first_sign_in"], self.fields["mobile"]

    @property
    def is_invited(self) -> bool:
        return bool(self.cleaned_data.get("first_sign_in") == FEISHU)

    @property
    def invited_by(self) -> dict[str, str]:
        cleaned = self.cleaned_data
        return {"mobile": cleaned.get("mobile", ""), "email": contacts.read_email(cleaned.get("email", ""))}

    def clean_mobile(self) -> str:
        if self.cleaned_data.get("first_sign_in") != FEISHU:
            return ""
        try:
            return contacts.read_mobile(self.cleaned_data["mobile"])
        except contacts.UnreadableContactError as bad:
            raise forms.ValidationError(contacts.EXPLANATIONS[bad.key]) from None

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.is_invited and not self.errors:
            self._look_at_invitation(cleaned.get("groups", ()))
        return cleaned

    def _look_at_invitation(self, groups: Any) -> None:
        contact = self.invited_by
        if not any(contact.values()):
            self.add_error("mobile", gettext("Enter a mobile number or an email."))
        elif why_not := invitations.why_not_by_feishu(self.by, groups, **contact):
            self.add_error("first_sign_in", why_not)
