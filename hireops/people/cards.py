"""What waits for administrators: people who cannot get in."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from hireops.desk.cards import Card, counted
from hireops.desk.staff import Reader
from hireops.people.letting_in import locked_now


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
