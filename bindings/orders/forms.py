"""Forms of every order: what became of a message, and what staff keep to themselves."""

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy

from bindings.orders.updates import Found
from hireops.desk.forms import PersonField


class SettleForm(forms.Form):
    found = forms.ChoiceField(
        label=gettext_lazy("What you have found"), choices=Found.choices, widget=forms.RadioSelect
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("How you know it. It is kept in the audit."),
    )


class NotesForm(forms.Form):
    responsible = PersonField(label=gettext_lazy("Responsible"), required=False, queryset=User.objects.none())
    notes = forms.CharField(
        label=gettext_lazy("Notes"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 6, "class": "vLargeTextField"}),
        help_text=gettext_lazy("For you and your colleagues; it is not sent to Feishu."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["responsible"]
        field.queryset = User.objects.filter(is_active=True, is_staff=True).order_by("username")
