"""Who got in, who did not, and who was shown the door: rows of the audit.

What was typed into the field for names is not among them: now and then it is a password.
"""

from collections.abc import Sequence
from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.signals import password_changed, password_reset, user_logged_in
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import (
    authenticator_added,
    authenticator_removed,
    authenticator_reset,
    authenticator_used,
)
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_out
from django.http import HttpRequest
from django.utils.translation import gettext_noop

from hireops.desk.audit import record
from hireops.desk.repeated import record_once_a_minute
from hireops.people import credentials, limits
from hireops.people.acting import place
from hireops.people.models import CredentialChange, Tally

FACTOR = CredentialChange.Kind.SECOND_FACTOR


def signed_in(request: HttpRequest, user: User, **_: Any) -> None:
    by = [each.get("type") or each["method"] for each in get_authentication_records(request, user)]
    record(by=user, action=gettext_noop("signed in"), on=user, by_means_of=by, address=place()[0])


def signed_out(request: HttpRequest, user: User | None, **_: Any) -> None:
    if user:
        record(by=user, action=gettext_noop("signed out"), on=user)


def failed(person: User | None, address: str, attempt: limits.Try) -> None:
    """A wrong password or code. Of a name that nobody has, the address is what there is to tell."""
    about = person or _of_kind(attempt.tallies, Tally.Kind.ADDRESS)
    kinds = [tally.kind for tally in attempt.tallies if tally.kind != Tally.Kind.ADDRESS]
    record_once_a_minute(
        by=None,
        action=gettext_noop("was wrong at signing in"),
        on=about,
        of=address,
        what=kinds,
        address=address,
    )
    for tally in attempt.locked():
        record(
            by=None,
            action=gettext_noop("was locked out"),
            on=tally.person or tally,
            what=tally.kind,
            address=address,
        )


def refused_while_locked(locked: limits.LockedOut, address: str) -> None:
    about = locked.tally.person or locked.tally
    action = gettext_noop("tried to get in while locked out")
    record_once_a_minute(
        by=None, action=action, on=about, of=address, what=locked.tally.kind, address=address
    )


def inactive(user: User, address: str) -> None:
    action = gettext_noop("tried to get in while switched off")
    record_once_a_minute(by=None, action=action, on=user, of=address, address=address)


def refused_page(request: HttpRequest) -> None:
    """A page that this person may not open, once a minute for each kind of page."""
    match = request.resolver_match
    if not isinstance(request.user, User):
        return
    record_once_a_minute(
        by=request.user,
        action=gettext_noop("was refused a page"),
        on=request.user,
        of=match.view_name if match else "",
        path=request.path,
        method=request.method,
    )


def factor_added(user: User, authenticator: Authenticator, **_: Any) -> None:
    record(by=user, action=gettext_noop("added a second factor"), on=user, type=authenticator.type)
    credentials.keep(user, FACTOR, by=user)


def factor_removed(user: User, authenticator: Authenticator, **_: Any) -> None:
    record(by=user, action=gettext_noop("removed a second factor"), on=user, type=authenticator.type)
    credentials.keep(user, FACTOR, by=user)


def factor_renewed(user: User, authenticator: Authenticator, **_: Any) -> None:
    record(by=user, action=gettext_noop("renewed a second factor"), on=user, type=authenticator.type)
    credentials.keep(user, FACTOR, by=user)


def factor_used(user: User, authenticator: Authenticator, *, reauthenticated: bool = False, **_: Any) -> None:
    action = gettext_noop("proved it again") if reauthenticated else gettext_noop("used a second factor")
    record(by=user, action=action, on=user, type=authenticator.type)


def password_is_new(user: User, **_: Any) -> None:
    record(by=user, action=gettext_noop("chose a new password"), on=user)


def connect() -> None:
    for signal, written in (
        (user_logged_in, signed_in),
        (user_logged_out, signed_out),
        (authenticator_added, factor_added),
        (authenticator_removed, factor_removed),
        (authenticator_reset, factor_renewed),
        (authenticator_used, factor_used),
        (password_changed, password_is_new),
        (password_reset, password_is_new),
    ):
        signal.connect(written)


def _of_kind(tallies: Sequence[Tally], kind: str) -> Tally:
    return next(tally for tally in tallies if tally.kind == kind)
