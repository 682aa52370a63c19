"""Forms for exams. What is wrong is shown at its field; the services look again."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bindings.exams import access, scores, services
from bindings.models import ExamUpdate
from hireops.desk.errors import Refused
from hireops.desk.fields import name_both_parts

MOST_REPORTS = 10
LONGEST_URL = 2000
WIDE = {"class": "vTextField", "autocomplete": "off"}


def _read(read: Callable[[str], Any], text: str) -> Any:
    try:
        return read(text)
    except Refused as refusal:
        raise forms.ValidationError(str(refusal)) from None


class ArrangementForm(forms.Form):
    """``access`` is what was read from the first three fields."""

    exam_url = forms.CharField(
        label=gettext_lazy("Link"),
        max_length=access.LONGEST_URL,
        widget=forms.TextInput(attrs=WIDE | {"placeholder": "https://"}),
        help_text=gettext_lazy("The candidate opens it. It is enough alone if it names the candidate."),
    )
    username = forms.CharField(
        label=gettext_lazy("User name"),
        required=False,
        max_length=access.LONGEST_LOGIN,
        widget=forms.TextInput(attrs=WIDE),
    )
    password = forms.CharField(
        label=gettext_lazy("Password"),
        required=False,
        max_length=access.LONGEST_LOGIN,
        widget=forms.TextInput(attrs=WIDE),
        help_text=gettext_lazy("Only if the link asks for a login; then both. They are kept encrypted."),
    )
    message = forms.CharField(
        label=gettext_lazy("Note for the customer"),
        required=False,
        max_length=255,
        widget=forms.TextInput(attrs=WIDE),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors:
            given = cleaned["exam_url"], cleaned["username"], cleaned["password"]
            cleaned["access"] = _read(lambda _none: access.read_access(*given), "")
        return cleaned


class FailureForm(forms.Form):
    code = forms.IntegerField(
        label=gettext_lazy("Your code of the failure"),
        initial=services.FIRST_CODE,
        min_value=services.FIRST_CODE,
        max_value=services.LAST_CODE,
        help_text=gettext_lazy("Your own number for it, from 1 on."),
    )
    message = forms.CharField(
        label=gettext_lazy("Why it could not be arranged"),
        max_length=255,
        widget=forms.TextInput(attrs=WIDE),
        help_text=gettext_lazy("The customer may see it."),
    )


class ManyFiles(forms.ClearableFileInput):
    allow_multiple_selected = True


class ManyFilesField(forms.FileField):
    """The files, in their order; ``[]`` for none."""

    widget = ManyFiles

    def clean(self, data: Any, initial: Any = None) -> Any:
        single = super().clean
        return [single(each, initial) for each in data if each] if isinstance(data, list | tuple) else []


class ScoreForm(forms.Form):
    """A correction begins with the parts of the score before, and says why it is made."""

    score = forms.CharField(
        label=gettext_lazy("Score"),
        max_length=scores.LONGEST_SCORE,
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "decimal"}),
        help_text=gettext_lazy("A number from 0 to 100, decimals allowed."),
    )
    is_unusual = forms.BooleanField(
        label=gettext_lazy("It is meant: less than 0 or more than 100"), required=False
    )
    parts = forms.CharField(
        label=gettext_lazy("Parts"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "class": "vLargeTextField"}),
        help_text=gettext_lazy("One in each line, such as Logic: 85. Names may be equal."),
    )
    time = forms.SplitDateTimeField(
        label=gettext_lazy("Time of the result"),
        required=False,
        widget=forms.SplitDateTimeWidget(
            date_attrs={"type": "date"}, time_attrs={"type": "time", "step": "1"}
        ),
        help_text=gettext_lazy("Left empty, it is now."),
    )
    reports = ManyFilesField(
        label=gettext_lazy("Reports (PDF)"),
        required=False,
        widget=ManyFiles(attrs={"accept": ".pdf,application/pdf"}),
    )
    links = forms.CharField(
        label=gettext_lazy("Links to reports of your own"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "class": "vLargeTextField"}),
        help_text=gettext_lazy("One in each line: the address, and after a space what the report is called."),
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason of the correction"),
        max_length=services.LONGEST_REASON,
        widget=forms.TextInput(attrs=WIDE),
        help_text=gettext_lazy("It is kept with this version; the customer does not see it."),
    )

    reports_again = forms.BooleanField(
        label=gettext_lazy("Without a new report: send those of the version before again"),
        required=False,
        initial=True,
    )
    field_order = [
        "score",
        "is_unusual",
        "parts",
        "time",
        "reports_again",
        "reports",
        "links",
        "reason",
    ]

    def __init__(self, *args: Any, before: ExamUpdate | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name_both_parts(self.fields["time"])
        self.fields["parts"].initial = scores.parts_in_words(before.details) if before else ""
        if before is None:
            del self.fields["reason"]
        if before is None or not before.reports:
            del self.fields["reports_again"]
        if not (self.is_bound and "is_unusual" in self._asked()):
            self.fields["is_unusual"].widget = forms.HiddenInput()

    def _asked(self) -> set[str]:
        """The question is put once the score gives reason to."""
        try:
            unusual = scores.is_unusual(scores.read_score(str(self.data.get("score", ""))))
        except Refused:
            return set()
        return {"is_unusual"} if unusual else set()

    def clean_score(self) -> str:
        return str(_read(scores.read_score, self.cleaned_data["score"]))

    def clean_parts(self) -> Any:
        return _read(scores.read_parts, self.cleaned_data["parts"])

    def clean_links(self) -> list[dict[str, Any]]:
        return [_link(line) for line in self.cleaned_data["links"].splitlines() if line.strip()]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if "score" in cleaned and scores.is_unusual(cleaned["score"]) and not cleaned.get("is_unusual"):
            self.add_error(
                "is_unusual",
                _("Feishu wants a score from 0 to 100. Correct it, or say that it is meant."),
            )
        if len(cleaned.get("reports", ())) + len(cleaned.get("links", ())) > MOST_REPORTS:
            self.add_error(
                "reports", _("There can be %(most)s reports at the most.") % {"most": MOST_REPORTS}
            )
        return cleaned


def _link(line: str) -> dict[str, Any]:
    url, _space, name = line.strip().partition(" ")
    if not url.startswith(("http://", "https://")) or len(url) > LONGEST_URL:
        raise forms.ValidationError(_("A link has to begin with https:// or http://."))
    return {"name": name.strip()[:150] or _("Report"), "url": url, "type": 1}
