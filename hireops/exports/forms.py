from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from hireops.desk.revealing import LONGEST_REASON
from hireops.exports.models import Export


class AskForm(forms.Form):
    """In which format, and whether with personal data in the clear, for who may see it."""

    file_format = forms.ChoiceField(
        label=_("Format"),
        choices=Export.Format.choices,
        initial=Export.Format.XLSX,
        widget=forms.RadioSelect,
        help_text=_(
            "XLSX keeps long IDs whole in Excel. CSV is for other programs, and for any number of rows."
        ),
    )
    in_the_clear = forms.BooleanField(
        label=_("Personal data in the clear"),
        required=False,
        help_text=_(
            "Names, mobile numbers and emails as they are; otherwise they are masked, as in the list."
        ),
    )
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Required for personal data in the clear; it is kept in the audit."),
    )

    def __init__(self, *args: Any, may_be_in_the_clear: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_be_in_the_clear:
            del self.fields["in_the_clear"]
            del self.fields["reason"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("in_the_clear") and not cleaned.get("reason", "").strip():
            self.add_error("reason", gettext("Write why you need personal data in the clear."))
        return cleaned
