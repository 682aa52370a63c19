"""Forms of referral accounts."""

from django import forms
from django.utils.translation import gettext_lazy as _

LONGEST_NOTES = 5000


class NotesForm(forms.Form):
    notes = forms.CharField(
        label=_("Notes"),
        required=False,
        max_length=LONGEST_NOTES,
        widget=forms.Textarea(attrs={"rows": 8, "class": "vLargeTextField", "autofocus": True}),
        help_text=_("For you and your colleagues; it is not sent to Feishu."),
        show_hidden_initial=True,
    )

    def told(self) -> dict[str, str]:
        """The notes as they are to be, and as the page had them."""
        before = self.data.get(self.add_initial_prefix("notes"), "")
        return {"notes": _lines(self.cleaned_data["notes"]), "before": _lines(str(before))}


def _lines(text: str) -> str:
    """As they are kept: browsers end lines otherwise."""
    return "\n".join(text.strip().splitlines())
