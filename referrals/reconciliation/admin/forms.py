"""Which day is to be compared."""

from datetime import date
from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hireops.feishu.models import Tenant
from referrals.reconciliation import days

FIRST_DAY = date(2020, 1, 1)  # Feishu Hire's referral accounts are younger


class DayForm(forms.Form):
    """Which day, and of which customer if there are several."""

    day = forms.DateField(
        label=_("Day"),
        input_formats=["%Y-%m-%d"],
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    tenant = forms.ModelChoiceField(label=_("Tenant"), queryset=Tenant.objects.none(), empty_label=None)

    def clean_day(self) -> date:
        day: date = self.cleaned_data["day"]
        if not FIRST_DAY <= day <= days.day_of(timezone.now()):
            raise forms.ValidationError(
                _("Choose a day that is over, not before %(first)s.") % {"first": FIRST_DAY}
            )
        return day

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        tenants = Tenant.objects.served()
        self.fields["day"].initial = days.day_of(timezone.now()) - days.ONE_DAY
        self.fields["day"].help_text = _("A day of the time zone %(zone)s, from midnight to midnight.") % {
            "zone": settings.TIME_ZONE
        }
        field = self.fields["tenant"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101  declared above
        field.queryset = tenants
        if len(tenants) == 1:
            field.initial, field.required, field.widget = tenants[0].pk, False, forms.HiddenInput()

    def clean_tenant(self) -> Tenant | None:
        chosen: Tenant | None = self.cleaned_data["tenant"]
        return chosen or Tenant.objects.served().first()
