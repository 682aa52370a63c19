"""The page of lock-outs, and what an administrator can do for who cannot get in."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from hireops.database import clock
from hireops.desk.actions import staff_action
from hireops.desk.admin.base import MirrorAdmin
from hireops.desk.display import badge, duration
from hireops.people import letting_in, second_factor
from hireops.people.models import Tally

MAY_TRY_AGAIN = _("They may try again at once. Ask first whether it was they who typed the wrong passwords.")


def _is_locked(of: Q) -> bool:
    return letting_in.locked_now(of).exists()


@staff_action(
    permission="people.let_in",
    label=_("Let in again"),
    confirm=MAY_TRY_AGAIN,
    offered=lambda tally: _is_locked(Q(pk=tally.pk)),
)
def let_in(tally: Tally, *, by: User, reason: str) -> None:
    letting_in.let_in(tally, by=by, reason=reason)


@staff_action(
    permission="people.let_in",
    label=_("Let in again"),
    confirm=MAY_TRY_AGAIN,
    offered=lambda person: _is_locked(Q(person=person)),
)
def let_in_person(person: User, *, by: User, reason: str) -> None:
    letting_in.let_in_person(person, by=by, reason=reason)


@staff_action(
    permission="auth.change_user",
    label=_("Remove the second factors"),
    confirm=_(
        "For somebody who has lost phone, keys and recovery codes. The password alone lets them in, until "
        "they set up another second factor. Make sure that it is really they who ask for it."
    ),
    reason_required=True,
    dangerous=True,
    irreversible=True,
    offered=second_factor.has_one,
)
def remove_second_factors(person: User, *, by: User, reason: str) -> None:
    second_factor.remove_all(person, by=by, reason=reason)


@admin.register(Tally)
class LockOutAdmin(MirrorAdmin):
    """Who has lately typed something wrong, and who may not try again yet."""

    help_page = "people#locked-out"

    is_exported = False  # it is over by tomorrow
    empty_list = _("Nobody has typed something wrong lately, and nobody is locked out.")
    list_display = ("who", "kind", "count", "since", "locked")
    list_select_related = ("person",)
    fields = ("who", "kind", "count", "since", "locked")
    staff_actions = [let_in]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        seen = super().get_queryset(request).exclude(kind=Tally.Kind.USED_CODE)
        return seen.filter(Q(count__gt=0) | Q(locked_until__isnull=False))

    @admin.display(description=_("who"))
    def who(self, tally: Tally) -> str:
        return str(tally)

    @admin.display(description=_("locked"))
    def locked(self, tally: Tally) -> SafeString | str:
        left = tally.locked_until - clock.now() if tally.locked_until else timedelta()
        if left <= timedelta():
            return "–"
        return badge(_("for %(duration)s more") % {"duration": duration(left)}, "bad")
