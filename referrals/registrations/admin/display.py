"""How registrations look on every page that shows them."""

from collections.abc import Callable

from django.urls import reverse
from django.utils.safestring import SafeString

from hireops.desk.display import state_badge
from hireops.outbox.models import Call
from referrals.models import Registration
from referrals.registrations.problems import waits_for_a_person

State = Registration.State


def state_of(row: Registration) -> SafeString:
    if row.state == State.PENDING and waits_for_a_person(row.call):
        return state_badge(Call.State.WAITING)
    return state_badge(State(row.state))


def contact_of(row: Registration, shown: Callable[[str], str]) -> str:
    """As it is sent; as it was given where that can't be read."""
    given = (row.mobile or row.mobile_given, row.email or row.email_given)
    return " · ".join(shown(each) for each in given if each)


def page_of(row: Registration) -> str:
    return reverse("admin:referrals_registration_change", args=[row.pk])
