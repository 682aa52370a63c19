"""Forms of customers. What is wrong is shown at its field."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib.auth.models import User
from django.db.models import Q
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bindings.customers import tiers
from bindings.customers.codes import has_emoji
from bindings.customers.people import vendor_staff
from bindings.customers.services import CONTACT, WRITTEN, code_problem, emoji_refused
from bindings.models import Customer, CustomerContact
from hireops import contacts
from hireops.desk.forms import PersonField
from hireops.imports import forms as imports_forms

if TYPE_CHECKING:
    _CustomerForm = forms.ModelForm[Customer]
    _ContactForm = forms.ModelForm[CustomerContact]
else:
    _CustomerForm = _ContactForm = forms.ModelForm


class TierInput(forms.TextInput):
    """Any text, with the tiers that there are to choose from."""

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        listed = f"{name}-there-are"
        field = super().render(name, value, {**(attrs or {}), "list": listed}, renderer)
        options = format_html_join("", '<option value="{}"></option>', ((each,) for each in tiers.known()))
        return format_html('{}<datalist id="{}">{}</datalist>', field, listed, options)


class CustomerForm(_CustomerForm):
    """What the person did not touch stays as it is now, not as the page showed it."""

    responsible = PersonField(label=gettext_lazy("Responsible"), queryset=User.objects.none(), required=False)

    class Meta:
        model = Customer
        fields = WRITTEN
        widgets = {
            "code": forms.TextInput(attrs={"class": "vTextField"}),
            "tier": TierInput(attrs={"class": "vTextField", "autocomplete": "off"}),
            "notes": forms.Textarea(attrs={"rows": 4, "class": "vLargeTextField"}),
        }
        help_texts = {
            "code": gettext_lazy(
                "As in your own books. Upper and lower case, width and spaces do not matter when it is "
                "compared."
            ),
            "tier": gettext_lazy("Choose one, or type a new one. What a tier is offered, each of them gets."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if person := self.fields.get("responsible"):
            person.queryset = self._who_can_be()  # type: ignore[attr-defined]
        if self.instance.pk:
            for field in self.fields.values():
                field.show_hidden_initial = True  # so that ``changed_data`` is what this person changed

    def _who_can_be(self) -> Any:
        """Vendor staff, and who it is now, even if that person has left."""
        can = Q(pk__in=vendor_staff().order_by().values("pk"))
        return User.objects.filter(can | Q(pk=self.instance.responsible_id)).order_by("username")

    def clean_code(self) -> str:
        code = " ".join(self.cleaned_data["code"].split())
        if problem := code_problem(code, of=self.instance if self.instance.pk else None):
            raise forms.ValidationError(problem)
        return code

    def clean_tier(self) -> str:
        tier: str = self.cleaned_data["tier"]
        if has_emoji(tier):
            raise forms.ValidationError(emoji_refused())
        return tier


class ContactForm(_ContactForm):
    class Meta:
        model = CustomerContact
        fields = CONTACT
        labels: ClassVar = {"name": gettext_lazy("Name")}  # of a person, where the column's is of anything
        widgets = {name: forms.TextInput(attrs={"autocomplete": "off"}) for name in CONTACT}

    def clean_mobile(self) -> str:
        return self._read("mobile", contacts.read_mobile)

    def clean_email(self) -> str:
        return self._read("email", contacts.read_email)

    def _read(self, name: str, read: Callable[[str], str]) -> str:
        try:
            return read(self.cleaned_data[name])
        except contacts.UnreadableContactError as bad:
            raise forms.ValidationError(contacts.EXPLANATIONS[bad.key]) from None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors and not any(cleaned.get(name) for name in ("name", "mobile", "email")):
            raise forms.ValidationError(_("Give a name, a mobile number or an email address."))
        return cleaned


class UploadForm(imports_forms.UploadForm):
    update_existing = forms.BooleanField(
        label=gettext_lazy("Update customers that are there already"),
        required=False,
        help_text=gettext_lazy(
            "Else a customer whose code is there already stays as it is, and you see what would change. An "
            "empty cell never changes anything."
        ),
    )
