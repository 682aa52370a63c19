"""What waits for administrators: people who cannot get in, and who have come and may do nothing yet."""

from django.contrib.auth.models import User
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from hireops.database import clock
from hireops.desk.cards import Card, counted, list_url
from hireops.desk.staff import Reader
from hireops.people.invitations.models import OPEN, Invitation
from hireops.people.letting_in import locked_now

WITHOUT_ROLE = {"is_active": True, "is_staff": True, "is_superuser": False, "groups": None}
# With no permission of their own either, as parameters of the list.
WITHOUT_ROLE_LISTED = (
    "groups__isnull=True&is_superuser__exact=0&is_active__exact=1"
    "&is_staff__exact=1&user_permissions__isnull=True"
)


def locked_out(reader: Reader) -> Card | None:
    """Only while somebody is."""
    if not reader.has_perm("people.let_in"):
        return None
    count = counted(locked_now())
    if not count:
        return None
    return Card(
        title=_("Locked out"),
        value=count,
        note=_("Wrong passwords or codes; you can let in again."),
        url=reverse("admin:people_tally_changelist"),
        tone="warn",
    )


def people_without_a_role(reader: Reader) -> Card | None:
    """For who can give them one; who comes from Feishu for the first time is among them."""
    if not reader.has_perm("auth.change_user"):
        return None
    people = User.objects.filter(**WITHOUT_ROLE, user_permissions=None)
    count = counted(people)
    return Card(
        title=_("People without a role"),
        value=count,
        note=_("They can sign in and see nothing.") if count else "",
        url=list_url("auth_user", WITHOUT_ROLE_LISTED),
        tone="warn" if count else "ok",
    )


def invitations_to_confirm(reader: Reader) -> Card | None:
    """Only while some wait for a second person, and for who may be that person."""
    if not reader.has_perm("people.add_invitation"):
        return None
    waiting = Invitation.objects.filter(
        OPEN, needs_second_person=True, confirmed_at=None, expires_at__gt=clock.now()
    )
    count = counted(waiting.exclude(invited_by=reader.pk))
    if not count:
        return None
    return Card(
        title=_("Invitations to confirm"),
        value=count,
        note=_("Somebody is to approve or pay, and you are the second person."),
        url=reverse("admin:people_invitation_changelist"),
        tone="warn",
    )


def no_role_yet(reader: Reader) -> Card | None:
    if reader.is_superuser or reader.get_all_permissions():
        return None
    return Card(
        title=_("You have no role yet"),
        value=str(reader),
        note=_("An administrator has to give you a role; the administrators see that you wait for it."),
        tone="warn",
    )
