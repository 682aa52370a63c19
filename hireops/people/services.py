"""What staff can do to each other's accounts, and what they can't."""

from collections.abc import Iterable

from django.contrib.auth.models import Group, User
from django.utils.translation import gettext as _

from hireops.desk.errors import Refused
from hireops.people import payout_permissions


def may_hand_out(by: User, groups: Iterable[Group], *, to: User | None = None) -> bool:
    """Whether this person may give these roles to ``to`` (None: to somebody who has no account yet)."""
    return not _why_not_hand_out(by, groups, to)


def refuse_to_hand_out(by: User, groups: Iterable[Group], *, to: User | None = None) -> None:
    """Raises ``Refused``, with the reason, where ``may_hand_out`` says no. Call it before roles are written.

    Who gets a payout right by it may use it after the delay, whoever hands it out (``payout_rights``).
    """
    if why_not := _why_not_hand_out(by, groups, to):
        raise Refused(why_not)


def _why_not_hand_out(by: User, groups: Iterable[Group], to: User | None) -> str:
    if to is not None and to.pk == by.pk:
        return _("Nobody changes the own roles. Ask another administrator.")
    if to is not None and not may_change_credentials(by, to):
        return only_a_superuser()
    pays = not by.is_superuser and payout_permissions.might_be_used_by(by)
    if pays and payout_permissions.are_carried_by(groups):
        return _("Who can approve or pay hands such a role to nobody: a superuser does. Nothing was changed.")
    return ""


def may_change_credentials(by: User, user: User) -> bool:
    """Whether this person may change how ``user`` signs in, or the roles of ``user``, from outside.

    That is: user name, password, email, second factors, linked Feishu account. Of who can approve or pay,
    only a superuser may; also while that account is not active.
    """
    return by.is_superuser or not payout_permissions.might_be_used_by(user)


def refuse_to_change_credentials(by: User, user: User) -> None:
    """Raises ``Refused`` where ``may_change_credentials`` says no."""
    if not may_change_credentials(by, user):
        raise Refused(only_a_superuser())


def only_a_superuser() -> str:
    return _(
        "This person can approve or pay, so only a superuser changes the roles and how this person signs in. "
        "Nothing was changed."
    )
