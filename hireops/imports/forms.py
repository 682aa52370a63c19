"""The form of an upload."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from hireops.imports import services
from hireops.imports.models import LONGEST_GIVEN

LONGEST_SHEET = 31  # Excel's own limit


class UploadForm(forms.Form):
    most_bytes = services.MOST_BYTES

    file = forms.FileField(
        label=_("File"),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.xlsx,.txt"}),
        max_length=LONGEST_GIVEN,
    )

    sheet = forms.CharField(
        label=_("Sheet"),
        required=False,
        max_length=LONGEST_SHEET,
        help_text=_(
            "Only for an Excel file in which several sheets have such a table; else the sheet is found by "
            "its header."
        ),
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > self.most_bytes:
            raise forms.ValidationError(services.too_large(self.most_bytes))
        return file
