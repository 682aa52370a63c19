"""How registrations look on every page that shows them."""

from collections.abc import Callable

from django.contrib.auth.models import User
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString

from hireops.desk.admin import state_badge
from hireops.desk.masking import mask, may_see_personal_data
from hireops.outbox.models import Call
from referrals.models import Registration
from referrals.registrations import services as registrations

State = Registration.State
# The words of states that the badges do not know by themselves.
TONES = {State.INVALID: "refused", State.REGISTERED: "succeeded", State.READY: "", State.DUPLICATE: ""}


def person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101  the admin lets nobody else in
    return request.user


def state_of(row: Registration) -> SafeString:
    if row.state == State.PENDING and registrations.waits_for_a_person(row.call):
        return state_badge("waiting", Call.State.WAITING.label)
    return state_badge(TONES.get(State(row.state), row.state), row.get_state_display())


def contact_of(row: Registration, shown: Callable[[str], str]) -> str:
    """As it is sent; as it was given where that can't be read."""
    given = (row.mobile or row.mobile_given, row.email or row.email_given)
    return " · ".join(shown(each) for each in given if each)


def shown_to(request: HttpRequest) -> Callable[[str], str]:
    return str if may_see_personal_data(request.user) else mask


def page_of(row: Registration) -> str:
    return reverse("admin:referrals_registration_change", args=[row.pk])
