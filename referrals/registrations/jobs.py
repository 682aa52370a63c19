"""Long work of this room: checking the file of an import, and sending its rows."""

from django.utils.translation import gettext_lazy as _

from hireops.jobs.registry import Kind, register, repeated
from referrals.registrations import import_checking, import_sending
from referrals.registrations.imports import CHECK, KIND, SEND, State

register(
    Kind(
        name=CHECK,
        label=_("Check a file of referrers"),
        parts=import_checking.parts,
        one_at_a_time=True,  # each holds its whole file in memory
        told=_("%(done)s of %(total)s people"),
        told_so_far=_("%(done)s people"),
        permission="referrals.view_registrationimport",
        under_way=lambda: KIND.in_state(State.CHECKING),
    )
)
register(
    Kind(
        name=SEND,
        label=_("Register the referrers of a file"),
        parts=repeated(import_sending.enqueue_next),
        told=_("%(done)s of %(total)s people"),
        told_so_far=_("%(done)s people"),
        permission="referrals.view_registrationimport",
        under_way=lambda: KIND.in_state(State.SENDING),
    )
)
