"""What somebody says who proposes an ending."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class EndingForm(forms.Form):
    """``against``: whether something speaks against it, which is then to be ticked."""

    reason = forms.CharField(
        label=_("Why"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Also what you have seen in Feishu Hire: rewards that were taken out read “paid” there."),
    )
    in_spite = forms.BooleanField(label=_("I know what speaks against it, and why it is not so: see above."))

    def __init__(self, *args: Any, against: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not against:
            del self.fields["in_spite"]
