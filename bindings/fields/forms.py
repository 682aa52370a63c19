"""Forms of the staff pages: they ask the services what is allowed and show the answer at the right field."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from bindings.fields.pushes import not_confirmed
from bindings.fields.services import DEFINED, field_problems, next_position
from bindings.models import CustomField
from hireops.desk.forms import ListRowForm, UntouchedStays


class CustomFieldForm(UntouchedStays):
    """A definition."""

    class Meta:
        model = CustomField
        fields = DEFINED
        widgets = {
            "description_zh": forms.Textarea(attrs={"rows": 2}),
            "description_en": forms.Textarea(attrs={"rows": 2}),
        }

    def clean_position(self) -> int:
        position: int | None = self.cleaned_data.get("position")
        scope: int | None = self.cleaned_data.get("scope", self.instance.scope)
        if position is None and scope is not None:
            return next_position(scope)
        return position or 0

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # not in the stubs: fills and checks the instance
        if not self.errors:
            for name, problem in field_problems(self.instance).items():
                self.add_error(name if name in self.fields else None, problem)


class PositionForm(ListRowForm):
    """The order, edited in the list."""

    class Meta:
        model = CustomField
        fields = ["position"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["position"].required = True


class PushForm(forms.Form):
    """The confirmation of a push: one box for each key that leaves the form, to be typed in."""

    fingerprint = forms.CharField(widget=forms.HiddenInput)
    whole = forms.BooleanField(required=False)

    def __init__(self, *args: Any, given_up: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.given_up = given_up
        for number, key in enumerate(given_up):
            self.fields[f"removal_{number}"] = forms.CharField(
                label=key,
                required=False,
                widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
            )

    @property
    def removals(self) -> list[forms.BoundField]:
        return [self[f"removal_{number}"] for number in range(len(self.given_up))]

    def clean(self) -> None:
        super().clean()
        for number, key in enumerate(self.given_up):
            if not_confirmed([key], [self.cleaned_data.get(f"removal_{number}", "")]):
                self.add_error(f"removal_{number}", _("Type the key exactly as shown."))
