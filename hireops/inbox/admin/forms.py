"""Which of the events that failed are to be replayed."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hireops.desk.ownership import Seen
from hireops.inbox.registry import labels


class ReplayFailedForm(forms.Form):
    since = forms.DateTimeField(
        label=_("Received since"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=_("Events that arrived before this moment are left alone."),
    )
    event_type = forms.ChoiceField(label=_("Event type"), required=False)
    reason = forms.CharField(
        label=_("Reason"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("It is kept in the audit, for each event."),
    )

    def __init__(self, *args: Any, seen: Seen, **kwargs: Any) -> None:
        """``seen``: the event types that the person may see; no others are replayed."""
        super().__init__(*args, **kwargs)
        self.fields["since"].initial = timezone.now() - timedelta(days=1)
        types = self.fields["event_type"]
        assert isinstance(types, forms.ChoiceField)  # noqa: S101 - it is made so above
        offered = [(event_type, label) for event_type, label in labels().items() if event_type in seen]
        types.choices = [("", _("All types")), *offered]
        if not seen.is_all:
            types.help_text = _("Events whose content you may not see are left out.")
