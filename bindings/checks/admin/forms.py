"""Forms for background checks. What is wrong is shown at its field; the services look again."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bindings.checks.services import LONGEST_REASON, LONGEST_STAGE
from bindings.models import CheckUpdate, ReportFile, Turn

WIDE = {"class": "vTextField", "autocomplete": "off"}
LONGEST_NAME, LONGEST_URL, LONGEST_RESULT = 150, 2000, 2000


class ReportsForm(forms.Form):
    """A PDF of ours, which Feishu fetches by a link that ends, or an address where staff keep it."""

    report = forms.FileField(
        label=gettext_lazy("Report (PDF)"),
        required=False,
        widget=forms.ClearableFileInput(attrs={"accept": ".pdf,application/pdf"}),
        help_text=gettext_lazy("The customer reads it in Feishu. It is kept here and never changes."),
    )
    report_url = forms.URLField(
        label=gettext_lazy("Or the address of a report of your own"),
        required=False,
        max_length=LONGEST_URL,
        assume_scheme="https",
        widget=forms.URLInput(attrs=WIDE | {"placeholder": "https://"}),
    )
    url_is_page = forms.BooleanField(
        label=gettext_lazy("The address is a page to look at, not a PDF to download"), required=False
    )
    report_name = forms.CharField(
        label=gettext_lazy("What the report is called"),
        required=False,
        max_length=LONGEST_NAME,
        widget=forms.TextInput(attrs=WIDE),
        help_text=gettext_lazy("Left empty, the name of the file."),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("report") and cleaned.get("report_url"):
            self.add_error("report_url", _("Give a file or an address, not both."))
        if cleaned.get("report_url"):
            cleaned["url"] = {
                "name": cleaned.get("report_name") or _("Report"),
                "url": cleaned["report_url"],
                "type": 2 if cleaned.get("url_is_page") else 1,
            }
        return cleaned


class StageForm(ReportsForm):
    name = forms.CharField(
        label=gettext_lazy("Stage"),
        max_length=LONGEST_STAGE,
        widget=forms.TextInput(attrs=WIDE),
        help_text=gettext_lazy("The customer reads it on the candidate's page."),
    )
    en_name = forms.CharField(
        label=gettext_lazy("Stage in English"),
        required=False,
        max_length=LONGEST_STAGE,
        widget=forms.TextInput(attrs=WIDE),
    )
    result = forms.CharField(
        label=gettext_lazy("Interim result"),
        required=False,
        max_length=LONGEST_RESULT,
        widget=forms.Textarea(attrs={"rows": 2, "class": "vLargeTextField"}),
        help_text=gettext_lazy("Only together with a report; otherwise leave it empty."),
    )
    field_order = ["name", "en_name", "result", "report", "report_url", "url_is_page", "report_name"]


class ResultForm(ReportsForm):
    """A final result. Feishu may take no other one, so it is shown once more before it is told.

    ``reason`` is asked for where there is a result already; its reports go along unless new ones do.
    ``stored`` is the report file that was kept when the form was sent the first time.
    """

    stored = forms.ModelChoiceField(ReportFile.objects.none(), required=False, widget=forms.HiddenInput())
    confirmed = forms.BooleanField(required=False, widget=forms.HiddenInput())
    result = forms.CharField(
        label=gettext_lazy("Result"),
        max_length=LONGEST_RESULT,
        widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
        help_text=gettext_lazy("In the customer's words, such as “无差异”. Name what could not be examined."),
    )
    reason = forms.CharField(
        label=gettext_lazy("Why it takes the place of the one before"),
        max_length=LONGEST_REASON,
        widget=forms.TextInput(attrs=WIDE),
        help_text=gettext_lazy("It is kept with this version; the customer does not see it."),
    )
    reports_again = forms.BooleanField(
        label=gettext_lazy("Without a new report: send those of the version before again"),
        required=False,
        initial=True,
    )
    field_order = [
        "result",
        "reason",
        "reports_again",
        "report",
        "report_url",
        "url_is_page",
        "report_name",
    ]

    asks = False
    goes_along: Sequence[str] = ()

    def __init__(self, *args: Any, before: CheckUpdate | None, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.before = before
        stored: Any = self.fields["stored"]
        stored.queryset = ReportFile.objects.filter(uploaded_by=by)
        if before is None:
            del self.fields["reason"]
        if before is None or not before.reports:
            del self.fields["reports_again"]

    @property
    def is_confirmed(self) -> bool:
        """Whether the person has seen all of it, the report's name included."""
        return bool(self.cleaned_data["confirmed"]) and not self.cleaned_data.get("report")

    def ask_to_confirm(self, stored: ReportFile | None) -> None:
        """Show the same form again with the names of the reports that go along, to be confirmed."""
        given, again = self.cleaned_data, self.before.reports if self.before else []
        if stored or "url" in given:
            self.goes_along = [stored.name if stored else given["url"]["name"]]
        elif given.get("reports_again"):
            self.goes_along = [report["name"] for report in again]
        self.asks = True
        sent = {name: self.data[name] for name in self.data}
        self.data = sent | {"confirmed": "on", "stored": stored.pk if stored else ""}


class TurnForm(forms.Form):
    turn = forms.ChoiceField(
        label=gettext_lazy("Whose turn it is"),
        choices=[(turn.value, turn.label) for turn in (Turn.VENDOR, Turn.CANDIDATE, Turn.CUSTOMER)],
        widget=forms.RadioSelect,
    )
    stops_clock = forms.BooleanField(
        label=gettext_lazy("The promised date waits meanwhile"),
        required=False,
        help_text=gettext_lazy("The working days until it is our turn again are added to it."),
    )
    reason = forms.CharField(
        label=gettext_lazy("Why"),
        max_length=LONGEST_REASON,
        widget=forms.TextInput(attrs=WIDE),
        help_text=gettext_lazy("Such as: the candidate has not sent the letter of consent."),
    )
