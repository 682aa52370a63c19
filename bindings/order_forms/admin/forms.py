"""Forms of the staff pages of order forms."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from bindings.models import OrderForm, OrderFormField
from bindings.order_forms import services
from bindings.order_forms.admin import options
from bindings.order_forms.plan import WITH_OPTIONS
from bindings.order_forms.ready_made import READY_MADE, identifies_somebody

if TYPE_CHECKING:
    _FieldForm = forms.ModelForm[OrderFormField]
    _FormForm = forms.ModelForm[OrderForm]
else:
    _FieldForm = _FormForm = forms.ModelForm

LAST = 1_000_000


class NewOrderForm(_FormForm):
    start_with = forms.ChoiceField(
        label=_("Start with"),
        required=False,
        help_text=_("Fields to begin with. They can be changed, and others added, on the next page."),
    )

    class Meta:
        model = OrderForm
        fields = ["name", "notes"]
        widgets = {"notes": forms.Textarea(attrs={"rows": 2})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(key, label) for key, (label, _fields) in READY_MADE.items()]
        self.fields["start_with"] = forms.ChoiceField(
            label=self.base_fields["start_with"].label,
            help_text=self.base_fields["start_with"].help_text,
            required=False,
            choices=[*choices, ("", _("no field yet"))],
            initial="identity",
        )


class OrderFormFieldForm(_FieldForm):
    """One field on the page of its form, with its options as text."""

    options_text = forms.CharField(
        label=_("options"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "placeholder": "本科 | Bachelor"}),
        help_text=_(
            "For choices only: one option on a line, the Chinese name, then | and the English one. What "
            "stands in brackets is how Feishu knows the option: leave it, and it stays the same option under "
            "a new name. A new line gets its own by itself."
        ),
    )

    class Meta:
        model = OrderFormField
        fields = [
            "position",
            "type",
            "name_zh",
            "name_en",
            "description_zh",
            "description_en",
            "is_required",
            "sensitive",
            "base_key",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["position"].required = False
        self.fields["position"].help_text = _("Small numbers come first. Empty: last.")
        self.fields["base_key"].required = False
        if self.instance.pk:
            self.fields["base_key"].disabled = True
            self.fields["base_key"].help_text = _("Fixed: earlier orders are read by it.")
            self.initial["options_text"] = options.written(self.instance.options)

    def clean_position(self) -> int:
        position: int | None = self.cleaned_data.get("position")
        return LAST if position is None else position

    def clean_base_key(self) -> str:
        key: str = self.cleaned_data.get("base_key") or ""
        return key or services.new_base_key(self.cleaned_data.get("type") or "field")

    def clean_options_text(self) -> str:
        text: str = self.cleaned_data.get("options_text", "")
        self.instance.options = options.read(text, self.instance.options)
        return text

    def clean(self) -> dict[str, Any] | None:
        super().clean()
        cleaned = self.cleaned_data
        if cleaned.get("type") in WITH_OPTIONS and "options_text" not in self.errors:
            if not self.instance.options:
                self.add_error("options_text", _("A choice needs at least one option."))
        elif "options_text" not in self.errors:
            self.instance.options = []
        new = not self.instance.pk and "sensitive" not in self.changed_data
        if new and identifies_somebody(cleaned.get("name_zh", ""), cleaned.get("name_en", "")):
            cleaned["sensitive"] = True
        return cleaned


class PushForm(forms.Form):
    """The confirmation of a push to one account."""

    fingerprint = forms.CharField(widget=forms.HiddenInput)
    anew = forms.BooleanField(required=False, widget=forms.HiddenInput)


class ChooseForm(forms.Form):
    """Which order form an account is to have."""

    form = forms.ModelChoiceField(
        label=_("order form"),
        queryset=OrderForm.objects.filter(archived=False),
        required=False,
        empty_label=_("no order form"),
    )
