"""Background checks that wait for staff, on the home page."""

from django.utils.translation import gettext as _

from bindings.models import BackgroundCheck, Turn
from hireops.desk.cards import Card, counted, list_url
from hireops.desk.staff import Reader


def checks_to_look_at(reader: Reader) -> Card | None:
    """Those of which Feishu took something not, or perhaps, and those that were sent back."""
    if not reader.has_perm("bindings.change_backgroundcheck"):
        return None
    count = counted(BackgroundCheck.objects.exclude(to_look_at=""))
    if not count:
        return None
    return Card(
        title=_("Background checks to be looked at"),
        value=count,
        note=_("Something was refused, may not have arrived, or was sent back."),
        url=list_url("bindings_backgroundcheck", "look=yes"),
        tone="bad",
    )


def checks_waiting_for_us(reader: Reader) -> Card | None:
    """A stage or a result is owed."""
    if not reader.has_perm("bindings.change_backgroundcheck"):
        return None
    count = counted(BackgroundCheck.objects.filter(ended_at=None, turn=Turn.VENDOR))
    return Card(
        title=_("Background checks that wait for us"),
        value=count,
        note=_("A stage or a result is owed.") if count else _("Nothing is owed."),
        url=list_url("bindings_backgroundcheck", f"turn__exact={Turn.VENDOR}"),
        tone="warn" if count else "ok",
    )
