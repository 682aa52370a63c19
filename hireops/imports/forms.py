"""The form of an upload."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from hireops.imports import services
from hireops.imports.models import LONGEST_GIVEN


class UploadForm(forms.Form):
    most_bytes = services.MOST_BYTES

    file = forms.FileField(
        label=_("File"),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.xlsx,.txt"}),
        max_length=LONGEST_GIVEN,
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > self.most_bytes:
            raise forms.ValidationError(services.too_large(self.most_bytes))
        return file
