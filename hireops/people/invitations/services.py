"""What can be done with invitations: make one, withdraw it, use it up."""

from collections.abc import Collection, Iterable
from datetime import timedelta

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from hireops.database import clock
from hireops.desk import audit
from hireops.desk.errors import Refused
from hireops.people import payout_permissions, services
from hireops.people.acting import decided_by
from hireops.people.invitations.models import OPEN, Invitation


def invite(
    *, mobile: str = "", email: str = "", roles: Iterable[Group] = (), person: User | None = None, by: User
) -> Invitation:
    """An open invitation, good for ``INVITATION_DAYS``. Contacts as ``hireops.contacts`` reads them.

    To a role that can approve or pay it waits for a second person, unless ``by`` is a superuser. Raises
    ``Refused`` for roles and people that are not this person's to hand out or to touch, and if somebody with
    this mobile or email is invited already.
    """
    groups = list(roles)
    if why_not := _why_not(by, groups, person):
        raise Refused(why_not)
    try:
        with transaction.atomic():
            _withdraw_expired(mobile, email, by)
            invitation = Invitation.objects.create(
                mobile=mobile,
                email=email,
                person=person,
                invited_by=by,
                needs_second_person=takes_two(by, groups),
                expires_at=clock.now() + timedelta(days=settings.INVITATION_DAYS),
            )
            invitation.roles.set(groups)
            _audit(gettext_noop("invited"), invitation, by)
    except IntegrityError:
        raise Refused(_is_invited_already()) from None
    return invitation


def confirm(invitation: Invitation, *, by: User, reason: str = "") -> None:
    """Agree, as the second person, that it is made. Raises ``Refused`` with what stands against it."""
    with transaction.atomic():
        waiting = Invitation.objects.select_for_update(of=("self",)).get(pk=invitation.pk)
        if why_not := why_not_confirmed(waiting, by):
            raise Refused(why_not)
        services.refuse_to_hand_out(by, waiting.roles.all())
        waiting.confirmed_by, waiting.confirmed_at = by, clock.now()
        waiting.save(update_fields=["confirmed_by", "confirmed_at"])
        _audit(gettext_noop("invitation confirmed"), waiting, by, reason)


def why_not_confirmed(invitation: Invitation, by: User) -> str:
    if invitation.state != Invitation.State.WAITING:
        return _("This invitation does not wait for a second person.")
    if invitation.invited_by_id == by.pk:
        return _("You have proposed this invitation, so somebody else confirms it.")
    return ""


def takes_two(by: User, groups: Iterable[Group]) -> bool:
    """Tell whether an invitation of ``by`` to these roles waits for a second person."""
    return not by.is_superuser and payout_permissions.are_carried_by(groups)


def withdraw(invitation: Invitation, *, by: User, reason: str = "") -> None:
    """Nobody comes by it any more. Raises ``Refused`` if it has ended already."""
    with transaction.atomic():
        open_one = Invitation.objects.filter(OPEN, pk=invitation.pk)
        if not open_one.update(withdrawn_by=by, withdrawn_at=clock.now()):
            raise Refused(_("It was used or withdrawn already. Nothing was changed."))
        _audit(gettext_noop("invitation withdrawn"), invitation, by, reason)


def open_to(*, mobile: str, emails: Collection[str]) -> QuerySet[Invitation]:
    """Those that somebody with these contacts can use, the oldest first; to be read in a transaction."""
    named = Q(pk__in=[])
    if mobile:
        named |= Q(mobile=mobile)
    if emails:
        named |= Q(email__in=emails)
    found = Invitation.objects.filter(OPEN, named, expires_at__gt=clock.now())
    return found.select_related("person", "invited_by", "confirmed_by").order_by("pk")


def use(invitation: Invitation, *, by: User) -> bool:
    """Whether ``by`` has got what it promises; not if it has ended, or if who made it may not do so any more.

    A right to approve or pay that comes with a role takes effect after the delay, like any other.
    """
    groups, host = list(invitation.roles.all()), invitation.invited_by
    if not _still_stands(invitation, groups):
        return False
    open_one = Invitation.objects.filter(OPEN, pk=invitation.pk)
    if not open_one.update(used_by=by, used_at=clock.now()):
        return False
    _audit(gettext_noop("invitation used"), invitation, by)
    if groups:
        _give(groups, to=by, in_the_name_of=host)
    return True


def _give(groups: list[Group], *, to: User, in_the_name_of: User) -> None:
    before = services.rights_of(to)
    with decided_by(in_the_name_of):
        to.groups.add(*groups)
    change = {"before": before, "after": services.rights_of(to)}
    audit.record(by=in_the_name_of, action=gettext_noop("roles given by invitation"), on=to, rights=change)


def why_not_by_feishu(by: User, groups: Iterable[Group], *, mobile: str, email: str) -> str:
    """Why ``by`` can't invite somebody with these contacts and roles to sign in; "" if it can be done."""
    if open_to(mobile=mobile, emails=[email] if email else []).exists():
        return _is_invited_already()
    if takes_two(by, groups):
        return _(
            "Who can approve or pay is invited by two people. Invite under “Invitations” without adding a "
            "user; another administrator confirms it there."
        )
    return ""


def _is_invited_already() -> str:
    return _("Somebody with this mobile or email is invited already. Withdraw that invitation first.")


def _why_not(by: User, groups: list[Group], person: User | None) -> str:
    services.refuse_to_hand_out(by, groups)
    if person is None:
        return ""
    services.refuse_to_change_credentials(by, person)
    if groups:
        return _("An existing user gets roles on the page of that user, not by an invitation.")
    if not person.is_active:
        return _("%(user)s is not active, so an invitation would be of no use.") % {"user": person}
    if SocialAccount.objects.filter(user=person).exists():
        return _("%(user)s signs in with Feishu already.") % {"user": person}
    return ""


def _still_stands(invitation: Invitation, groups: list[Group]) -> bool:
    host, second = invitation.invited_by, invitation.confirmed_by
    if second is None and (invitation.waits or takes_two(host, groups)):
        return False
    return all(_may_still_invite(each, groups, invitation.person) for each in (host, second) if each)


def _may_still_invite(by: User, groups: list[Group], person: User | None) -> bool:
    if not (by.is_active and by.has_perm("people.add_invitation")):
        return False
    try:
        return not _why_not(by, groups, person)
    except Refused:
        return False


def _withdraw_expired(mobile: str, email: str, by: User) -> None:
    same = Q(mobile=mobile) & ~Q(mobile="") | Q(email=email) & ~Q(email="")
    for expired in Invitation.objects.filter(OPEN, same, expires_at__lte=clock.now()):
        withdraw(expired, by=by)


def _audit(action: str, invitation: Invitation, by: User, reason: str = "") -> None:
    details = {"roles": [group.name for group in invitation.roles.all()]}
    if invitation.person:
        details["user"] = [invitation.person.get_username()]
    audit.record(by=by, action=action, on=invitation, reason=reason, **details)
