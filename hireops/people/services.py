"""What staff can do to each other's accounts, and what they can't."""

from collections.abc import Iterable

from django.contrib.auth.models import Group, User
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from hireops.desk import audit, rights
from hireops.desk.errors import Refused
from hireops.people import payout_permissions, sessions
from hireops.people.models import Session

CHANGE = "auth.change_user"

# --- Who may do what to whom


def may_hand_out(by: User, groups: Iterable[Group], *, to: User | None = None) -> bool:
    """Whether this person may give these roles to ``to`` (None: to somebody who has no account yet)."""
    return not _why_not_hand_out(by, groups, to)


def refuse_to_hand_out(by: User, groups: Iterable[Group], *, to: User | None = None) -> None:
    """Raises ``Refused``, with the reason, where ``may_hand_out`` says no. Call it before roles are written.

    Who gets a payout right by it may use it after the delay, whoever hands it out (``payout_rights``).
    """
    if why_not := _why_not_hand_out(by, groups, to):
        raise Refused(f"{why_not} {_('Nothing was changed.')}")


def _why_not_hand_out(by: User, groups: Iterable[Group], to: User | None) -> str:
    if to is not None and to.pk == by.pk:
        return _("Nobody changes the own roles. Ask another administrator.")
    if to is not None and not may_change_credentials(by, to):
        return only_a_superuser()
    pays = not by.is_superuser and payout_permissions.might_be_used_by(by)
    if pays and payout_permissions.are_carried_by(groups):
        return _("Who can approve or pay hands such a role to nobody: a superuser does.")
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
        raise Refused(f"{only_a_superuser()} {_('Nothing was changed.')}")


def only_a_superuser() -> str:
    return _(
        "This person can approve or pay, so only a superuser changes the roles and how this person signs in."
    )


def rights_of(user: User) -> list[str]:
    """Roles and rank, as the audit tells them (``hireops.desk.rights``)."""
    rank = [rights.SUPERUSER] if user.is_superuser else []
    off = [] if user.is_active else [rights.INACTIVE]
    return [*off, *rank, *user.groups.order_by("name").values_list("name", flat=True)]


def deactivate(user: User, *, by: User, reason: str = "") -> None:
    """Switch an account off at once and end its sessions, whatever rights the person has.

    To stop somebody gives nobody a right, so no second person is needed. Raises ``Refused`` for the own
    account, and for one that is off already.
    """
    if user.pk == by.pk:
        raise Refused(_("Another administrator deactivates your own account. Nothing was changed."))
    with transaction.atomic():
        locked = User.objects.select_for_update().get(pk=user.pk)
        if not locked.is_active:
            raise Refused(_("This account is not active any more."))
        before = rights_of(locked)
        locked.is_active = False
        locked.save(update_fields=["is_active"])
        sessions.end_all(locked)
        change = {rights.RIGHTS: {"before": before, "after": rights_of(locked)}}
        audit.record(by=by, action=gettext_noop("deactivated"), on=locked, reason=reason.strip(), **change)


# --- Where people are signed in


def end_sessions(user: User, *, by: User, reason: str = "") -> None:
    """Wherever this person is signed in, it is over. Raises ``Refused`` if that is nowhere."""
    with transaction.atomic():
        if not sessions.end_all(user):
            raise Refused(_("This person is signed in nowhere."))
        audit.record(by=by, action=gettext_noop("all sessions ended"), on=user, reason=reason.strip())


def end_session(session: Session, *, by: User, reason: str = "") -> None:
    """The own one, or as an administrator another person's. Raises ``Refused`` for all others."""
    user = session.user
    if user is None or not (user.pk == by.pk or by.has_perm(CHANGE)):
        raise Refused(_("Only administrators end sessions of others."))
    with transaction.atomic():
        label = str(session)
        session.delete()
        action = gettext_noop("session ended")
        audit.record(by=by, action=action, on=user, reason=reason.strip(), session=label)
