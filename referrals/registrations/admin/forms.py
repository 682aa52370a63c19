"""Forms for registering referrers. What is wrong with a contact is shown at its field."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from hireops import contacts
from hireops.feishu.models import Tenant
from hireops.imports import forms as imports_forms
from referrals.registrations.creating import customers
from referrals.registrations.imports import MOST_BYTES
from referrals.registrations.matching import LONGEST_GIVEN
from referrals.registrations.problems import PROBLEMS


class CustomerForm(forms.Form):
    """Asks for the customer, where there are several to choose from."""

    tenant = forms.ModelChoiceField(label=_("Customer"), queryset=Tenant.objects.none())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if len(customers()) > 1:
            field: Any = self.fields["tenant"]
            field.queryset = Tenant.objects.served()
        else:
            del self.fields["tenant"]


class ContactForm(CustomerForm):
    """Of one referrer, as a person types it; the service reads it again."""

    mobile = forms.CharField(
        label=_("Mobile number"),
        required=False,
        max_length=LONGEST_GIVEN,
        widget=forms.TextInput(attrs={"autocomplete": "off", "class": "vTextField"}),
        help_text=_("In any usual spelling; of another country with its code, like +852 9123 4567."),
    )
    email = forms.CharField(
        label=_("Email"),
        required=False,
        max_length=LONGEST_GIVEN,
        widget=forms.TextInput(attrs={"autocomplete": "off", "class": "vTextField"}),
    )
    name = forms.CharField(
        label=_("Name"),
        required=False,
        max_length=LONGEST_GIVEN,
        widget=forms.TextInput(attrs={"autocomplete": "off", "class": "vTextField"}),
        help_text=_("For you to recognise the person; it is not sent to Feishu."),
    )

    def clean_mobile(self) -> str:
        return self._readable("mobile", contacts.read_mobile)

    def clean_email(self) -> str:
        return self._readable("email", contacts.read_email)

    def _readable(self, name: str, read: Any) -> str:
        given: str = self.cleaned_data[name]
        try:
            read(given)
        except contacts.UnreadableContactError as bad:
            raise forms.ValidationError(PROBLEMS[bad.key]) from None
        return given

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors and not (cleaned["mobile"] or cleaned["email"]):
            raise forms.ValidationError(PROBLEMS["no_contact"])
        return cleaned


class UploadForm(imports_forms.UploadForm, CustomerForm):
    """The customer is that of all rows which name none in a column of the file."""

    most_bytes = MOST_BYTES

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if field := self.fields.get("tenant"):
            field.required = False
            field.help_text = _(
                "Of rows that name none. A column “Customer” with name or tenant key says it for each row."
            )
