"""Registrations that wait for somebody, on the home page."""

from django.utils.translation import gettext as _

from hireops.desk.cards import Card, counted, list_url
from hireops.desk.staff import Reader
from referrals.models import Registration, RegistrationImport

TO_BE_CORRECTED = [Registration.State.INVALID, Registration.State.REFUSED]


def registrations_to_correct(reader: Reader) -> Card | None:
    if not reader.has_perm("referrals.change_registration"):
        return None
    count = counted(Registration.objects.filter(state__in=TO_BE_CORRECTED))
    return Card(
        title=_("Registrations to correct"),
        value=count,
        url=list_url("referrals_registration", f"state__in={','.join(TO_BE_CORRECTED)}"),
        tone="warn" if count else "ok",
    )


def imports_to_confirm(reader: Reader) -> Card | None:
    if not reader.has_perm("referrals.change_registrationimport"):
        return None
    checked = RegistrationImport.State.CHECKED
    count = counted(RegistrationImport.objects.filter(state=checked))
    return Card(
        title=_("Imports waiting for confirmation"),
        value=count,
        url=list_url("referrals_registrationimport", f"state__exact={checked}"),
        tone="warn" if count else "ok",
    )
